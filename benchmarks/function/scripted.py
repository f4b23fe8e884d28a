"""Frames of films -> a cloud that waits as long as it is told to and answers what a well-made cloud would.

It shares no code with the emulator: it decodes nothing, checks no signature and keeps what is put in memory. One
thread waits for all connections, so that a hundred calls under way cost no more than one. Run as a process of its own:
`python -m benchmarks.function.scripted` reads a script, a JSON document, and writes its port.

Control, by the host `control`: `PUT /script` changes the latencies and empties the bucket, `GET /calls` gives what was
called since.
"""

import asyncio
import hashlib
import io
import json
import math
import random
import sys
import time
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit
from xml.sax.saxutils import escape

from PIL import Image

_TAIL_SIGMA = 0.6  # of the logarithm: one call in twenty takes 2.7 times the median, one in a hundred 4 times
_MODIFIED = formatdate(1_700_000_000, usegmt=True)
_CHUNK_BYTES = 256 * 1024
_MEDIA_TYPES = {"jpg": "image/jpeg", "png": "image/png"}

Headers = dict[str, str]


@dataclass(frozen=True, slots=True)
class Film:
    """The facts that the cloud states about a source: `frames` are picture files by `0x0` and format."""

    width_px: int
    height_px: int
    duration_s: float
    size_bytes: int
    frames: dict[str, str]
    file: str | None = None


@dataclass(slots=True)
class Script:
    """The behaviour of the cloud: how long each operation takes, in ms, whether the times have a tail, and its films.

    A source's key is `videos/FILM/ANYTHING`: so every invocation can have a source of its own.
    """

    latencies_ms: dict[str, float]
    films: dict[str, Film]
    has_tail: bool = False
    seed: int = 1

    @classmethod
    def of(cls, document: dict[str, Any]) -> "Script":
        """Return the script in a JSON document."""
        films = {name: Film(**film) for name, film in document["films"].items()}
        return cls(document["latencies_ms"], films, document.get("has_tail", False), document.get("seed", 1))


@dataclass(slots=True)
class _Request:
    method: str
    key: str
    params: dict[str, str]
    headers: Headers
    body: bytes = b""
    came_s: float = field(default_factory=time.monotonic)


@dataclass(slots=True)
class _Answer:
    status: int
    headers: Headers
    body: bytes = b""
    file: Path | None = None  # sent instead of the body
    span: tuple[int, int] = (0, 0)  # of the file


class Cloud:
    """The state of the cloud: its script, its objects, and what was called."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.objects: dict[str, tuple[Headers, bytes]] = {}
        self.calls: list[dict[str, Any]] = []
        self.bytes_in = self.bytes_out = 0
        self._bodies: dict[str, bytes] = {}

    def control(self, request: _Request) -> _Answer:
        """Answer the requests of the benchmark."""
        if request.method == "PUT":
            document = json.loads(request.body)
            self.script.latencies_ms = document["latencies_ms"]
            self.script.has_tail, self.script.seed = document["has_tail"], document["seed"]
            self.objects.clear()
            self.calls.clear()
            self.bytes_in = self.bytes_out = 0
            return _Answer(200, {})
        if request.key.startswith("object/"):
            return _Answer(200, {}, self.objects[request.key.removeprefix("object/")][1])
        report = {
            "calls": self.calls,
            "bytes_in": self.bytes_in,
            "bytes_out": self.bytes_out,
            "objects": {key: len(body) for key, (_, body) in self.objects.items()},
        }
        return _Answer(200, {"Content-Type": "application/json"}, json.dumps(report).encode())

    def answer(self, request: _Request) -> tuple[str, _Answer]:
        """Return the operation's name and its answer."""
        process = request.params.get("ci-process")
        if process:
            name = {"videoinfo": "info"}.get(process, process)
            return name, self._process(name, self._film_of(request.key), request)
        if request.method == "GET" and not request.key:
            return "list", self._list(request.params)
        if request.method == "PUT":
            return "put", self._put(request)
        if request.method == "DELETE":
            self.objects.pop(request.key, None)
            return "delete", _Answer(204, {})
        name = "head" if request.method == "HEAD" else "get"
        return name, self._get(request, self._film_of(request.key))

    def wait_s(self, operation: str, request: _Request) -> float:
        """Return how long an operation takes: the same for the same request, in whatever order requests come."""
        median_s = self.script.latencies_ms.get(operation, 0) / 1000
        if not self.script.has_tail:
            return median_s
        call = f"{self.script.seed} {operation} {request.key} {sorted(request.params.items())}"
        chance = random.Random(call)  # noqa: S311  # times, no secret
        return median_s * math.exp(chance.gauss(0, _TAIL_SIGMA))

    def _film_of(self, key: str) -> Film | None:
        folder, _, rest = key.partition("/")
        return self.script.films.get(rest.partition("/")[0]) if folder == "videos" else None

    def _process(self, name: str, film: Film | None, request: _Request) -> _Answer:
        if film is None:
            return _missing(request.key)
        if name == "info":
            return _Answer(200, {"Content-Type": "application/xml"}, _describe(film).encode())
        return self._snapshot(film, request.params)

    def _snapshot(self, film: Film, params: dict[str, str]) -> _Answer:
        width, height, file_format = params.get("width", "0"), params.get("height", "0"), params["format"]
        original = film.frames[f"0x0.{file_format}"]
        name = f"{original} {width}x{height}"
        if name not in self._bodies:
            self._bodies[name] = _resize(Path(original), int(width), int(height))
        return _Answer(200, {"Content-Type": _MEDIA_TYPES[file_format]}, self._bodies[name])

    def _list(self, params: dict[str, str]) -> _Answer:
        keys = sorted(key for key in self.objects if key.startswith(params.get("prefix", "")))
        contents = "".join(
            f"<Contents><Key>{escape(key)}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified>"
            f'<ETag>"{self.objects[key][0]["ETag"]}"</ETag><Size>{len(self.objects[key][1])}</Size></Contents>'
            for key in keys
        )
        body = (
            f"<ListBucketResult><EncodingType>url</EncodingType><Prefix>{escape(params.get('prefix', ''))}</Prefix>"
            f"<IsTruncated>false</IsTruncated>{contents}</ListBucketResult>"
        )
        return _Answer(200, {"Content-Type": "application/xml"}, body.encode())

    def _put(self, request: _Request) -> _Answer:
        etag = hashlib.md5(request.body, usedforsecurity=False).hexdigest()
        kept = {name: value for name, value in request.headers.items() if name.startswith("x-cos-meta-")}
        kept |= {"ETag": etag, "Content-Type": request.headers.get("content-type", "application/octet-stream")}
        self.objects[request.key] = kept, request.body
        return _Answer(200, {"ETag": f'"{etag}"'})

    def _get(self, request: _Request, film: Film | None) -> _Answer:
        if film is not None:
            etag = hashlib.md5(request.key.encode(), usedforsecurity=False).hexdigest()
            headers = {"ETag": f'"{etag}"', "Last-Modified": _MODIFIED, "Content-Type": "video/mp4"}
            if request.method == "HEAD" or film.file is None:
                return _Answer(200, headers | {"Content-Length": str(film.size_bytes)})
            start, _, end = request.headers.get("range", "").removeprefix("bytes=").partition("-")
            first = int(start or 0)
            last = min(int(end), film.size_bytes - 1) if end else film.size_bytes - 1
            ranged = {"Content-Range": f"bytes {first}-{last}/{film.size_bytes}"} if start else {}
            headers |= {"Content-Length": str(last + 1 - first), "Accept-Ranges": "bytes", **ranged}
            return _Answer(206 if start else 200, headers, file=Path(film.file), span=(first, last + 1))
        if request.key not in self.objects:
            return _missing(request.key)
        stored, body = self.objects[request.key]
        headers = stored | {"ETag": f'"{stored["ETag"]}"', "Last-Modified": _MODIFIED}
        return _Answer(200, headers, body)


def _resize(path: Path, width: int, height: int) -> bytes:
    """Return a picture file, in another size where one of the sides is given. Done once for each size."""
    if not (width or height):
        return path.read_bytes()
    with Image.open(path) as image:
        scale = width / image.width or height / image.height
        target = io.BytesIO()
        image.resize((round(image.width * scale), round(image.height * scale))).save(target, image.format)
    return target.getvalue()


def _missing(key: str) -> _Answer:
    message = "The specified key does not exist."
    body = f"<Error><Code>NoSuchKey</Code><Message>{message}</Message><Key>{escape(key)}</Key></Error>"
    return _Answer(404, {"Content-Type": "application/xml"}, body.encode())


def _describe(film: Film) -> str:
    duration = f"{film.duration_s:.6f}"
    frames = round(film.duration_s * 25)
    return (
        "<Response><MediaInfo><Stream><Video><Index>0</Index><CodecName>h264</CodecName>"
        f"<Width>{film.width_px}</Width><Height>{film.height_px}</Height><StartTime>0.000000</StartTime>"
        f"<Duration>{duration}</Duration><AvgFps>25/1</AvgFps><Fps>25/1</Fps><NumFrames>{frames}</NumFrames>"
        "<Rotation>0</Rotation></Video></Stream><Format><FormatName>mov,mp4,m4a,3gp,3g2,mj2</FormatName>"
        f"<StartTime>0.000000</StartTime><Duration>{duration}</Duration><Size>{film.size_bytes}</Size>"
        "</Format></MediaInfo></Response>"
    )


async def _serve(cloud: Cloud, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    loop = asyncio.get_running_loop()
    try:
        while head := await _read_head(reader):
            request = head
            length = int(request.headers.get("content-length", 0))
            if request.headers.get("expect", "").lower() == "100-continue":
                writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            request.body = await reader.readexactly(length) if length else b""
            if request.headers.get("host", "").startswith("control"):
                await _write(writer, request, cloud.control(request), loop)
                continue
            came_s = time.monotonic()
            cloud.bytes_out += length
            operation, answer = cloud.answer(request)
            wait_s = cloud.wait_s(operation, request)
            await asyncio.sleep(max(0.0, wait_s - (time.monotonic() - came_s)))
            sent_s = time.monotonic()
            cloud.bytes_in += await _write(writer, request, answer, loop)
            cloud.calls.append(
                {
                    "operation": operation,
                    "key": request.key,
                    "moment_s": request.params.get("time"),
                    "width": request.params.get("width"),
                    "at_ms": round(came_s * 1000, 2),
                    "wait_ms": round(wait_s * 1000, 2),
                    "late_ms": round((sent_s - came_s - wait_s) * 1000, 2),
                }
            )
    except (ConnectionError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def _read_head(reader: asyncio.StreamReader) -> _Request | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ")
    address = urlsplit(target)
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)}
    params = dict(parse_qsl(address.query, keep_blank_values=True))
    return _Request(method, unquote(address.path).removeprefix("/"), params, headers)


async def _write(
    writer: asyncio.StreamWriter, request: _Request, answer: _Answer, loop: asyncio.AbstractEventLoop
) -> int:
    length = answer.span[1] - answer.span[0] if answer.file else len(answer.body)
    headers = {"Content-Length": str(length), "x-cos-request-id": "scripted", **answer.headers}
    lines = [f"HTTP/1.1 {answer.status} OK", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    writer.write("\r\n".join(lines).encode("latin-1"))
    if request.method == "HEAD":
        length = 0
    elif answer.file:
        await writer.drain()
        with answer.file.open("rb") as stream:
            await loop.sendfile(writer.transport, stream, answer.span[0], length)
    else:
        writer.write(answer.body)
    await writer.drain()
    return length


async def _run(script: Script) -> None:
    cloud = Cloud(script)
    server = await asyncio.start_server(
        lambda reader, writer: _serve(cloud, reader, writer), "127.0.0.1", 0, limit=_CHUNK_BYTES, backlog=256
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)  # its end is the end of the benchmark
    server.close()


if __name__ == "__main__":
    asyncio.run(_run(Script.of(json.loads(sys.stdin.readline()))))
