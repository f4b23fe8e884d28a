import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from snapshot.fallback import MAX_PROBES, EndSearch, first_frame_shots
from snapshot.media import MediaInfo, VideoStream
from snapshot.plan import Shot

SHOT = Shot(5000, 640, 0, "jpg", "exactframe", "auto")


def test_nothing_points_to_the_end():
    """Without a refusal after a shown moment there is nothing to search for."""
    assert EndSearch.of([], [1000]) is None
    assert EndSearch.of([1000, 5000], []) is None
    assert EndSearch.of([5000], [1000]) is None


def test_halving():
    """Each probe halves what is left between the last shown and the first refused moment."""
    search = EndSearch.of([0, 1000], [41_000, 20_000])
    assert (search.shown_ms, search.refused_ms, search.probe_ms) == (1000, 20_000, 10_500)
    search = search.after(10_500, was_shown=False)
    assert search.probe_ms == 5750
    search = search.after(5750, was_shown=True)
    assert (search.shown_ms, search.refused_ms) == (5750, 10_500)


@given(st.integers(0, 7_200_000), st.integers(1, 7_200_000))
@examples(max_examples=100)
def test_few_probes(end_ms, refused_after_ms):
    """The search ends after a few paid calls, and the moment it gives was shown."""
    search = EndSearch.of([0], [end_ms + refused_after_ms])
    probes = 0
    while search.probe_ms is not None:
        probes += 1
        at_ms = search.probe_ms
        search = search.after(at_ms, was_shown=at_ms <= end_ms)
    assert probes <= MAX_PROBES
    assert 0 <= search.shown_ms <= end_ms < search.refused_ms


@pytest.mark.parametrize(
    ("width_px", "sizes"), [(320, [(320, 0), (0, 0)]), (None, [(0, 0)])], ids=["known size", "unknown size"]
)
def test_first_frame(width_px, sizes):
    """The first frame is asked for at the video's own size, then without a size."""
    shots = first_frame_shots(SHOT, MediaInfo(None, (VideoStream(0, width_px, 180, "h264"),)))
    assert [(shot.at_ms, (shot.width_px, shot.height_px)) for shot in shots] == [(0, size) for size in sizes]
