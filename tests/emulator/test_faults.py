"""Each fault, from Python and by HTTP: with it the call goes wrong, without it the same call goes well."""

import http.client
import random
import threading
from statistics import median

import pytest
import requests

from emulator.cloud import Cloud
from emulator.cos.wire import Answer, ConnectionCut
from emulator.effects import Delay, Garbage, Mistype, Redirect, Refuse, Reset, Stall, Truncate
from emulator.faults import Fault, Faults, Seen
from emulator.refusal import Refusal
from tests.emulator.plain import Plain

BODY = bytes(range(256)) * 4000


@pytest.fixture
def stored(plain):
    plain("PUT", "a", body=BODY)
    return "a"


@pytest.fixture
def get(cloud, stored):
    """Reads the object over a new connection, which a fault may break."""

    def ask(method="GET", key=stored, **more):
        with Plain(cloud) as fresh:
            return fresh(method, key, **more)

    assert ask().body == BODY
    return ask


# What each does


def test_a_refusal_speaks_as_the_service_does(cloud, get, stored):
    cloud.faults.add(Fault(Refuse(429, "SlowDown", "less, please")))
    reply = get()
    assert (reply.status, reply.code, reply.message, "Resource" in reply.tags) == (
        429,
        "SlowDown",
        "less, please",
        True,
    )
    reply = get(params={"ci-process": "snapshot", "time": "1"})
    assert (reply.status, reply.code, "Resource" in reply.tags) == (429, "SlowDown", False)


def test_a_refused_call_is_not_done(cloud, get, plain):
    cloud.faults.add(Fault(Refuse(), method="PUT"))
    assert plain("PUT", "b", body=b"x").status == 503
    assert [each.key for each in cloud.objects()] == ["a"]


def test_a_reset_before_the_call_leaves_it_undone(cloud, get):
    cloud.faults.add(Fault(Reset("before"), method="PUT"))
    with pytest.raises(ConnectionResetError):
        get("PUT", "b", body=b"x")
    assert [each.key for each in cloud.objects()] == ["a"]
    assert cloud.calls[-1].status == 0


def test_a_reset_amid_the_body_comes_after_half_of_it(cloud, get):
    cloud.faults.add(Fault(Reset("during")))
    with pytest.raises((ConnectionResetError, http.client.IncompleteRead)):
        get()


def test_a_reset_behind_the_body_leaves_the_call_done(cloud, get):
    cloud.faults.add(Fault(Reset("after"), method="PUT"))
    with Plain(cloud) as fresh:
        assert fresh("PUT", "b", body=b"x").status == 200
        with pytest.raises((ConnectionResetError, http.client.RemoteDisconnected)):
            fresh("GET", "b")
    assert [each.key for each in cloud.objects()] == ["a", "b"]


@pytest.mark.parametrize("share", [0.0, 0.5, 0.999])
def test_a_truncated_body_has_a_right_header(cloud, get, share):
    cloud.faults.add(Fault(Truncate(share)))
    with pytest.raises(http.client.IncompleteRead) as caught:
        get()
    assert caught.value.partial == BODY[: int(len(BODY) * share)]
    assert caught.value.expected == len(BODY) - len(caught.value.partial)


def test_a_garbage_body_has_a_right_header(cloud, get):
    cloud.faults.add(Fault(Garbage(), seed=1))
    one, other = get(), get()
    assert (one.status, one.headers["Content-Length"]) == (200, str(len(BODY)))
    assert one.body != BODY
    assert len(one.body) == len(BODY)
    assert one.body == other.body  # the same seed, the same garbage
    cloud.faults.clear()
    cloud.faults.add(Fault(Garbage(), seed=2))
    assert get().body != one.body


def test_another_content_type(cloud, get):
    cloud.faults.add(Fault(Mistype("text/html")))
    reply = get()
    assert (reply.headers.get_all("Content-Type"), reply.body) == (["text/html"], BODY)


def test_a_redirect_leads_elsewhere_and_does_nothing(cloud, get):
    cloud.faults.add(Fault(Redirect("http://127.0.0.1:1/x"), method="PUT"))
    reply = get("PUT", "b", body=b"x")
    assert (reply.status, reply.headers["Location"], reply.body) == (302, "http://127.0.0.1:1/x", b"")
    assert [each.key for each in cloud.objects()] == ["a"]


def test_a_delay_is_waited_and_the_answer_is_right(cloud, get):
    cloud.faults.add(Fault(Delay(mean_ms=1)))
    assert get().body == BODY
    assert cloud.faults.fired[0].delay_ms == 1


def test_a_stall_ends_when_the_cloud_closes(film):
    cloud = Cloud()
    cloud.faults.add(Fault(Stall(most_s=600)))
    failed = []

    def ask():
        with Plain(cloud) as fresh:
            try:
                fresh("GET", "a")
            except (http.client.RemoteDisconnected, ConnectionError) as error:
                failed.append(error)

    caller = threading.Thread(target=ask)
    caller.start()
    while not cloud.faults.fired:
        assert caller.is_alive(), "the call was answered"
        caller.join(0.005)
    cloud.close()
    caller.join(20)
    assert len(failed) == 1


def test_a_stall_ends_by_itself(cloud, get):
    cloud.faults.add(Fault(Stall(most_s=0.01)))
    with pytest.raises(http.client.RemoteDisconnected):
        get()


# When each fires, without a socket


class Waits:
    def __init__(self):
        self.seconds = []

    def __call__(self, seconds):
        self.seconds.append(seconds)


def seen(method="GET", operation="GetObject", bucket="b-1250000000", key="videos/a.mp4"):
    return Seen(method, operation, "cos", bucket, key, "id")


def struck(faults, **what):
    """Whether the call was refused."""
    try:
        faults.strike(seen(**what), lambda: Answer.of(200, b"0123456789"))
    except Refusal:
        return True
    return False


@pytest.fixture
def faults():
    return Faults(Waits())


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
def test_a_fault_meets_what_it_names(faults, fault, call, meets):
    faults.add(Fault(**fault))
    assert struck(faults, **call) is meets
    assert len(faults.fired) == meets


COUNTS = {
    "the third": ({"nth": 3}, [3]),
    "each second": ({"every": 2}, [2, 4, 6]),
    "twice": ({"times": 2}, [1, 2]),
    "each second, once": ({"every": 2, "times": 1}, [2]),
    "each": ({}, [1, 2, 3, 4, 5, 6]),
    "never": ({"probability": 0.0}, []),
}


@pytest.mark.parametrize(("when", "wanted"), COUNTS.values(), ids=COUNTS)
def test_a_fault_fires_on(faults, when, wanted):
    faults.add(Fault(**when))
    assert [number for number in range(1, 7) if struck(faults)] == wanted
    assert len(faults.fired) == len(wanted)


def test_only_calls_that_it_meets_are_counted(faults):
    faults.add(Fault(nth=2, operation="GetSnapshot"))
    assert not struck(faults, operation="GetSnapshot")
    assert not struck(faults)
    assert struck(faults, operation="GetSnapshot")


def test_chance_comes_from_the_seed(faults):
    def run(seed):
        fresh = Faults(Waits())
        fresh.add(Fault(probability=0.5, seed=seed))
        return [struck(fresh) for _ in range(200)]

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
    "a refusal that succeeds": (Refuse, {"status": 200}, "300 to 599"),
    "no status": (Refuse, {"status": 600}, "300 to 599"),
    "all of the body": (Truncate, {"share": 1.0}, "nothing would be cut"),
    "less than no body": (Truncate, {"share": -0.1}, "nothing would be cut"),
    "a type of two lines": (Mistype, {"content_type": "a/b\r\nX: 1"}, "one line"),
    "a location of two lines": (Redirect, {"location": "http://a/\nX: 1"}, "one line"),
    "a location no header can carry": (Redirect, {"location": "http://a/\u4e2d"}, "ASCII"),
    "back in time": (Delay, {"mean_ms": -1}, "mean_ms is a number of 0 or more"),
    "no number": (Delay, {"sigma": float("nan")}, "sigma is a number of 0 or more"),
    "for ever": (Stall, {"most_s": float("inf")}, "most_s is a number of 0 or more"),
}


@pytest.mark.parametrize(("kind", "wrong", "says"), NEVER_MEANT.values(), ids=NEVER_MEANT)
def test_a_fault_that_could_never_be_meant_is_refused(kind, wrong, says):
    with pytest.raises(ValueError, match=says):
        kind(**wrong)


def test_faults_act_in_their_order_and_several_on_one_call():
    waits = Waits()
    faults = Faults(waits)
    faults.add(Fault(Delay(mean_ms=250)))
    faults.add(Fault(Mistype("text/html")))
    faults.add(Fault(Truncate(0.5)))
    answer = faults.strike(seen(), lambda: Answer.of(200, b"0123456789", (("Content-Type", "a/b"),)))
    assert (waits.seconds, answer.headers) == ([0.25], (("Content-Type", "text/html"),))
    chunks = iter(answer.chunks)
    assert next(chunks) == b"01234"
    with pytest.raises(ConnectionCut):
        next(chunks)
    assert [type(each.fault.effect) for each in faults.fired] == [Delay, Mistype, Truncate]


CUTS = {
    "amid the body": (Reset("during"), b"01234", True),
    "behind the body": (Reset("after"), b"0123456789", True),
    "early, in good order": (Truncate(0.2), b"01", False),
}


@pytest.mark.parametrize(("effect", "sent", "reset"), CUTS.values(), ids=CUTS)
def test_that_much_of_a_body_is_sent_before_the_connection_ends(faults, effect, sent, reset):
    faults.add(Fault(effect))
    chunks = iter(faults.strike(seen(), lambda: Answer.of(200, b"0123456789")).chunks)
    assert next(chunks) == sent
    with pytest.raises(ConnectionCut) as cut:
        next(chunks)
    assert cut.value.reset is reset


DELAYS = {
    "fixed": (Delay(100), (100, 100)),
    "uniform": (Delay(100, "uniform"), (0, 200)),
    "lognormal": (Delay(100, "lognormal", sigma=0.5), (0, 60_000)),
    "never more than": (Delay(100, "uniform", most_ms=50), (0, 50)),
}


@pytest.mark.parametrize(("delay", "span"), DELAYS.values(), ids=DELAYS)
def test_delays_follow_their_distribution(delay, span):
    chance, again = random.Random(1), random.Random(1)
    drawn = [delay.sample_ms(chance) for _ in range(2000)]
    assert drawn == [delay.sample_ms(again) for _ in range(2000)]
    assert span[0] <= min(drawn) <= max(drawn) <= span[1]
    assert abs(median(drawn) - min(100, delay.most_ms)) < 10
    assert (len(set(drawn)) > 1) is (delay.distribution != "fixed")


def test_clearing_takes_faults_and_their_firings_away(faults):
    faults.add(Fault())
    assert struck(faults)
    faults.clear()
    assert not struck(faults)
    assert (faults.faults, faults.fired) == ((), ())


# By HTTP

EFFECTS = {
    "refuse": ({"kind": "refuse", "status": 500, "code": "InternalError"}, Refuse(500, "InternalError")),
    "reset": ({"kind": "reset", "when": "during"}, Reset("during")),
    "truncate": ({"kind": "truncate", "share": 0.1}, Truncate(0.1)),
    "garbage": ({"kind": "garbage"}, Garbage()),
    "mistype": ({"kind": "mistype", "content_type": "a/b"}, Mistype("a/b")),
    "redirect": ({"kind": "redirect", "location": "http://a/"}, Redirect("http://a/")),
    "delay": ({"kind": "delay", "mean_ms": 5, "distribution": "lognormal"}, Delay(5, "lognormal")),
    "stall": ({"kind": "stall", "most_s": 2}, Stall(2)),
}


@pytest.mark.parametrize(("effect", "wanted"), EFFECTS.values(), ids=EFFECTS)
def test_a_fault_set_by_http_is_the_one_set_in_python(cloud, plain, effect, wanted):
    body = {"effect": effect, "operation": "GetSnapshot", "key": "*.mp4", "nth": 2, "seed": 3}
    assert plain.admin("POST", "/_emulator/faults", body).status == 200
    fault = Fault(wanted, operation="GetSnapshot", key="*.mp4", nth=2, seed=3)
    assert cloud.faults.faults == (fault,)
    (shown,) = plain.admin("GET", "/_emulator/faults").json["faults"]
    plain.admin("DELETE", "/_emulator/faults")
    assert cloud.faults.faults == ()
    assert plain.admin("POST", "/_emulator/faults", shown).status == 200
    assert cloud.faults.faults == (fault,)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ([], "an object with an effect"),
        ({"effect": {"kind": "dance"}}, "one of delay, garbage"),
        ({"effect": {"kind": "refuse", "colour": "red"}}, "Refuse has no colour"),
        ({"effect": {"kind": "refuse"}, "colour": "red"}, "Fault has no colour"),
        ({"effect": {"kind": "refuse", "status": "many"}}, "status"),
        ({"effect": {"kind": "refuse"}, "nth": 0}, "counts from 1"),
        ({"effect": {"kind": "truncate", "share": 2}}, "nothing would be cut"),
    ],
    ids=["no object", "no kind", "no field", "no field of the fault", "no number", "no count", "no effect"],
)
def test_a_fault_that_cannot_be_read_is_refused_and_says_why(cloud, plain, body, says):
    reply = plain.admin("POST", "/_emulator/faults", body)
    assert reply.status == 400
    assert says in reply.json["error"]
    assert cloud.faults.faults == ()


def test_each_fault_that_fired_is_listed_over_http(cloud, plain, get):
    plain.admin("POST", "/_emulator/faults", {"effect": {"kind": "refuse"}, "method": "GET", "times": 1})
    get()
    (fired,) = plain.admin("GET", "/_emulator/faults").json["fired"]
    assert (fired["fault"]["times"], fired["call"]["operation"], fired["call"]["key"]) == (1, "GetObject", "a")
    assert fired["call"]["request_id"] == cloud.calls[-1].request_id


def test_the_cloud_itself_is_never_struck(cloud, plain):
    cloud.faults.add(Fault(Reset("before")))
    assert plain.admin("GET", "/_emulator/faults").status == 200
    assert cloud.faults.fired == ()


def test_a_web_page_of_another_origin_cannot_set_a_fault(cloud):
    """A browser sends such a body across origins without asking; only JSON it asks for first."""
    reply = requests.post(f"{cloud.endpoint}/_emulator/faults", data='{"effect": {"kind": "refuse"}}', timeout=10)
    assert (reply.status_code, cloud.faults.faults) == (400, ())
