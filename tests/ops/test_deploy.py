"""Deployed to an empty cloud and used; again, and nothing changes; one setting, and that changes; taken away."""

import json
import subprocess
import sys
import zipfile
from dataclasses import replace

import pytest
from tencentcloud.cam.v20190116 import models as cam_models
from tencentcloud.scf.v20180416 import models as scf_models

from emulator.film import make_film
from emulator.scf.function import Function
from emulator.scf.triggers import Trigger
from ops.__main__ import main
from ops.deploy import Wish, deploy
from ops.errors import CloudError, OpsError
from ops.package import ROOT
from ops.tencent import Endpoints, Keys, Tencent, keys_from
from tests.ops.cloud import BUCKET, Both, emulated


@pytest.fixture
def both():
    with emulated(queues=("lost",)) as both:
        yield both


@pytest.fixture
def said():
    return []


@pytest.fixture
def run(both, small_package, stack, said):
    """Deploy a stack (the project's own unless another is given); the plan."""

    def run(stack=stack, **wish):
        said.clear()
        wished = Wish(**{"stack": stack, "package": small_package, **wish})
        return deploy(wished, both.door, say=said.append, pause=lambda _: None)

    return run


def _verbs(plan):
    return [step.verb for step in plan.steps]


ALL = ["create role", "create policy", "attach policy", "create function", "change retries", "create trigger"]


def test_from_nothing_to_thumbnails_to_no_change_to_one_change_to_nothing(both, run, stack_with, said, tmp_path):
    # deploy to an empty cloud
    assert _verbs(run()) == ALL
    assert said[-1] == "Done."
    # an upload, thumbnails
    make_film(tmp_path / "a.mp4", duration_s=4.0, size=(160, 90))
    both.client.put_object(Bucket=BUCKET, Body=(tmp_path / "a.mp4").read_bytes(), Key="videos/a.mp4")
    both.cloud.scf.drain(60)
    manifest = both.manifest("videos/a.mp4")
    assert [entry["at_ms"] for entry in manifest["thumbnails"]] == [1000, 2000, 3000]
    assert {entry["key"] for entry in manifest["thumbnails"]} <= both.keys_stored()
    # again: no change
    both.changes()
    assert _verbs(run()) == []
    assert said == ["Nothing to change: what is deployed is what serverless.yml says."]
    assert both.changes() == []
    # a setting changed: exactly that changes
    plan = run(stack_with(variables={"SNAPSHOT_TIMES": "50%"}))
    (step,) = plan.steps
    assert [(one.what, one.before, one.after) for one in step.changes] == [("SNAPSHOT_TIMES", "1,25%,50%,75%", "50%")]
    assert both.changes() == ["UpdateFunctionConfiguration"]
    (function,) = both.cloud.scf.functions
    assert function.environment["SNAPSHOT_TIMES"] == "50%"
    # --destroy: empty again, and what it did not make stays
    run(destroy=True)
    assert both.cloud.scf.functions == both.cloud.scf.triggers == ()
    assert both.plane.access.roles == both.plane.access.policies == ()
    assert "videos/a.mp4" in both.keys_stored()
    assert not any(key.startswith("snapshot-ops/") for key in both.keys_stored())
    run(destroy=True)
    assert said == ["Nothing to remove: none of it is there."]


def test_what_was_deployed_is_what_the_file_says(both, run, stack):
    run()
    (function,) = both.cloud.scf.functions
    assert dict(function.environment) == {**dict(stack.environment), "SNAPSHOT_ENDPOINT": both.cloud.endpoint}
    assert (function.memory_mb, function.timeout_s, function.init_timeout_s) == (512, 120, 10)
    assert (function.handler, function.runtime, function.role) == ("handler.main_handler", "Python3.10", "snapshot-run")
    assert (function.retry_num, function.msg_ttl_s) == (2, 21600)
    (trigger,) = both.cloud.scf.triggers
    assert (trigger.bucket, trigger.prefix, trigger.enabled) == (BUCKET, "videos/", True)
    (role,) = both.plane.access.roles
    assert "scf.qcloud.com" in role.trust
    described = both.door.scf("GetFunction", FunctionName="snapshot")
    assert described["Tags"] == [{"Key": "project", "Value": "snapshot"}]
    assert described["PublicNetConfig"]["PublicNetStatus"] == "ENABLE"


def test_a_dry_run_prints_the_plan_and_touches_nothing(both, run, said):
    assert _verbs(run(is_dry=True)) == ALL
    assert both.changes() == []
    assert both.keys_stored() == set()
    assert "+ create function: snapshot" in said
    assert "    SNAPSHOT_INPUT_PREFIX: videos/" in said
    assert (
        f"    grant: allow ci:GenerateSnapshot on qcs::ci:ap-guangzhou:uid/1250000000:bucket/{BUCKET}/videos/*" in said
    )
    run()
    both.changes()
    run(is_dry=True, destroy=True)
    assert "- remove function: snapshot" in said
    assert both.changes() == []


@pytest.mark.parametrize(
    ("changed", "verbs", "called"),
    [
        ({"timeout": 300}, ["change configuration"], ["UpdateFunctionConfiguration"]),
        ({"memorySize": 1024}, ["change configuration"], ["UpdateFunctionConfiguration"]),
        ({"publicAccess": False}, ["change configuration"], ["UpdateFunctionConfiguration"]),
        ({"description": "Other words"}, ["change configuration"], ["UpdateFunctionConfiguration"]),
        ({"variables": {"SNAPSHOT_MODE": None}}, ["change configuration"], ["UpdateFunctionConfiguration"]),
        (
            {"deadLetter": {"type": "CMQ-QUEUE", "name": "lost"}},
            ["change configuration"],
            ["UpdateFunctionConfiguration"],
        ),
        ({"retryNum": 1}, ["change retries"], ["UpdateFunctionEventInvokeConfig"]),
        ({"msgTTL": 3600}, ["change retries"], ["UpdateFunctionEventInvokeConfig"]),
        (
            {"variables": {"SNAPSHOT_INPUT_PREFIX": "films/"}, "trigger": {"filter": {"prefix": "films/"}}},
            ["change policy", "change configuration", "remove trigger", "create trigger"],
            ["UpdatePolicy", "UpdateFunctionConfiguration", "DeleteTrigger", "CreateTrigger"],
        ),
        (
            {"variables": {"SNAPSHOT_OUTPUT_PREFIX": "t/"}},
            ["change policy", "change configuration"],
            ["UpdatePolicy", "UpdateFunctionConfiguration"],
        ),
        ({"tags": {"project": "other"}}, [], []),
    ],
    ids=lambda value: json.dumps(value) if isinstance(value, dict) else "",
)
def test_one_change_in_the_file_is_one_change_in_the_cloud(both, run, stack_with, changed, verbs, called):
    run()
    both.changes()
    stack = stack_with(**changed)
    assert _verbs(run(stack)) == verbs
    assert both.changes() == called
    assert _verbs(run(stack)) == []


def test_a_new_package_is_sent_and_only_that(both, run, small_package, tmp_path):
    run()
    both.changes()
    newer = tmp_path / "newer.zip"
    newer.write_bytes(small_package.read_bytes())
    with zipfile.ZipFile(newer, "a") as archive:
        archive.writestr("snapshot/new.py", "")
    assert _verbs(run(package=newer)) == ["change code"]
    assert both.changes() == ["UpdateFunctionCode", "UpdateFunctionConfiguration"]
    (function,) = both.cloud.scf.functions
    assert (function.code_dir / "snapshot" / "new.py").is_file()
    assert _verbs(run(package=newer)) == []


def test_whatever_was_interrupted_goes_on_from_there(small_package, stack):
    """Ctrl-C at each call in turn; the next run ends where an uninterrupted one does, and a third changes nothing."""
    at = 0
    with emulated(looks=1) as both:
        wish = Wish(stack=stack, package=small_package)
        while True:
            at += 1
            door = Interrupted(both, at)
            try:
                deploy(wish, door, say=lambda _: None, pause=lambda _: None)
                break
            except KeyboardInterrupt:
                assert not any(key.startswith("snapshot-ops/") for key in both.keys_stored())
            deploy(wish, both.door, say=lambda _: None, pause=lambda _: None)
            assert _verbs(deploy(wish, both.door, say=lambda _: None)) == []
            deploy(Wish(stack=stack, package=small_package, destroy=True), both.door, say=lambda _: None)
            assert both.cloud.scf.functions == both.plane.access.roles == both.plane.access.policies == ()
    assert at > 9, "fewer calls than a deployment takes were interrupted"


class Interrupted:
    """The door, with a Ctrl-C right after the n-th call was done."""

    def __init__(self, both: Both, at: int):
        self._door, self._left = both.door, at

    def __getattr__(self, name):
        method = getattr(self._door, name)

        def call(*words, **parameters):
            answer = method(*words, **parameters)
            self._left -= name != "delete"
            if self._left == 0 and name != "delete":
                raise KeyboardInterrupt
            return answer

        return call


def test_what_somebody_else_made_is_not_touched_unless_told(both, run, said):
    both.door.cam("CreateRole", RoleName="snapshot-run", PolicyDocument=json.dumps(TRUST), Description="mine")
    both.changes()
    with pytest.raises(OpsError, match="a role snapshot-run that this program did not make") as raised:
        run()
    assert "--adopt" in raised.value.remedy
    assert both.changes() == []
    run(destroy=True)
    assert said == ["! the role snapshot-run was not made by this program and stays"]
    assert [role.name for role in both.plane.access.roles] == ["snapshot-run"]
    assert _verbs(run(adopt=True))[0] == "mark role"
    assert _verbs(run()) == []


TRUST = {
    "version": "2.0",
    "statement": [{"action": "name/sts:AssumeRole", "effect": "allow", "principal": {"service": "scf.qcloud.com"}}],
}


def test_a_function_of_another_hand_is_adopted_whole(both, run, said):
    run()
    both.door.scf("UpdateFunctionConfiguration", FunctionName="snapshot", Description="by hand", Timeout=5)
    for _ in range(3):
        both.door.scf("GetFunction", FunctionName="snapshot")
    with pytest.raises(OpsError, match="a function snapshot"):
        run()
    assert _verbs(run(adopt=True)) == ["change code", "change configuration"]
    assert said[0] == "~ change code: snapshot"
    assert _verbs(run()) == []


def test_a_role_that_somebody_gave_more_rights_stays(both, run, said):
    run()
    number = both.door.cam("CreatePolicy", PolicyName="more", PolicyDocument=json.dumps(MORE))["PolicyId"]
    both.door.cam("AttachRolePolicy", PolicyId=number, AttachRoleName="snapshot-run")
    run(destroy=True)
    assert "! the role snapshot-run stays: somebody attached more to it" in said
    assert [role.name for role in both.plane.access.roles] == ["snapshot-run"]
    assert [policy.name for policy in both.plane.access.policies] == ["more"]


MORE = {"version": "2.0", "statement": [{"effect": "allow", "action": ["name/cos:*"], "resource": ["*"]}]}


def test_drift_is_put_right(both, run):
    run()
    both.door.cam("UpdateAssumeRolePolicy", RoleName="snapshot-run", PolicyDocument=json.dumps(OTHER_TRUST))
    (policy,) = both.plane.access.policies
    both.door.cam("DetachRolePolicy", PolicyId=policy.policy_id, DetachRoleName="snapshot-run")
    (trigger,) = both.door.scf("ListTriggers", FunctionName="snapshot")["Triggers"]
    both.door.scf(
        "UpdateTriggerStatus", FunctionName="snapshot", Type="cos", TriggerName=trigger["TriggerName"],
        TriggerDesc=trigger["TriggerDesc"], Qualifier="$DEFAULT", Enable="CLOSE",
    )  # fmt: skip
    assert _verbs(run()) == ["change trust", "attach policy", "remove trigger", "create trigger"]
    assert _verbs(run()) == []


OTHER_TRUST = {
    "version": "2.0",
    "statement": [
        {"action": "name/sts:AssumeRole", "effect": "allow", "principal": {"service": "cls.cloud.tencent.com"}}
    ],
}


def test_another_runtime_cannot_be_had_by_a_change_and_that_is_said(both, run, stack_with):
    run()
    both.changes()
    with pytest.raises(OpsError, match=r"runs on Python3\.10, and SCF cannot change that to Python3\.9") as raised:
        run(stack_with(runtime="Python3.9"))
    assert "--destroy" in raised.value.remedy
    assert both.changes() == []


def test_a_dead_letter_taken_out_of_the_file_is_said_to_stay(run, stack_with, said):
    run(stack_with(deadLetter={"type": "CMQ-QUEUE", "name": "lost"}))
    assert _verbs(run()) == []
    assert said == ["! the dead letter queue cannot be taken away by this API; do it in the console"]


def test_a_creation_that_failed_is_begun_anew(both, run, tmp_path):
    both.door.put(BUCKET, "x.zip", _zip_of(tmp_path, "other.py"))
    both.door.cam(
        "CreateRole", RoleName="snapshot-run", PolicyDocument=json.dumps(TRUST), Description="Made by snapshot ops."
    )
    both.door.scf(
        "CreateFunction", FunctionName="snapshot", Handler="handler.main_handler", Runtime="Python3.10",
        Role="snapshot-run", Code={"CosBucketName": "examplebucket", "CosObjectName": "/x.zip"},
        Description=f"x Made by snapshot ops, code {'0' * 64}.",
    )  # fmt: skip
    verbs = _verbs(run())
    assert verbs[:4] == ["create policy", "attach policy", "remove function", "create function"]
    assert _verbs(run()) == []


def _zip_of(folder, name):
    path = folder / "any.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, "")
    return path.read_bytes()


def test_another_role_in_the_file_is_made_and_the_former_is_said_to_stay(both, run, stack_with, said):
    run()
    plan = run(stack_with(role="other-run"))
    assert _verbs(plan) == ["create role", "create policy", "attach policy", "change configuration"]
    assert "! the role snapshot-run that the function had is not named in serverless.yml any more and stays" in said
    (function,) = both.cloud.scf.functions
    assert function.role == "other-run"


@pytest.mark.parametrize(
    ("changed", "code", "remedy"),
    [
        ({"deadLetter": {"type": "CMQ-QUEUE", "name": "none"}}, "ResourceNotFound.Cmq", "Create it in the same region"),
        ({"namespace": "other"}, "ResourceNotFound.Namespace", "namespace default"),
    ],
    ids=["no queue", "no namespace"],
)
def test_a_refusal_is_explained_with_what_to_do(run, stack_with, changed, code, remedy):
    with pytest.raises(CloudError) as raised:
        run(stack_with(**changed))
    assert raised.value.code == code
    assert remedy in raised.value.remedy
    assert raised.value.request_id


def test_a_bucket_that_another_function_listens_to_is_explained(both, run):
    both.cloud.scf.create(Function("other-one", ROOT))
    both.cloud.scf.add_trigger(Trigger("other-one", BUCKET, prefix="videos/holiday/"))
    with pytest.raises(CloudError, match="listens to the same uploads") as raised:
        run()
    assert "choose another prefix" in raised.value.remedy


def test_a_bucket_that_is_not_there_is_explained(run, stack_with):
    host = "nowhere-1250000000.cos.ap-guangzhou.myqcloud.com"
    with pytest.raises(CloudError) as raised:
        run(stack_with(trigger={"bucket": host}))
    assert raised.value.code == "NoSuchBucket"
    assert "Create the bucket" in raised.value.remedy
    assert raised.value.what.startswith("COS put_object of nowhere-1250000000")


def test_keys_of_another_account_are_seen_before_anything_is_done(both, run, stack_with):
    with pytest.raises(CloudError, match="appid 1250000000, the bucket of the trigger to 1259999999"):
        run(stack_with(trigger={"bucket": "examplebucket-1259999999.cos.ap-guangzhou.myqcloud.com"}))
    assert both.changes() == []


def test_a_package_that_is_none_is_not_sent(both, run, tmp_path):
    with pytest.raises(OpsError, match="no package") as raised:
        run(package=tmp_path / "none.zip")
    assert "ops package" in raised.value.remedy
    (tmp_path / "text.zip").write_text("x")
    with pytest.raises(OpsError, match="is no zip"):
        run(package=tmp_path / "text.zip")
    (tmp_path / "else.zip").write_bytes(_zip_of(tmp_path, "index.py"))
    with pytest.raises(OpsError, match=r"holds no handler\.py"):
        run(package=tmp_path / "else.zip")
    assert both.plane.calls == ()


def test_a_function_in_the_middle_of_a_change_is_waited_for(both, run, said):
    run()
    both.door.scf("UpdateFunctionConfiguration", FunctionName="snapshot", Timeout=60)
    assert _verbs(run()) == ["change configuration"]
    assert said[0] == "The function is Updating; waiting until that is done."


def test_the_commands_word_by_word(both, small_package, said, capsys, monkeypatch):
    for name, value in both.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("ops.steps.LOOK_EVERY_S", 0.01)
    assert main(["deploy", "--dry-run", "--package", str(small_package), *both.arguments]) == 0
    assert "+ create function: snapshot" in capsys.readouterr().out
    assert both.changes() == []
    assert main(["deploy", "--package", str(small_package), *both.arguments]) == 0
    assert capsys.readouterr().out.endswith("Done.\n")
    assert main(["deploy", "--package", str(small_package), *both.arguments]) == 0
    assert capsys.readouterr().out.startswith("Nothing to change")
    assert main(["deploy", "--destroy", *both.arguments]) == 0
    assert "- remove function: snapshot" in capsys.readouterr().out


def test_without_keys_the_command_says_where_to_get_them(monkeypatch, capsys, small_package):
    for name in ("TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY", "TENCENT_SECRET_ID", "TENCENT_SECRET_KEY"):
        monkeypatch.delenv(name, raising=False)
    assert main(["deploy", "--package", str(small_package)]) == 1
    error = capsys.readouterr().err
    assert error.startswith("There are no keys in the environment.")
    assert "TENCENTCLOUD_SECRET_ID" in error


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        ({"secret_id": "AKIDnobody"}, "these keys do not exist"),
        ({"secret_key": "wrong"}, "the secret key does not belong to the key id"),
    ],
    ids=["no such key", "another secret"],
)
def test_wrong_keys_are_told_apart(both, stack, small_package, spoil, said):
    door = Tencent(region=both.cloud.region, keys=replace(both.keys, **spoil), endpoints=both.endpoints)
    with pytest.raises(CloudError, match=said) as raised:
        deploy(Wish(stack=stack, package=small_package), door, say=lambda _: None)
    assert both.keys.secret_key not in str(raised.value)


@pytest.mark.parametrize("spoilt", ["ab\ncd", "ab cd", "ab\u200bcd", "abé"], ids=["line", "blank", "unseen", "foreign"])
@pytest.mark.parametrize("name", ["TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY", "TENCENTCLOUD_TOKEN"])
def test_what_can_be_no_key_is_named_and_not_shown(name, spoilt):
    """Sent nevertheless, it would come back in a library's message, and the signature with it."""
    environment = {"TENCENTCLOUD_SECRET_ID": "AKIDx", "TENCENTCLOUD_SECRET_KEY": "y", name: spoilt}
    with pytest.raises(OpsError, match=f"^{name} can be no key") as raised:
        keys_from(environment)
    assert spoilt not in str(raised.value)


def test_blanks_around_a_key_are_taken_away():
    environment = {"TENCENT_SECRET_ID": " AKIDx\n", "TENCENT_SECRET_KEY": "y\n", "TENCENT_TOKEN": "t\n"}
    assert keys_from(environment) == Keys("AKIDx", "y", "t")


def test_the_data_plane_taken_for_the_api_is_told_so(both, stack, small_package):
    endpoints = Endpoints(api=both.endpoints.cos, cos=both.endpoints.cos)
    door = Tencent(region=stack.region, keys=both.keys, endpoints=endpoints)
    with pytest.raises(CloudError, match="what answers there is not the cloud's API") as raised:
        deploy(Wish(stack=stack, package=small_package), door, say=lambda _: None)
    assert "OPS_API_ENDPOINT" in raised.value.remedy
    assert len(raised.value.what) < 500


def test_a_reader_that_has_seen_enough_is_no_failure_to_be_traced(stack):
    code = "import sys; from ops.__main__ import main; sys.exit(main(['policy']))"
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as one:
        one.stdout.close()
        assert one.stderr.read() == b""
    assert one.returncode == 1


def test_a_cloud_out_of_reach_is_told_from_a_refusal(stack, small_package):
    door = Tencent(
        region=stack.region, keys=Keys("AKIDx", "y"), endpoints=Endpoints("http://127.0.0.1:9", "http://127.0.0.1:9")
    )
    with pytest.raises(CloudError, match="could not be reached") as raised:
        deploy(Wish(stack=stack, package=small_package), door, say=lambda _: None)
    assert "proxy" in raised.value.remedy


def test_every_parameter_sent_is_one_of_the_sdks_own(both, run, stack_with):
    """The emulator refuses what it does not know; this holds the rest to the SDK's request types."""
    sent = []
    original = both.door._call
    object.__setattr__(both.door, "_call", lambda *call: (sent.append(call), original(*call))[1])
    run(stack_with(deadLetter={"type": "CMQ-QUEUE", "name": "lost"}))
    run(stack_with(timeout=60, retryNum=0))
    run(destroy=True)
    modules = {"scf": scf_models, "cam": cam_models}
    for service, action, parameters in sent:
        request = getattr(modules[service], f"{action}Request")()
        unknown = [name for name in parameters if not hasattr(request, f"_{name}")]
        assert unknown == [], action
    assert {action for _, action, _ in sent} >= {"CreateFunction", "CreateTrigger", "CreateRole", "DeleteRole"}
