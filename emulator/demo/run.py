"""Videos and settings, turned into one run of the whole cloud: upload, event, function, stored objects.

It must not know the function (the platform is handed a folder with a handler in it), nor how a run is told.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from emulator.cloud import Cloud
from emulator.demo.bucket import Buckets
from emulator.demo.folder import check_folder, paths_of, renew_folder
from emulator.demo.journal import phases_of, reason_of
from emulator.demo.live import MANIFEST_ENDING
from emulator.demo.manifest import read_manifest
from emulator.demo.page import Film, Loss, Phase
from emulator.film import make_film
from emulator.scf.function import Function
from emulator.scf.triggers import Trigger

BUCKET = "examplebucket-1250000000"
REGION = "ap-guangzhou"
UPLOADS = "videos/"
_FUNCTION = "thumbnails"
_NOTHING_SAID = "The function was never called for it, or said nothing about it."
_TIMEOUT_S = 300
_LONGEST_WAIT_S = 3 * _TIMEOUT_S + 60  # a first try, two more, and what lies between


@dataclass(frozen=True, slots=True)
class Run:
    """What came of it: films with a manifest, videos without one, and what is not as a manifest says.

    `paths` has the file below the folder for every stored (bucket, key); `calls` counts the answered calls.
    """

    films: tuple[Film, ...]
    losses: tuple[Loss, ...]
    problems: tuple[str, ...]
    phases: tuple[Phase, ...]
    calls: Mapping[str, int]
    paths: Mapping[tuple[str, str], str]

    @property
    def went_well(self) -> bool:
        """Whether every video has a manifest with at least one picture, and every file is what it should be."""
        return not self.losses and not self.problems and all(film.manifest.thumbnails for film in self.films)


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
        FileExistsError: the folder holds what no demo wrote.
        ValueError: a setting that the platform does not take as a variable, or a bucket that it does not take.
        TimeoutError: the function is still at work long after it should have been stopped.
        OSError: a video cannot be read, or the folder not be written.
    """
    check_folder(folder)
    watch = _Stopwatch()
    with TemporaryDirectory(prefix="demo-") as scratch:
        if not videos:
            videos = [Path(scratch) / "film.mp4"]
            make_film(videos[0], fade_in_s=1.0)  # black at first; lit by the first moment that is asked for
            watch.lap("make a film")
        uploads = upload_keys(videos)
        buckets = tuple(dict.fromkeys([BUCKET, settings.get("SNAPSHOT_OUTPUT_BUCKET") or BUCKET]))
        with Cloud(buckets=buckets, region=REGION, compressed_time=True) as cloud:
            environment = {**settings, "SNAPSHOT_ENDPOINT": cloud.endpoint}
            cloud.scf.create(Function(_FUNCTION, project, timeout_s=_TIMEOUT_S, environment=environment))
            cloud.scf.add_trigger(Trigger(_FUNCTION, BUCKET, prefix=UPLOADS))
            door = Buckets(
                endpoint=cloud.endpoint, region=REGION, secret_id=cloud.secret_id, secret_key=cloud.secret_key
            )
            watch.lap("start the cloud")
            for key, video in uploads.items():
                door.put(BUCKET, key, video)
            watch.lap("upload")
            cloud.scf.drain(_LONGEST_WAIT_S)
            watch.phases += phases_of(watch.lap_ms(), cloud.scf.log)
            calls = Counter(call.operation for call in cloud.calls)
            paths = _fetch_all(door, buckets, folder)
            films = _films(paths, folder, list(uploads))
            watch.lap("fetch what is stored")
            done = {film.manifest.source.key for film in films}
            losses = tuple(
                Loss(key, reason_of(key, cloud.scf.log, cloud.scf.dead_letters) or _NOTHING_SAID)
                for key in uploads
                if key not in done
            )
    problems = tuple(problem for film in films for problem in _problems(film, paths, folder))
    return Run(films, losses, problems, tuple(watch.phases), calls, paths)


def upload_keys(videos: Sequence[Path]) -> dict[str, Path]:
    """Give each video the key it is uploaded under; of two files with one name the later lies one folder deeper."""
    keys: dict[str, Path] = {}
    for number, video in enumerate(videos, start=1):
        name = video.name.encode("utf-8", "replace").decode()
        key = f"{UPLOADS}{name}"
        keys[f"{UPLOADS}{number}/{name}" if key in keys else key] = video
    return keys


def _fetch_all(door: Buckets, buckets: Sequence[str], folder: Path) -> dict[tuple[str, str], str]:
    renew_folder(folder)
    files: dict[tuple[str, str], str] = {}
    for number, bucket in enumerate(buckets):
        prefix = f"{bucket}/" if number else ""  # a second bucket must not meet the first
        files |= {(bucket, key): prefix + path for key, path in paths_of(door.keys(bucket)).items()}
    for (bucket, key), path in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        door.get(bucket, key, file)
    return files


def _films(paths: Mapping[tuple[str, str], str], folder: Path, uploaded: Sequence[str]) -> tuple[Film, ...]:
    """Read the manifests of what was uploaded, in that order."""
    films = [
        Film(read_manifest((folder / path).read_bytes()), bucket, key)
        for (bucket, key), path in paths.items()
        if key.endswith(MANIFEST_ENDING) and key not in uploaded
    ]
    return tuple(film for key in uploaded for film in films if film.manifest.source.key == key)


def _problems(film: Film, paths: Mapping[tuple[str, str], str], folder: Path) -> list[str]:
    """Hold a manifest to what is really stored."""
    sizes = {one.key: one.size_bytes for one in film.manifest.thumbnails}
    named = [*sizes, *([film.manifest.poster.key] if film.manifest.poster else [])]
    problems = []
    for key in named:
        path = paths.get((film.bucket, key))
        if path is None:
            problems.append(f"{film.manifest_key} names {key}, which is not stored")
        elif key in sizes and (folder / path).stat().st_size != sizes[key]:
            problems.append(f"{key} has {(folder / path).stat().st_size} bytes, its manifest says {sizes[key]}")
    return problems
