"""The client over sockets: what goes out, what is tried again and how often, what is never said."""

import io
import logging
import threading

import pytest
from PIL import Image

from snapshot.deadline import Deadline
from snapshot.errors import BadFrame, CloudUnavailable, SetupError, SourceRejected
from snapshot.tencent.bucket import Bucket
from snapshot.tencent.client import CosClient
from snapshot.tencent.responses import MAX_ATTEMPTS, MAX_DOUBTFUL_ATTEMPTS
from snapshot.tencent.throttle import BASE_RETRIES, MAX_FAILURES_IN_A_ROW
from snapshot.workers import Workers
from tests.snapshot.wire import Wire, http

NAME = "examplebucket-1250000000"
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
INFO = b"<Response><MediaInfo><Format><Duration>2.0</Duration></Format></MediaInfo></Response>"
SHOT = {"at_ms": 1500, "width_px": 0, "height_px": 0, "format": "jpg", "mode": "exactframe", "rotate": "auto"}


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


def opened(wire, clock, *, left_s=60.0, token="the-token", **options):
    return CosClient(
        region="ap-guangzhou",
        secret_id="AKIDexample",
        secret_key="the-secret-key",
        token=token,
        deadline=Deadline.after(left_s, clock=clock),
        endpoint=wire.endpoint,
        sleep=clock.sleep,
        **options,
    )


def snap(client, key="videos/a.mp4", **changes):
    return Bucket(client, NAME).snapshot(key, **{**SHOT, **changes})


def error(code, message="said so"):
    return CI_ERROR.format(code, message).encode()


def test_request(clock):
    """The request is the one that the document shows; the token goes along, the secret key does not."""
    with Wire(GOOD) as wire, opened(wire, clock) as client:
        assert snap(client, width_px=640) == PICTURE
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
def test_time(clock, at_ms, seconds):
    """A moment goes out in seconds."""
    with Wire(GOOD) as wire, opened(wire, clock) as client:
        snap(client, at_ms=at_ms)
    assert f"&time={seconds}&" in wire.requests[0]


def test_version(clock):
    """A version goes out with the paid calls that are given one, and is signed."""
    info = http(200, INFO, Content_Type="application/xml")
    with Wire(GOOD, info) as wire, opened(wire, clock) as client:
        snap(client, version_id="MTg0+x")
        Bucket(client, NAME).media_info("a.mp4", version_id="MTg0+x")
    for request in wire.requests:
        assert "&versionId=MTg0%2Bx HTTP/1.1" in request
        assert "q-url-param-list=ci-process;" in request
        assert ";versionid&" in request or ";width;" in request


def test_no_token(clock):
    """Without a token none is sent."""
    with Wire(GOOD) as wire, opened(wire, clock, token="") as client:
        snap(client)
    assert "security-token" not in wire.requests[0]


@pytest.mark.parametrize(
    ("key", "encoded"),
    [
        pytest.param("a b+c%2B.mp4", "/a%20b%2Bc%252B.mp4", id="space plus percent"),
        pytest.param("视频/🎬.mp4", "/%E8%A7%86%E9%A2%91/%F0%9F%8E%AC.mp4", id="CJK and emoji"),
        pytest.param("a//b.mp4", "/a//b.mp4", id="two slashes"),
        pytest.param("/a.mp4", "//a.mp4", id="a slash first"),
        pytest.param("//a.mp4", "///a.mp4", id="two slashes first"),
        pytest.param("a/../b.mp4", "/a/..%2Fb.mp4", id="dots"),
        pytest.param("../b.mp4", "/..%2Fb.mp4", id="dots first"),
        pytest.param("a/..", "/a/%2E%2E", id="dots last"),
        pytest.param(".", "/%2E", id="a dot alone"),
        pytest.param("a'\"?#&=;b.mp4", "/a%27%22%3F%23%26%3D%3Bb.mp4", id="quotes and what queries are made of"),
    ],
)
def test_key(clock, key, encoded):
    """A key goes out whole."""
    with Wire(GOOD) as wire, opened(wire, clock) as client:
        snap(client, key)
    assert wire.requests[0].startswith(f"GET {encoded}?ci-process=snapshot&")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        pytest.param(http(200, b"", Content_Type="image/jpeg"), "empty body", id="nothing"),
        pytest.param(http(200, b"<html>", Content_Type="text/html"), "content type text/html", id="a page"),
        pytest.param(http(200, error("X"), Content_Type="application/xml"), "content type application/xml", id="error"),
        pytest.param(http(200, b"no picture", Content_Type="image/jpeg"), "do not begin as jpg", id="garbage"),
        pytest.param(http(200, PICTURE, Content_Type="image/png"), "image/jpeg was expected", id="another format"),
        pytest.param(http(200, PICTURE), "content type missing", id="no content type"),
    ],
)
def test_bad_frame(clock, answer, words):
    """A 200 that is no picture is a BadFrame after one more try."""
    with Wire(answer) as wire, opened(wire, clock) as client, pytest.raises(BadFrame, match=words) as raised:
        snap(client)
    assert len(wire.requests) == 2
    assert (raised.value.status, raised.value.retryable) == (200, True)


def test_bad_frame_once(clock):
    """One bad answer followed by a good one is a good one; both are paid, one has failed, one retry is gone."""
    with Wire(http(200, b"oops", Content_Type="image/jpeg"), GOOD) as wire, opened(wire, clock) as client:
        bucket = Bucket(client, NAME)
        assert bucket.snapshot("a.mp4", **SHOT) == PICTURE
        assert bucket.calls == {"snapshot": 2, "failed": 1}
        assert client.budget.left == BASE_RETRIES - 1


@pytest.mark.parametrize("status", [301, 302, 307])
def test_redirect(clock, status):
    """A redirect is not taken for a success."""
    with Wire(http(status, Location="http://elsewhere.example/")) as wire, opened(wire, clock) as client:
        with pytest.raises(SetupError, match=str(status)):
            snap(client)
        assert len(wire.requests) == 1


def test_ci_error(clock):
    """The errors of CI are read, though they have no resource; what a person has to correct is not tried again."""
    body = error("MediaBucketUnBinded", "media bucket unbinded")
    with Wire(http(400, body, x_cos_request_id="NWE=")) as wire, opened(wire, clock) as client:
        with pytest.raises(SetupError, match="media bucket unbinded") as raised:
            snap(client)
        assert len(wire.requests) == 1
    assert (raised.value.status, raised.value.code, raised.value.request_id) == (400, "MediaBucketUnBinded", "NWE=")
    assert "bind the bucket" in str(raised.value)


CHUNKED = b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        pytest.param(http(429, error("SlowDown")), "SlowDown", id="429"),
        pytest.param(http(500), "Status500", id="500"),
        pytest.param(http(501, error("NotImplemented")), "NotImplemented", id="501"),
        pytest.param(http(520), "Status520", id="520"),
        pytest.param(http(503, error("ServiceUnavailable")), "ServiceUnavailable", id="503"),
        pytest.param(http(403, error("QueueSaturated")), "QueueSaturated", id="full queue"),
        pytest.param(None, "NoAnswer", id="closed without a word"),
        pytest.param(b"HTTP/1.1 two hundred\r\n\r\n", "BrokenAnswer", id="no status"),
        pytest.param(GOOD[:-9], "BrokenAnswer", id="truncated"),
        pytest.param([CHUNKED + b"ffff\r\n" + PICTURE, None], "BrokenAnswer", id="truncated chunk"),
        pytest.param(
            http(200, PICTURE[:-9], Content_Type="image/jpeg", Content_Length=len(PICTURE)), "BrokenAnswer", id="short"
        ),
        pytest.param(
            http(200, PICTURE, Content_Type="image/jpeg", Content_Length="nine"), "BrokenAnswer", id="length nine"
        ),
        pytest.param(
            http(200, PICTURE, Content_Type="image/jpeg", x_cos_hash_crc64ecma="1"), "BrokenAnswer", id="checksum"
        ),
    ],
)  # fmt: skip
def test_heals(clock, answer, code):
    """A failure that can heal is tried again, and then reported."""
    with Wire(answer) as wire, opened(wire, clock) as client, pytest.raises(CloudUnavailable) as raised:
        snap(client)
    assert len(wire.requests) == MAX_ATTEMPTS
    assert (raised.value.code, raised.value.retryable) == (code, True)


@pytest.mark.parametrize("answer", [http(400, error("Novelty")), http(418), http(405)], ids=["new code", "418", "405"])
def test_doubtful(clock, answer):
    """A refusal that nobody knows may heal, and is not paid for more than twice."""
    with Wire(answer) as wire, opened(wire, clock) as client, pytest.raises(CloudUnavailable):
        snap(client)
    assert len(wire.requests) == MAX_DOUBTFUL_ATTEMPTS


def test_healed(clock):
    """A call that heals is good."""
    with Wire(http(503), None, GOOD) as wire, opened(wire, clock) as client:
        assert snap(client) == PICTURE
    assert len(wire.requests) == 3


def test_jitter(clock):
    """Pauses are jittered and bounded."""
    with Wire(http(500)) as wire, opened(wire, clock) as client, pytest.raises(CloudUnavailable):
        snap(client)
    assert len(clock.slept) == MAX_ATTEMPTS - 1
    assert all(0 <= pause <= 0.2 * 2**tried for tried, pause in enumerate(clock.slept, start=1))
    assert len(set(clock.slept)) == len(clock.slept)


def test_retry_after(clock):
    """`Retry-After` holds back the next call, as long as it says."""
    with Wire(http(503, Retry_After=7), GOOD) as wire, opened(wire, clock) as client:
        assert snap(client) == PICTURE
    assert clock.now == pytest.approx(1007.0)


def test_retry_after_the_deadline(clock):
    """`Retry-After` is not obeyed beyond the deadline: what cannot come in time is said, and is not sent."""
    with Wire(http(429, Retry_After=3600)) as wire, opened(wire, clock) as client:
        with pytest.raises(CloudUnavailable) as raised:
            snap(client)
        assert len(wire.requests) == 1
    assert clock.now <= 1060.0
    assert raised.value.code in {"SlowDown", "OutOfTime"}


def test_slow_down_halves(clock):
    """429 lowers how many calls may be under way."""
    with Wire(http(429), GOOD) as wire, opened(wire, clock, concurrency=8) as client:
        snap(client)
        assert client.throttle.limit == 4


SPENT = "not sent: the last calls all failed like this, and the invocation's retries are used up"


def test_storm(clock):
    """A cloud that refuses everything costs a few dozen calls, whatever the plan holds; the next record is tried."""
    with Wire(http(503)) as wire, opened(wire, clock, left_s=900.0) as client:
        bucket = Bucket(client, NAME)
        bucket.allow_retries(99)
        for at_ms in range(99):
            with pytest.raises(CloudUnavailable) as raised:
                bucket.snapshot("a.mp4", **{**SHOT, "at_ms": at_ms})
        assert (raised.value.code, raised.value.message) == ("Status503", SPENT)
        retries = 20 + BASE_RETRIES
        assert len(wire.requests) == bucket.calls["snapshot"] == bucket.calls["failed"]
        assert retries < len(wire.requests) <= retries + MAX_FAILURES_IN_A_ROW
        requests = len(wire.requests)
        with pytest.raises(CloudUnavailable):
            snap(client.until(client.deadline))
        assert len(wire.requests) == requests + 1


def test_storm_side_by_side(clock):
    """A storm costs no more where calls are made side by side."""
    with Wire(http(503)) as wire, opened(wire, clock, left_s=900.0, concurrency=8) as client:
        client.budget.allow(99)
        bucket = Bucket(client, NAME)

        def shoot(at_ms):
            with pytest.raises(CloudUnavailable):
                bucket.snapshot("a.mp4", **{**SHOT, "at_ms": at_ms})

        with Workers(8, name="shot") as workers:
            for future in [workers.submit(shoot, at_ms) for at_ms in range(99)]:
                future.result(60)
        assert client.throttle.limit == 1
        assert len(wire.requests) <= 20 + BASE_RETRIES + 2 * MAX_FAILURES_IN_A_ROW


def test_some_failures(clock):
    """Where most calls succeed, the rest of them is sent after the last retry is spent."""
    answers = [http(503), GOOD] * 30
    with Wire(*answers) as wire, opened(wire, clock, left_s=900.0) as client:
        for _ in range(BASE_RETRIES):
            assert snap(client) == PICTURE
        with pytest.raises(CloudUnavailable):
            snap(client)
        assert snap(client) == PICTURE
    assert len(wire.requests) == 2 * BASE_RETRIES + 2


def test_old_credentials(clock):
    """Credentials that are too old are left to the next delivery."""
    with Wire(http(401, error("SignatureExpired"))) as wire, opened(wire, clock) as client:
        with pytest.raises(CloudUnavailable) as raised:
            snap(client)
        assert len(wire.requests) == 1
    assert raised.value.retryable


def test_no_time(clock):
    """No call is begun without time to end it, and none is counted."""
    with Wire(GOOD) as wire, opened(wire, clock, left_s=0.1) as client:
        bucket = Bucket(client, NAME)
        with pytest.raises(CloudUnavailable, match="time is over") as raised:
            bucket.snapshot("a.mp4", **SHOT)
        assert (wire.requests, bucket.calls) == ([], {})
    assert (raised.value.code, raised.value.retryable) == ("OutOfTime", True)


def test_no_retry_past_the_deadline(clock):
    """No retry outlasts the deadline."""
    with Wire(http(500)) as wire, opened(wire, clock, left_s=0.6) as client, pytest.raises(CloudUnavailable):
        snap(client)
    assert clock.now <= 1000.6
    assert len(wire.requests) < MAX_ATTEMPTS


def test_until(clock):
    """A record's share ends its calls, and the others still have theirs."""
    with Wire(GOOD) as wire, opened(wire, clock, left_s=8.0) as client:
        first = client.until(client.deadline.share(remaining=4))
        clock.now += 2.0
        with pytest.raises(CloudUnavailable, match="time is over"):
            snap(first)
        assert snap(client.until(client.deadline.share(remaining=3))) == PICTURE
        assert client.deadline.left_s() == 6.0


def test_keep_alive(clock):
    """Calls go over one connection while it is kept, and over a new one when the peer has closed it."""
    kept_alive = http(200, PICTURE, Content_Type="image/jpeg", Connection="keep-alive")
    with Wire(kept_alive, kept_alive, [kept_alive, None], GOOD) as wire, opened(wire, clock) as client:
        for _ in range(3):
            snap(client)
        assert wire.connections == 1
        wire.wait_until_closed(1)
        snap(client)
        assert wire.connections == 2
        assert clock.slept == []


def test_warm(clock):
    """Connections can be opened before they are needed, and are used."""
    with Wire(GOOD) as wire, opened(wire, clock) as client:
        Bucket(client, NAME).warm(1)
        while not any(client._transport._idle.values()):
            threading.Event().wait(0.01)
        assert wire.requests == []
        assert snap(client) == PICTURE
        assert wire.connections == 1


def test_warm_in_vain(clock):
    """A connection that cannot be opened ahead is no failure yet."""
    with Wire(GOOD) as wire:
        pass
    with opened(wire, clock) as client:
        client.warm(NAME, connections=3)


def test_refused_head(clock):
    """A HEAD that is refused without a body says what its status says."""
    with Wire(http(403)) as wire, opened(wire, clock) as client, pytest.raises(SetupError) as raised:
        Bucket(client, NAME).head("a.mp4")
    assert raised.value.code == "AccessDenied"


def test_head_of_nothing(clock):
    """A HEAD of nothing is None, without a request id too."""
    with Wire(http(404)) as wire, opened(wire, clock) as client:
        assert Bucket(client, NAME).head("a.mp4") is None


def test_head_of_no_bucket(clock):
    """A HEAD that names a missing bucket is about the set-up."""
    answer = http(404, x_cos_error_code="NoSuchBucket")
    with Wire(answer) as wire, opened(wire, clock) as client, pytest.raises(SetupError):
        Bucket(client, "nosuch-1250000000").head("a.mp4")


@pytest.mark.parametrize(
    ("headers", "size_bytes"),
    [
        ({"Content_Length": 1284547}, 1284547),
        ({"Content_Length": 0}, 0),
        ({"Content_Length": None}, None),
        ({"Content_Length": "nine"}, None),
        ({"Content_Length": None, "Transfer_Encoding": "chunked"}, None),
    ],
    ids=["length", "zero", "no length", "nine", "chunked"],
)
def test_head_length(clock, headers, size_bytes):
    """HEAD says how long the object is, or that it does not say; no length is not a length of zero."""
    answer = http(200, ETag='"e"', x_cos_version_id="MTg0", Last_Modified="Wed, 25 Nov 2026 01:00:00 GMT", **headers)
    with Wire(answer) as wire, opened(wire, clock) as client:
        stored = Bucket(client, NAME).head("a.mp4")
    assert (stored.etag, stored.size_bytes, stored.version_id) == ("e", size_bytes, "MTg0")
    assert stored.last_modified == "Wed, 25 Nov 2026 01:00:00 GMT"


def test_head_without_etag(clock):
    """A HEAD without an ETag says nothing that can be worked with, and is tried again."""
    with Wire(http(200), http(200, ETag='"e"')) as wire, opened(wire, clock) as client:
        assert Bucket(client, NAME).head("a.mp4").etag == "e"
    assert len(wire.requests) == 2


def test_empty_object(clock):
    """An object of nothing reads as bytes."""
    with Wire(http(200, b"")) as wire, opened(wire, clock) as client:
        assert Bucket(client, NAME).get("a.json") == b""


@pytest.mark.parametrize(
    "answer",
    [
        http(200, b"<html>blocked</html>", Content_Type="text/html"),
        http(200, b"{}", ETag='"5d41402abc4b2a76b9719d911017c592"'),
        http(200, b"{}", x_cos_hash_crc64ecma="1"),
        http(204),
        http(206, b"{"),
    ],
    ids=["a page", "another ETag", "another checksum", "204", "206"],
)
def test_false_document(clock, answer):
    """A success that is not the object is not taken for it."""
    with Wire(answer) as wire, opened(wire, clock) as client, pytest.raises(CloudUnavailable):
        Bucket(client, NAME).get("a.json")
    assert len(wire.requests) == MAX_ATTEMPTS


@pytest.mark.parametrize("body", [b"<html>not found</html>", b'{"error":"no route"}'], ids=["page", "JSON"])
def test_foreign_404(clock, body):
    """A 404 whose body names no code is not COS's, and does not mean that there is no such object."""
    with Wire(http(404, body)) as wire, opened(wire, clock) as client, pytest.raises(CloudUnavailable) as raised:
        Bucket(client, NAME).get("a.json")
    assert raised.value.retryable
    with Wire(http(404)) as wire, opened(wire, clock) as client:
        assert Bucket(client, NAME).get("a.json") is None


def test_etags_that_are_no_md5(clock):
    """An ETag of parts, or of an object that KMS encrypts, says nothing of the body."""
    parts = http(200, b"{}", ETag='"5d41402abc4b2a76b9719d911017c592-2"')
    kms = http(200, b"{}", ETag='"5d41402abc4b2a76b9719d911017c592"', x_cos_server_side_encryption="cos/kms")
    with Wire(parts, kms) as wire, opened(wire, clock) as client:
        assert [Bucket(client, NAME).get("a.json") for _ in range(2)] == [b"{}"] * 2


def put(client, body=b"12345"):
    Bucket(client, NAME).put("a.jpg", body, content_type="image/jpeg", cache_control="no-cache", metadata={})


def test_put(clock):
    """A put goes out with its MD5, and the same ETag confirms it."""
    with Wire(http(200, ETag='"827ccb0eea8a706c4c34a16891f84e7b"')) as wire, opened(wire, clock) as client:
        put(client)
    assert "Content-MD5: gnzLDuqKcGxMNKFokfhOew==\r\n" in wire.requests[0]
    assert wire.requests[0].endswith("\r\n\r\n12345")
    assert "content-md5" in wire.requests[0].partition("q-header-list=")[2].partition("&")[0]


@pytest.mark.parametrize(
    "answer",
    [
        http(200),
        http(200, ETag='"5d41402abc4b2a76b9719d911017c592"'),
        http(200, error("InternalError"), Content_Type="application/xml"),
        http(200, ETag='"827ccb0eea8a706c4c34a16891f84e7b"', x_cos_hash_crc64ecma="1"),
    ],
    ids=["no ETag", "another ETag", "an error with 200", "another checksum"],
)
def test_put_not_confirmed(clock, answer):
    """A put that the ETag does not confirm has not been done."""
    with Wire(answer) as wire, opened(wire, clock) as client, pytest.raises(CloudUnavailable) as raised:
        put(client)
    assert (raised.value.code, len(wire.requests)) == ("PutNotConfirmed", MAX_ATTEMPTS)


def test_bad_digest(clock):
    """A body that was damaged under way is sent again."""
    good = http(200, ETag='"827ccb0eea8a706c4c34a16891f84e7b"')
    with Wire(http(400, error("BadDigest")), good) as wire, opened(wire, clock) as client:
        put(client)
    assert len(wire.requests) == 2


@pytest.mark.parametrize(
    ("answer", "attempts"),
    [(http(204), 1), (http(200), 1), (http(404, error("NoSuchKey")), 1), (http(200, b"<html>"), MAX_ATTEMPTS)],
    ids=["204", "200", "absent", "a page"],
)
def test_delete(clock, answer, attempts):
    """A deletion is done when there is nothing left; a page with 200 does not say so."""
    with Wire(answer) as wire, opened(wire, clock) as client:
        if attempts == 1:
            Bucket(client, NAME).delete("a")
        else:
            with pytest.raises(CloudUnavailable, match="BrokenAnswer"):
                Bucket(client, NAME).delete("a")
    assert len(wire.requests) == attempts


PAGE = (
    "<ListBucketResult><Prefix>p%2F</Prefix><IsTruncated>{}</IsTruncated>{}"
    "<Contents><Key>p%2F{}</Key><ETag>&quot;e&quot;</ETag><Size>1</Size></Contents></ListBucketResult>"
)


def page(name, marker=""):
    marker_xml = f"<NextMarker>{marker}</NextMarker>" if marker else ""
    return http(
        200, PAGE.format("true" if marker else "false", marker_xml, name).encode(), Content_Type="application/xml"
    )


def test_list_pages(clock):
    """A listing goes on until its last page."""
    with Wire(page("a%20b", "p%2Fa%20b"), page("c")) as wire, opened(wire, clock) as client:
        assert [entry.key for entry in Bucket(client, NAME).list("p/")] == ["p/a b", "p/c"]
    assert wire.requests[0].startswith("GET /?prefix=p%2F&max-keys=1000&encoding-type=url HTTP/1.1")
    assert wire.requests[1].startswith("GET /?prefix=p%2F&max-keys=1000&encoding-type=url&marker=p%2Fa%20b HTTP/1.1")


def test_list_in_circles(clock):
    """A listing that does not go on is no listing."""
    with Wire(page("a", "p%2Fa")) as wire, opened(wire, clock) as client, pytest.raises(CloudUnavailable) as raised:
        Bucket(client, NAME).list("p/")
    assert (raised.value.code, len(wire.requests)) == ("BadListing", 1 + MAX_ATTEMPTS)


@pytest.mark.parametrize("body", [b"", b"<html>", b"<ListBucketResult/>"], ids=["empty", "a page", "nothing in it"])
def test_no_listing(clock, body):
    """A document that is no listing is not taken for an empty one."""
    with Wire(http(200, body)) as wire, opened(wire, clock) as client, pytest.raises(CloudUnavailable) as raised:
        Bucket(client, NAME).list("p/")
    assert (raised.value.code, len(wire.requests)) == ("BadListing", MAX_ATTEMPTS)


@pytest.mark.parametrize("length", [None, 3_000_000], ids=["without a length", "with a length"])
def test_long_picture(clock, monkeypatch, length):
    """A picture without end is not held in memory, and not paid for again at once."""
    monkeypatch.setattr("snapshot.tencent.bucket._MAX_PICTURE_BYTES", 1_000_000)
    answer = http(200, bytes(3_000_000), Content_Type="image/jpeg", Content_Length=length)
    with Wire(answer) as wire, opened(wire, clock) as client, pytest.raises(CloudUnavailable) as raised:
        snap(client)
    assert (raised.value.code, len(wire.requests)) == ("TooLarge", 1)


def test_long_document(clock, caplog):
    """A document that is too long is none, and the log says so."""
    with Wire(http(200, bytes(2_000_000))) as wire, opened(wire, clock) as client:
        assert Bucket(client, NAME).get("manifest.json") is None
    assert len(wire.requests) == 1
    assert "document.too_large" in caplog.text


BILLION = b'<!DOCTYPE r [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;">]>' + INFO.replace(b"2.0", b"&b;")


@pytest.mark.parametrize(
    ("body", "code"),
    [(b"<a/>" * 500_000, "TooLarge"), (b"<a/>" * 200_000, "UnsafeDocument"), (BILLION, "UnsafeDocument")],
    ids=["two megabytes", "many tags", "a billion laughs"],
)
def test_hostile_media_info(clock, body, code):
    """Media info that must not be read is refused once and not paid for again."""
    with Wire(http(200, body)) as wire, opened(wire, clock) as client, pytest.raises(CloudUnavailable) as raised:
        Bucket(client, NAME).media_info("a.mp4")
    assert (raised.value.code, len(wire.requests)) == (code, 1)


def test_broken_media_info(clock):
    """Media info that cannot be read is asked for again."""
    with Wire(http(200, b"<Response>"), http(200, INFO)) as wire, opened(wire, clock) as client:
        assert Bucket(client, NAME).media_info("a.mp4").duration_ms == 2000
    assert len(wire.requests) == 2


def test_the_sources_checksum(clock):
    """A checksum that is the source's own says nothing of a picture made of it."""
    head = http(200, ETag='"e"', x_cos_hash_crc64ecma="7")
    answer = http(200, PICTURE, Content_Type="image/jpeg", x_cos_hash_crc64ecma="7")
    with Wire(head, answer) as wire, opened(wire, clock) as client:
        bucket = Bucket(client, NAME)
        bucket.head("a.mp4")
        assert bucket.snapshot("a.mp4", **SHOT) == PICTURE


def test_checksum(clock):
    """A body of its checksum is whole."""
    answer = http(200, b"123456789", x_cos_hash_crc64ecma=str(0x995DC9BBDF1939FA))
    with Wire(answer) as wire, opened(wire, clock) as client:
        assert Bucket(client, NAME).get("a") == b"123456789"


@pytest.mark.parametrize("name", ["ex\r\nample-1250000000", "\ud800-1250000000"], ids=["a line break", "a surrogate"])
def test_impossible_host(clock, name):
    """A host that cannot be is refused, not tried again."""
    with Wire(GOOD) as wire, opened(wire, clock) as client, pytest.raises(SetupError) as raised:
        Bucket(client, name).get("a")
    assert (raised.value.code, wire.requests) == ("NotSent", [])


def test_impossible_header(clock):
    """Metadata with a line break does not become a header."""
    with Wire(GOOD) as wire, opened(wire, clock) as client, pytest.raises(SetupError) as raised:
        Bucket(client, NAME).put(
            "a", b"", content_type="a/b", cache_control="x", metadata={"x-cos-meta-a": "1\r\nx-evil: 1"}
        )
    assert (raised.value.code, wire.requests) == ("NotSent", [])


SECRETS = ("the-token", "the-secret-key", "q-signature", "AKIDexample")


def test_no_secret_is_logged(clock, caplog):
    """No secret and no address is logged, by whatever library, though the root logger is set to DEBUG as in SCF."""
    caplog.set_level(logging.DEBUG)
    answers = http(503), None, http(400, b"<Code>InvalidArgument</Code>")
    with Wire(*answers) as wire, opened(wire, clock) as client, pytest.raises(SourceRejected):
        snap(client)
    text = "\n".join(f"{record.getMessage()} {record.__dict__}" for record in caplog.records)
    assert "call.again" in text
    assert not [record.name for record in caplog.records if not record.name.startswith("snapshot.")]
    for secret in SECRETS:
        assert secret not in text


@pytest.mark.parametrize("answer", [http(403, b"<Code>x</Code>"), None, http(200, b"x")], ids=["403", "none", "200"])
def test_no_secret_in_errors(clock, answer):
    """No secret stands in an error, nor in its causes."""
    with Wire(answer) as wire, opened(wire, clock) as client, pytest.raises(Exception) as raised:  # noqa: PT011
        snap(client)
    failure = raised.value
    while failure:
        for secret in SECRETS:
            assert secret not in f"{failure} {failure!r} {vars(failure)}"
        failure = failure.__cause__ or failure.__context__
