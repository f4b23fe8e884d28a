"""Whatever goes wrong for a while, on whichever call: nothing is lost, and nothing that failed is called done."""

import contextlib
import io

import pytest
from PIL import Image

import handler
from emulator.effects import Garbage, Mistype, Redirect, Refuse, Reset, Stall, Truncate
from emulator.faults import Fault
from emulator.film import read_stripes
from tests.films import film
from tests.invoking import CONTEXT, FILM, event, manifest, upload

OPERATIONS = ["HeadObject", "GetObject", "GetMediaInfo", "GetSnapshot", "PutObject"]
EFFECTS = [
    Refuse(500, "InternalError"),
    Refuse(503, "SlowDown"),
    Refuse(429, "SlowDown"),
    Refuse(403, "AccessDenied"),
    Refuse(403, "RequestTimeTooSkewed"),
    Reset("before"),
    Reset("during"),
    Reset("after"),
    Truncate(0.5),
    Garbage(),
    Mistype("text/html"),
    Redirect(),
]
DELIVERIES = 3  # the first and SCF's two retries


def deliver(root):
    """Give the outcome of the delivery after which the platform is content, as it would be after a failed one."""
    for _ in range(DELIVERIES):
        with contextlib.suppress(handler.Unfinished):
            return handler.main_handler(event(root, "created-put"), CONTEXT)["records"][0]["outcome"]
    return "dead letter"


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("effect", EFFECTS, ids=lambda effect: repr(effect).split("(")[0] + "-" + "-".join(
    str(value) for value in (getattr(effect, name) for name in effect.__slots__[:2]) if str(value).isalnum()
))  # fmt: skip
def test_a_fault_that_passes_leaves_every_picture_and_no_lie(root, cloud, bucket, operation, effect):
    upload(bucket, FILM, film())
    cloud.faults.add(Fault(effect, operation=operation, times=1))
    assert deliver(root) == "made"
    assert cloud.faults.fired
    document = manifest(bucket)
    assert [one.at_ms for one in document.thumbnails] == [1000, 1250, 2500, 3750]
    assert document.missed == ()
    for one in document.thumbnails:
        body = bucket.get(one.key)
        assert len(body) == one.size_bytes
        assert 0 <= one.at_ms - read_stripes(Image.open(io.BytesIO(body))) < 40
    assert bucket.get(document.poster.key) == bucket.get(f"{one_at(document, document.poster.at_ms).key}")


def one_at(document, at_ms):
    return next(one for one in document.thumbnails if one.at_ms == at_ms)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_fault_that_stays_is_never_called_done(root, cloud, bucket, operation):
    upload(bucket, FILM, film())
    cloud.faults.add(Fault(Refuse(503, "ServiceUnavailable"), operation=operation))
    quick = {**CONTEXT, "time_limit_in_ms": 1500}
    with pytest.raises(handler.Unfinished, match=f"{operation} .* 503"):
        handler.main_handler(event(root, "created-put"), quick)
    cloud.faults.clear()
    assert bucket.get(f"thumbnails/{FILM}/manifest.json") is None
    assert deliver(root) == "made"


def test_a_stall_ends_in_time_to_report(root, cloud, bucket):
    upload(bucket, FILM, film())
    cloud.faults.add(Fault(Stall(most_s=60), operation="GetSnapshot"))
    with pytest.raises(handler.Unfinished, match="GetSnapshot"):
        handler.main_handler(event(root, "created-put"), {**CONTEXT, "time_limit_in_ms": 2000})
