"""Bars or lines with words -> an SVG picture that reads in light, in dark and on a telephone's width."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_WIDTH, _ROW, _TOP, _HEAD, _EDGE = 460, 44, 40, 34, 12
_STYLE = (
    "text{font:15px system-ui,sans-serif;fill:#1f2733}.s{fill:#5c6675;font-size:14px}.t{font-size:17px;font-weight:600}"
    "rect{fill:#2f6fb0}line{stroke:#c0392b;stroke-width:2}polyline{fill:none;stroke:#2f6fb0;stroke-width:3}"
    ".m{stroke:#c0392b;stroke-width:2;stroke-dasharray:6 4}.a{stroke:#9aa3af;stroke-width:1}"
    "@media(prefers-color-scheme:dark){text{fill:#e6e9ee}.s{fill:#a4adba}rect{fill:#5a9bdc}line{stroke:#ff8a7a}"
    "polyline{stroke:#5a9bdc}.m{stroke:#ff8a7a}.a{stroke:#6b7482}}"
)


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars on one scale that begins at zero: a label, a value and its text each; a line at `mark`."""

    title: str
    bars: Sequence[tuple[str, float, str]]
    mark: float | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A line through points, x and y, with its words; `is_mark` for what the others are held against."""

    title: str
    points: Sequence[tuple[float, float]]
    is_mark: bool = False


def draw(title: str, panels: Sequence[Bars]) -> str:
    """Return the chart: a label stands above its bar, so that it stays readable where the picture is narrow."""
    lines, top = [f'<text class="t" x="{_EDGE}" y="26">{escape(title)}</text>'], _TOP
    for panel in panels:
        lines.append(f'<text class="s" x="{_EDGE}" y="{top + 20}">{escape(panel.title)}</text>')
        top += _HEAD
        most = max([value for _, value, _ in panel.bars] + [panel.mark or 0]) or 1
        scale = (_WIDTH - 2 * _EDGE) / most
        for number, (label, value, text) in enumerate(panel.bars):
            y = top + number * _ROW
            lines += [
                f'<text x="{_EDGE}" y="{y + 16}">{escape(label)}</text>',
                f'<text x="{_WIDTH - _EDGE}" y="{y + 16}" text-anchor="end">{escape(text)}</text>',
                f'<rect x="{_EDGE}" y="{y + 22}" width="{max(2, value * scale):.1f}" height="12" rx="3"/>',
            ]
            if panel.mark is not None:  # beside its bar only, so that it crosses no words
                x = _EDGE + panel.mark * scale
                lines.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{y + 18}" y2="{y + 38}"/>')
        top += len(panel.bars) * _ROW + _EDGE
    return _picture(title, top, lines)


def draw_lines(title: str, y_title: str, x_unit: str, lines: Sequence[Line]) -> str:
    """Return the chart of lines on axes that begin at zero; each line's words stand below, beside a piece of it."""
    right = max(x for line in lines for x, _ in line.points) or 1
    most = max(y for line in lines for _, y in line.points) or 1
    left, top, width, height = _EDGE, _TOP + _HEAD, _WIDTH - 2 * _EDGE, 220
    bottom = top + height
    parts = [
        f'<text class="t" x="{_EDGE}" y="26">{escape(title)}</text>',
        f'<text class="s" x="{_EDGE}" y="{_TOP + 20}">{escape(y_title)}, up to {most:g}</text>',
        f'<line class="a" x1="{left}" x2="{left}" y1="{top}" y2="{bottom}"/>',
        f'<line class="a" x1="{left}" x2="{left + width}" y1="{bottom}" y2="{bottom}"/>',
        f'<text class="s" x="{left}" y="{bottom + 20}">0</text>',
        f'<text class="s" x="{left + width}" y="{bottom + 20}" text-anchor="end">{right:.0f} {escape(x_unit)}</text>',
    ]
    for number, line in enumerate(lines):
        kind = ' class="m"' if line.is_mark else ""
        points = " ".join(f"{left + x / right * width:.1f},{bottom - y / most * height:.1f}" for x, y in line.points)
        y = bottom + 48 + 26 * number
        parts += [
            f'<polyline{kind} points="{points}"/>',
            f'<polyline{kind} points="{left},{y - 5} {left + 32},{y - 5}"/>',
            f'<text x="{left + 42}" y="{y}">{escape(line.title)}</text>',
        ]
    return _picture(title, bottom + 48 + 26 * len(lines), parts)


def _picture(title: str, height: int, lines: Sequence[str]) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" '
        f'aria-label="{escape(title)}">'
    )
    return "\n".join([head, f"<style>{_STYLE}</style>", *lines, "</svg>\n"])
