"""`python -m studio.screenshots [--into docs]`: a real run of the demo -> the README's pictures of its contact sheet.

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
from typing import Literal

from PIL import Image, ImageChops

from studio.__main__ import main as demo
from studio.folder import PAGE

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
WIDTH_PX = 1280
_MAX_HEIGHT_PX = 4000
_MARGIN_PX = 44
_MAX_BYTES = 400_000
_SWITCHES = (
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
_SCHEMES = {"light": 1, "dark": 0}


def find_chromium() -> Path:
    """Return the browser's program.

    Raises:
        FileNotFoundError: there is none; the message is a sentence.
    """
    for name in NAMES:
        path = shutil.which(name)
        if path:
            return Path(path)
    raise FileNotFoundError(f"the pictures need Chromium on the PATH, under one of the names {', '.join(NAMES)}")


def take_screenshot(page: Path, *, scheme: Literal["light", "dark"], width_px: int = WIDTH_PX) -> Image.Image:
    """Return the whole page as a browser shows it in a window of that width, empty paper below cut off.

    Raises:
        FileNotFoundError: there is no browser.
        subprocess.SubprocessError: the browser failed.
    """
    with TemporaryDirectory(prefix="screenshots-") as scratch:
        shot = Path(scratch) / "shot.png"
        subprocess.run(  # noqa: S603  # the browser, found by name, and our own page
            [
                find_chromium(),
                *_SWITCHES,
                f"--user-data-dir={scratch}/profile",
                f"--blink-settings=preferredColorScheme={_SCHEMES[scheme]}",
                f"--window-size={width_px},{_MAX_HEIGHT_PX}",
                f"--screenshot={shot}",
                page.resolve().as_uri(),
            ],
            check=True,
            capture_output=True,
            timeout=120,
        )
        with Image.open(shot) as picture:
            window = picture.convert("RGB")
    paper = Image.new("RGB", window.size, window.getpixel((0, window.height - 1)))
    box = ImageChops.difference(window, paper).getbbox()
    foot = min(box[3] + _MARGIN_PX, window.height) if box else window.height
    cropped: Image.Image = window.crop((0, 0, window.width, foot))
    return cropped


def save_small(picture: Image.Image, file: Path) -> None:
    """Write a PNG that a README can carry: all colours where they fit into 400 kB, else the best 256.

    Raises:
        OSError: it cannot be written.
    """
    picture.save(file, optimize=True)
    if file.stat().st_size > _MAX_BYTES:
        picture.quantize(256, Image.Quantize.MEDIANCUT, dither=Image.Dither.FLOYDSTEINBERG).save(file, optimize=True)


def main(arguments: Sequence[str]) -> int:
    """Run the demo, photograph its page light and dark, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m studio.screenshots", description=main.__doc__)
    parser.add_argument("--into", default="docs", metavar="FOLDER", help="where the pictures go (default: docs)")
    into = Path(parser.parse_args(arguments).into)
    try:
        find_chromium()
    except FileNotFoundError as error:
        sys.stderr.write(f"screenshots: {error}\n")
        return 1
    into.mkdir(parents=True, exist_ok=True)
    bare = {name: value for name, value in os.environ.items() if not name.startswith("SNAPSHOT_")}
    with TemporaryDirectory(prefix="screenshots-") as scratch:
        out = Path(scratch) / "out"
        status = demo(["demo", "--out", str(out)], bare)
        if status:
            return status
        save_small(take_screenshot(out / PAGE, scheme="light"), into / "contact-sheet.png")
        save_small(take_screenshot(out / PAGE, scheme="dark"), into / "contact-sheet-dark.png")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
