"""The emulator's snapshots beside the ffmpeg program's, film by film, in one run on one machine.

Three questions: how many times as fast as the process `ffmpeg -ss T -i FILE -frames:v 1` is a call, for each film
of the tests' corpus and for some of everyday size; does a film of 1 GiB cost more time or memory than one of 10 MiB
at the same distance from a key frame; and what do two calls side by side gain. Each figure is a ratio of two that
were measured in turns. Writes results/emulator.json and results/emulator.svg.
"""

import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from fractions import Fraction
from functools import partial
from itertools import islice
from pathlib import Path
from statistics import median

import av
import numpy as np

from benchmarks.svg import Bars, draw
from emulator.ci.service import SnapshotRequest, answer_snapshot
from emulator.films.corpus import CORPUS, OPTIONS
from emulator.films.film import make_film

RESULTS = Path(__file__).parent / "results"
ROUNDS = 3
MIB = 2**20
SIZES_BYTES = {"10 MiB": 10 * MIB, "1 GiB": 1024 * MIB}
NOISE_SIZE = (320, 180)
NOISE_GOP = 25
EVERYDAY = (  # 1080p, four seconds, a key frame each four
    ("1080p-h264.mp4", "libx264"),
    ("1080p-h265.mp4", "libx265"),
    ("1080p-vp9.webm", "libvpx-vp9"),
    ("1080p-av1.mp4", "libsvtav1"),
)

_GROUPS = {  # by their first film
    "h264-plain.mp4": "codecs and containers",
    "uneven.mp4": "frame rates",
    "starts-late.mp4": "where the clock begins",
    "every-frame-a-key-frame.mp4": "groups of pictures",
    "interlaced.mp4": "fields, and few frames",
    "wide-pixels.mp4": "pixels",
    "turned-90.mp4": "turned pictures",
    "pq.mp4": "high dynamic range",
    "1080p-h264.mp4": "1080p",
}


@dataclass(frozen=True, slots=True)
class Compared:
    """One film: the median time of a call and of the process, and how many times as fast the call is."""

    film: str
    at_s: float
    call_ms: float
    process_ms: float
    times_as_fast: float


def main(*, smoke: bool = False) -> int:
    """Measure, write the results and print them; return 1 where a claim of the README does not hold."""
    if not shutil.which("ffmpeg"):
        print("The bench compares with the ffmpeg program, which is not installed.", file=sys.stderr)
        return 1
    os.environ.setdefault("SVT_LOG", "1")  # errors alone, from the AV1 encoder that makes some of the films
    with tempfile.TemporaryDirectory(prefix="snapshot-bench-") as name:
        folder = Path(name)
        films = [compare(path, folder) for path in islice(films_in(folder), 1 if smoke else None)]
        if smoke:
            return 0
        large = measure_large(folder)
        threads = measure_threads(folder)
    slowest = min(films, key=lambda one: one.times_as_fast)
    results = {
        "machine": {"cpus": os.cpu_count(), "python": platform.python_version(), "pyav": av.__version__},
        "ffmpeg": subprocess.run(["ffmpeg", "-version"], capture_output=True, text=True, check=True).stdout.split()[2],
        "films": [asdict(one) for one in films],
        "slowest": slowest.film,
        "large": large,
        "threads": threads,
    }
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "emulator.json").write_text(json.dumps(results, indent=1) + "\n")
    (RESULTS / "emulator.svg").write_text(draw("Snapshots by the emulator", panels(films, large, threads)))
    tell(films, large, threads)
    return 0 if slowest.times_as_fast > 1 else 1


def films_in(folder: Path) -> Iterator[Path]:
    """Make the corpus and the films of everyday size, one at a time."""
    for film in CORPUS:
        film.make(folder / film.name)
        yield folder / film.name
    for name, codec in EVERYDAY:
        options = dict(OPTIONS[codec]) | {"crf": "30"}
        make_film(folder / name, duration_s=4, size=(1920, 1080), gop=100, codec=codec, options=options)
        yield folder / name


def compare(path: Path, folder: Path) -> Compared:
    """Take the same snapshot in both ways, in turns, three quarters into the film."""
    at_s = Fraction(last_frame_s(path) * 3 // 4 * 1000, 1000)
    out = folder / "out.jpg"
    command = ["ffmpeg", "-nostdin", "-v", "quiet", "-y", "-ss", f"{float(at_s):.3f}", "-i", str(path)]
    call_ms, process_ms = in_turns(
        partial(take, path, at_s), partial(subprocess.run, [*command, "-frames:v", "1", str(out)], check=False)
    )
    return Compared(path.name, float(at_s), call_ms, process_ms, round(process_ms / call_ms, 2))


def last_frame_s(path: Path) -> Fraction:
    """Give when the last frame begins, after the first."""
    with av.open(str(path)) as film:
        stream = film.streams.video[0]
        shown = [packet.dts if packet.pts is None else packet.pts for packet in film.demux(stream)]
        times = [at for at in shown if at is not None]
        return (max(times) - min(times)) * (stream.time_base or Fraction(1))


def take(path: Path, at_s: Fraction) -> None:
    """Take one snapshot as the COS front would."""
    with path.open("rb") as stream:
        answer_snapshot(SnapshotRequest(at_s), stream)


def in_turns(*ways: Callable[[], object]) -> list[float]:
    """Run each way in turns and give the median of each, in milliseconds."""
    taken: list[list[float]] = [[] for _ in ways]
    for _ in range(ROUNDS):
        for way, times in zip(ways, taken, strict=True):
            begun = time.perf_counter()
            way()
            times.append((time.perf_counter() - begun) * 1000)
    return [round(median(times), 2) for times in taken]


def measure_large(folder: Path) -> dict[str, dict[str, float]]:
    """Take the snapshot of a small and of a large film, at the same distance from the last key frame."""
    group = folder / "group.mp4"
    make_noise(group)
    paths = {}
    for name, size_bytes in SIZES_BYTES.items():
        paths[name] = folder / f"{name.replace(' ', '-')}.mp4"
        repeat(group, paths[name], size_bytes // group.stat().st_size)
    moments = {name: last_frame_s(path) - Fraction(1, 5) for name, path in paths.items()}
    times = in_turns(*(partial(take, path, moments[name]) for name, path in paths.items()))
    peaks = {name: peak_mib(path, moments[name]) for name, path in paths.items()}
    return {
        name: {"size_mib": round(path.stat().st_size / MIB), "call_ms": call_ms, "peak_mib": peaks[name]}
        for (name, path), call_ms in zip(paths.items(), times, strict=True)
    }


def make_noise(path: Path) -> None:
    """Make one group of pictures of noise, which no codec makes small."""
    chance = np.random.default_rng(1)
    with av.open(str(path), "w") as film:
        stream = film.add_stream("libx264", rate=25, options={"preset": "ultrafast", "crf": "18", "bf": "0"})
        stream.width, stream.height = NOISE_SIZE
        stream.pix_fmt = "yuv420p"
        stream.codec_context.gop_size = NOISE_GOP
        for _ in range(NOISE_GOP):
            noise = chance.integers(0, 256, (NOISE_SIZE[1], NOISE_SIZE[0], 3), dtype=np.uint8)
            film.mux(stream.encode(av.VideoFrame.from_ndarray(noise)))
        film.mux(stream.encode(None))


def repeat(source: Path, path: Path, count: int) -> None:
    """Write a film that holds the source's packets as many times over."""
    with av.open(str(source)) as read, av.open(str(path), "w") as written:
        one = read.streams.video[0]
        out = written.add_stream_from_template(one)
        packets = [packet for packet in read.demux(one) if packet.dts is not None]
        length = sum(packet.duration or 0 for packet in packets)
        for number in range(count):
            for packet in packets:
                copy = av.Packet(bytes(packet))
                copy.pts, copy.dts = (
                    at + number * length if at is not None else None for at in (packet.pts, packet.dts)
                )
                copy.duration, copy.time_base, copy.is_keyframe = packet.duration, packet.time_base, packet.is_keyframe
                copy.stream = out
                written.mux(copy)


def peak_mib(path: Path, at_s: Fraction) -> float:
    """Give the most memory a fresh process holds that takes this one snapshot."""
    command = [sys.executable, "-m", "benchmarks.emulator", str(path), str(at_s)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def own_peak_mib() -> float:
    """Give the most memory this process ever held; what getrusage says goes back to before the process began."""
    return int(re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[0]) / 1024


def measure_threads(folder: Path) -> dict[str, float]:
    """Take the same two dozen snapshots one after another and on as many threads as there are cores."""
    path = folder / "1080p-h264.mp4"
    jobs = [partial(take, path, Fraction(number % 8, 25)) for number in range(24)]
    workers = os.cpu_count() or 1

    def one_by_one() -> None:
        for job in jobs:
            job()

    def side_by_side() -> None:
        with ThreadPoolExecutor(workers) as pool:
            for future in [pool.submit(job) for job in jobs]:
                future.result()

    alone_ms, together_ms = in_turns(one_by_one, side_by_side)
    return {
        "threads": workers,
        "one_by_one_ms": alone_ms,
        "side_by_side_ms": together_ms,
        "gain": round(alone_ms / together_ms, 2),
    }


def panels(films: list[Compared], large: dict[str, dict[str, float]], threads: dict[str, float]) -> list[Bars]:
    """Return the panels of the chart: the films of the corpus, grouped by the property that they vary."""
    return [
        Bars(
            "times as fast as ffmpeg: median, range (the line: 1)",
            [
                (
                    f"{title} ({len(speeds)})",
                    median(speeds),
                    f"{median(speeds):.1f}   {min(speeds):.1f} to {max(speeds):.1f}",
                )
                for title, speeds in group(films).items()
            ],
            1.0,
        ),
        Bars(
            "one snapshot of a film of",
            [(name, row["call_ms"], f"{row['call_ms']:.1f} ms") for name, row in large.items()],
        ),
        Bars(
            "and the most memory held",
            [(name, row["peak_mib"], f"{row['peak_mib']:.0f} MiB") for name, row in large.items()],
        ),
        Bars(
            "two dozen snapshots in 1080p",
            [
                ("one by one", threads["one_by_one_ms"], f"{threads['one_by_one_ms']:.0f} ms"),
                (
                    f"on {threads['threads']:.0f} threads",
                    threads["side_by_side_ms"],
                    f"{threads['side_by_side_ms']:.0f} ms",
                ),
            ],
        ),
    ]


def group(films: list[Compared]) -> dict[str, list[float]]:
    """Return how many times as fast each film is, by the property that varies, in the order of the corpus."""
    groups: dict[str, list[float]] = {}
    title = ""
    for film in films:
        title = _GROUPS.get(film.film, title)
        groups.setdefault(title, []).append(film.times_as_fast)
    return groups


def tell(films: list[Compared], large: dict[str, dict[str, float]], threads: dict[str, float]) -> None:
    """Print the results for a person."""
    for one in sorted(films, key=lambda one: one.times_as_fast):
        print(f"{one.times_as_fast:7.2f} x  {one.call_ms:8.1f} ms  ffmpeg {one.process_ms:8.1f} ms  {one.film}")
    for name, value in large.items():
        print(f"{name}: {value['call_ms']:.1f} ms, at most {value['peak_mib']:.0f} MiB")
    print(f"{threads['threads']:.0f} threads: {threads['gain']:.2f} times as many")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        take(Path(sys.argv[1]), Fraction(sys.argv[2]))
        print(own_peak_mib())
    else:
        sys.exit(main())
