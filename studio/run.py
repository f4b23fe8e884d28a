"""Videos and settings -> one run of the whole cloud: upload, event, function, stored objects."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, perf_counter

from emulator.cloud import Cloud
from emulator.films.film import make_film
from emulator.scf.function import Function
from emulator.scf.triggers import Trigger
from studio.client import CosClient
from studio.folder import PAGE, check_folder, paths_of, renew_folder
from studio.function_log import outcome_of, phases_of
from studio.live import MANIFEST_ENDING
from studio.manifest import Manifest, read_manifest
from studio.page import Failure, Phase, VideoResult
from studio.progress import show_progress

APPID = "1250000000"
BUCKET = f"examplebucket-{APPID}"
REGION = "ap-guangzhou"
UPLOADS = "videos/"
INPUT_PREFIX, OUTPUT_BUCKET = "SNAPSHOT_INPUT_PREFIX", "SNAPSHOT_OUTPUT_BUCKET"
FUNCTION = "thumbnails"
FUNCTION_TIMEOUT_S = 300

_NOTHING_LOGGED = "The function was never called for it, or logged nothing about it."
_MAX_WAIT_S = 3 * FUNCTION_TIMEOUT_S + 60  # a first try, two more, and the time between them
_POLL_S = 0.5
_FILM_S, _FILM_FPS = 12, 25


@dataclass(frozen=True, slots=True)
class Run:
    """Videos with a manifest, videos without one, and contradictions between manifests and objects.

    `paths` has the file below the folder for every stored (bucket, key); `calls` counts the answered calls.
    """

    videos: tuple[VideoResult, ...]
    failures: tuple[Failure, ...]
    problems: tuple[str, ...]
    phases: tuple[Phase, ...]
    calls: Mapping[str, int]
    paths: Mapping[tuple[str, str], str]

    @property
    def went_well(self) -> bool:
        """Return True if every video has a manifest with at least one picture, and no manifest is contradicted."""
        has_pictures = all(video.manifest.thumbnails for video in self.videos)
        return has_pictures and not self.failures and not self.problems


class _Stopwatch:
    def __init__(self) -> None:
        self.phases: list[Phase] = []
        self._since = perf_counter()

    def lap_ms(self) -> int:
        now = perf_counter()
        spent_ms, self._since = round((now - self._since) * 1000), now
        return spent_ms

    def lap(self, name: str) -> None:
        self.phases.append(Phase(name, self.lap_ms()))


def run_demo(videos: Sequence[Path], *, settings: Mapping[str, str], folder: Path, project: Path) -> Run:
    """Run the function in `project` on the videos, or on a film made for it, and fill `folder` with all objects.

    `settings` are environment variables of the function.

    Raises:
        FileExistsError: the folder holds files that no demo wrote.
        ValueError: a setting that the platform does not take as a variable, or a bucket that cannot be.
        TimeoutError: the function is still at work long after it should have been stopped.
        OSError: a video cannot be read, or the folder not be written.
    """
    check_folder(folder)
    buckets = buckets_of(settings)
    prefix = settings.get(INPUT_PREFIX, UPLOADS)
    watch = _Stopwatch()
    with TemporaryDirectory(prefix="demo-") as scratch:
        if not videos:
            videos = [Path(scratch) / "film.mp4"]
            _make_film(videos[0])
            watch.lap("make a film")
        uploads = upload_keys(videos, prefix or UPLOADS)
        with Cloud(buckets=buckets, region=REGION, compressed_time=True) as cloud:
            environment = {**settings, "SNAPSHOT_ENDPOINT": cloud.endpoint}
            cloud.scf.create(Function(FUNCTION, project, timeout_s=FUNCTION_TIMEOUT_S, environment=environment))
            cloud.scf.add_trigger(Trigger(FUNCTION, BUCKET, prefix=prefix))
            client = CosClient(
                endpoint=cloud.endpoint, region=REGION, secret_id=cloud.secret_id, secret_key=cloud.secret_key
            )
            watch.lap("start the cloud")
            _upload(client, uploads)
            watch.lap("upload")
            _wait(cloud, list(uploads))
            watch.phases += phases_of(watch.lap_ms(), cloud.scf.log)
            calls = Counter(call.operation for call in cloud.calls)
            paths = _download_all(client, buckets, folder)
            results = _results(paths, folder, list(uploads))
            watch.lap("fetch the stored objects")
            done = {result.manifest.source.key for result in results}
            failures = tuple(_failure(cloud, key) for key in uploads if key not in done)
    problems = tuple(problem for result in results for problem in _problems(result, paths, folder))
    return Run(results, failures, problems, tuple(watch.phases), calls, paths)


def buckets_of(settings: Mapping[str, str]) -> tuple[str, ...]:
    """Return the buckets that a local cloud needs for these settings: the one for uploads, and the one for pictures.

    Raises:
        ValueError: SNAPSHOT_OUTPUT_BUCKET is no full name of a bucket of the local account.
    """
    output = settings.get(OUTPUT_BUCKET) or BUCKET
    if not re.fullmatch(rf"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?-{APPID}", output):
        raise ValueError(
            f"{OUTPUT_BUCKET} is {output!r}; a bucket of the local cloud has a full name that ends with its appid, "
            f"such as pictures-{APPID}"
        )
    return tuple(dict.fromkeys([BUCKET, output]))


def upload_keys(videos: Sequence[Path], prefix: str = UPLOADS) -> dict[str, Path]:
    """Return each video by the key of its upload; of two files with one name the later lies one folder deeper."""
    keys: dict[str, Path] = {}
    for number, video in enumerate(videos, start=1):
        name = video.name.encode("utf-8", "replace").decode()
        key = f"{prefix}{name}"
        keys[f"{prefix}{number}/{name}" if key in keys else key] = video
    return keys


def _make_film(file: Path) -> None:
    with show_progress("making a film", total=_FILM_S * _FILM_FPS, unit="frame") as advance:
        make_film(file, duration_s=_FILM_S, fade_in_s=1.0, advance=advance)  # black at first, lit by the first moment


def _upload(client: CosClient, uploads: Mapping[str, Path]) -> None:
    sizes = [file.stat().st_size for file in uploads.values()]
    with show_progress("uploading", total=sum(sizes), unit="B") as advance:
        for key, file in uploads.items():
            client.upload(BUCKET, key, file, advance=advance)


def _wait(cloud: Cloud, keys: Sequence[str]) -> None:
    """Return once the function has nothing more to do; how many videos are done is shown.

    Raises:
        TimeoutError: it still has, after a first try and two more of the longest.
    """
    deadline_s = monotonic() + _MAX_WAIT_S
    with show_progress("taking pictures", total=len(keys), unit="video") as advance:
        done: set[object] = set()
        while True:
            try:
                cloud.scf.drain(_POLL_S)
            except TimeoutError:
                if monotonic() > deadline_s:
                    raise
            else:
                return
            ended = {record.get("key") for record in cloud.scf.log} & set(keys)
            advance(len(ended - done))
            done |= ended


def _failure(cloud: Cloud, key: str) -> Failure:
    outcome = outcome_of(key, cloud.scf.log, cloud.scf.dead_letters)
    if outcome is None:
        return Failure(key, _NOTHING_LOGGED)
    return Failure(key, outcome.reason, "skipped" if outcome.state == "skipped" else "failed")


def _download_all(client: CosClient, buckets: Sequence[str], folder: Path) -> dict[tuple[str, str], str]:
    paths: dict[tuple[str, str], str] = {}
    for number, bucket in enumerate(buckets):
        prefix = f"{bucket}/" if number else ""  # a second bucket must not meet the first
        paths |= {(bucket, key): prefix + path for key, path in paths_of(client.list_keys(bucket)).items()}
    renew_folder(folder, [*paths.values(), PAGE])
    with show_progress("fetching the pictures", total=len(paths), unit="object") as advance:
        for (bucket, key), path in paths.items():
            client.download(bucket, key, folder / path)
            advance(1)
    return paths


def _results(paths: Mapping[tuple[str, str], str], folder: Path, uploaded: Sequence[str]) -> tuple[VideoResult, ...]:
    """Read the manifests of the uploaded videos, in that order."""
    results = [
        VideoResult(read_manifest((folder / path).read_bytes()), bucket, key)
        for (bucket, key), path in paths.items()
        if key.endswith(MANIFEST_ENDING) and key not in uploaded
    ]
    return tuple(result for key in uploaded for result in results if result.manifest.source.key == key)


def _problems(result: VideoResult, paths: Mapping[tuple[str, str], str], folder: Path) -> list[str]:
    """Compare a manifest with the stored objects."""
    sizes = _sizes(result.manifest)
    problems = []
    for key, size_bytes in sizes.items():
        path = paths.get((result.bucket, key))
        if path is None:
            problems.append(f"{result.manifest_key} names {key}, which is not stored")
        elif size_bytes is not None and (folder / path).stat().st_size != size_bytes:
            problems.append(f"{key} has {(folder / path).stat().st_size} bytes, its manifest says {size_bytes}")
    return problems


def _sizes(manifest: Manifest) -> dict[str, int | None]:
    """Return the key of every object that a manifest names, with its size where the manifest has it."""
    poster, storyboard, preview = manifest.poster, manifest.storyboard, manifest.preview
    named: dict[str, int | None] = {picture.key: picture.size_bytes for picture in manifest.thumbnails}
    if poster:
        named |= {poster.key: None, **{file.key: file.size_bytes for file in poster.files}}
    if storyboard:
        named |= {sheet.key: sheet.size_bytes for sheet in storyboard.sheets}
        named |= {file.key: file.size_bytes for file in storyboard.files.values()}
    if preview:
        named[preview.key] = preview.size_bytes
    return named
