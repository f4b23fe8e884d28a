from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from snapshot.fallback import MAX_PROBES, EndSearch, first_frame_shots
from snapshot.media import MediaInfo, Missed, VideoStream
from snapshot.plan import Shot

SHOT = Shot(5000, 640, 0, "jpg", "exactframe", "auto")


def refused(*moments, code="InvalidArgument"):
    return [Missed(at_ms, code, "refused") for at_ms in moments]


def test_nothing_points_to_the_end():
    """Without a refusal after a shown moment there is nothing to search for."""
    assert EndSearch.of([], refused(1000)) is None
    assert EndSearch.of([1000, 5000], []) is None
    assert EndSearch.of([5000], refused(1000)) is None


@pytest.mark.parametrize("code", ["InvalidContent", "ResourceNotSupported", "KeyTooLong", "MemoryLimit", "BadFrame"])
def test_other_refusals(code):
    """A refusal for the content of the video says nothing of its end."""
    assert EndSearch.of([1000], refused(5000, code=code)) is None
    mixed = [*refused(5000, code=code), *refused(9000)]
    assert EndSearch.of([1000], mixed).refused_ms == 9000


def test_halving():
    """Each probe halves what is left between the last shown and the first refused moment."""
    search = EndSearch.of([0, 1000], refused(41_000, 20_000))
    assert (search.shown_ms, search.refused_ms, search.probe_ms) == (1000, 20_000, 10_500)
    search = search.after(10_500, was_shown=False)
    assert search.probe_ms == 5750
    search = search.after(5750, was_shown=True)
    assert (search.shown_ms, search.refused_ms) == (5750, 10_500)


@given(st.integers(0, 7_200_000), st.integers(1, 7_200_000))
@examples(max_examples=100)
def test_few_probes(end_ms, refused_after_ms):
    """The search ends after a few paid calls, and the moment it gives was shown."""
    search = EndSearch.of([0], refused(end_ms + refused_after_ms))
    probes = 0
    while search.probe_ms is not None:
        probes += 1
        at_ms = search.probe_ms
        search = search.after(at_ms, was_shown=at_ms <= end_ms)
    assert probes <= MAX_PROBES
    assert 0 <= search.shown_ms <= end_ms < search.refused_ms


@pytest.mark.parametrize(
    ("planned", "width_px", "sizes"),
    [
        ((640, 0), 320, [(640, 0), (320, 0), (0, 0)]),
        ((0, 300), None, [(0, 300), (0, 0)]),
        ((0, 0), 320, [(0, 0), (320, 0)]),
        ((0, 0), None, [(0, 0)]),
    ],
)
def test_first_frame(planned, width_px, sizes):
    """The first frame is asked for in the size of the plan, in the video's own, and without a size, each once."""
    shot = replace(SHOT, width_px=planned[0], height_px=planned[1])
    shots = first_frame_shots(shot, MediaInfo(None, (VideoStream(0, width_px, 180, "h264"),)))
    assert [(shot.at_ms, (shot.width_px, shot.height_px)) for shot in shots] == [(0, size) for size in sizes]
