"""The files of four storyboards, kept byte for byte: `python -m tests.snapshot.products.golden` writes golden/."""

from pathlib import Path

from snapshot.products.cues import address, write_hls, write_json, write_players, write_vtt
from snapshot.products.storyboard import Grid, Spacing, plan_grid

FOLDER = Path(__file__).parent / "golden"
PUBLIC_URL = "https://media.example.com"
VIDEOS = {  # milliseconds, width, height, spacing
    "landscape": (125_000, 1920, 1080, Spacing("every", 4)),
    "portrait": (100_000, 1080, 1920, Spacing("count", 20)),
    "long": (7_200_000, 1280, 720, Spacing("auto")),
    "short": (500, 640, 360, Spacing("auto")),
}


def grid_of(name: str) -> Grid:
    """Return the grid of a kept storyboard."""
    duration_ms, width_px, height_px, spacing = VIDEOS[name]
    return plan_grid(spacing, duration_ms=duration_ms, width_px=width_px, height_px=height_px, max_tiles=500)


def sheet_names(grid: Grid, public_url: str = "") -> list[str]:
    """Return the addresses of the sheets."""
    folder = "thumbnails/videos/a film.mp4/0123456789abcdef/" if public_url else "0123456789abcdef/"
    return [address(f"{folder}storyboard-{number:03d}.jpg", public_url) for number in range(grid.sheets)]


def files_of(name: str) -> dict[str, bytes]:
    """Return every file that the golden folder holds of a storyboard, by its name."""
    grid, duration_ms = grid_of(name), VIDEOS[name][0]
    names, public = sheet_names(grid), sheet_names(grid, PUBLIC_URL)
    document = write_json(grid, public)
    players = write_players(
        grid, public, duration_ms=duration_ms, sheet_bytes=[90_000] * len(names), vtt="storyboard.vtt", hls="tiles.m3u8"
    )
    files = {
        f"{name}.vtt": write_vtt(grid, names),
        f"{name}.m3u8": write_hls(grid, names),
        f"{name}.players.json": players,
    }
    return files | ({f"{name}.json": document} if document else {})


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for kind in VIDEOS:
        for file_name, content in files_of(kind).items():
            (FOLDER / file_name).write_bytes(content)
