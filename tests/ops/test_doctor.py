"""Every finding of the doctor, provoked in a cloud that has that very fault; and what is said of it."""

import io
import json
import re
from dataclasses import replace

import pytest

from emulator.film import make_film
from emulator.scf.function import Function
from emulator.scf.triggers import Trigger
from ops.__main__ import main
from ops.deploy import Wish, deploy
from ops.doctor import CHECKS, examine, is_coloured
from ops.facts import Facts
from ops.finding import Finding, as_json, as_text, worst
from ops.package import ROOT
from ops.tencent import Keys, Tencent
from tests.ops.cloud import BUCKET, emulated

HOST = f"{BUCKET}.cos.ap-guangzhou.myqcloud.com"
TRUSTED = {"version": "2.0", "statement": []}


@pytest.fixture
def both():
    with emulated(queues=("lost",)) as both:
        yield both


@pytest.fixture
def deployed(both, stack_with, small_package):
    """Everything in place, the optional parts too."""
    stack = stack_with(deadLetter={"type": "CMQ-QUEUE", "name": "lost"})
    deploy(Wish(stack=stack, package=small_package), both.door, say=lambda _: None, pause=lambda _: None)
    rule = {"AllowedOrigin": "*", "AllowedMethod": ["GET"], "AllowedHeader": "*"}
    both.client.put_bucket_cors(Bucket=BUCKET, CORSConfiguration={"CORSRule": [rule]})
    return stack


def _look(both, stack, **options):
    return examine(Facts(stack, both.door), **options)


def _bad(findings):
    return {(one.check, one.severity) for one in findings if one.severity != "ok"}


def _update(both, **parameters):
    """Change the deployed function by hand, and wait."""
    both.door.scf("UpdateFunctionConfiguration", FunctionName="snapshot", **parameters)
    for _ in range(3):
        both.door.scf("GetFunction", FunctionName="snapshot")


def _variables(stack, **changed):
    pairs = {**dict(stack.environment), **changed}
    return {"Variables": [{"Key": name, "Value": value} for name, value in pairs.items() if value]}


def _trigger(both):
    (found,) = both.door.scf("ListTriggers", FunctionName="snapshot")["Triggers"]
    return {
        "FunctionName": "snapshot",
        "Type": "cos",
        "Qualifier": "$DEFAULT",
        "TriggerName": found["TriggerName"],
        "TriggerDesc": found["TriggerDesc"],
    }


def test_a_whole_set_up_is_well_in_every_respect(both, deployed):
    findings = _look(both, deployed)
    assert _bad(findings) == set()
    assert [one.check for one in findings] == [name for name, _ in CHECKS]
    assert worst(findings) == 0


def test_it_changes_nothing(both, deployed):
    before = both.keys_stored(), both.cloud.scf.functions, both.cloud.scf.triggers
    both.changes()
    both.cloud.clear_calls()
    _look(both, deployed)
    assert both.changes() == []
    assert {call.method for call in both.cloud.calls} <= {"GET", "HEAD"}
    assert (both.keys_stored(), both.cloud.scf.functions, both.cloud.scf.triggers) == before


# One fault each: what is done to a whole set-up, and the finding that must come of it.


def _no_media(both, stack):
    both.cloud.unbind(BUCKET)


def _no_bucket_of_that_name(both, stack):
    parameters = replace(stack.triggers[0], bucket="none-1250000000", host=HOST.replace("examplebucket", "none"))
    return replace(stack, triggers=(parameters,))


def _no_output_bucket(both, stack):
    settings = stack.settings.model_copy(update={"output_bucket": "none-1250000000"})
    return replace(stack, settings=settings)


def _other_account(both, stack):
    return replace(stack, appid="1259999999")


def _other_name(both, stack):
    return replace(stack, name="other")


def _by_hand(both, stack):
    _update(both, Timeout=100)


def _other_runtime_wanted(both, stack):
    return replace(stack, runtime="Python3.9")


def _busy(both, stack):
    both.door.scf("UpdateFunctionConfiguration", FunctionName="snapshot", Timeout=stack.timeout_s)


def _no_role(both, stack):
    (policy,) = both.plane.access.policies
    both.door.cam("DetachRolePolicy", PolicyId=policy.policy_id, DetachRoleName="snapshot-run")
    both.door.cam("DeleteRole", RoleName="snapshot-run")


def _other_role(both, stack):
    trust = both.plane.access.roles[0].trust
    both.door.cam("CreateRole", RoleName="other-run", PolicyDocument=trust)
    _update(both, Role="other-run")


def _trusted_to_another(both, stack):
    _trust(both, ["cls.cloud.tencent.com"])


def _trusted_to_more(both, stack):
    _trust(both, ["cls.cloud.tencent.com", "scf.qcloud.com"])


def _trust(both, services):
    rule = {"action": "name/sts:AssumeRole", "effect": "allow", "principal": {"service": services}}
    document = json.dumps({"version": "2.0", "statement": [rule]})
    both.door.cam("UpdateAssumeRolePolicy", RoleName="snapshot-run", PolicyDocument=document)


def _no_policy(both, stack):
    (policy,) = both.plane.access.policies
    both.door.cam("DetachRolePolicy", PolicyId=policy.policy_id, DetachRoleName="snapshot-run")


def _denied(both, stack):
    _attach(both, {"effect": "deny", "action": ["ci:*"], "resource": ["*"]})


def _everything_allowed(both, stack):
    _attach(both, {"effect": "allow", "action": ["name/cos:*"], "resource": ["*"]})


def _attach(both, rule):
    document = json.dumps({"version": "2.0", "statement": [rule]})
    number = both.door.cam("CreatePolicy", PolicyName="more", PolicyDocument=document)["PolicyId"]
    both.door.cam("AttachRolePolicy", PolicyId=number, AttachRoleName="snapshot-run")


def _no_trigger(both, stack):
    both.door.scf("DeleteTrigger", **_trigger(both))


def _closed_trigger(both, stack):
    both.door.scf("UpdateTriggerStatus", **_trigger(both), Enable="CLOSE")


def _other_prefix(both, stack):
    trigger = _trigger(both)
    both.door.scf("DeleteTrigger", **trigger)
    both.door.scf("CreateTrigger", **{**trigger, "TriggerDesc": trigger["TriggerDesc"].replace("videos/", "films/")})


def _overlapped(both, stack):
    both.door.scf("DeleteTrigger", **_trigger(both))
    both.cloud.scf.create(Function("other-one", ROOT))
    both.cloud.scf.add_trigger(Trigger("other-one", BUCKET, prefix="videos/holiday/"))


def _output_inside(both, stack):
    _update(both, Environment=_variables(stack, SNAPSHOT_INPUT_PREFIX="", SNAPSHOT_OUTPUT_PREFIX="videos/thumbs/"))


def _wrong_setting(both, stack):
    _update(both, Environment=_variables(stack, SNAPSHOT_MODE="fast"))


def _full_environment(both, stack):
    _update(both, Environment=_variables(stack, PADDING="x" * 3400))


def _many_shots(both, stack):
    _update(both, Environment=_variables(stack, SNAPSHOT_TIMES="every:10", SNAPSHOT_CONCURRENCY="1"))


def _even_shots(both, stack):
    _update(both, Environment=_variables(stack, SNAPSHOT_TIMES="90x", SNAPSHOT_CONCURRENCY="2"))


def _no_retries(both, stack):
    _retry(both, 0, 21600)


def _short_life(both, stack):
    _retry(both, 2, 60)


def _retry(both, number, life_s):
    config = {"RetryConfig": [{"RetryNum": number}], "MsgTTL": life_s}
    both.door.scf("UpdateFunctionEventInvokeConfig", FunctionName="snapshot", AsyncTriggerConfig=config)


def _no_cors(both, stack):
    both.client.delete_bucket_cors(Bucket=BUCKET)


FAULTS = [
    (_other_account, "keys", "error", "appid 1250000000, the bucket is of 1259999999", "keys of that account"),
    (_no_bucket_of_that_name, "bucket", "error", "no bucket none-1250000000", "Create it there"),
    (_no_output_bucket, "bucket", "error", "no bucket none-1250000000", "Create it there"),
    (_no_media, "media processing", "error", "not bound to CI", "enable media processing"),
    (_other_name, "function", "error", "no function other", "ops deploy"),
    (_by_hand, "function", "warning", "not as serverless.yml says; to do: change configuration", "--dry-run"),
    (_other_runtime_wanted, "function", "warning", "SCF cannot change that", "--dry-run"),
    (_busy, "function", "error", "Updating, not Active", "Wait a minute"),
    (_no_role, "role", "error", "no role snapshot-run", "ops deploy"),
    (_other_role, "role", "error", "the role other-run", "ops deploy"),
    (_trusted_to_another, "role", "error", "not trusted to scf.qcloud.com alone", "--only trust"),
    (_trusted_to_more, "role", "note", "not trusted to scf.qcloud.com alone", "--only trust"),
    (_no_policy, "policies", "error", "7 of 7 rights that the function needs are missing", "ops policy"),
    (
        _denied,
        "policies",
        "error",
        "2 of 7 rights that the function needs are missing:\nci:GenerateMediaInfo on qcs::ci:",
        "ops policy",
    ),
    (_everything_allowed, "policies", "note", "far more than the function needs", "Detach the wide policy"),
    (_no_trigger, "trigger", "error", "no trigger on videos/", "ops deploy"),
    (_closed_trigger, "trigger", "error", "is closed", "ops deploy"),
    (_other_prefix, "trigger", "error", "is for films/*, serverless.yml says videos/*", "ops deploy"),
    (_overlapped, "overlap", "error", "other-one listens to videos/holiday/*", "do not begin with one another"),
    (_output_inside, "output", "error", "thumbnails go to videos/thumbs/", "outside the trigger's prefix"),
    (_wrong_setting, "settings", "error", "SNAPSHOT_MODE", "Mend it in serverless.yml"),
    (_full_environment, "environment", "warning", "of 4096 bytes", "Leave out what is at its default"),
    (_many_shots, "timeout", "warning", "too short for up to 99 shots, 1 at once", "Set timeout to 302"),
    (_even_shots, "timeout", "warning", "too short for up to 90 shots, 2 at once", "Set timeout to 140"),
    (_no_retries, "retries", "warning", "never tried again", "retryNum: 2"),
    (_short_life, "retries", "warning", "60 s at most", "msgTTL: 21600"),
    (_no_cors, "CORS", "note", "no CORS rule that allows GET", "allow GET from your site"),
]


@pytest.mark.parametrize(
    ("fault", "check", "severity", "what", "remedy"), FAULTS, ids=[fault.__name__.strip("_") for fault, *_ in FAULTS]
)
def test_a_fault_is_found_named_and_has_a_remedy(both, deployed, fault, check, severity, what, remedy):
    stack = fault(both, deployed) or deployed
    found = [one for one in _look(both, stack) if one.check == check and one.severity == severity]
    assert any(what in one.what and remedy in one.remedy and one.why for one in found), found


def test_a_missing_dead_letter_is_a_note(both, stack, small_package):
    deploy(Wish(stack=stack, package=small_package), both.door, say=lambda _: None, pause=lambda _: None)
    (found,) = [one for one in _look(both, stack) if one.check == "dead letter"]
    assert (found.severity, found.what) == ("note", "there is no dead letter queue")
    assert "deadLetter in serverless.yml" in found.remedy


def test_an_unknown_runtime_is_a_warning(both, stack_with):
    (found,) = [one for one in _look(both, stack_with(runtime="Python3.12")) if one.check == "runtime"]
    assert (found.severity, "Python3.12 is none" in found.what) == ("warning", True)


def test_before_anything_is_deployed_that_is_what_is_said(both, stack):
    found = {one.check: one for one in _look(both, stack) if one.severity == "error"}
    assert set(found) == {"function", "role"}
    assert found["function"].remedy == "Run `python -m ops deploy`."


@pytest.mark.parametrize(
    ("spoil", "what", "remedy"),
    [
        ({"secret_id": "AKIDnobody"}, "these keys do not exist", "TENCENTCLOUD_SECRET_ID"),
        ({"secret_key": "wrong"}, "does not belong to the key id", "as a pair"),
    ],
    ids=["no such key", "another secret"],
)
def test_keys_that_are_refused_end_the_examination(both, stack, spoil, what, remedy):
    door = Tencent(region=both.cloud.region, keys=replace(both.keys, **spoil), endpoints=both.endpoints)
    (found,) = examine(Facts(stack, door))
    assert (found.check, found.severity) == ("keys", "error")
    assert what in found.what
    assert remedy in found.remedy


def test_a_region_without_scf_ends_the_examination(both, stack):
    door = Tencent(region="ap-nowhere", keys=both.keys, endpoints=both.endpoints)
    findings = examine(Facts(stack, door))
    assert [(one.check, one.severity) for one in findings] == [("keys", "ok"), ("region", "error")]
    assert "Choose another region" in findings[-1].remedy


def test_a_check_that_cannot_be_made_is_a_finding_and_stops_no_other(both, deployed):
    class Deaf:
        def __getattr__(self, name):
            return getattr(both.door, name)

        def cam(self, action, **parameters):
            if action == "GetPolicy":
                return both.door.cam("GetPolicy", PolicyId=1)
            return both.door.cam(action, **parameters)

    findings = examine(Facts(deployed, Deaf()))
    broken = [one for one in findings if one.why == "It could not be looked at."]
    assert "policies" in {one.check for one in broken}
    assert findings[-1].check == "CORS"


@pytest.fixture
def film(both, tmp_path):
    make_film(tmp_path / "a.mp4", duration_s=1.0, size=(160, 90), fade_in_s=0.2)
    both.client.put_object(Bucket=BUCKET, Body=(tmp_path / "a.mp4").read_bytes(), Key="films/a.mp4")
    both.client.put_object(Bucket=BUCKET, Body=b"text", Key="films/text.mp4")


def test_a_probe_takes_one_snapshot_and_says_what_it_cost(both, deployed, film):
    both.cloud.clear_calls()
    found = _look(both, deployed, probe="films/a.mp4")[-1]
    assert (found.check, found.severity) == ("probe", "ok")
    assert "image/jpeg" in found.what
    assert "USD" in found.what
    paid = [call.operation for call in both.cloud.calls if call.operation.startswith(("GetMedia", "GetSnap"))]
    assert sorted(paid) == ["GetMediaInfo", "GetSnapshot"]


@pytest.mark.parametrize(
    ("key", "what", "remedy"),
    [
        ("films/none.mp4", "no snapshot of films/none.mp4: NoSuchKey", "Choose a key"),
        ("films/text.mp4", "no snapshot of films/text.mp4", ""),
    ],
    ids=["no object", "no video"],
)
def test_a_probe_that_fails_is_an_error(both, deployed, film, key, what, remedy):
    found = _look(both, deployed, probe=key)[-1]
    assert (found.check, found.severity) == ("probe", "error")
    assert what in found.what
    assert remedy in found.remedy
    assert found.remedy


def test_a_probe_of_an_unbound_bucket_says_so(both, deployed, film):
    both.cloud.unbind(BUCKET)
    found = _look(both, deployed, probe="films/a.mp4")[-1]
    assert "MediaBucketUnBinded" in found.what
    assert "enable media processing" in found.remedy


def test_a_probe_that_brings_no_picture_is_an_error(both, deployed, film):
    class Body:
        def get_raw_stream(self):
            return io.BytesIO(b"<html>")

    class Portal:
        def __getattr__(self, name):
            return getattr(both.door, name)

        def cos(self, method, **parameters):
            if method == "get_snapshot":
                return {"Content-Type": "text/html", "Body": Body()}
            return both.door.cos(method, **parameters)

    found = examine(Facts(deployed, Portal()), probe="films/a.mp4")[-1]
    assert "no picture but text/html, 6 bytes" in found.what


# How it is shown.

SOME = [
    Finding("keys", "ok", "accepted"),
    Finding("CORS", "note", "no rule", "A reason.", "A remedy."),
    Finding("retries", "warning", "none", "A reason.", "A remedy."),
]


def test_for_people_each_finding_has_its_reason_and_remedy_below():
    lines = as_text(SOME, coloured=False).splitlines()
    assert lines[0] == "ok       keys: accepted"
    assert lines[1:4] == ["note     CORS: no rule", "         A reason.", "         -> A remedy."]
    assert lines[-1] == "3 looked at: 1 warning, 1 note."
    assert as_text(SOME[:1], coloured=False).endswith("1 looked at: all is well.")


def test_colours_are_only_for_a_terminal_that_wants_them():
    assert "\x1b[33mwarning\x1b[0m" in as_text(SOME, coloured=True)
    assert "\x1b" not in as_text(SOME, coloured=False)
    assert is_coloured({}, is_terminal=True)
    assert not is_coloured({}, is_terminal=False)
    assert not is_coloured({"NO_COLOR": "1"}, is_terminal=True)
    assert is_coloured({"NO_COLOR": ""}, is_terminal=True)


def test_the_exit_status_is_that_of_the_worst():
    assert [worst(SOME[:2]), worst(SOME), worst([*SOME, Finding("a", "error", "b")]), worst([])] == [0, 1, 2, 0]


def test_for_programs_it_is_json():
    found = json.loads(as_json(SOME))
    assert found["status"] == 1
    assert found["findings"][2] == {
        "check": "retries", "severity": "warning", "what": "none", "why": "A reason.", "remedy": "A remedy.",
    }  # fmt: skip


def test_the_command_prints_findings_and_exits_by_the_worst(both, deployed, monkeypatch, capsys):
    for name, value in both.environment.items():
        monkeypatch.setenv(name, value)
    assert main(["doctor", *both.arguments]) == 0
    assert "note     dead letter" not in capsys.readouterr().out.replace("queue", "")
    both.cloud.unbind(BUCKET)
    assert main(["doctor", "--json", *both.arguments]) == 2
    found = json.loads(capsys.readouterr().out)
    assert found["status"] == 2
    assert both.keys.secret_key not in str(found)


def test_the_command_without_keys_or_with_a_wrong_file_still_reports(monkeypatch, capsys, tmp_path):
    for name in ("TENCENTCLOUD_SECRET_ID", "TENCENT_SECRET_ID"):
        monkeypatch.delenv(name, raising=False)
    assert main(["doctor"]) == 2
    assert re.search(r"error +keys: There are no keys", capsys.readouterr().out)
    (tmp_path / "serverless.yml").write_text("component: scf\n")
    assert main(["doctor", "--stack", str(tmp_path / "serverless.yml")]) == 2
    assert "error    serverless.yml:" in capsys.readouterr().out


def test_a_function_of_another_tool_is_compared_by_what_is_its_own(both, deployed):
    """As `scf deploy` leaves it: no mark, and a role and policies made by hand."""
    _update(both, Description=deployed.description)
    (found,) = (one for one in _look(both, deployed) if one.check == "function")
    assert (found.severity, found.what) == ("ok", "snapshot is Active and as serverless.yml says")
    _update(both, Timeout=60)
    (found,) = (one for one in _look(both, deployed) if one.check == "function")
    assert (found.severity, found.remedy.rpartition(": ")[2]) == ("warning", "`python -m ops deploy --adopt`.")
    assert "made by another tool" in found.what
    assert found.what.endswith("to do: change configuration")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--endpoint", "127.0.0.1:8000", "--api-endpoint", "http://127.0.0.1:8001"], "is no address of an emulator"),
        (["--endpoint", "http://127.0.0.1:8000", "--api-endpoint", ""], "for one half of the calls only"),
    ],
    ids=["no scheme", "one of two"],
)
def test_half_a_rehearsal_never_reaches_the_cloud_itself(monkeypatch, capsys, arguments, said):
    monkeypatch.setenv("TENCENTCLOUD_SECRET_ID", "AKIDx")
    monkeypatch.setenv("TENCENTCLOUD_SECRET_KEY", "y")
    assert main(["doctor", "--json", *arguments]) == 2
    (found,) = json.loads(capsys.readouterr().out)["findings"]
    assert found["check"] == "endpoint"
    assert said in found["what"]


def test_keys_never_show(both):
    assert both.keys.secret_id not in repr(Keys(both.keys.secret_id, both.keys.secret_key, "t"))
    assert both.keys.secret_key not in repr(both.keys)
