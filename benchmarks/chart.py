"""Panels of bars -> one PNG picture. It knows numbers and words, not what was measured."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

WIDTH, LABELS, EDGE = 1400, 470, 48  # pixels
ROW, TITLE = 30, 84
INK, SOFT, BAR, GROUND, LINE = "#1f2733", "#5c6675", "#3f7fbf", "#ffffff", "#c0392b"


@dataclass(frozen=True, slots=True)
class Bar:
    """One row: what it is, how long it is drawn, and what is written after it."""

    label: str
    value: float
    text: str


@dataclass(frozen=True, slots=True)
class Panel:
    """Bars on one scale that begins at zero, with a line at `mark`."""

    title: str
    bars: Sequence[Bar]
    mark: float | None = None


def draw(path: Path, panels: Sequence[Panel]) -> None:
    """Write the chart. Raises: ValueError for a panel without bars."""
    height = EDGE + sum(TITLE + ROW * len(panel.bars) + EDGE // 2 for panel in panels)
    picture = Image.new("RGB", (WIDTH, height), GROUND)
    pen = ImageDraw.Draw(picture)
    top = EDGE
    for panel in panels:
        top = draw_panel(pen, panel, top)
    picture.save(path, optimize=True)


def draw_panel(pen: ImageDraw.ImageDraw, panel: Panel, top: int) -> int:
    """Draw one panel and give where the next one begins."""
    pen.text((EDGE, top), panel.title, INK, ImageFont.load_default(30))
    words = ImageFont.load_default(19)
    first = top + TITLE - ROW // 2
    room = WIDTH - LABELS - EDGE - 110
    scale = room / max(bar.value for bar in panel.bars)
    for number, bar in enumerate(panel.bars):
        y = first + number * ROW
        pen.text((LABELS - 14, y + ROW / 2), bar.label, SOFT, words, anchor="rm")
        end = LABELS + max(2, bar.value * scale)
        pen.rounded_rectangle((LABELS, y + 5, end, y + ROW - 5), 4, BAR)
        pen.text((end + 10, y + ROW / 2), bar.text, INK, words, anchor="lm")
    foot = first + len(panel.bars) * ROW
    if panel.mark is not None:
        x = LABELS + panel.mark * scale
        pen.line((x, first - 6, x, foot + 2), LINE, 2)
    return foot + EDGE
