"""Each fault, from Python and by HTTP: with it the call goes wrong, without it the same call goes well."""

import http.client
import random
import threading
from statistics import median

import pytest
import requests

from emulator.cloud import Cloud
from emulator.errors import ServiceError
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
from emulator.faults.injector import Fault, FaultInjector, Target
from emulator.http.messages import ConnectionCut, Response
from tests.emulator.plain import Plain

BODY = bytes(range(256)) * 4000


@pytest.fixture
def stored(plain):
    plain("PUT", "a", body=BODY)
    return "a"


@pytest.fixture
def get(cloud, stored):
    """Reads the object over a new connection, which a fault may break."""

    def ask(method="GET", key=stored, **options):
        with Plain(cloud) as fresh:
            return fresh(method, key, **options)

    assert ask().body == BODY
    return ask


# What each does


def test_error_response(cloud, get, stored):
    """An injected error speaks the XML of the service that was called."""
    cloud.faults.add(Fault(ErrorResponse(429, "SlowDown", "less, please")))
    reply = get()
    assert (reply.status, reply.code, reply.message, "Resource" in reply.tags) == (
        429,
        "SlowDown",
        "less, please",
        True,
    )
    reply = get(params={"ci-process": "snapshot", "time": "1"})
    assert (reply.status, reply.code, "Resource" in reply.tags) == (429, "SlowDown", False)


def test_error_response_prevents(cloud, get, plain):
    """A request that is answered with an injected error changes nothing."""
    cloud.faults.add(Fault(ErrorResponse(), method="PUT"))
    assert plain("PUT", "b", body=b"x").status == 503
    assert [item.key for item in cloud.objects()] == ["a"]


def test_reset_before(cloud, get):
    """A reset before the request leaves it unhandled, and is recorded as a cut."""
    cloud.faults.add(Fault(ResetPeer("before"), method="PUT"))
    with pytest.raises(ConnectionResetError):
        get("PUT", "b", body=b"x")
    assert [item.key for item in cloud.objects()] == ["a"]
    assert cloud.calls[-1].status == 0


def test_reset_during(cloud, get):
    """A reset during the response breaks its body off."""
    cloud.faults.add(Fault(ResetPeer("during")))
    with pytest.raises((ConnectionResetError, http.client.IncompleteRead)):
        get()


def test_reset_after(cloud, get):
    """A reset after the response leaves the request handled."""
    cloud.faults.add(Fault(ResetPeer("after"), method="PUT"))
    with Plain(cloud) as fresh:
        assert fresh("PUT", "b", body=b"x").status == 200
        with pytest.raises((ConnectionResetError, http.client.RemoteDisconnected)):
            fresh("GET", "b")
    assert [item.key for item in cloud.objects()] == ["a", "b"]


@pytest.mark.parametrize("share", [0.0, 0.5, 0.999])
def test_truncated_body(cloud, get, share):
    """A truncated body has correct headers and ends after its share."""
    cloud.faults.add(Fault(TruncateBody(share)))
    with pytest.raises(http.client.IncompleteRead) as raised:
        get()
    assert raised.value.partial == BODY[: int(len(BODY) * share)]
    assert raised.value.expected == len(BODY) - len(raised.value.partial)


def test_corrupt_body(cloud, get):
    """A corrupt body has correct headers and as many bytes, the same for the same seed."""
    cloud.faults.add(Fault(CorruptBody(), seed=1))
    first, other = get(), get()
    assert (first.status, first.headers["Content-Length"]) == (200, str(len(BODY)))
    assert first.body != BODY
    assert len(first.body) == len(BODY)
    assert first.body == other.body  # the same seed, the same garbage
    cloud.faults.clear()
    cloud.faults.add(Fault(CorruptBody(), seed=2))
    assert get().body != first.body


def test_wrong_content_type(cloud, get):
    """Another Content-Type replaces the one there was."""
    cloud.faults.add(Fault(WrongContentType("text/html")))
    reply = get()
    assert (reply.headers.get_all("Content-Type"), reply.body) == (["text/html"], BODY)


def test_redirect(cloud, get):
    """A redirect names its location and the request is not handled."""
    cloud.faults.add(Fault(Redirect("http://127.0.0.1:1/x"), method="PUT"))
    reply = get("PUT", "b", body=b"x")
    assert (reply.status, reply.headers["Location"], reply.body) == (302, "http://127.0.0.1:1/x", b"")
    assert [item.key for item in cloud.objects()] == ["a"]


def test_latency(cloud, get):
    """A delay is waited for and recorded, and the response is correct."""
    cloud.faults.add(Fault(Latency(mean_ms=1)))
    assert get().body == BODY
    assert cloud.faults.events[0].delay_ms == 1


def test_timeout_ends_with_cloud(film):
    """A request without a response ends when the cloud closes."""
    cloud = Cloud()
    cloud.faults.add(Fault(Timeout(max_s=600)))
    failed = []

    def ask():
        with Plain(cloud) as fresh:
            try:
                fresh("GET", "a")
            except (http.client.RemoteDisconnected, ConnectionError) as error:
                failed.append(error)

    caller = threading.Thread(target=ask)
    caller.start()
    while not cloud.faults.events:
        assert caller.is_alive(), "the call was answered"
        caller.join(0.005)
    cloud.close()
    caller.join(20)
    assert len(failed) == 1


def test_timeout_ends(cloud, get):
    """A request without a response ends after its time."""
    cloud.faults.add(Fault(Timeout(max_s=0.01)))
    with pytest.raises(http.client.RemoteDisconnected):
        get()


# When each fires, without a socket


class Waits:
    def __init__(self):
        self.seconds = []

    def __call__(self, seconds):
        self.seconds.append(seconds)


def target(method="GET", operation="GetObject", bucket="b-1250000000", key="videos/a.mp4"):
    return Target(method, operation, "cos", bucket, key, "id")


def refused(faults, **part):
    """Return whether the request was refused."""
    try:
        faults.inject(target(**part), lambda: Response.of(200, b"0123456789"))
    except ServiceError:
        return True
    return False


@pytest.fixture
def faults():
    return FaultInjector(Waits())


MEETS = {
    "anything": ({}, {}, True),
    "the method": ({"method": "GET"}, {}, True),
    "another method": ({"method": "PUT"}, {}, False),
    "the operation": ({"operation": "GetSnapshot"}, {"operation": "GetSnapshot"}, True),
    "another operation": ({"operation": "GetSnapshot"}, {}, False),
    "the bucket": ({"bucket": "b-*"}, {}, True),
    "another bucket": ({"bucket": "c-*"}, {}, False),
    "the key": ({"key": "videos/*.mp4"}, {}, True),
    "another key": ({"key": "thumbnails/*"}, {}, False),
    "case counts": ({"key": "VIDEOS/*"}, {}, False),
    "all at once": ({"method": "GET", "operation": "GetObject", "bucket": "b-1250000000", "key": "*"}, {}, True),
}


@pytest.mark.parametrize(("fault", "call", "meets"), MEETS.values(), ids=MEETS)
def test_matching(faults, fault, call, meets):
    """A fault applies to the requests that it names, and to no others."""
    faults.add(Fault(**fault))
    assert refused(faults, **call) is meets
    assert len(faults.events) == meets


COUNTS = {
    "the third": ({"nth": 3}, [3]),
    "each second": ({"every": 2}, [2, 4, 6]),
    "twice": ({"times": 2}, [1, 2]),
    "each second, once": ({"every": 2, "times": 1}, [2]),
    "each": ({}, [1, 2, 3, 4, 5, 6]),
    "never": ({"probability": 0.0}, []),
}


@pytest.mark.parametrize(("moments", "expected"), COUNTS.values(), ids=COUNTS)
def test_counting(faults, moments, expected):
    """A fault fires on the nth, every nth, or the first few requests that match."""
    faults.add(Fault(**moments))
    assert [number for number in range(1, 7) if refused(faults)] == expected
    assert len(faults.events) == len(expected)


def test_counts_matches_only(faults):
    """Only requests that match are counted."""
    faults.add(Fault(nth=2, operation="GetSnapshot"))
    assert not refused(faults, operation="GetSnapshot")
    assert not refused(faults)
    assert refused(faults, operation="GetSnapshot")


def test_seeded_chance(faults):
    """The same seed fires on the same requests."""

    def run(seed):
        fresh = FaultInjector(Waits())
        fresh.add(Fault(probability=0.5, seed=seed))
        return [refused(fresh) for _ in range(200)]

    assert run(1) == run(1)
    assert run(1) != run(2)
    assert 60 < sum(run(1)) < 140


NEVER_MEANT = {
    "no first": (Fault, {"nth": 0}, "counts from 1"),
    "each before the first": (Fault, {"every": -1}, "counts from 1"),
    "no times": (Fault, {"times": 0}, "counts from 1"),
    "more than always": (Fault, {"probability": 1.5}, "between 0 and 1"),
    "less than never": (Fault, {"probability": -0.1}, "between 0 and 1"),
    "no method": (Fault, {"method": "get"}, "method is one of DELETE, GET"),
    "no operation": (Fault, {"operation": "GetSnapshots"}, "operation is one of .*GetSnapshot,"),
    "a refusal that succeeds": (ErrorResponse, {"status": 200}, "300 to 599"),
    "no status": (ErrorResponse, {"status": 600}, "300 to 599"),
    "all of the body": (TruncateBody, {"share": 1.0}, "nothing would be cut"),
    "less than no body": (TruncateBody, {"share": -0.1}, "nothing would be cut"),
    "a type of two lines": (WrongContentType, {"content_type": "a/b\r\nX: 1"}, "one line"),
    "a location of two lines": (Redirect, {"location": "http://a/\nX: 1"}, "one line"),
    "a location no header can carry": (Redirect, {"location": "http://a/\u4e2d"}, "ASCII"),
    "back in time": (Latency, {"mean_ms": -1}, "mean_ms is a number of 0 or more"),
    "no number": (Latency, {"sigma": float("nan")}, "sigma is a number of 0 or more"),
    "for ever": (Timeout, {"max_s": float("inf")}, "max_s is a number of 0 or more"),
}


@pytest.mark.parametrize(("kind", "wrong", "says"), NEVER_MEANT.values(), ids=NEVER_MEANT)
def test_impossible_fault(kind, wrong, says):
    """A fault that could not be sent, or would change nothing, is refused on construction."""
    with pytest.raises(ValueError, match=says):
        kind(**wrong)


def test_several_faults():
    """Several faults act on one request in the order they were added."""
    waits = Waits()
    faults = FaultInjector(waits)
    faults.add(Fault(Latency(mean_ms=250)))
    faults.add(Fault(WrongContentType("text/html")))
    faults.add(Fault(TruncateBody(0.5)))
    answer = faults.inject(target(), lambda: Response.of(200, b"0123456789", (("Content-Type", "a/b"),)))
    assert (waits.seconds, answer.headers) == ([0.25], (("Content-Type", "text/html"),))
    chunks = iter(answer.chunks)
    assert next(chunks) == b"01234"
    with pytest.raises(ConnectionCut):
        next(chunks)
    assert [type(item.fault.effect) for item in faults.events] == [Latency, WrongContentType, TruncateBody]


CUTS = {
    "amid the body": (ResetPeer("during"), b"01234", True),
    "behind the body": (ResetPeer("after"), b"0123456789", True),
    "early, in good order": (TruncateBody(0.2), b"01", False),
}


@pytest.mark.parametrize(("effect", "sent_bytes", "reset"), CUTS.values(), ids=CUTS)
def test_bytes_before_cut(faults, effect, sent_bytes, reset):
    """A cut sends exactly its part of the body first."""
    faults.add(Fault(effect))
    chunks = iter(faults.inject(target(), lambda: Response.of(200, b"0123456789")).chunks)
    assert next(chunks) == sent_bytes
    with pytest.raises(ConnectionCut) as cut:
        next(chunks)
    assert cut.value.reset is reset


DELAYS = {
    "fixed": (Latency(100), (100, 100)),
    "uniform": (Latency(100, "uniform"), (0, 200)),
    "lognormal": (Latency(100, "lognormal", sigma=0.5), (0, 60_000)),
    "never more than": (Latency(100, "uniform", max_ms=50), (0, 50)),
}


@pytest.mark.parametrize(("delay", "span"), DELAYS.values(), ids=DELAYS)
def test_distributions(delay, span):
    """Delays follow their distribution and never exceed their maximum."""
    chance, second_draw = random.Random(1), random.Random(1)
    drawn = [delay.sample_ms(chance) for _ in range(2000)]
    assert drawn == [delay.sample_ms(second_draw) for _ in range(2000)]
    assert span[0] <= min(drawn) <= max(drawn) <= span[1]
    assert abs(median(drawn) - min(100, delay.max_ms)) < 10
    assert (len(set(drawn)) > 1) is (delay.distribution != "fixed")


def test_clear(faults):
    """Clearing removes faults and forgets those that fired."""
    faults.add(Fault())
    assert refused(faults)
    faults.clear()
    assert not refused(faults)
    assert (faults.faults, faults.events) == ((), ())


# By HTTP

EFFECTS = {
    "refuse": ({"kind": "refuse", "status": 500, "code": "InternalError"}, ErrorResponse(500, "InternalError")),
    "reset": ({"kind": "reset", "when": "during"}, ResetPeer("during")),
    "truncate": ({"kind": "truncate", "share": 0.1}, TruncateBody(0.1)),
    "garbage": ({"kind": "garbage"}, CorruptBody()),
    "mistype": ({"kind": "mistype", "content_type": "a/b"}, WrongContentType("a/b")),
    "redirect": ({"kind": "redirect", "location": "http://a/"}, Redirect("http://a/")),
    "delay": ({"kind": "delay", "mean_ms": 5, "distribution": "lognormal"}, Latency(5, "lognormal")),
    "stall": ({"kind": "stall", "most_s": 2}, Timeout(2)),
}


@pytest.mark.parametrize(("effect", "expected"), EFFECTS.values(), ids=EFFECTS)
def test_wire_format(cloud, plain, effect, expected):
    """A fault set over HTTP equals the one set in Python, and comes back in the same form."""
    body = {"effect": effect, "operation": "GetSnapshot", "key": "*.mp4", "nth": 2, "seed": 3}
    assert plain.admin("POST", "/_emulator/faults", body).status == 200
    fault = Fault(expected, operation="GetSnapshot", key="*.mp4", nth=2, seed=3)
    assert cloud.faults.faults == (fault,)
    (text,) = plain.admin("GET", "/_emulator/faults").json["faults"]
    plain.admin("DELETE", "/_emulator/faults")
    assert cloud.faults.faults == ()
    assert plain.admin("POST", "/_emulator/faults", text).status == 200
    assert cloud.faults.faults == (fault,)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ([], "an object with an effect"),
        ({"effect": {"kind": "dance"}}, "one of delay, garbage"),
        ({"effect": {"kind": "refuse", "colour": "red"}}, "refuse has no colour"),
        ({"effect": {"kind": "refuse"}, "colour": "red"}, "a fault has no colour"),
        ({"effect": {"kind": "refuse", "status": "many"}}, "status"),
        ({"effect": {"kind": "refuse"}, "nth": 0}, "counts from 1"),
        ({"effect": {"kind": "truncate", "share": 2}}, "nothing would be cut"),
    ],
    ids=["no object", "no kind", "no field", "no field of the fault", "no number", "no count", "no effect"],
)
def test_malformed_fault(cloud, plain, body, says):
    """A fault that cannot be read is refused, and the accepted values are named."""
    reply = plain.admin("POST", "/_emulator/faults", body)
    assert reply.status == 400
    assert says in reply.json["error"]
    assert cloud.faults.faults == ()


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 200_000,
        b'{"effect": ' * 100_000,
        b'{"effect": {"kind": []}}',
        b'{"effect": {"kind": {"kind": "refuse"}}}',
        b'{"effect": {"kind": "refuse", "status": ' + b"[" * 500 + b"]" * 500 + b"}}",
        b"\xff",
        b'{"effect": {"kind": "refuse"}, "nth": ' + b"9" * 5000 + b"}",
    ],
    ids=["nested lists", "nested objects", "a list", "an object", "a nested status", "no UTF-8", "a long number"],
)
def test_hostile_document(cloud, plain, body):
    """Whatever JSON comes, the response is a 400 that says why, and nothing is set."""
    headers = {"Host": "127.0.0.1", "Content-Type": "application/json"}
    reply = plain.raw("POST", "/_emulator/faults", headers=headers, body=body)
    assert (reply.status, "error" in reply.json) == (400, True)
    assert cloud.faults.faults == ()


def test_listed_events(cloud, plain, get):
    """Each fault that fired is listed over HTTP with the request it met."""
    plain.admin("POST", "/_emulator/faults", {"effect": {"kind": "refuse"}, "method": "GET", "times": 1})
    get()
    (event,) = plain.admin("GET", "/_emulator/faults").json["fired"]
    assert (event["fault"]["times"], event["call"]["operation"], event["call"]["key"]) == (1, "GetObject", "a")
    assert event["call"]["request_id"] == cloud.calls[-1].request_id


def test_control_paths_exempt(cloud, plain):
    """Faults do not apply to the control paths."""
    cloud.faults.add(Fault(ResetPeer("before")))
    assert plain.admin("GET", "/_emulator/faults").status == 200
    assert cloud.faults.events == ()


def test_a_web_page_of_another_origin_cannot_set_a_fault(cloud):
    """A browser sends such a body across origins without asking; only JSON it asks for first."""
    reply = requests.post(f"{cloud.endpoint}/_emulator/faults", data='{"effect": {"kind": "refuse"}}', timeout=10)
    assert (reply.status_code, cloud.faults.faults) == (400, ())
