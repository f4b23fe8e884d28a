import io
import itertools
import logging
import threading
import time

import pytest
from PIL import Image

from snapshot.bucket import Bucket
from snapshot.cos import ATTEMPTS, Door
from snapshot.errors import BadFrame, CloudRefused, CloudUnavailable
from tests.wire import Wire, http

CI_ERROR = (
    "<?xml version='1.0' encoding='utf-8' ?><Error><Code>{}</Code><Message>{}</Message>"
    "<RequestId>NWE=</RequestId><TraceId>t</TraceId></Error>"
)


def jpeg():
    body = io.BytesIO()
    Image.new("RGB", (64, 36), "teal").save(body, "JPEG")
    return body.getvalue()


PICTURE = jpeg()
GOOD = http(200, PICTURE, Content_Type="image/jpeg")


class Clock:
    """A clock that stands still but for the sleeps it is told of."""

    def __init__(self):
        self.now, self.slept = 1000.0, []

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock():
    return Clock()


def opened(wire, clock, *, left_s=60.0, token="the-token", **more):
    return Door(
        region="ap-guangzhou",
        secret_id="AKIDexample",
        secret_key="the-secret-key",
        token=token,
        deadline=clock() + left_s,
        endpoint=wire.endpoint,
        clock=clock,
        sleep=clock.sleep,
        **more,
    )


def snap(door, key="videos/a.mp4", **changes):
    asked = {"at_ms": 1500, "width_px": 0, "height_px": 0, "format": "jpg", "mode": "exactframe", "rotate": "auto"}
    return Bucket(door, "examplebucket-1250000000").snapshot(key, **{**asked, **changes})


def test_the_request_is_the_one_the_document_shows(clock):
    with Wire(GOOD) as wire, opened(wire, clock) as door:
        assert snap(door, width_px=640) == PICTURE
    line, _, rest = wire.requests[0].partition("\r\n")
    assert line == (
        "GET /videos/a.mp4?ci-process=snapshot&time=1.5&width=640&format=jpg&rotate=auto&mode=exactframe HTTP/1.1"
    )
    assert "Host: examplebucket-1250000000.cos.ap-guangzhou.myqcloud.com\r\n" in rest
    assert "x-cos-security-token: the-token\r\n" in rest
    assert "q-sign-algorithm=sha1" in rest
    assert "the-secret-key" not in rest


@pytest.mark.parametrize(
    ("at_ms", "seconds"), [(0, "0"), (1, "0.001"), (1000, "1"), (1500, "1.5"), (90_040, "90.04"), (3_600_000, "3600")]
)
def test_time_goes_out_in_seconds(clock, at_ms, seconds):
    with Wire(GOOD) as wire, opened(wire, clock) as door:
        snap(door, at_ms=at_ms)
    assert f"&time={seconds}&" in wire.requests[0]


def test_without_a_token_none_is_sent(clock):
    with Wire(GOOD) as wire, opened(wire, clock, token="") as door:
        snap(door)
    assert "security-token" not in wire.requests[0]


@pytest.mark.parametrize(
    ("key", "sent"),
    [
        pytest.param("a b+c%2B.mp4", "/a%20b%2Bc%252B.mp4", id="space plus percent"),
        pytest.param("视频/🎬.mp4", "/%E8%A7%86%E9%A2%91/%F0%9F%8E%AC.mp4", id="CJK and emoji"),
        pytest.param("a//b.mp4", "/a//b.mp4", id="two slashes"),
        pytest.param("/a.mp4", "//a.mp4", id="a slash first"),
        pytest.param("//a.mp4", "///a.mp4", id="two slashes first"),
        pytest.param("a/../b.mp4", "/a/..%2Fb.mp4", id="dots"),
        pytest.param("../b.mp4", "/..%2Fb.mp4", id="dots first"),
        pytest.param("a'\"?#&=;b.mp4", "/a%27%22%3F%23%26%3D%3Bb.mp4", id="quotes and what queries are made of"),
    ],
)
def test_a_key_goes_out_whole(clock, key, sent):
    with Wire(GOOD) as wire, opened(wire, clock) as door:
        snap(door, key)
    assert wire.requests[0].startswith(f"GET {sent}?ci-process=snapshot&")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        pytest.param(http(200, b"", Content_Type="image/jpeg"), "empty body", id="nothing"),
        pytest.param(http(200, b"<html>", Content_Type="text/html"), "content type text/html", id="a page"),
        pytest.param(http(200, b"no picture", Content_Type="image/jpeg"), "do not begin as jpg", id="garbage"),
        pytest.param(http(200, PICTURE, Content_Type="image/png"), "image/jpeg was asked for", id="another format"),
        pytest.param(http(200, PICTURE), "content type missing", id="no content type"),
    ],
)
def test_a_200_that_is_no_picture_is_a_bad_frame_after_one_more_try(clock, answer, words):
    with Wire(answer) as wire, opened(wire, clock) as door, pytest.raises(BadFrame, match=words) as raised:
        snap(door)
    assert len(wire.requests) == 2
    assert raised.value.status == 200
    assert not raised.value.retry


def test_one_bad_answer_followed_by_a_good_one_is_a_good_one(clock):
    with Wire(http(200, b"oops", Content_Type="image/jpeg"), GOOD) as wire, opened(wire, clock) as door:
        bucket = Bucket(door, "examplebucket-1250000000")
        asked = {"width_px": 0, "height_px": 0, "format": "jpg", "mode": "exactframe", "rotate": "auto"}
        assert bucket.snapshot("a.mp4", at_ms=0, **asked) == PICTURE
        assert bucket.calls == {"snapshot": 2}


@pytest.mark.parametrize("status", [301, 302, 307])
def test_a_redirect_is_not_taken_for_a_success(clock, status):
    with Wire(http(status, Location="http://elsewhere.example/")) as wire, opened(wire, clock) as door:
        with pytest.raises(CloudRefused, match=str(status)) as raised:
            snap(door)
        assert len(wire.requests) == 1
    assert raised.value.about_setup


def test_the_errors_of_ci_are_read_though_they_have_no_resource(clock):
    body = CI_ERROR.format("MediaBucketUnBinded", "media bucket unbinded").encode()
    with Wire(http(400, body, x_cos_request_id="NWE=")) as wire, opened(wire, clock) as door:
        with pytest.raises(CloudRefused) as raised:
            snap(door)
        assert len(wire.requests) == 1
    error = raised.value
    assert (error.status, error.code, error.request_id, error.about_setup) == (400, "MediaBucketUnBinded", "NWE=", True)
    assert "media bucket unbinded" in str(error)
    assert "bind the bucket" in str(error)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        pytest.param(http(429, CI_ERROR.format("SlowDown", "slower").encode()), "SlowDown", id="429"),
        pytest.param(http(500), "Status500", id="500"),
        pytest.param(http(503, CI_ERROR.format("ServiceUnavailable", "x").encode()), "ServiceUnavailable", id="503"),
        pytest.param(http(403, CI_ERROR.format("QueueSaturated", "full").encode()), "QueueSaturated", id="full queue"),
        pytest.param(None, "NoAnswer", id="closed without a word"),
        pytest.param(GOOD[:-9], "BrokenAnswer", id="truncated"),
        pytest.param(
            http(200, PICTURE[:-9], Content_Type="image/jpeg", Content_Length=len(PICTURE)), "BrokenAnswer", id="short"
        ),
    ],
)  # fmt: skip
def test_what_can_heal_is_tried_again_and_then_said(clock, answer, code):
    with Wire(answer) as wire, opened(wire, clock) as door, pytest.raises(CloudUnavailable) as raised:
        snap(door)
    assert len(wire.requests) == ATTEMPTS
    assert raised.value.code == code
    assert raised.value.retry


def test_what_heals_is_good(clock):
    with Wire(http(503), None, GOOD) as wire, opened(wire, clock) as door:
        assert snap(door) == PICTURE
    assert len(wire.requests) == 3


def test_pauses_are_jittered_and_bounded(clock):
    with Wire(http(503)) as wire, opened(wire, clock) as door, pytest.raises(CloudUnavailable):
        snap(door)
    assert len(clock.slept) == ATTEMPTS - 1
    assert all(0 <= pause <= 0.2 * 2**tried for tried, pause in enumerate(clock.slept, start=1))
    assert len(set(clock.slept)) == len(clock.slept)


def test_keys_that_are_too_old_are_left_to_the_next_delivery(clock):
    body = CI_ERROR.format("SignatureExpired", "expired").encode()
    with Wire(http(401, body)) as wire, opened(wire, clock) as door, pytest.raises(CloudUnavailable) as raised:
        snap(door)
    assert len(wire.requests) == 1
    assert raised.value.retry


def test_no_call_is_begun_without_time_to_end_it(clock):
    with Wire(GOOD) as wire, opened(wire, clock, left_s=0.1) as door:
        with pytest.raises(CloudUnavailable, match="time is over") as raised:
            snap(door)
        assert wire.requests == []
    assert raised.value.retry


def test_no_retry_outlasts_the_deadline(clock):
    with Wire(http(503)) as wire, opened(wire, clock, left_s=0.6) as door, pytest.raises(CloudUnavailable):
        snap(door)
    assert clock.now <= 1000.6
    assert len(wire.requests) < ATTEMPTS


def test_a_trickle_ends_at_the_deadline():
    never = threading.Event()
    head = http(200, b"", Content_Type="image/jpeg", Content_Length=len(PICTURE))
    with Wire([head, PICTURE[:3], never]) as wire:
        door = Door(
            region="ap-guangzhou",
            secret_id="id",
            secret_key="key",
            token="",
            deadline=time.monotonic() + 0.5,
            endpoint=wire.endpoint,
        )
        with door, pytest.raises(CloudUnavailable):
            snap(door)


def test_a_stall_amid_the_body_lasts_no_longer_than_the_time_that_is_left_then(clock):
    rest = threading.Event()
    late = threading.Timer(3, rest.set)  # a call that waits as long as it could at its start gets the whole picture
    head = http(200, b"", Content_Type="image/jpeg", Content_Length=len(PICTURE), Connection="keep-alive")
    looks = itertools.count()

    def leaping():
        return 1000.0 if next(looks) < 2 else 1029.8

    with Wire([head + PICTURE[:3], rest, PICTURE[3:]]) as wire, opened(wire, clock, left_s=30.0) as door:
        door._clock = leaping
        late.start()
        with pytest.raises(CloudUnavailable):
            snap(door)
    late.cancel()
    late.join()


def test_a_head_that_is_refused_without_a_body_says_what_its_status_says(clock):
    with Wire(http(403)) as wire, opened(wire, clock) as door, pytest.raises(CloudRefused) as raised:
        Bucket(door, "examplebucket-1250000000").head("a.mp4")
    assert (raised.value.code, raised.value.about_setup) == ("AccessDenied", True)


def test_a_head_of_nothing_without_a_request_id_is_none(clock):
    with Wire(http(404)) as wire, opened(wire, clock) as door:
        assert Bucket(door, "examplebucket-1250000000").head("a.mp4") is None


def test_an_object_of_nothing_reads_as_bytes(clock):
    with Wire(http(200, b"")) as wire, opened(wire, clock) as door:
        assert Bucket(door, "examplebucket-1250000000").get("a.json") == b""


def test_an_answer_without_end_is_not_held_in_memory(clock, monkeypatch):
    monkeypatch.setattr("snapshot.cos.LARGEST_BYTES", 1000)
    with (
        Wire(http(200, bytes(2000), Content_Type="image/jpeg")) as wire,
        opened(wire, clock) as door,
        pytest.raises(CloudRefused) as raised,
    ):
        snap(door)
    assert raised.value.code == "TooLarge"


def test_a_host_that_cannot_be_is_refused_not_retried(clock):
    with Wire(GOOD) as wire, opened(wire, clock) as door, pytest.raises(CloudRefused) as raised:
        Bucket(door, "ex\r\nample-1250000000").get("a")
    assert (raised.value.code, wire.requests) == ("NotSent", [])


def test_nothing_secret_and_no_address_is_logged(clock, caplog):
    caplog.set_level(logging.DEBUG)
    answers = http(503), http(400, b"<Code>X</Code>")
    with Wire(*answers) as wire, opened(wire, clock) as door, pytest.raises(CloudRefused):
        snap(door)
    said = "\n".join(f"{record.getMessage()} {record.__dict__}" for record in caplog.records)
    assert "call.again" in said
    for secret in ("the-token", "the-secret-key", "q-signature", "AKIDexample"):
        assert secret not in said


def test_a_head_that_names_a_missing_bucket_is_about_the_set_up(clock):
    with (
        Wire(http(404, x_cos_error_code="NoSuchBucket")) as wire,
        opened(wire, clock) as door,
        pytest.raises(CloudRefused) as raised,
    ):
        Bucket(door, "nosuch-1250000000").head("a.mp4")
    assert raised.value.about_setup


def test_time_is_allotted_so_that_no_turn_starves_the_next(clock):
    with Wire(http(503)) as wire, opened(wire, clock, left_s=8.0) as door:
        door.allot(turns=4)
        assert door.left_s() == 2.0
        clock.now += 2.0
        door.allot(turns=3)
        assert door.left_s() == 2.0
        door.allot(turns=1)
        assert door.left_s() == 6.0


def test_media_info_that_cannot_be_read_is_asked_for_again(clock):
    good = b"<Response><MediaInfo><Format><Duration>2.0</Duration></Format></MediaInfo></Response>"
    with Wire(http(200, b"<Response>"), http(200, good)) as wire, opened(wire, clock) as door:
        assert Bucket(door, "examplebucket-1250000000").media_info("a.mp4").duration_ms == 2000
    assert len(wire.requests) == 2
