"""Figures and chosen pictures -> a chart in SVG that suits light and dark pages, and a contact sheet."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

_WIDTH, _LABEL, _ROW, _TOP = 760, 170, 34, 64
_TILE, _GAP, _NAMES = (96, 54), 6, 130
_STYLE = (
    "text{font:15px system-ui,sans-serif;fill:#1f2733}.s{fill:#5c6675}.t{font-size:17px;font-weight:600}"
    "rect{fill:#d03b3b}.b{fill:#2f9e62}@media(prefers-color-scheme:dark){text{fill:#e6e9ee}.s{fill:#a4adba}}"
)
_COLOURS = {"good": "#2f9e62", "fair": "#d99a1c", "bad": "#d03b3b"}


@dataclass(frozen=True, slots=True)
class Shown:
    """A chosen picture, and its worth."""

    body: bytes
    worth: str


def draw_bars(rates: Mapping[str, tuple[float, str]]) -> str:
    """Return an SVG: the share of bad posters a strategy, with what it costs beyond the shots behind it."""
    height = _TOP + _ROW * len(rates) + 16
    room = _WIDTH - _LABEL - 290
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="Bad posters">',
        f"<style>{_STYLE}</style>",
        '<text class="t" x="8" y="24">Bad posters, of films that have a good frame</text>',
        '<text class="s" x="8" y="46">held back from tuning; behind: the cost beyond the four shots</text>',
    ]
    for number, (name, (bad, price)) in enumerate(rates.items()):
        y = _TOP + number * _ROW
        width = max(2, round(bad * room))
        kind = ' class="b"' if name == "best" else ""
        lines += [
            f'<text x="{_LABEL - 8}" y="{y + 21}" text-anchor="end">{escape(name)}</text>',
            f'<rect{kind} x="{_LABEL}" y="{y + 5}" width="{width}" height="{_ROW - 10}" rx="3"/>',
            f'<text x="{_LABEL + width + 8}" y="{y + 21}">{bad:.1%} <tspan class="s">{escape(price)}</tspan></text>',
        ]
    return "\n".join([*lines, "</svg>\n"])


def draw_sheet(path: Path, columns: Sequence[str], rows: Sequence[tuple[str, Sequence[Shown]]]) -> None:
    """Write a contact sheet: a row a film, a column a strategy, framed green, amber or red."""
    width = _NAMES + len(columns) * (_TILE[0] + _GAP) + _GAP
    sheet = Image.new("RGB", (width, 30 + len(rows) * (_TILE[1] + _GAP) + _GAP), "#ffffff")
    pen = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(11)
    for number, name in enumerate(columns):
        pen.text((_NAMES + number * (_TILE[0] + _GAP) + _TILE[0] / 2, 15), name, "#1f2733", font, anchor="mm")
    for row, (name, pictures) in enumerate(rows):
        top = 30 + row * (_TILE[1] + _GAP)
        pen.text((8, top + _TILE[1] / 2), name, "#1f2733", font, anchor="lm")
        for column, chosen in enumerate(pictures):
            left = _NAMES + column * (_TILE[0] + _GAP)
            pen.rectangle((left - 2, top - 2, left + _TILE[0] + 1, top + _TILE[1] + 1), _COLOURS[chosen.worth])
            pen.rectangle((left, top, left + _TILE[0] - 1, top + _TILE[1] - 1), "#101010")
            with Image.open(io.BytesIO(chosen.body)) as picture:
                sheet.paste(picture, (left + (_TILE[0] - picture.width) // 2, top + (_TILE[1] - picture.height) // 2))
    sheet.save(path, quality=70, optimize=True)
