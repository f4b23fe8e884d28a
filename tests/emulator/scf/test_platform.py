import os
import tempfile
import threading
from itertools import pairwise

import psutil
import pytest

from emulator.scf.clock import Clock
from emulator.scf.function import DeadLetterQueue, Function
from emulator.scf.log import reports
from emulator.scf.queue import DeliveryChaos
from emulator.scf.status import InvocationRefused
from emulator.scf.triggers import ObjectEvent, Trigger, TriggerRefused
from tests.emulator.scf.conftest import writing_end

BUCKET = "examplebucket-1250000000"
RETURNS_KEYS = (
    "def main_handler(event, context):\n    return [r['cos']['cosObject']['key'] for r in event['Records']]\n"
)
FAILS = "def main_handler(event, context):\n    raise RuntimeError('never')\n"
FAILS_ONCE = """
calls = 0
def main_handler(event, context):
    global calls
    calls += 1
    if calls == 1:
        raise RuntimeError("the first time")
    return calls
"""
RETURNS_PID = "import os\ndef main_handler(event, context):\n    return os.getpid()\n"


def upload(platform, key="a.mp4", **fields):
    platform.notify(ObjectEvent(BUCKET, key, 7, "cos:ObjectCreated:Put", 1_800_000_000, **fields))


def returned(platform):
    """The return values of the invocations, from the log."""
    messages = [str(record["SCF_Message"]) for record in platform.log]
    return [message.split("RetMsg: ", 1)[1] for message in messages if message.startswith("Response ")]


def minutes_apart(platform):
    starts = [record["SCF_StartTime"] for record in reports(platform.log)]
    return [round((later - earlier) / 60_000) for earlier, later in pairwise(starts)]


# Uploads


def test_upload_calls(deploy, platform):
    """An upload calls the function whose trigger it matches."""
    deploy(RETURNS_KEYS)
    deploy("def main_handler(event, context):\n    return 'other'\n", name="other")
    platform.add_trigger(Trigger("demo", BUCKET, prefix="videos/"))
    platform.add_trigger(Trigger("other", BUCKET, prefix="pictures/"))
    upload(platform, "videos/a b.mp4")
    upload(platform, "texts/a.txt")
    platform.drain(20)
    assert returned(platform) == ['["/1250000000/examplebucket/videos/a b.mp4"]']


def test_no_trigger(deploy, platform):
    """An upload without a trigger calls nothing."""
    deploy(RETURNS_KEYS)
    upload(platform)
    platform.drain(20)
    assert platform.log == ()


def test_removed_trigger(deploy, platform):
    """A trigger that was removed calls no more."""
    deploy(RETURNS_KEYS)
    trigger = Trigger("demo", BUCKET)
    platform.add_trigger(trigger)
    platform.remove_trigger(trigger)
    upload(platform)
    platform.drain(20)
    assert (platform.triggers, platform.log) == ((), ())


@pytest.mark.parametrize(("choice", "key"), [("raw", "a%20b"), ("quoted", "a%2520b")])
def test_key_encoding(make_platform, package, choice, key):
    """How an event's key is written is chosen on the platform."""
    platform = make_platform(key_encoding=choice, event_name="concrete")
    platform.create(Function("demo", package("def main_handler(event, context):\n    return event\n")))
    platform.add_trigger(Trigger("demo", BUCKET))
    upload(platform, "a%20b")
    platform.drain(20)
    (event,) = returned(platform)
    assert f'"key": "/1250000000/examplebucket/{key}"' in event
    assert '"eventName": "cos:ObjectCreated:Put"' in event


def test_refused_triggers(deploy, platform):
    """A trigger that overlaps another or calls nobody is refused."""
    deploy(RETURNS_KEYS)
    platform.add_trigger(Trigger("demo", BUCKET))
    with pytest.raises(TriggerRefused):
        platform.add_trigger(Trigger("demo", BUCKET, prefix="videos/"))
    with pytest.raises(InvocationRefused):
        platform.add_trigger(Trigger("nobody", "other-1250000000"))
    assert platform.triggers == (Trigger("demo", BUCKET),)


# Retries and dead letters


def test_retries(deploy, platform):
    """A run that fails is tried again twice, a minute apart, and is then a dead letter."""
    deploy(FAILS, dead_letter=DeadLetterQueue("lost"))
    request_id = platform.invoke_async("demo", {"a": 1})
    platform.drain(20)
    assert minutes_apart(platform) == [1, 1]
    assert [record["SCF_RetryNum"] for record in reports(platform.log)] == [0, 1, 2]
    assert {record["SCF_RequestId"] for record in platform.log} == {request_id}
    (letter,) = platform.dead_letters
    assert (letter.request_id, letter.event, letter.status_code) == (request_id, {"a": 1}, 430)
    assert (letter.reason, letter.retry_num, letter.queue) == ("retries used up", 2, DeadLetterQueue("lost"))
    assert letter.error_message.endswith("RuntimeError: never\n")


def test_retry_that_succeeds(deploy, platform):
    """A retry that succeeds ends it."""
    deploy(FAILS_ONCE)
    platform.invoke_async("demo", {})
    platform.drain(20)
    assert [record["SCF_StatusCode"] for record in reports(platform.log)] == [430, 200]
    assert platform.dead_letters == ()


def test_retry_on_a_real_clock(make_platform, package):
    """On a real clock a retry comes in its time."""
    platform = make_platform(clock=Clock())
    platform.create(Function("demo", package(FAILS_ONCE), retry_interval_s=1))
    platform.invoke_async("demo", {})
    platform.drain(20)
    first, second = (record["SCF_StartTime"] for record in reports(platform.log))
    assert second - first >= 1000


@pytest.mark.parametrize(
    ("source", "choices", "code"),
    [
        ("import os\ndef main_handler(event, context):\n    os._exit(1)\n", {}, 439),
        ("def main_handler(event, context):\n    return {1}\n", {}, 430),
        ("def main_handler(event, context):\n    bytearray(200 * 1024 * 1024)\n", {"memory_mb": 128}, 434),
        ("import threading\ndef main_handler(event, context):\n    threading.Event().wait()\n", {"timeout_s": 1}, 433),
        ("x = 1\n", {}, 437),
    ],
    ids=["exit", "bad return", "memory", "timeout", "no handler"],
)
def test_every_failure_is_retried(deploy, platform, source, choices, code):
    """Every way a run can fail is tried again."""
    deploy(source, retry_num=1, **choices)
    platform.invoke_async("demo", {})
    platform.drain(20)
    assert [record["SCF_StatusCode"] for record in reports(platform.log)] == [code, code]
    assert [letter.status_code for letter in platform.dead_letters] == [code]


def test_platform_fault(deploy, platform):
    """A fault of the platform is tried again every minute, and costs no retry."""
    deploy(FAILS_ONCE, retry_num=1)
    platform.plan_outage("demo", times=5)
    platform.invoke_async("demo", {})
    platform.drain(20)
    assert [record["SCF_StatusCode"] for record in reports(platform.log)] == [500] * 5 + [430, 200]
    assert minutes_apart(platform) == [1] * 6
    assert platform.dead_letters == ()


def test_lasting_platform_fault(deploy, platform):
    """A fault of the platform that lasts is a dead letter once the message is too old."""
    deploy(RETURNS_PID, msg_ttl_s=330)
    platform.plan_outage("demo", times=1000)
    platform.invoke_async("demo", {})
    platform.drain(20)
    assert len(reports(platform.log)) == 6
    assert [(letter.reason, letter.status_code) for letter in platform.dead_letters] == [("waited too long", 500)]


def test_no_free_instance(deploy, platform):
    """A function without a free instance is tried again until it has one."""
    function = deploy(RETURNS_PID, max_instances=0, msg_ttl_s=330)
    with platform.paused():
        platform.invoke_async("demo", {})
    platform.drain(20)
    assert {record["SCF_StatusCode"] for record in reports(platform.log)} == {432}
    assert [(letter.reason, letter.status_code) for letter in platform.dead_letters] == [("waited too long", 432)]
    assert function.max_instances == 0


def test_process_cannot_start(deploy, platform, package):
    """A process that cannot be started is the platform's fault."""
    folder = package(RETURNS_PID)
    python = folder / "python"
    python.write_text("#!/nonexistent\n")
    python.chmod(0o755)
    platform.create(Function("demo", folder, python=python))
    result = platform.invoke("demo", {})
    assert result.status_code == 500
    assert "FileNotFoundError" in result.error["errorMessage"]
    assert result.billed_ms == 0


def test_deleted_function(deploy, platform):
    """A message for a function that was deleted is a dead letter."""
    deploy(RETURNS_PID)
    with platform.paused():
        platform.invoke_async("demo", {})
        platform.delete("demo")
    platform.drain(20)
    assert [(letter.reason, letter.status_code) for letter in platform.dead_letters] == [("function gone", 435)]


def test_large_async_call(deploy, platform):
    """An asynchronous call over 128 KB is refused."""
    deploy(RETURNS_PID)
    with pytest.raises(InvocationRefused, match="406"):
        platform.invoke_async("demo", {"a": "x" * 128 * 1024})
    assert platform.invoke("demo", {"a": "x" * 128 * 1024}).status_code == 200
    assert platform.dead_letters == ()


def test_large_event(deploy, platform):
    """An upload whose event is over 128 KB is a dead letter."""
    deploy(RETURNS_KEYS)
    platform.add_trigger(Trigger("demo", BUCKET))
    upload(platform, headers={"x-cos-meta-large": "x" * 128 * 1024})
    platform.drain(20)
    assert [(letter.reason, letter.status_code) for letter in platform.dead_letters] == [("event too large", 406)]


# What can be asked for


def test_no_chaos_by_default(make_platform, package):
    """Nothing comes twice, merged or out of order unless the chaos says so."""
    platform = make_platform(max_parallel=1)
    platform.create(Function("demo", package(RETURNS_KEYS)))
    platform.add_trigger(Trigger("demo", BUCKET))
    with platform.paused():
        for key in "abcdef":
            upload(platform, key)
    platform.drain(20)
    assert returned(platform) == [f'["/1250000000/examplebucket/{key}"]' for key in "abcdef"]


def test_duplicates(deploy, platform):
    """Uploads can come twice."""
    deploy(RETURNS_KEYS)
    platform.add_trigger(Trigger("demo", BUCKET))
    platform.set_chaos(DeliveryChaos(duplicates=1.0))
    upload(platform)
    platform.drain(20)
    assert returned(platform) == ['["/1250000000/examplebucket/a.mp4"]'] * 2
    assert len({record["SCF_RequestId"] for record in platform.log}) == 2


def test_overtaking(deploy, platform):
    """Uploads can overtake each other."""
    deploy(RETURNS_KEYS)
    platform.add_trigger(Trigger("demo", BUCKET))
    platform.set_chaos(DeliveryChaos(seed=1, delay_up_to_s=600))
    with platform.paused():
        for key in "abcdef":
            upload(platform, key)
    platform.drain(20)
    came = "".join(answer[-3] for answer in returned(platform))
    assert came != "abcdef"
    assert sorted(came) == list("abcdef")


def test_merging(deploy, platform):
    """Uploads can come as records of one event."""
    deploy("def main_handler(event, context):\n    return len(event['Records'])\n")
    platform.add_trigger(Trigger("demo", BUCKET))
    platform.set_chaos(DeliveryChaos(merge_up_to=4))
    with platform.paused():
        for key in "abcdef":
            upload(platform, key)
    platform.drain(20)
    assert sorted(returned(platform)) == ["2", "4"]


def test_drain_in_time(deploy, platform):
    """A drain that does not end in time names what is left."""
    deploy(RETURNS_PID)
    with platform.paused():
        request_id = platform.invoke_async("demo", {})
        with pytest.raises(TimeoutError, match=f"0 running and 1 queued; {request_id} for demo"):
            platform.drain(0)
    platform.drain(20)


def test_no_leap_under_a_call(deploy, platform):
    """Time does not leap under a call that runs."""
    folder = deploy(
        """
        import os
        def main_handler(event, context):
            if event.get("gate"):
                open(os.environ["USER_CODE_ROOT"] + event["gate"]).read()
            if event.get("fail"):
                raise RuntimeError("once more in a minute")
        """,
        retry_num=1,
    ).code_dir
    for name in ("long", "short"):
        os.mkfifo(folder / name)
    results = []
    caller = threading.Thread(target=lambda: results.append(platform.invoke("demo", {"gate": "long"})))
    caller.start()
    with writing_end(folder / "long"):  # the handler reads the other end
        platform.invoke_async("demo", {"gate": "short", "fail": True})
        with writing_end(folder / "short"):
            pass
        for _ in range(50):
            platform.invoke("demo", {})
    caller.join()
    (long,) = [line for line in reports(platform.log) if line["SCF_RequestId"] == results[0].request_id]
    assert long["SCF_LogTime"] - long["SCF_StartTime"] < 60_000
    with writing_end(folder / "short"):
        pass
    platform.drain(20)
    assert len(platform.dead_letters) == 1


def test_parallel_limit(make_platform, package):
    """More messages than can run side by side wait their turn."""
    platform = make_platform(max_parallel=2)
    platform.create(Function("demo", package(RETURNS_PID)))
    with platform.paused():
        for _ in range(12):
            platform.invoke_async("demo", {})
    platform.drain(20)
    assert len(returned(platform)) == 12
    assert len(set(returned(platform))) <= 2
    assert {record["SCF_StatusCode"] for record in platform.log} == {200}


# Functions


def test_names_are_unique(deploy, package, platform):
    """A name is given once."""
    function = deploy(RETURNS_PID)
    with pytest.raises(ValueError, match="already"):
        platform.create(function)


def test_update(deploy, package, platform):
    """An update is in force from the next call on."""
    deploy(RETURNS_PID)
    old = platform.invoke("demo", {}).return_value
    platform.update(Function("demo", package("def main_handler(event, context):\n    return 'new'\n")))
    assert platform.invoke("demo", {}).return_value == "new"
    assert not psutil.pid_exists(old)


def test_evicted_instances(deploy, platform):
    """A function whose instances were evicted starts anew."""
    deploy(RETURNS_PID)
    old = platform.invoke("demo", {}).return_value
    platform.evict_instances("demo")
    assert not psutil.pid_exists(old)
    assert platform.invoke("demo", {}).return_value != old


def test_delete(deploy, platform):
    """Deleting a function takes its triggers and its processes along."""
    deploy(RETURNS_PID)
    platform.add_trigger(Trigger("demo", BUCKET))
    pid = platform.invoke("demo", {}).return_value
    platform.delete("demo")
    assert (platform.functions, platform.triggers) == ((), ())
    assert not psutil.pid_exists(pid)
    with pytest.raises(InvocationRefused, match="435"):
        platform.invoke("demo", {})


@pytest.mark.parametrize("act", ["update", "delete", "evict_instances"])
def test_absent_functions(package, platform, act):
    """A function that does not exist cannot be changed."""
    argument = Function("nobody", package(RETURNS_PID)) if act == "update" else "nobody"
    with pytest.raises(InvocationRefused, match="435"):
        getattr(platform, act)(argument)


def test_clear(deploy, platform, issuer):
    """After a clear nothing is left and all can begin again."""
    deploy(FAILS, retry_num=0)
    platform.add_trigger(Trigger("demo", BUCKET))
    upload(platform)
    platform.drain(20)
    platform.clear()
    assert (platform.functions, platform.triggers, platform.log, platform.dead_letters) == ((), (), (), ())
    deploy(RETURNS_PID)
    assert platform.invoke("demo", {}).status_code == 200
    assert len(issuer.requests) == 2


# The log


def test_report(deploy, platform):
    """The log holds one report for each invocation, with all of SCF's fields."""
    deploy("def main_handler(event, context):\n    return 1\n", memory_mb=256)
    result = platform.invoke("demo", {})
    (report,) = reports(platform.log)
    start = report["SCF_StartTime"]
    assert dict(report) == {
        "SCF_FunctionName": "demo",
        "SCF_Namespace": "default",
        "SCF_StartTime": start,
        "SCF_LogTime": report["SCF_LogTime"],
        "SCF_RequestId": result.request_id,
        "SCF_Duration": result.duration_ms,
        "SCF_BilledDuration": result.billed_ms,
        "SCF_Alias": "$DEFAULT",
        "SCF_Qualifier": "$LATEST",
        "SCF_MemUsage": result.memory_peak_bytes,
        "SCF_Level": "INFO",
        "SCF_Message": report["SCF_Message"],
        "SCF_Type": "Platform",
        "SCF_StatusCode": 200,
        "SCF_RetryNum": 0,
    }
    assert report["SCF_LogTime"] >= start
    assert result.billed_ms == result.duration_ms >= 1


def test_printed_json(deploy, platform):
    """A printed line of JSON is parsed one level deep, and no line can forge SCF's fields."""
    deploy(
        """
        import json
        def main_handler(event, context):
            print(json.dumps({"event": "frame.captured", "at_ms": 1500, "deep": {"a": [1]}, "SCF_StatusCode": 0}))
            print("plain")
            print("[1, 2]")
            print('{"two": "a\\u2028b"}')
            print("{broken")
        """
    )
    platform.invoke("demo", {})
    printed = [dict(record) for record in platform.log if record["SCF_Type"] == "Custom"]
    fields = [{name: value for name, value in record.items() if not name.startswith("SCF_")} for record in printed]
    assert fields == [{"event": "frame.captured", "at_ms": 1500, "deep": '{"a": [1]}'}, {}, {}, {"two": "a\u2028b"}, {}]
    assert [record["SCF_StatusCode"] for record in printed] == [200] * 5
    assert [record["SCF_Message"] for record in printed][1:3] == ["plain", "[1, 2]"]


def test_log_of_a_failure(deploy, platform):
    """The log holds why a run failed."""
    deploy(FAILS)
    platform.invoke("demo", {})
    errors = [str(record["SCF_Message"]) for record in platform.log if record["SCF_Level"] == "ERROR"]
    assert "RuntimeError: never" in errors[0]


def test_log_holds_no_secrets(deploy, platform):
    """Neither events nor credentials are in the log."""
    deploy("def main_handler(event, context):\n    return 1\n")
    platform.add_trigger(Trigger("demo", BUCKET))
    upload(platform, "very-secret.mp4")
    platform.drain(20)
    text = str([dict(record) for record in platform.log])
    for secret in ("very-secret", "AKIDnumber", "secretnumber", "tokennumber"):
        assert secret not in text


# The end


def test_close_leaves_nothing(make_platform, package):
    """A closed platform leaves no process, thread or descriptor behind."""

    def live():
        platform = make_platform()
        platform.create(Function("demo", package(RETURNS_PID)))
        platform.invoke_async("demo", {})
        platform.drain(20)
        platform.invoke("demo", {})
        platform.close()

    live()
    before = psutil.Process().num_fds(), threading.active_count(), psutil.Process().children()
    live()
    assert (psutil.Process().num_fds(), threading.active_count(), psutil.Process().children()) == before


def test_close_leaves_no_folder(deploy, platform, tmp_path, monkeypatch):
    """A closed platform leaves no temporary folder behind."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    deploy(RETURNS_PID)
    platform.invoke("demo", {})
    assert list((tmp_path / "temporary").iterdir())
    platform.close()
    assert not list((tmp_path / "temporary").iterdir())


def test_close_ends_calls(deploy, platform):
    """Closing ends the calls that are under way."""
    folder = deploy(
        """
        import os, threading
        def main_handler(event, context):
            open(os.environ["USER_CODE_ROOT"] + "gate").close()
            threading.Event().wait()
        """
    ).code_dir
    os.mkfifo(folder / "gate")
    before = set(threading.enumerate())
    platform.invoke_async("demo", {})
    with writing_end(folder / "gate"):
        pass
    platform.close()
    new_threads = set(threading.enumerate()) - before
    assert [thread.name for thread in new_threads if thread.name.startswith("scf-")] == []
    assert {record["SCF_StatusCode"] for record in reports(platform.log)} == {439}


def test_closed_platform(deploy, platform, package):
    """A closed platform takes nothing more and can be closed again."""
    deploy(RETURNS_PID)
    platform.close()
    platform.close()
    with pytest.raises(RuntimeError, match="closed"):
        platform.create(Function("demo", package(RETURNS_PID)))


def test_two_platforms(make_platform, package):
    """Two platforms live side by side."""
    first, second = make_platform(), make_platform(region="ap-beijing")
    for platform in (first, second):
        platform.create(
            Function("demo", package("def main_handler(e, context): return context['tencentcloud_region']"))
        )
    assert [line.invoke("demo", {}).return_value for line in (first, second)] == ["ap-guangzhou", "ap-beijing"]


def test_tracked_runs(deploy, platform):
    """A run of a function with asynchronous execution is tracked until it has ended; no other run is."""
    deploy("def main_handler(event, context): return 1 / event['by']\n", name="tracked", async_run=True)
    deploy("def main_handler(event, context): return 1\n", name="plain")
    with platform.paused():
        good, bad = (platform.invoke_async("tracked", {"by": by}) for by in (1, 0))
        untracked = platform.invoke_async("plain", {})
        assert [platform.async_run(request_id).status for request_id in (good, bad)] == ["RUNNING", "RUNNING"]
        platform.plan_outage("tracked")
    platform.drain(30)
    runs = [platform.async_run(request_id) for request_id in (good, bad)]
    assert [(run.status, run.status_code) for run in runs] == [("FINISHED", 200), ("FAILED", 430)]
    assert platform.async_run(untracked) is None
    assert platform.async_runs("tracked") == tuple(runs)
    assert platform.dead_letters == ()
    platform.clear()
    assert platform.async_run(good) is None
