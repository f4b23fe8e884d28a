"""Other functions that make the same of an upload, as a user would write them: what ours is compared with.

plain          as the platform's public demos are written: a client at import, one shot after another
each           ffmpeg in the function: the video downloaded, one program a shot
all_at_once    the same with one program for all shots

Each stores the thumbnails, a poster and a description, from the same settings. The moments are the same shares of the
length. None retries, checks or cleans up more than these lines say.
"""

import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from qcloud_cos import CosConfig, CosS3Client

_BUCKET = "examplebucket-1250000000"
_CLIENT = CosS3Client(
    CosConfig(
        Region=os.environ["TENCENTCLOUD_REGION"],
        SecretId=os.environ["TENCENTCLOUD_SECRETID"],
        SecretKey=os.environ["TENCENTCLOUD_SECRETKEY"],
        Token=os.environ["TENCENTCLOUD_SESSIONTOKEN"],
        Scheme="http",
        Domain=os.environ["SNAPSHOT_ENDPOINT"].removeprefix("http://"),
    )
)


def plain(event: Any, context: object) -> dict[str, int]:  # noqa: ANN401, ARG001  # as the platform calls it
    """Capture one shot after another and store it."""
    for key in _keys(event):
        info = _CLIENT.get_media_info(Bucket=_BUCKET, Key=key)
        names = []
        for number, at_s in enumerate(_moments(_length(info))):
            shown = _CLIENT.get_snapshot(Bucket=_BUCKET, Key=key, Time=f"{at_s:.3f}", Format="jpg")
            names.append(_put(key, number, shown["Body"].get_raw_stream().read()))
        _finish(key, names)
    return {"shots": _shots()}


def each(event: Any, context: object) -> dict[str, int]:  # noqa: ANN401, ARG001  # as the platform calls it
    """Download the video and run ffmpeg once a shot."""
    return _with_ffmpeg(event, _run_each)


def all_at_once(event: Any, context: object) -> dict[str, int]:  # noqa: ANN401, ARG001  # as the platform calls it
    """Download the video and run ffmpeg once."""
    return _with_ffmpeg(event, _run_once)


def _with_ffmpeg(event: Any, run: Any) -> dict[str, int]:  # noqa: ANN401  # an event, one of two functions
    for key in _keys(event):
        with tempfile.TemporaryDirectory() as name:
            video = Path(name) / "video.mp4"
            _CLIENT.get_object(Bucket=_BUCKET, Key=key)["Body"].get_stream_to_file(str(video))
            probe = ["ffprobe", "-v", "error", "-show_entries", "format=duration", "-of", "csv=p=0", str(video)]
            length_s = float(subprocess.run(probe, check=True, capture_output=True, text=True).stdout)
            pictures = [video.with_name(f"{number}.jpg") for number in range(_shots())]
            run(video, list(zip(_moments(length_s), pictures, strict=True)))
            names = [_put(key, number, path.read_bytes()) for number, path in enumerate(pictures)]
        _finish(key, names)
    return {"shots": _shots()}


def _run_each(video: Path, shots: list[tuple[float, Path]]) -> None:
    for at_s, path in shots:
        command = ["ffmpeg", "-v", "error", "-ss", f"{at_s:.3f}", "-i", str(video), "-frames:v", "1", "-q:v", "3"]
        subprocess.run([*command, str(path)], check=True)


def _run_once(video: Path, shots: list[tuple[float, Path]]) -> None:
    inputs = [word for at_s, _ in shots for word in ("-ss", f"{at_s:.3f}", "-i", str(video))]
    outputs = [
        word
        for number, (_, path) in enumerate(shots)
        for word in ("-map", f"{number}:v:0", "-frames:v", "1", "-q:v", "3", str(path))
    ]
    subprocess.run(["ffmpeg", "-v", "error", *inputs, *outputs], check=True)


def _keys(event: Any) -> list[str]:  # noqa: ANN401  # the platform's own
    return [record["cos"]["cosObject"]["key"].split("/", 3)[3] for record in event["Records"]]


def _shots() -> int:
    return int(os.environ["SNAPSHOT_TIMES"].removesuffix("x"))


def _moments(length_s: float) -> list[float]:
    return [length_s * (2 * number + 1) / (2 * _shots()) for number in range(_shots())]


def _put(key: str, number: int, body: bytes) -> str:
    name = f"thumbnails/{key}/{number:03d}.jpg"
    _CLIENT.put_object(Bucket=_BUCKET, Key=name, Body=body, ContentType="image/jpeg")
    if number == 0:
        _CLIENT.put_object(Bucket=_BUCKET, Key=f"thumbnails/{key}/poster.jpg", Body=body, ContentType="image/jpeg")
    return name


def _finish(key: str, names: list[str]) -> None:
    body = json.dumps({"source": key, "thumbnails": names}).encode()
    _CLIENT.put_object(Bucket=_BUCKET, Key=f"thumbnails/{key}/manifest.json", Body=body, ContentType="application/json")


def _length(info: Any) -> float:  # noqa: ANN401  # the SDK's own, in which some elements are lists
    container = info["MediaInfo"]
    container = container[0] if isinstance(container, list) else container
    described = container["Format"]
    return float((described[0] if isinstance(described, list) else described)["Duration"])
