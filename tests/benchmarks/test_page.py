"""page.py and svg.py: the page is what the figures give, and a chart is a picture that fits any page."""

import json
from xml.etree import ElementTree as ET

from benchmarks import page
from benchmarks.svg import Bars, Line, draw, draw_lines


def test_page_is_up_to_date(root):
    """docs/benchmarks.md is what `python -m benchmarks` writes of the figures in benchmarks/results/."""
    assert (root / "docs" / "benchmarks.md").read_text() == page.render()


def test_charts_are_of_their_figures(root):
    """Every row with figures has a chart beside them that reads in light and in dark."""
    names = [name for name, _, _ in page._SECTIONS if (root / f"benchmarks/results/{name}.json").exists()]
    assert names
    for name in names:
        assert json.loads((root / f"benchmarks/results/{name}.json").read_text())["machine"]["cpus"] > 0
        assert "prefers-color-scheme:dark" in (root / f"benchmarks/results/{name}.svg").read_text()


def test_bars_stay_inside():
    """Bars are as long as their values on one scale, the longest fills the width, and labels are escaped."""
    text = draw("A & B", [Bars("bars", [("<one>", 1.0, "1"), ("two", 2.0, "2")], mark=1.0)])
    svg = ET.fromstring(text)
    width = float(svg.attrib["viewBox"].split()[2])
    bars = [
        (float(bar.attrib["x"]), float(bar.attrib["width"])) for bar in svg.iter("{http://www.w3.org/2000/svg}rect")
    ]
    assert bars[1][1] == 2 * bars[0][1]
    assert all(left >= 0 and left + length <= width for left, length in bars)


def test_lines_stay_inside():
    """Lines share their axes, the highest fills the height, and nothing sticks out."""
    text = draw_lines(
        "A & B", "things", "s", [Line("<one>", [(0, 10), (4, 0)]), Line("two", [(0, 5), (2, 0)], is_mark=True)]
    )
    svg = ET.fromstring(text)
    width, height = (float(side) for side in svg.attrib["viewBox"].split()[2:])
    lines = [
        [tuple(map(float, point.split(","))) for point in line.attrib["points"].split()]
        for line in svg.iter("{http://www.w3.org/2000/svg}polyline")
    ]
    assert all(0 <= x <= width and 0 <= y <= height for line in lines for x, y in line)
    one, two = lines[0], lines[2]
    assert one[1][1] - one[0][1] == 2 * (two[1][1] - two[0][1])
    assert one[1][0] - one[0][0] == 2 * (two[1][0] - two[0][0])
