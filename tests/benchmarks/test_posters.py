"""benchmarks/posters: films with known moments, and how choices are judged."""

from xml.etree import ElementTree as ET

import av
import pytest

from benchmarks.posters.command import WAYS, judge, summarise
from benchmarks.posters.corpus import FPS, KINDS, VARIANTS, films
from benchmarks.posters.report import draw_bars, draw_sheet
from benchmarks.posters.strategies import Source


def test_films_are_the_same_each_time():
    """A seed gives the same films, another seed others of the same kinds."""
    first, repeated, other = ([(film.name, film.duration_ms) for film in films(seed)] for seed in (5, 5, 6))
    assert first == repeated != other
    assert [name for name, _ in first] == [name for name, _ in other]
    assert len(first) == len(KINDS) * VARIANTS


def test_worth_of_every_moment():
    """Every film but the flat ones has good moments, and between two frames the earlier one's worth holds."""
    for film in films(5):
        worths = {film.worth_at(at_ms) for at_ms in range(0, film.duration_ms, 125)}
        assert film.has_good is ("good" in worths) is not film.kind.startswith("all-")
        assert film.worth_at(0) == film.worth_at(124) == film.parts[0].worth


@pytest.mark.parametrize("kind", ["short", "portrait"])
def test_film_is_what_it_says(kind, tmp_path):
    """The file has the length and the shown size of its description."""
    film = next(film for film in films(5) if film.kind == kind)
    film.make(tmp_path / "film.mp4")
    with av.open(str(tmp_path / "film.mp4")) as container:
        assert sum(1 for _ in container.decode(video=0)) == round(film.duration_ms * FPS / 1000)
    assert Source(tmp_path / "film.mp4", film.duration_ms).capture(film.duration_ms - 1).size == film.size


def test_judging(tmp_path):
    """Every strategy chooses, and the figures count bad posters and paid calls."""
    judged = [judge(tmp_path, ("set on", 5, name, None)) for name in ("fade-in-0", "all-black-0")]
    results = summarise(judged)
    assert set(results["strategies"]) == set(WAYS)
    assert results["strategies"]["time 0"]["set on"] == {"films": 1, "bad": 1.0, "fair": 0.0, "extra_calls": 1.0}
    assert results["strategies"]["best"]["set on"]["bad"] == 0
    assert results["function differs from best"] == []
    assert results["wrongly called flat or not"] == []
    assert judged[1].chosen["best"].is_flat


def test_pictures(tmp_path):
    """The chart is well-formed and says every strategy; the sheet has a row a film."""
    chart = draw_bars({"time 0": (0.9, "1.0 calls"), "best": (0.0, "0.9 calls")})
    texts = " ".join(ET.fromstring(chart).itertext())
    assert "time 0 90.0% 1.0 calls best 0.0% 0.9 calls" in " ".join(texts.split())
    draw_sheet(tmp_path / "sheet.jpg", ["best"], [])
    assert (tmp_path / "sheet.jpg").stat().st_size > 0
