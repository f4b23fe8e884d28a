import os
import tempfile
import threading
from itertools import pairwise

import psutil
import pytest

from emulator.scf.clock import Clock
from emulator.scf.function import DeadLetterQueue, Function
from emulator.scf.log import reports
from emulator.scf.queue import Disorder
from emulator.scf.status import InvocationRefused
from emulator.scf.triggers import ObjectEvent, Trigger, TriggerRefused
from tests.emulator.scf.conftest import writing_end

BUCKET = "examplebucket-1250000000"
TOLD = "def main_handler(event, context):\n    return [r['cos']['cosObject']['key'] for r in event['Records']]\n"
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
WHO = "import os\ndef main_handler(event, context):\n    return os.getpid()\n"


def upload(platform, key="a.mp4", **more):
    platform.notify(ObjectEvent(BUCKET, key, 7, "cos:ObjectCreated:Put", 1_800_000_000, **more))


def returned(platform):
    """What the invocations returned, as the log tells it."""
    messages = [str(record["SCF_Message"]) for record in platform.log]
    return [message.split("RetMsg: ", 1)[1] for message in messages if message.startswith("Response ")]


def minutes_apart(platform):
    starts = [record["SCF_StartTime"] for record in reports(platform.log)]
    return [round((later - earlier) / 60_000) for earlier, later in pairwise(starts)]


# Uploads


def test_an_upload_calls_the_function_whose_trigger_it_meets(deploy, platform):
    deploy(TOLD)
    deploy("def main_handler(event, context):\n    return 'other'\n", name="other")
    platform.add_trigger(Trigger("demo", BUCKET, prefix="videos/"))
    platform.add_trigger(Trigger("other", BUCKET, prefix="pictures/"))
    upload(platform, "videos/a b.mp4")
    upload(platform, "texts/a.txt")
    platform.drain(20)
    assert returned(platform) == ['["/1250000000/examplebucket/videos/a b.mp4"]']


def test_an_upload_without_a_trigger_calls_nothing(deploy, platform):
    deploy(TOLD)
    upload(platform)
    platform.drain(20)
    assert platform.log == ()


def test_a_trigger_that_was_removed_calls_no_more(deploy, platform):
    deploy(TOLD)
    trigger = Trigger("demo", BUCKET)
    platform.add_trigger(trigger)
    platform.remove_trigger(trigger)
    upload(platform)
    platform.drain(20)
    assert (platform.triggers, platform.log) == ((), ())


@pytest.mark.parametrize(("choice", "key"), [("raw", "a%20b"), ("quoted", "a%2520b")])
def test_how_an_events_key_is_written_is_chosen_on_the_platform(make_platform, package, choice, key):
    platform = make_platform(key_encoding=choice, event_name="concrete")
    platform.create(Function("demo", package("def main_handler(event, context):\n    return event\n")))
    platform.add_trigger(Trigger("demo", BUCKET))
    upload(platform, "a%20b")
    platform.drain(20)
    (event,) = returned(platform)
    assert f'"key": "/1250000000/examplebucket/{key}"' in event
    assert '"eventName": "cos:ObjectCreated:Put"' in event


def test_a_trigger_that_overlaps_another_or_calls_nobody_is_refused(deploy, platform):
    deploy(TOLD)
    platform.add_trigger(Trigger("demo", BUCKET))
    with pytest.raises(TriggerRefused):
        platform.add_trigger(Trigger("demo", BUCKET, prefix="videos/"))
    with pytest.raises(InvocationRefused):
        platform.add_trigger(Trigger("nobody", "other-1250000000"))
    assert platform.triggers == (Trigger("demo", BUCKET),)


# Retries and dead letters


def test_a_run_that_fails_is_tried_again_twice_a_minute_apart_and_is_then_a_dead_letter(deploy, platform):
    deploy(FAILS, dead_letter=DeadLetterQueue("lost"))
    request_id = platform.invoke_async("demo", {"a": 1})
    platform.drain(20)
    assert minutes_apart(platform) == [1, 1]
    assert [record["SCF_RetryNum"] for record in reports(platform.log)] == [0, 1, 2]
    assert {record["SCF_RequestId"] for record in platform.log} == {request_id}
    (lost,) = platform.dead_letters
    assert (lost.request_id, lost.event, lost.status_code) == (request_id, {"a": 1}, 430)
    assert (lost.reason, lost.retry_num, lost.queue) == ("retries used up", 2, DeadLetterQueue("lost"))
    assert lost.error_message.endswith("RuntimeError: never\n")


def test_a_retry_that_succeeds_ends_it(deploy, platform):
    deploy(FAILS_ONCE)
    platform.invoke_async("demo", {})
    platform.drain(20)
    assert [record["SCF_StatusCode"] for record in reports(platform.log)] == [430, 200]
    assert platform.dead_letters == ()


def test_on_a_real_clock_a_retry_comes_in_its_time(make_platform, package):
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
def test_every_way_a_run_can_fail_is_tried_again(deploy, platform, source, choices, code):
    deploy(source, retry_num=1, **choices)
    platform.invoke_async("demo", {})
    platform.drain(20)
    assert [record["SCF_StatusCode"] for record in reports(platform.log)] == [code, code]
    assert [lost.status_code for lost in platform.dead_letters] == [code]


def test_a_fault_of_the_platform_is_tried_again_every_minute_and_costs_no_retry(deploy, platform):
    deploy(FAILS_ONCE, retry_num=1)
    platform.plan_outage("demo", times=5)
    platform.invoke_async("demo", {})
    platform.drain(20)
    assert [record["SCF_StatusCode"] for record in reports(platform.log)] == [500] * 5 + [430, 200]
    assert minutes_apart(platform) == [1] * 6
    assert platform.dead_letters == ()


def test_a_fault_of_the_platform_that_lasts_is_a_dead_letter_once_the_message_is_too_old(deploy, platform):
    deploy(WHO, msg_ttl_s=330)
    platform.plan_outage("demo", times=1000)
    platform.invoke_async("demo", {})
    platform.drain(20)
    assert len(reports(platform.log)) == 6
    assert [(lost.reason, lost.status_code) for lost in platform.dead_letters] == [("waited too long", 500)]


def test_a_function_without_a_free_instance_is_tried_again_until_it_has_one(deploy, platform):
    function = deploy(WHO, max_instances=0, msg_ttl_s=330)
    with platform.held():
        platform.invoke_async("demo", {})
    platform.drain(20)
    assert {record["SCF_StatusCode"] for record in reports(platform.log)} == {432}
    assert [(lost.reason, lost.status_code) for lost in platform.dead_letters] == [("waited too long", 432)]
    assert function.max_instances == 0


def test_a_process_that_cannot_be_started_is_the_platforms_fault(deploy, platform, package):
    folder = package(WHO)
    python = folder / "python"
    python.write_text("#!/nonexistent\n")
    python.chmod(0o755)
    platform.create(Function("demo", folder, python=python))
    result = platform.invoke("demo", {})
    assert result.status_code == 500
    assert "FileNotFoundError" in result.error["errorMessage"]
    assert result.billed_ms == 0


def test_a_message_for_a_function_that_was_deleted_is_a_dead_letter(deploy, platform):
    deploy(WHO)
    with platform.held():
        platform.invoke_async("demo", {})
        platform.delete("demo")
    platform.drain(20)
    assert [(lost.reason, lost.status_code) for lost in platform.dead_letters] == [("function gone", 435)]


def test_a_call_over_128_kb_is_refused_when_it_is_asynchronous(deploy, platform):
    deploy(WHO)
    with pytest.raises(InvocationRefused, match="406"):
        platform.invoke_async("demo", {"a": "x" * 128 * 1024})
    assert platform.invoke("demo", {"a": "x" * 128 * 1024}).status_code == 200
    assert platform.dead_letters == ()


def test_an_upload_whose_event_is_over_128_kb_is_a_dead_letter(deploy, platform):
    deploy(TOLD)
    platform.add_trigger(Trigger("demo", BUCKET))
    upload(platform, headers={"x-cos-meta-large": "x" * 128 * 1024})
    platform.drain(20)
    assert [(lost.reason, lost.status_code) for lost in platform.dead_letters] == [("event too large", 406)]


# What can be asked for


def test_nothing_comes_twice_merged_or_out_of_order_unless_asked(make_platform, package):
    platform = make_platform(side_by_side=1)
    platform.create(Function("demo", package(TOLD)))
    platform.add_trigger(Trigger("demo", BUCKET))
    with platform.held():
        for key in "abcdef":
            upload(platform, key)
    platform.drain(20)
    assert returned(platform) == [f'["/1250000000/examplebucket/{key}"]' for key in "abcdef"]


def test_uploads_can_come_twice(deploy, platform):
    deploy(TOLD)
    platform.add_trigger(Trigger("demo", BUCKET))
    platform.ask(Disorder(duplicates=1.0))
    upload(platform)
    platform.drain(20)
    assert returned(platform) == ['["/1250000000/examplebucket/a.mp4"]'] * 2
    assert len({record["SCF_RequestId"] for record in platform.log}) == 2


def test_uploads_can_overtake_each_other(deploy, platform):
    deploy(TOLD)
    platform.add_trigger(Trigger("demo", BUCKET))
    platform.ask(Disorder(seed=1, delay_up_to_s=600))
    with platform.held():
        for key in "abcdef":
            upload(platform, key)
    platform.drain(20)
    came = "".join(answer[-3] for answer in returned(platform))
    assert came != "abcdef"
    assert sorted(came) == list("abcdef")


def test_uploads_can_come_as_records_of_one_event(deploy, platform):
    deploy("def main_handler(event, context):\n    return len(event['Records'])\n")
    platform.add_trigger(Trigger("demo", BUCKET))
    platform.ask(Disorder(merge_up_to=4))
    with platform.held():
        for key in "abcdef":
            upload(platform, key)
    platform.drain(20)
    assert sorted(returned(platform)) == ["2", "4"]


def test_a_drain_that_does_not_end_in_time_names_what_is_left(deploy, platform):
    deploy(WHO)
    with platform.held():
        request_id = platform.invoke_async("demo", {})
        with pytest.raises(TimeoutError, match=f"0 running and 1 queued; {request_id} for demo"):
            platform.drain(0)
    platform.drain(20)


def test_time_does_not_leap_under_a_call_that_runs(deploy, platform):
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
    (long,) = [each for each in reports(platform.log) if each["SCF_RequestId"] == results[0].request_id]
    assert long["SCF_LogTime"] - long["SCF_StartTime"] < 60_000
    with writing_end(folder / "short"):
        pass
    platform.drain(20)
    assert len(platform.dead_letters) == 1


def test_more_messages_than_can_run_side_by_side_wait_their_turn(make_platform, package):
    platform = make_platform(side_by_side=2)
    platform.create(Function("demo", package(WHO)))
    with platform.held():
        for _ in range(12):
            platform.invoke_async("demo", {})
    platform.drain(20)
    assert len(returned(platform)) == 12
    assert len(set(returned(platform))) <= 2
    assert {record["SCF_StatusCode"] for record in platform.log} == {200}


# Functions


def test_a_name_is_given_once(deploy, package, platform):
    function = deploy(WHO)
    with pytest.raises(ValueError, match="already"):
        platform.create(function)


def test_an_update_is_in_force_from_the_next_call_on(deploy, package, platform):
    deploy(WHO)
    old = platform.invoke("demo", {}).return_value
    platform.update(Function("demo", package("def main_handler(event, context):\n    return 'new'\n")))
    assert platform.invoke("demo", {}).return_value == "new"
    assert not psutil.pid_exists(old)


def test_a_cooled_function_starts_anew(deploy, platform):
    deploy(WHO)
    old = platform.invoke("demo", {}).return_value
    platform.cool("demo")
    assert not psutil.pid_exists(old)
    assert platform.invoke("demo", {}).return_value != old


def test_deleting_a_function_takes_its_triggers_and_its_processes_along(deploy, platform):
    deploy(WHO)
    platform.add_trigger(Trigger("demo", BUCKET))
    pid = platform.invoke("demo", {}).return_value
    platform.delete("demo")
    assert (platform.functions, platform.triggers) == ((), ())
    assert not psutil.pid_exists(pid)
    with pytest.raises(InvocationRefused, match="435"):
        platform.invoke("demo", {})


@pytest.mark.parametrize("act", ["update", "delete", "cool"])
def test_what_is_not_there_cannot_be_changed(package, platform, act):
    argument = Function("nobody", package(WHO)) if act == "update" else "nobody"
    with pytest.raises(InvocationRefused, match="435"):
        getattr(platform, act)(argument)


def test_after_a_clear_nothing_is_left_and_all_can_begin_again(deploy, platform, issuer):
    deploy(FAILS, retry_num=0)
    platform.add_trigger(Trigger("demo", BUCKET))
    upload(platform)
    platform.drain(20)
    platform.clear()
    assert (platform.functions, platform.triggers, platform.log, platform.dead_letters) == ((), (), (), ())
    deploy(WHO)
    assert platform.invoke("demo", {}).status_code == 200
    assert len(issuer.asked) == 2


# The log


def test_the_log_holds_one_report_an_invocation_with_all_of_scfs_fields(deploy, platform):
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


def test_a_printed_line_of_json_is_parsed_one_level_deep_and_no_line_can_forge_scfs_fields(deploy, platform):
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
    own = [{name: value for name, value in record.items() if not name.startswith("SCF_")} for record in printed]
    assert own == [{"event": "frame.captured", "at_ms": 1500, "deep": '{"a": [1]}'}, {}, {}, {"two": "a\u2028b"}, {}]
    assert [record["SCF_StatusCode"] for record in printed] == [200] * 5
    assert [record["SCF_Message"] for record in printed][1:3] == ["plain", "[1, 2]"]


def test_the_log_holds_why_a_run_failed(deploy, platform):
    deploy(FAILS)
    platform.invoke("demo", {})
    errors = [str(record["SCF_Message"]) for record in platform.log if record["SCF_Level"] == "ERROR"]
    assert "RuntimeError: never" in errors[0]


def test_neither_events_nor_keys_are_in_the_log(deploy, platform):
    deploy("def main_handler(event, context):\n    return 1\n")
    platform.add_trigger(Trigger("demo", BUCKET))
    upload(platform, "very-secret.mp4")
    platform.drain(20)
    text = str([dict(record) for record in platform.log])
    for secret in ("very-secret", "AKIDnumber", "secretnumber", "tokennumber"):
        assert secret not in text


# The end


def test_a_closed_platform_leaves_no_process_thread_or_descriptor_behind(make_platform, package):
    def live():
        platform = make_platform()
        platform.create(Function("demo", package(WHO)))
        platform.invoke_async("demo", {})
        platform.drain(20)
        platform.invoke("demo", {})
        platform.close()

    live()
    before = psutil.Process().num_fds(), threading.active_count(), psutil.Process().children()
    live()
    assert (psutil.Process().num_fds(), threading.active_count(), psutil.Process().children()) == before


def test_a_closed_platform_leaves_no_temporary_folder_behind(deploy, platform, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    deploy(WHO)
    platform.invoke("demo", {})
    assert list((tmp_path / "temporary").iterdir())
    platform.close()
    assert not list((tmp_path / "temporary").iterdir())


def test_closing_ends_the_calls_that_are_under_way(deploy, platform):
    folder = deploy(
        """
        import os, threading
        def main_handler(event, context):
            open(os.environ["USER_CODE_ROOT"] + "gate").close()
            threading.Event().wait()
        """
    ).code_dir
    os.mkfifo(folder / "gate")
    platform.invoke_async("demo", {})
    with writing_end(folder / "gate"):
        pass
    platform.close()
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("scf-")] == []
    assert {record["SCF_StatusCode"] for record in reports(platform.log)} == {439}


def test_a_closed_platform_takes_nothing_more_and_can_be_closed_again(deploy, platform, package):
    deploy(WHO)
    platform.close()
    platform.close()
    with pytest.raises(RuntimeError, match="closed"):
        platform.create(Function("demo", package(WHO)))


def test_two_platforms_live_side_by_side(make_platform, package):
    one, another = make_platform(), make_platform(region="ap-beijing")
    for platform in (one, another):
        platform.create(
            Function("demo", package("def main_handler(e, context): return context['tencentcloud_region']"))
        )
    assert [each.invoke("demo", {}).return_value for each in (one, another)] == ["ap-guangzhou", "ap-beijing"]
