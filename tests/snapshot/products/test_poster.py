"""poster.py: which picture stands for the video, and why."""

from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snapshot.products.poster import CONVINCING, Candidate, choose, plan_candidates
from snapshot.products.scoring import FrameStats

GOOD = FrameStats(120, 50, 0.9, 0.2, 7, 0, 0, 3, 150, 90, 0.75, 0.05)
FAIR = FrameStats(60, 25, 0.4, 0.5, 4, 0.1, 0, 3, 120, 30, 0.75, 0.05)
DARK = FrameStats(4, 12, 0.2, 0.96, 1, 0.97, 0, 4, 120, 0, 0.7, 0.05)
BLACK = FrameStats(0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0)
WHITE = FrameStats(255, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0)
TITLE = FrameStats(30, 18, 0.12, 0.9, 1.2, 0.1, 0, 0.5, 200, 100, 0.8, 0.05)
LENGTH_MS = 60_000


def candidates(*pairs, origin="shot"):
    return [Candidate(at_ms, origin, stats) for at_ms, stats in pairs]


def pick(*pairs, policy="best"):
    return choose(candidates(*pairs), policy, duration_ms=LENGTH_MS)


@pytest.mark.parametrize(
    ("pairs", "at_ms"),
    [
        ([(1000, GOOD)], 1000),
        ([(0, BLACK), (15_000, GOOD), (30_000, FAIR)], 15_000),
        ([(0, TITLE), (15_000, FAIR), (45_000, GOOD)], 45_000),
        ([(0, GOOD), (15_000, BLACK), (30_000, TITLE)], 0),
        ([(0, BLACK), (15_000, DARK), (30_000, WHITE)], 15_000),
        ([(0, GOOD), (300, GOOD)], 0),
    ],
    ids=["alone", "after a fade-in", "after a title", "cover at the start", "nothing good", "the first of two as good"],
)
def test_best(pairs, at_ms):
    """The highest score wins, in whatever order the pictures come."""
    assert {pick(*order).at_ms for order in permutations(pairs)} == {at_ms}


@pytest.mark.parametrize(
    ("pairs", "at_ms"),
    [
        ([(0, BLACK), (15_000, FAIR), (30_000, GOOD)], 15_000),
        ([(0, WHITE), (15_000, BLACK), (30_000, GOOD)], 30_000),
        ([(0, FAIR), (15_000, GOOD)], 0),
        ([(0, BLACK), (9000, DARK)], 9000),
    ],
    ids=["after a fade-in", "after a flash", "cover at the start", "nothing good"],
)
def test_first_unless_flat(pairs, at_ms):
    """The first that is neither dark nor bright nor flat; where all are, the best."""
    assert {pick(*order, policy="first-unless-flat").at_ms for order in permutations(pairs)} == {at_ms}


def test_moment_asked_for():
    """A moment that was asked for wins over every score; where there is no picture of it, the best is taken."""
    pairs = [(0, GOOD), (12_500, BLACK)]
    choice = pick(*pairs, policy=12_500)
    assert (choice.at_ms, choice.reason) == (12_500, "the moment that was asked for")
    instead = pick(*pairs, policy=13_000)
    assert instead.at_ms == 0
    assert instead.reason.startswith("there is no picture at 13 s, so the highest score of 2, ")


STATS = st.builds(
    FrameStats,
    luma=st.floats(0, 255),
    structure=st.floats(0, 100),
    detail=st.floats(0, 1),
    uniformity=st.floats(0, 1),
    entropy=st.floats(0, 8),
    dark=st.floats(0, 1),
    white=st.floats(0, 1),
    noise=st.floats(0, 60),
    sharpness=st.floats(0, 255),
    colour=st.floats(0, 255),
    grid=st.floats(0, 1),
    ruled=st.floats(0, 1),
)
MANY = st.lists(
    st.builds(Candidate, st.integers(0, 100_000), st.sampled_from(["shot", "tile", "candidate"]), STATS),
    min_size=1,
    max_size=8,
    unique_by=lambda candidate: candidate.at_ms,
)


@given(MANY, st.randoms(use_true_random=False), st.sampled_from(["best", "first-unless-flat", 500]))
@settings(max_examples=150)
def test_order_does_not_matter(many, chance, policy):
    """The same pictures give the same choice, with all of them listed in the order of time."""
    choice = choose(many, policy, duration_ms=LENGTH_MS)
    assert choose(chance.sample(many, len(many)), policy, duration_ms=LENGTH_MS) == choice
    assert [candidate.at_ms for candidate, _ in choice.scores] == sorted(candidate.at_ms for candidate in many)
    assert choice.score in [score for _, score in choice.scores]


@given(MANY)
@settings(max_examples=100)
def test_nothing_much_better_is_left(many):
    """No candidate has a score more than one hundredth above the chosen one's."""
    choice = choose(many, "best", duration_ms=None)
    assert choice.score >= 0.99 * max(score for _, score in choice.scores) - 0.0001


def test_tie_prefers_what_is_paid_for():
    """Of two pictures as good, the one that need not be captured again wins, though it is later."""
    pair = [Candidate(0, "candidate", BLACK), Candidate(1000, "shot", BLACK)]
    assert choose(pair, "best", duration_ms=LENGTH_MS).origin == "shot"


def test_reason_of_a_tie():
    """A picture that wins a tie with a lower score does not claim the highest one, and says what decided."""
    choice = pick((20_000, replace(FAIR, colour=FAIR.colour * 0.97)), (20_001, FAIR))
    assert choice.at_ms == 20_000
    assert choice.score < max(score for _, score in choice.scores)
    assert choice.reason.startswith(
        "a score within 1% of the highest of 2, and earlier in the video: 0.5489, highest 0.5512 ("
    )


def test_reason_of_a_tie_with_a_candidate():
    """Where the better picture would be paid for once more, the reason says that."""
    nearly = replace(FAIR, colour=FAIR.colour * 0.97)
    pair = [Candidate(20_000, "candidate", FAIR), Candidate(20_001, "shot", nearly)]
    choice = choose(pair, "best", duration_ms=LENGTH_MS)
    assert choice.at_ms == 20_001
    assert "of 2, and no candidate that was captured for comparison only: " in choice.reason


@pytest.mark.parametrize(
    ("pairs", "is_flat"),
    [([(0, BLACK), (1, WHITE)], True), ([(0, DARK)], True), ([(0, BLACK), (1, TITLE)], False), ([(0, GOOD)], False)],
    ids=["black and white", "dark", "a title", "a scene"],
)
def test_flat(pairs, is_flat):
    """Only where every picture shows next to nothing is the choice called flat."""
    assert pick(*pairs).is_flat is is_flat


@pytest.mark.parametrize(
    ("pairs", "policy", "reason"),
    [
        ([(1, GOOD), (2, BLACK)], "best", "the highest score of 2, 0.98 (luma 120, structure 50, detail 90%)"),
        (
            [(1, TITLE), (2, BLACK)],
            "best",
            "none of 2 is good; this has the highest score, 0.000 (luma 30, structure 18, detail 12%)",
        ),
        (
            [(2, DARK), (15_000, BLACK)],
            "best",
            "all 2 are dark or flat; this is the best of them (luma 4, structure 12, detail 20%)",
        ),
        (
            [(15_000, BLACK), (29_000, BLACK)],
            "best",
            "all 2 are dark or flat; this is nearly the best of them (luma 0, structure 0, detail 0%)",
        ),
        (
            [(1, TITLE)],
            "best",
            "the only picture to choose from; its score is 0.00 (luma 30, structure 18, detail 12%)",
        ),
        (
            [(1, BLACK)],
            "best",
            "the only picture to choose from, dark or flat; its score is 0.00 (luma 0, structure 0, detail 0%)",
        ),
        (
            [(1, FAIR)],
            "first-unless-flat",
            "the first that is not too dark, too bright or flat (luma 60, structure 25, detail 40%)",
        ),
    ],
    ids=["best", "none is good", "all flat", "all flat, a tie", "one", "one flat", "first"],
)
def test_reason(pairs, policy, reason):
    """The reason explains the choice in words, with the measures."""
    assert pick(*pairs, policy=policy).reason == reason


def test_convinces():
    """A scene is worth no further look; a title is."""
    assert pick((0, GOOD)).convinces
    assert pick((0, GOOD)).score >= CONVINCING
    assert not pick((0, TITLE)).convinces


@pytest.mark.parametrize(
    ("duration_ms", "count", "frames", "rounds"),
    [
        (100_000, 6, None, ((0, 29_000, 61_000), (13_000, 45_000, 77_000))),
        (100_000, 1, None, ((0,),)),
        (100_000, 2, None, ((0,), (45_000,))),
        (100_000, 0, None, ()),
        (None, 6, None, ((0,),)),
        (0, 6, None, ((0,),)),
        (200, 30, None, ((0, 84), (40, 128))),
        (200, 30, 2, ((0,), (101,))),
        (1, 6, None, ((0,),)),
    ],
    ids=["six", "one", "two", "none", "length unknown", "one frame", "short", "two frames", "a millisecond"],
)
def test_moments(duration_ms, count, frames, rounds):
    """The start comes first, the others are spread; a short video has as many as it has frames."""
    assert plan_candidates(duration_ms, count, frames=frames) == rounds


@given(st.integers(1, 10_000_000), st.integers(0, 30), st.none() | st.integers(1, 1000))
@settings(max_examples=200)
def test_moments_are_in_the_video(duration_ms, count, frames):
    """Never more than asked for, never twice the same, never past 85%."""
    moments = [at_ms for row in plan_candidates(duration_ms, count, frames=frames) for at_ms in row]
    assert len(moments) == len(set(moments)) <= count
    assert all(0 <= at_ms <= duration_ms * 0.85 for at_ms in moments)
