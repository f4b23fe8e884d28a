"""One frame in several sizes and formats: its cost here, beside Pillow used plainly, pyvips and the ffmpeg program.

Each way makes the same files from the same JPEG at the same quality, in turns, a fresh process each. CPU is that of
the process beyond what starting it and loading its libraries cost; memory is the most it held beyond that. Figures are
ratios of medians. pyvips is left out where it is not installed (`pip install pyvips[binary]`; it does not ship).
"""

import argparse
import importlib
import importlib.util
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

import numpy as np
from PIL import Image

from emulator.films.scenery import paint_scene
from snapshot.media import Size
from snapshot.products.picture import decode, read_header
from snapshot.products.thumbnails import load_plugin, render, smallest_decode

RESULTS = Path(__file__).parent / "results"
FRAMES = {"4K": (3840, 2160), "1080p": (1920, 1080)}
SIZES = {"640": (640,), "1280, 640, 320": (1280, 640, 320)}
QUALITIES = {"jpg": 85, "webp": 80, "avif": 60}
ROUNDS = 3
MAX_SHARE = 0.5  # of plain Pillow's CPU, for 4K in three sizes as jpg
_FFMPEG = {"jpg": ["-q:v", "3"], "webp": ["-c:v", "libwebp", "-quality", "80", "-compression_level", "4"], "avif": []}


def here(path: Path, widths: Sequence[int], file_format: str) -> None:
    """Render as the function does."""
    sizes, header = [Size(width, 0) for width in widths], read_header(path.read_bytes())
    picture = decode(header, smallest_px=smallest_decode(header, sizes, [file_format], "contain"))
    for thumbnail in render(picture, sizes, [file_format], at_ms=0, fit="contain"):
        path.with_suffix(f".{thumbnail.width_px}.{file_format}").write_bytes(thumbnail.body)


def pillow(path: Path, widths: Sequence[int], file_format: str) -> None:
    """Render as Pillow's documentation does: open, resize and save, for each size."""
    for width in widths:
        with Image.open(path) as picture:
            size = (width, round(picture.height * width / picture.width))
            small = picture.convert("RGB").resize(size, Image.Resampling.LANCZOS)
        options = {"speed": 8} if file_format == "avif" else {}
        small.save(path.with_suffix(f".{width}.{file_format}"), quality=QUALITIES[file_format], **options)


def vips(path: Path, widths: Sequence[int], file_format: str) -> None:
    """Render by libvips' own thumbnails, which shrink while they load."""
    pyvips = importlib.import_module("pyvips")
    options = {"effort": 1} if file_format == "avif" else {}
    for width in widths:
        small = pyvips.Image.thumbnail(str(path), width)
        small.write_to_file(str(path.with_suffix(f".{width}.{file_format}")), Q=QUALITIES[file_format], **options)


def ffmpeg(path: Path, widths: Sequence[int], file_format: str) -> None:
    """Render by one process of ffmpeg for all sizes."""
    command = ["ffmpeg", "-nostdin", "-v", "error", "-y", "-threads", "1", "-i", str(path)]
    for width in widths:
        target = str(path.with_suffix(f".{width}.{file_format}"))
        command += ["-vf", f"scale={width}:-2:flags=lanczos", *_FFMPEG[file_format], "-frames:v", "1", target]
    subprocess.run(command, check=True)


WAYS: dict[str, Callable[[Path, Sequence[int], str], None]] = {
    "here": here,
    "Pillow, plainly": pillow,
    "pyvips": vips,
    "ffmpeg": ffmpeg,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark; return 1 where 4K in three sizes costs more than half of plain Pillow's CPU."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks render", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--smoke", action="store_true", help="one round of one frame, nothing written")
    parser.add_argument("--json", type=Path, default=RESULTS / "render.json", help="where the figures go")
    args = parser.parse_args(argv)
    ways = [name for name in WAYS if is_here(name)]
    rows = []
    with tempfile.TemporaryDirectory(prefix="render-") as folder:
        for frame, size in FRAMES.items():
            path = Path(folder) / f"{frame}.jpg"
            paint_frame(size).save(path, quality=90)
            for widths_name, widths in SIZES.items():
                for file_format in QUALITIES:
                    names = [name for name in ways if (name, file_format) != ("ffmpeg", "avif")]
                    rows.append(
                        compare(path, frame, widths_name, widths, file_format, names, 1 if args.smoke else ROUNDS)
                    )
                    tell(rows[-1])
                    if args.smoke:
                        return 0
    args.json.write_text(json.dumps({"ways": ways, "rows": rows}, indent=1) + "\n")
    goal = next(row for row in rows if (row["frame"], row["widths"], row["format"]) == ("4K", "1280, 640, 320", "jpg"))
    return 0 if goal["cpu_ms"]["here"] <= MAX_SHARE * goal["cpu_ms"]["Pillow, plainly"] else 1


def is_here(way: str) -> bool:
    """Tell whether what a way needs is installed."""
    if way == "pyvips":
        return importlib.util.find_spec("pyvips") is not None
    return way != "ffmpeg" or shutil.which("ffmpeg") is not None


def paint_frame(size: tuple[int, int]) -> Image.Image:
    """Paint a scene with a camera's grain."""
    scene = np.asarray(paint_scene(3, size)).astype(np.int16)
    grain = np.random.default_rng(1).integers(-6, 7, scene.shape, dtype=np.int16)
    return Image.fromarray((scene + grain).clip(0, 255).astype(np.uint8))


def compare(
    path: Path, frame: str, widths_name: str, widths: Sequence[int], file_format: str, names: Sequence[str], rounds: int
) -> dict:  # type: ignore[type-arg]  # a JSON document
    """Run every way in turns; return the medians of CPU in milliseconds and of memory in MiB."""
    runs: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    for _ in range(rounds):
        for name in names:
            cost, idle = run(name, path, widths, file_format), run(name, path, (), file_format)
            runs[name].append((cost[0] - idle[0], cost[1] - idle[1]))
    return {
        "frame": frame,
        "widths": widths_name,
        "format": file_format,
        "cpu_ms": {name: round(median(cpu for cpu, _ in taken), 1) for name, taken in runs.items()},
        "memory_mib": {name: round(median(memory for _, memory in taken), 1) for name, taken in runs.items()},
        "sizes_bytes": {
            name: sum(file.stat().st_size for file in files_of(path, name, widths, file_format)) for name in names
        },
    }


def run(name: str, path: Path, widths: Sequence[int], file_format: str) -> tuple[float, float]:
    """Run one way in a fresh process; return its CPU in milliseconds and the most memory it held in MiB."""
    command = [sys.executable, "-m", "benchmarks.render", name, str(path), file_format, *map(str, widths)]
    environment = {**os.environ, "VIPS_CONCURRENCY": "1", "MALLOC_ARENA_MAX": "1"}
    printed = subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout
    cpu_ms, memory_mib = map(float, printed.split())
    return cpu_ms, memory_mib


def files_of(path: Path, name: str, widths: Sequence[int], file_format: str) -> list[Path]:
    """Make the files once more and return them."""
    WAYS[name](path, widths, file_format)
    return [path.with_suffix(f".{width}.{file_format}") for width in widths]


def run_here(name: str, path: Path, file_format: str, widths: Sequence[int]) -> None:
    """Load the libraries of one way, run it where there are sizes, and print its time and memory."""
    if name == "pyvips":
        importlib.import_module("pyvips").Image.black(1, 1)
    elif name == "here":
        load_plugin(file_format)
    elif name.startswith("Pillow"):
        Image.init()
    if widths:
        WAYS[name](path, widths, file_format)
    used = resource.getrusage(resource.RUSAGE_CHILDREN if name == "ffmpeg" else resource.RUSAGE_SELF)
    own_kib = int(re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[0])
    print(1000 * (used.ru_utime + used.ru_stime), (used.ru_maxrss if name == "ffmpeg" else own_kib) / 1024)


def tell(row: dict) -> None:  # type: ignore[type-arg]  # a JSON document
    """Print one row for a person."""
    cpu, memory = row["cpu_ms"], row["memory_mib"]
    ways = "  ".join(
        f"{name} {cpu[name]:.0f} ms ({cpu[name] / cpu['here']:.2f}x) {memory[name]:.0f} MiB" for name in cpu
    )
    print(f"{row['frame']:6} to {row['widths']:15} {row['format']:5} {ways}")


if __name__ == "__main__":
    _, way, source, ending, *sides = sys.argv
    run_here(way, Path(source), ending, [int(side) for side in sides])
