"""Every operation that the function sends, times every fault that the emulator has: what comes of it.

`python -m tests.snapshot.test_fault_matrix` writes docs/fault-matrix.md from the expectations below.
"""

import io
from pathlib import Path

import pytest
from PIL import Image

import handler
from emulator.faults.effects import (
    CorruptBody,
    ErrorResponse,
    Latency,
    Redirect,
    ResetPeer,
    Timeout,
    TruncateBody,
    WrongContentType,
)
from emulator.faults.injector import Fault
from emulator.films.film import read_stripes
from snapshot.batch import BatchIncomplete
from snapshot.layout import SOURCE_ETAG_METADATA
from tests.snapshot.films import film
from tests.snapshot.invoking import CONTEXT, FILM, event, manifest, upload

DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "fault-matrix.md"
LEFTOVER = f"thumbnails/{FILM}/{'0' * 16}/000000500-0x0.jpg"  # what DeleteObject is sent for
TIMES, MOMENTS = "0.5,1", [500, 1000]
DELIVERIES = 3  # the first and SCF's two retries

OPERATIONS = ("HeadObject", "GetObject", "GetBucket", "GetMediaInfo", "GetSnapshot", "PutObject", "DeleteObject")
PAID = {"GetMediaInfo", "GetSnapshot"}
FAULTS = {
    "500 InternalError": ErrorResponse(500, "InternalError"),
    "503 SlowDown": ErrorResponse(503, "SlowDown"),
    "429 SlowDown": ErrorResponse(429, "SlowDown"),
    "403 AccessDenied": ErrorResponse(403, "AccessDenied"),
    "403 RequestTimeTooSkewed": ErrorResponse(403, "RequestTimeTooSkewed"),
    "404 NoSuchKey": ErrorResponse(404, "NoSuchKey"),
    "reset before the response": ResetPeer("before"),
    "reset in the response": ResetPeer("during"),
    "reset after the response": ResetPeer("after"),
    "body cut off": TruncateBody(0.5),
    "body of random bytes": CorruptBody(),
    "another content type": WrongContentType("text/html"),
    "302 to elsewhere": Redirect(),
    "100 ms late": Latency(100),
    "silence, then closed": Timeout(0.2),
}
SAME_DELIVERY, NEXT_DELIVERY, NO_SOURCE = "same delivery", "next delivery", "no source: done"
WORDS = {
    SAME_DELIVERY: "the delivery makes everything; if necessary, it sends the call again",
    NEXT_DELIVERY: "the delivery fails, SCF delivers the event again, and the next one makes what is missing",
    NO_SOURCE: "the delivery sees no source, and ends; when there is one, an event for it comes",
}


def expected(fault, operation):
    """Return the outcome of one fault on one call of an operation."""
    if fault in ("403 AccessDenied", "403 RequestTimeTooSkewed", "302 to elsewhere"):
        return NEXT_DELIVERY
    if fault == "404 NoSuchKey":
        return NO_SOURCE if operation == "HeadObject" else SAME_DELIVERY
    return SAME_DELIVERY


def table():
    """Return the document of the expectations."""
    lines = [
        "# What happens after each fault",
        "",
        "Each cell is one fault on one call of a delivery of a new video, in the embedded cloud. It is tested by",
        "`tests/snapshot/test_fault_matrix.py`, which writes this page.",
        "",
        *(f"- **{word}**: {meaning}." for word, meaning in WORDS.items()),
        "",
        f"| fault | {' | '.join(OPERATIONS)} |",
        f"| --- |{' --- |' * len(OPERATIONS)}",
        *(f"| {fault} | {' | '.join(expected(fault, operation) for operation in OPERATIONS)} |" for fault in FAULTS),
        "",
        "A 503 on every call of one operation fails the delivery, whichever operation it is, and leaves no manifest",
        "that claims to be complete. Once the cloud answers again, the next delivery makes what is missing. If no",
        "snapshot is ever answered, the delivery still ends in time to report it.",
        "",
    ]
    return "\n".join(lines)


def deliver(root, **context):
    """Return the outcome of the delivery after which the platform is content, and how many there were."""
    for number in range(1, DELIVERIES + 1):
        try:
            (record,) = handler.main_handler(event(root, "created-put"), {**CONTEXT, **context})["records"]
        except BatchIncomplete:
            continue
        return record["outcome"], number
    return "dead letter", DELIVERIES


@pytest.fixture
def video(bucket, monkeypatch):
    """A small video, and two moments to take."""
    monkeypatch.setenv("SNAPSHOT_TIMES", TIMES)
    upload(bucket, FILM, film(1.5, (160, 90)))
    return bucket


def leave_a_former_picture(bucket):
    """Put a picture of a former content, which is to be deleted."""
    marked = {SOURCE_ETAG_METADATA: "former"}
    bucket.put(LEFTOVER, b"former", content_type="image/jpeg", cache_control="no-cache", metadata=marked)


def assert_complete(bucket):
    document = manifest(bucket)
    assert [entry.at_ms for entry in document.thumbnails] == MOMENTS
    assert document.missed == ()
    bodies = {entry.at_ms: bucket.get(entry.key) for entry in document.thumbnails}
    for at_ms, body in bodies.items():
        assert 0 <= at_ms - read_stripes(Image.open(io.BytesIO(body))) < 40  # the frame begun last, at 25 a second
    assert bucket.get(document.poster.key) == bodies[document.poster.at_ms]
    assert bucket.head(LEFTOVER) is None
    return document


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("fault", FAULTS)
def test_one_fault(root, cloud, video, fault, operation):
    """A fault that passes costs no picture, leaves no lie, and is paid for at most once."""
    if operation == "DeleteObject":
        leave_a_former_picture(video)
    cloud.faults.add(Fault(FAULTS[fault], operation=operation, times=1))
    outcome, deliveries = deliver(root)
    assert len(cloud.faults.events) == 1
    assert deliveries == (2 if expected(fault, operation) == NEXT_DELIVERY else 1)
    if expected(fault, operation) == NO_SOURCE:
        assert outcome == "skipped"
        assert deliver(root) == ("made", 1)
    else:
        assert outcome == ("unchanged" if operation == "DeleteObject" and deliveries > 1 else "made")
    calls = assert_complete(video).calls
    is_lost = operation == "PutObject" and deliveries > 1  # the picture that could not be stored
    assert calls.snapshot + calls.media_info <= len(MOMENTS) + 1 + (operation in PAID or is_lost)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_lasting_fault(root, cloud, video, operation):
    """A fault that stays is never called done, and heals with the cloud."""
    leave_a_former_picture(video)
    cloud.faults.add(Fault(ErrorResponse(503, "ServiceUnavailable"), operation=operation))
    with pytest.raises(BatchIncomplete, match=f"{operation} .* 503"):
        handler.main_handler(event(root, "created-put"), {**CONTEXT, "time_limit_in_ms": 2500})
    cloud.faults.clear()
    if operation != "DeleteObject":  # the former picture is all that is left to do then
        assert video.get(f"thumbnails/{FILM}/manifest.json") is None
    assert deliver(root)[1] == 1
    assert_complete(video)


def test_silence(root, cloud, video):
    """Silence on every snapshot ends in time to report, and the media info is not paid for again."""
    cloud.faults.add(Fault(Timeout(60), operation="GetSnapshot"))
    with pytest.raises(BatchIncomplete, match="GetSnapshot"):
        handler.main_handler(event(root, "created-put"), {**CONTEXT, "time_limit_in_ms": 3000})
    cloud.faults.clear()
    assert deliver(root) == ("made", 1)
    assert assert_complete(video).calls.media_info == 1


def test_document():
    """docs/fault-matrix.md is what the expectations say, and no cell is empty."""
    assert DOCUMENT.read_text() == table()


if __name__ == "__main__":
    DOCUMENT.write_text(table())
