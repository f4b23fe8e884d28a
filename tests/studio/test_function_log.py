import pytest

from emulator.scf.queue import DeadLetter
from studio.function_log import calls_line, outcome_of, phases_of, settings_problem
from studio.page import Phase

KEY = "videos/a b.mp4"
TRACE = 'Traceback (most recent call last):\n  File "x.py", line 1, in main\n    raise Odd\nOdd: it is odd'


def done(**facts):
    return {"what": "record.done", "key": KEY, **facts}


def platform(message, **facts):
    return {"SCF_Type": "Platform", "SCF_Level": "ERROR", "SCF_Message": message, **facts}


def letter(key, message=TRACE):
    event = {"Records": [{"cos": {"cosObject": {"key": f"/1250000000/examplebucket/{key}"}}}]}
    return DeadLetter("f", "id", event, "retries used up", 430, message, 2, 0, 0, None)


@pytest.mark.parametrize(
    ("records", "letters", "state", "reason"),
    [
        ([done(outcome="skipped", reason="no video")], [], "skipped", "no video."),
        ([done(outcome="failed", code="Odd", message="it is odd")], [], "failed", "Odd: it is odd."),
        ([done(outcome="failed", code="SlowDown", message="busy", retryable=True)], [], "retrying", "SlowDown: busy."),
        (
            [done(outcome="failed", code="SlowDown", message="busy", retryable=True)],
            [letter("videos/a%20b.mp4")],
            "failed",
            "SlowDown: busy.\nThe event was delivered 3 times, then given up: retries used up.",
        ),
        (
            [],
            [letter(KEY)],
            "failed",
            "Odd: it is odd.\nThe event was delivered 3 times, then given up: retries used up.",
        ),
    ],
    ids=["skipped", "failed", "retrying", "given-up", "broke-off"],
)
def test_outcome(records, letters, state, reason):
    """A video's outcome is the function's last record of it, or the exception that ended it."""
    outcome = outcome_of(KEY, records, letters)
    assert (outcome.state, outcome.reason) == (state, reason)


def test_unknown_outcome():
    """Nothing is made up of a video that nothing was logged about."""
    assert outcome_of(KEY, [done(key="videos/other.mp4", outcome="failed")], [letter("videos/other.mp4")]) is None


def test_settings_problem():
    """Wrong settings are those of the last invocation, without the name of the exception."""
    wrong = platform(f"{TRACE}\nsnapshot.errors.BadSettings: wrong settings: SNAPSHOT_TIMES is odd")
    report = platform("Report", SCF_BilledDuration=1)
    good = platform("Response RequestId: 1 RetMsg: {}", SCF_Level="INFO")
    assert settings_problem([good, report, wrong, report]) == "SNAPSHOT_TIMES is odd"
    assert settings_problem([wrong, report, good, report]) == ""
    assert settings_problem([]) == ""


def test_phases():
    """The steps of a lone invocation are named in its order and add up to the time that passed."""
    records = [
        {"what": "video.done", "look_ms": 5, "media_info_ms": 10, "render_tiles_ms": 20, "thumbnails": 4},
        platform("Report", SCF_BilledDuration=1, SCF_Duration=50),
    ]
    phases = phases_of(100, records)
    assert phases[0] == Phase("cold start of the function", 50)
    assert [phase.name for phase in phases[1:]] == [
        "look at what is there",
        "ask for media info",
        "render tiles",
        "rest of the function",
    ]
    assert sum(phase.duration_ms for phase in phases) == 100


def test_phases_side_by_side():
    """Several invocations are one phase."""
    report = platform("Report", SCF_BilledDuration=1, SCF_Duration=50)
    assert phases_of(100, [report, report]) == (Phase("event to manifest", 100),)


def test_calls_line():
    """Calls are counted, the most frequent first."""
    assert calls_line({"GetObject": 1, "PutObject": 7}) == "7 PutObject, 1 GetObject"
