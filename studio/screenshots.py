"""`python -m emulator.demo.picture [--into docs]`: the README's pictures of the contact sheet, from a real run.

It must not know the page: Chromium renders what the demo left, light and dark, and tells how tall it is.
Source: Chromium's headless switches, read 2026-11-22.
"""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Literal

from PIL import Image, ImageChops

from emulator.demo.__main__ import main as demo
from emulator.demo.folder import PAGE

NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
WIDTH_PX: Final = 1280
_TALLEST_PX: Final = 4000
_MARGIN_PX: Final = 44
_MOST_BYTES: Final = 400_000
_SWITCHES: Final = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--force-device-scale-factor=1",
)
_SCHEMES: Final = {"light": 1, "dark": 0}


def find_chromium() -> Path:
    """Find the browser.  Raises: FileNotFoundError, in a sentence."""
    for name in NAMES:
        found = shutil.which(name)
        if found:
            return Path(found)
    raise FileNotFoundError(f"the pictures need Chromium on the PATH, under one of the names {', '.join(NAMES)}")


def photograph(page: Path, *, scheme: Literal["light", "dark"], width_px: int = WIDTH_PX) -> Image.Image:
    """Give the whole page as a browser shows it in a window of that width, empty paper below cut off.

    Raises: FileNotFoundError without a browser, subprocess.SubprocessError where it fails.
    """
    with TemporaryDirectory(prefix="picture-") as scratch:
        shot = Path(scratch) / "shot.png"
        subprocess.run(  # noqa: S603  # the browser, found by name, and our own page
            [
                find_chromium(),
                *_SWITCHES,
                f"--user-data-dir={scratch}/profile",
                f"--blink-settings=preferredColorScheme={_SCHEMES[scheme]}",
                f"--window-size={width_px},{_TALLEST_PX}",
                f"--screenshot={shot}",
                page.resolve().as_uri(),
            ],
            check=True,
            capture_output=True,
            timeout=120,
        )
        with Image.open(shot) as picture:
            whole = picture.convert("RGB")
    paper = Image.new("RGB", whole.size, whole.getpixel((0, whole.height - 1)))
    box = ImageChops.difference(whole, paper).getbbox()
    foot = min(box[3] + _MARGIN_PX, whole.height) if box else whole.height
    cropped: Image.Image = whole.crop((0, 0, whole.width, foot))
    return cropped


def save_small(picture: Image.Image, file: Path) -> None:
    """Write a PNG that a README can carry: all colours where they fit into 400 kB, else the best 256.

    Raises: OSError where it cannot be written.
    """
    picture.save(file, optimize=True)
    if file.stat().st_size > _MOST_BYTES:
        picture.quantize(256, Image.Quantize.MEDIANCUT, dither=Image.Dither.FLOYDSTEINBERG).save(file, optimize=True)


def main(arguments: Sequence[str]) -> int:
    """Run the demo, photograph its page twice; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m emulator.demo.picture", description=main.__doc__)
    parser.add_argument("--into", default="docs", metavar="FOLDER", help="where the pictures go (default: docs)")
    into = Path(parser.parse_args(arguments).into)
    try:
        find_chromium()
    except FileNotFoundError as error:
        sys.stderr.write(f"picture: {error}\n")
        return 1
    into.mkdir(parents=True, exist_ok=True)
    bare = {name: value for name, value in os.environ.items() if not name.startswith("SNAPSHOT_")}
    with TemporaryDirectory(prefix="picture-") as scratch:
        out = Path(scratch) / "out"
        status = demo(["--out", str(out)], bare)
        if status:
            return status
        save_small(photograph(out / PAGE, scheme="light"), into / "contact-sheet.png")
        save_small(photograph(out / PAGE, scheme="dark"), into / "contact-sheet-dark.png")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
