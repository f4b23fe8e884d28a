"""Deployments to a local cloud: what they create, change, keep and remove."""

import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import zipfile
from dataclasses import replace

import psutil
import pytest
from tencentcloud.cam.v20190116 import models as cam_models
from tencentcloud.scf.v20180416 import models as scf_models

from emulator.films.film import make_film
from emulator.scf.function import Function
from emulator.scf.triggers import Trigger
from ops.__main__ import main
from ops.cloud.client import CloudClient
from ops.cloud.credentials import Credentials, Endpoints
from ops.deploy.command import Deployment, DeployOptions
from ops.errors import CloudError, OpsError
from ops.package.command import ROOT
from tests.ops.cloud import BUCKET, LocalCloud, emulated


@pytest.fixture
def local():
    with emulated(queues=("lost",)) as local:
        yield local


@pytest.fixture
def lines():
    return []


@pytest.fixture
def run(local, small_package, stack, lines):
    """Deploy or destroy a stack (the project's own unless another is given), and return the plan."""

    def run(stack=stack, *, destroy=False, execute=True, client=None, **options):
        lines.clear()
        options = DeployOptions(**{"stack": stack, "package": small_package, **options})
        deployment = Deployment(options, client or local.client, say=lines.append, pause=lambda _: None)
        return deployment.destroy(execute=execute) if destroy else deployment.deploy(execute=execute)

    return run


def _verbs(plan):
    return [step.verb for step in plan.steps]


ALL = [
    "upload package",
    "create role",
    "create policy",
    "attach policy",
    "create function",
    "remove package",
    "change retries",
    "create trigger",
    "create trigger",
    "create trigger",
]


def test_life_of_a_deployment(local, run, stack_with, lines, tmp_path):
    """Deploy, upload, deploy again (no change), change one setting, destroy: each does exactly its part."""
    # deploy to an empty cloud
    assert _verbs(run()) == ALL
    assert lines[-2] == "Done."
    # an upload, thumbnails
    make_film(tmp_path / "a.mp4", duration_s=4.0, size=(160, 90))
    local.cos.put_object(Bucket=BUCKET, Body=(tmp_path / "a.mp4").read_bytes(), Key="videos/a.mp4")
    local.cloud.scf.drain(60)
    manifest = local.manifest("videos/a.mp4")
    assert [entry["at_ms"] for entry in manifest["thumbnails"]] == [1000, 2000, 3000]
    assert {entry["key"] for entry in manifest["thumbnails"]} <= local.stored_keys()
    # again: no change
    local.changes()
    assert _verbs(run()) == []
    assert lines == ["Nothing to change: everything is as serverless.yml describes it."]
    assert local.changes() == []
    # a setting changed: exactly that changes
    plan = run(stack_with(variables={"SNAPSHOT_TIMES": "50%"}))
    (step,) = plan.steps
    assert [(change.name, change.before, change.after) for change in step.changes] == [
        ("SNAPSHOT_TIMES", "1,25%,50%,75%", "50%")
    ]
    assert local.changes() == ["UpdateFunctionConfiguration"]
    (function,) = local.cloud.scf.functions
    assert function.environment["SNAPSHOT_TIMES"] == "50%"
    # --destroy: empty again, and what it did not make stays
    run(destroy=True)
    assert local.cloud.scf.functions == local.cloud.scf.triggers == ()
    assert local.plane.access.roles == local.plane.access.policies == ()
    assert "videos/a.mp4" in local.stored_keys()
    assert not any(key.startswith("snapshot-ops/") for key in local.stored_keys())
    run(destroy=True)
    assert lines == ["Nothing to remove: none of it exists."]


def test_deployed_as_described(local, run, stack):
    """Every resource has the values that serverless.yml gives it."""
    run()
    (function,) = local.cloud.scf.functions
    assert dict(function.environment) == {**dict(stack.environment), "SNAPSHOT_ENDPOINT": local.cloud.endpoint}
    assert (function.memory_mb, function.timeout_s, function.init_timeout_s) == (512, 120, 10)
    assert (function.handler, function.runtime, function.role) == ("handler.main_handler", "Python3.10", "snapshot-run")
    assert (function.retry_num, function.msg_ttl_s) == (2, 21600)
    triggers = local.cloud.scf.triggers
    assert {(trigger.bucket, trigger.prefix, trigger.enabled) for trigger in triggers} == {(BUCKET, "videos/", True)}
    assert sorted(event for trigger in triggers for event in trigger.events) == [
        "cos:ObjectCreated:*",
        "cos:ObjectRemove:*",
        "cos:ObjectRestore:Completed",
    ]
    (role,) = local.plane.access.roles
    assert "scf.qcloud.com" in role.trust
    described = local.client.scf("GetFunction", FunctionName="snapshot")
    assert described["Tags"] == [{"Key": "project", "Value": "snapshot"}]
    assert described["PublicNetConfig"]["PublicNetStatus"] == "ENABLE"


def test_dry_run(local, run, lines):
    """A dry run prints what was found and the plan, and changes nothing."""
    assert _verbs(run(execute=False)) == ALL
    assert local.changes() == []
    assert local.stored_keys() == set()
    assert "+ create function: snapshot" in lines
    assert "    SNAPSHOT_INPUT_PREFIX: videos/" in lines
    assert (
        f"    grant: allow ci:GenerateSnapshot on qcs::ci:ap-guangzhou:uid/1250000000:bucket/{BUCKET}/videos/*" in lines
    )
    run()
    local.changes()
    run(execute=False, destroy=True)
    assert "- remove function: snapshot" in lines
    assert local.changes() == []


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
            ["change policy", "change configuration", *["create trigger"] * 3, *["remove trigger"] * 3],
            ["UpdatePolicy", "UpdateFunctionConfiguration", *["CreateTrigger"] * 3, *["DeleteTrigger"] * 3],
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
def test_one_change(local, run, stack_with, changed, verbs, called):
    """One change in the file is one change in the cloud, and none the next time."""
    run()
    local.changes()
    stack = stack_with(**changed)
    assert _verbs(run(stack)) == verbs
    assert local.changes() == called
    assert _verbs(run(stack)) == []


def test_new_package(local, run, small_package, tmp_path):
    """A new package replaces the code and nothing else."""
    run()
    local.changes()
    newer = tmp_path / "newer.zip"
    newer.write_bytes(small_package.read_bytes())
    with zipfile.ZipFile(newer, "a") as archive:
        archive.writestr("snapshot/new.py", "")
    assert _verbs(run(package=newer)) == ["upload package", "change code", "remove package"]
    assert local.changes() == ["UpdateFunctionCode", "UpdateFunctionConfiguration"]
    (function,) = local.cloud.scf.functions
    assert (function.code_dir / "snapshot" / "new.py").is_file()
    assert _verbs(run(package=newer)) == []


def test_interrupted_anywhere(small_package, stack):
    """After Ctrl-C at each call in turn, the next run ends where an uninterrupted one does."""
    at = 0
    with emulated(polls=1) as local:
        options = DeployOptions(stack, small_package)

        def deployment(client=local.client):
            return Deployment(options, client, say=lambda _: None, pause=lambda _: None)

        while True:
            at += 1
            try:
                deployment(Interrupted(local, at)).deploy()
                break
            except KeyboardInterrupt:
                assert not any(key.startswith("snapshot-ops/") for key in local.stored_keys())
            deployment().deploy()
            assert _verbs(deployment().deploy()) == []
            deployment().destroy()
            assert local.cloud.scf.functions == local.plane.access.roles == local.plane.access.policies == ()
    assert at > 9, "fewer calls than a deployment takes were interrupted"


class Interrupted:
    """The client, with a Ctrl-C right after the n-th call was done."""

    def __init__(self, local: LocalCloud, at: int):
        self._client, self._left = local.client, at

    def __getattr__(self, name):
        method = getattr(self._client, name)

        def call(*arguments, **parameters):
            answer = method(*arguments, **parameters)
            self._left -= name != "delete_object"
            if self._left == 0 and name != "delete_object":
                raise KeyboardInterrupt
            return answer

        return call


def test_foreign_role(local, run, lines):
    """A role that this program did not make is neither changed nor removed, unless it is adopted."""
    local.client.cam("CreateRole", RoleName="snapshot-run", PolicyDocument=json.dumps(TRUST), Description="mine")
    local.changes()
    with pytest.raises(OpsError, match="a role snapshot-run that this program did not make") as raised:
        run()
    assert "--adopt" in raised.value.remedy
    assert local.changes() == []
    run(destroy=True)
    assert lines[1:] == ["! the role snapshot-run was not made by this program and stays"]
    assert [role.name for role in local.plane.access.roles] == ["snapshot-run"]
    assert _verbs(run(adopt=True))[1] == "mark role"
    assert _verbs(run()) == []


TRUST = {
    "version": "2.0",
    "statement": [{"action": "name/sts:AssumeRole", "effect": "allow", "principal": {"service": "scf.qcloud.com"}}],
}


def test_adopted_function(local, run, lines):
    """A function of another tool is refused, and adopted with code and configuration."""
    run()
    local.client.scf("UpdateFunctionConfiguration", FunctionName="snapshot", Description="by hand", Timeout=5)
    for _ in range(3):
        local.client.scf("GetFunction", FunctionName="snapshot")
    with pytest.raises(OpsError, match="a function snapshot"):
        run()
    assert _verbs(run(adopt=True)) == ["upload package", "change code", "change configuration", "remove package"]
    assert "~ change code: snapshot" in lines
    assert _verbs(run()) == []


def test_role_with_other_policies(local, run, lines):
    """A role to which somebody attached another policy is not removed."""
    run()
    number = local.client.cam("CreatePolicy", PolicyName="more", PolicyDocument=json.dumps(WIDER_POLICY))["PolicyId"]
    local.client.cam("AttachRolePolicy", PolicyId=number, AttachRoleName="snapshot-run")
    run(destroy=True)
    assert "! the role snapshot-run stays: somebody attached more to it" in lines
    assert [role.name for role in local.plane.access.roles] == ["snapshot-run"]
    assert [policy.name for policy in local.plane.access.policies] == ["more"]


WIDER_POLICY = {"version": "2.0", "statement": [{"effect": "allow", "action": ["name/cos:*"], "resource": ["*"]}]}


def test_drift(local, run):
    """Trust, policy and trigger that were changed by hand are put right."""
    run()
    local.client.cam("UpdateAssumeRolePolicy", RoleName="snapshot-run", PolicyDocument=json.dumps(OTHER_TRUST))
    (policy,) = local.plane.access.policies
    local.client.cam("DetachRolePolicy", PolicyId=policy.policy_id, DetachRoleName="snapshot-run")
    trigger, *_ = local.client.scf("ListTriggers", FunctionName="snapshot")["Triggers"]
    local.client.scf(
        "UpdateTriggerStatus", FunctionName="snapshot", Type="cos", TriggerName=trigger["TriggerName"],
        TriggerDesc=trigger["TriggerDesc"], Qualifier="$DEFAULT", Enable="CLOSE",
    )  # fmt: skip
    assert _verbs(run()) == ["change trust", "attach policy", "open trigger"]
    assert _verbs(run()) == []


OTHER_TRUST = {
    "version": "2.0",
    "statement": [
        {"action": "name/sts:AssumeRole", "effect": "allow", "principal": {"service": "cls.cloud.tencent.com"}}
    ],
}


def test_other_runtime(local, run, stack_with):
    """Another runtime is refused, because SCF cannot change it."""
    run()
    local.changes()
    with pytest.raises(OpsError, match=r"runs on Python3\.10, and SCF cannot change that to Python3\.9") as raised:
        run(stack_with(runtime="Python3.9"))
    assert "--destroy" in raised.value.remedy
    assert local.changes() == []


def test_dead_letter_removed(run, stack_with, lines):
    """A dead letter queue that the file no longer names stays, and a note says so."""
    run(stack_with(deadLetter={"type": "CMQ-QUEUE", "name": "lost"}))
    assert _verbs(run()) == []
    assert lines[1:] == ["! this API cannot remove the dead letter queue from a function; do it in the console"]


def test_failed_creation(local, run, tmp_path):
    """A function whose creation failed is removed and created again."""
    local.client.put_object(BUCKET, "x.zip", _zip_of(tmp_path, "other.py"))
    local.client.cam(
        "CreateRole", RoleName="snapshot-run", PolicyDocument=json.dumps(TRUST), Description="Made by snapshot ops."
    )
    local.client.scf(
        "CreateFunction", FunctionName="snapshot", Handler="handler.main_handler", Runtime="Python3.10",
        Role="snapshot-run", Code={"CosBucketName": "examplebucket", "CosObjectName": "/x.zip"},
        Description=f"x Made by snapshot ops, code {'0' * 64}.",
    )  # fmt: skip
    verbs = _verbs(run())
    assert verbs[:5] == ["upload package", "create policy", "attach policy", "remove function", "create function"]
    assert _verbs(run()) == []


def _zip_of(folder, name):
    path = folder / "any.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, "")
    return path.read_bytes()


def test_other_role(local, run, stack_with, lines):
    """Another role is created for the function, and a note says that the former one stays."""
    run()
    plan = run(stack_with(role="other-run"))
    assert _verbs(plan) == ["create role", "create policy", "attach policy", "change configuration"]
    assert "! the function's former role snapshot-run is no longer named in serverless.yml and stays" in lines
    (function,) = local.cloud.scf.functions
    assert function.role == "other-run"


@pytest.mark.parametrize(
    ("changed", "code", "remedy"),
    [
        ({"deadLetter": {"type": "CMQ-QUEUE", "name": "none"}}, "ResourceNotFound.Cmq", "Create it in the same region"),
        ({"namespace": "other"}, "ResourceNotFound.Namespace", "namespace default"),
    ],
    ids=["no queue", "no namespace"],
)
def test_refusal(run, stack_with, changed, code, remedy):
    """A refused call is reported with its code, its request and a remedy."""
    with pytest.raises(CloudError) as raised:
        run(stack_with(**changed))
    assert raised.value.code == code
    assert remedy in raised.value.remedy
    assert raised.value.request_id


def test_conflicting_trigger(local, run):
    """A trigger of another function on the same uploads is found before the first change."""
    local.cloud.scf.create(Function("other-one", ROOT))
    local.cloud.scf.add_trigger(Trigger("other-one", BUCKET, prefix="videos/holiday/"))
    with pytest.raises(OpsError, match="other-one listens to the same uploads") as raised:
        run()
    assert "choose another prefix" in raised.value.problem
    assert local.changes() == []


NOWHERE = "nosuch-1250000000.cos.ap-guangzhou.myqcloud.com"


@pytest.mark.parametrize("execute", [True, False], ids=["deploy", "dry run"])
def test_lost_bucket(local, run, stack_with, execute):
    """A bucket that does not exist is found before the first change, and the deployed function stays."""
    run()
    local.changes()
    before = local.cloud.scf.triggers, local.plane.access.policies
    with pytest.raises(OpsError, match="there is no bucket nosuch-1250000000 in ap-guangzhou") as raised:
        run(stack_with(trigger={"bucket": NOWHERE}), execute=execute)
    assert raised.value.problem.startswith("Nothing was changed")
    assert local.changes() == []
    assert (local.cloud.scf.triggers, local.plane.access.policies) == before


def test_lost_output_bucket(local, run, stack_with):
    """An output bucket that does not exist, and a code bucket, are found before the first change, both at once."""
    with pytest.raises(OpsError) as raised:
        run(stack_with(variables={"SNAPSHOT_OUTPUT_BUCKET": "none-1250000000"}), code_bucket="code-1250000000")
    named = re.findall(r"there is no bucket (\S+) in .*, or correct its name in (\S+)", raised.value.problem)
    assert named == [("code-1250000000", "--code-bucket"), ("none-1250000000", "serverless.yml")]
    assert local.changes() == []


def test_unbound_bucket(local, run):
    """A bucket without media processing is found before the first change."""
    local.cloud.unbind(BUCKET)
    with pytest.raises(OpsError, match=f"media processing is off for {BUCKET}"):
        run()
    assert local.changes() == []


def test_says_what_it_found(run, lines):
    """A dry run reports the checked buckets."""
    run(execute=False)
    assert lines[0] == f"Found: bucket {BUCKET} exists, media processing is on."


@pytest.mark.parametrize("key", ["snapshot-ops/snapshot.zip", f"snapshot-ops/snapshot-{'0' * 12}.zip"])
@pytest.mark.parametrize("destroy", [True, False], ids=["destroy", "deploy"])
def test_leftover_package(local, run, lines, key, destroy):
    """A package that a killed run left is removed by the next run and by --destroy; another function's stays."""
    run()
    local.client.put_object(BUCKET, key, b"zip")
    local.client.put_object(BUCKET, "snapshot-ops/snapshot-other.zip", b"zip")
    assert "remove package" in _verbs(run(destroy=destroy))
    assert f"- remove package: {key}" in lines
    assert local.stored_keys() == {"snapshot-ops/snapshot-other.zip"}


def test_destroy_says_what_stays(run, lines):
    """--destroy names the objects that it never removes."""
    run()
    run(destroy=True)
    assert f"Not removed: all videos, and all thumbnails and manifests below thumbnails/ in {BUCKET}." in lines


def test_destroy_is_declined(local, run, stack, small_package, lines):
    """--destroy that is answered with no removes nothing."""
    run()
    local.changes()
    deployment = Deployment(DeployOptions(stack, small_package), local.client, say=lines.append)
    with pytest.raises(OpsError, match=r"Nothing was removed\.") as raised:
        deployment.destroy(confirm=lambda: False)
    assert "--yes" in raised.value.remedy
    assert "- remove function: snapshot" in lines
    assert local.changes() == []


class _Terminal(io.StringIO):
    """A terminal at which this is typed; nothing stands for Ctrl-C."""

    def isatty(self):
        return True

    def readline(self, *_):
        typed = super().readline()
        if not typed:
            raise KeyboardInterrupt
        return typed


@pytest.mark.parametrize(
    ("stdin", "is_removed"),
    [
        (io.StringIO("n\n"), False),
        (io.StringIO("y\n"), False),
        (io.StringIO(), False),
        (_Terminal("n\n"), False),
        (_Terminal("\n"), False),
        (_Terminal(), False),
        (_Terminal("y\n"), True),
    ],
    ids=["n in a pipe", "y in a pipe", "nothing", "n", "return", "Ctrl-C", "y"],
)
def test_destroy_asks(local, run, monkeypatch, capsys, stdin, is_removed):
    """Without --yes, --destroy removes only what somebody at a terminal agreed to; a script fails."""
    for name, value in local.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("ops.deploy.execute.POLL_INTERVAL_S", 0.01)
    monkeypatch.setattr(sys, "stdin", stdin)
    run()
    local.changes()
    assert main(["deploy", "--destroy", *local.arguments]) == (0 if is_removed else 1)
    printed = capsys.readouterr()
    assert "- remove function: snapshot" in printed.out
    assert bool(local.changes()) == is_removed
    if not is_removed:
        assert printed.err == "Nothing was removed.\n  Add --yes to remove it without a question.\n"


def test_destroy_is_interrupted(local, run, monkeypatch, capsys):
    """Ctrl-C during a removal names the removal as what to run again, not the deploy."""
    for name, value in local.environment.items():
        monkeypatch.setenv(name, value)
    run()

    def interrupted(_self, steps, announce):
        announce(steps[0])
        raise KeyboardInterrupt

    monkeypatch.setattr("ops.deploy.execute.Executor.run", interrupted)
    assert main(["deploy", "--destroy", "--yes", *local.arguments]) == 130
    assert "Run `python -m ops deploy --destroy --yes --endpoint http" in capsys.readouterr().err


def test_two_at_once(local, run):
    """A role that appeared since the run began is not reported as one to be adopted."""
    client = _Overtaken(local)
    with pytest.raises(CloudError, match="was created after this run began") as raised:
        run(client=client)
    assert "Another deploy" in raised.value.remedy
    assert "adopt" not in str(raised.value)


class _Overtaken:
    """The client of a run that another run overtakes: the role exists just before it is created."""

    def __init__(self, local):
        self._client = local.client

    def __getattr__(self, name):
        return getattr(self._client, name)

    def cam(self, action, **parameters):
        if action == "CreateRole":
            self._client.cam(action, **parameters)
        return self._client.cam(action, **parameters)


def test_interruption_is_named(local, run, lines):
    """Ctrl-C says in which step it came."""
    with pytest.raises(KeyboardInterrupt):
        run(client=_InterruptedAt(local, "CreatePolicy"))
    assert lines[-1] == "Interrupted during step 3 of 10, create policy snapshot-run-least."


class _InterruptedAt:
    def __init__(self, local, action):
        self._client, self._action = local.client, action

    def __getattr__(self, name):
        return getattr(self._client, name)

    def cam(self, action, **parameters):
        if action == self._action:
            raise KeyboardInterrupt
        return self._client.cam(action, **parameters)


def test_output_before_error(local, run, small_package, monkeypatch, capfd):
    """The error stands below the plan, also where both streams end in one file."""
    for name, value in local.environment.items():
        monkeypatch.setenv(name, value)
    local.cloud.set_policy(None)
    code = "import sys; from ops.__main__ import main; sys.exit(main(sys.argv[1:]))"
    run()
    local.client.scf("UpdateFunctionConfiguration", FunctionName="snapshot", Description="by hand")
    process = subprocess.run(
        [sys.executable, "-c", code, "deploy", "--package", small_package, *local.arguments],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    assert process.returncode == 1
    assert process.stdout.index("The function is Updating") < process.stdout.index("that this program did not make")


def test_other_account(local, run, stack_with):
    """Credentials of another account are found before the first change."""
    with pytest.raises(CloudError, match="appid 1250000000, the trigger's bucket to 1259999999"):
        run(stack_with(trigger={"bucket": "examplebucket-1259999999.cos.ap-guangzhou.myqcloud.com"}))
    assert local.changes() == []


def test_wrong_package(local, run, tmp_path):
    """A file that is not a package is refused before the first call."""
    with pytest.raises(OpsError, match="no package") as raised:
        run(package=tmp_path / "none.zip")
    assert "ops package" in raised.value.remedy
    (tmp_path / "text.zip").write_text("x")
    with pytest.raises(OpsError, match="is not a zip"):
        run(package=tmp_path / "text.zip")
    (tmp_path / "else.zip").write_bytes(_zip_of(tmp_path, "index.py"))
    with pytest.raises(OpsError, match=r"does not contain handler\.py"):
        run(package=tmp_path / "else.zip")
    assert local.plane.calls == ()


def test_busy_function(local, run, lines):
    """A function in the middle of a change is waited for."""
    run()
    local.client.scf("UpdateFunctionConfiguration", FunctionName="snapshot", Timeout=60)
    assert _verbs(run()) == ["change configuration"]
    assert lines[0] == "The function is Updating; waiting until that has ended."


def test_command(local, small_package, lines, capsys, monkeypatch):
    """The command deploys, reports no change and destroys, as its arguments say."""
    for name, value in local.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("ops.deploy.execute.POLL_INTERVAL_S", 0.01)
    assert main(["deploy", "--dry-run", "--package", str(small_package), *local.arguments]) == 0
    assert "+ create function: snapshot" in capsys.readouterr().out
    assert local.changes() == []
    assert main(["deploy", "--package", str(small_package), *local.arguments]) == 0
    assert "\nDone.\nNext: " in capsys.readouterr().out
    assert main(["deploy", "--package", str(small_package), *local.arguments]) == 0
    assert capsys.readouterr().out.startswith("Nothing to change")
    assert main(["deploy", "--destroy", "--yes", *local.arguments]) == 0
    assert "- remove function: snapshot" in capsys.readouterr().out


def test_command_without_credentials(monkeypatch, capsys, small_package):
    """Without credentials the command says where to get them."""
    for name in ("TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY", "TENCENT_SECRET_ID", "TENCENT_SECRET_KEY"):
        monkeypatch.delenv(name, raising=False)
    assert main(["deploy", "--package", str(small_package)]) == 1
    error = capsys.readouterr().err
    assert error.startswith("There are no credentials in the environment.")
    assert "TENCENTCLOUD_SECRET_ID" in error


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        ({"secret_id": "AKIDnobody"}, "these credentials do not exist"),
        ({"secret_key": "wrong"}, "the SecretKey does not belong to the SecretId"),
    ],
    ids=["unknown id", "other secret"],
)
def test_wrong_credentials(local, run, spoil, problem):
    """An unknown SecretId and a wrong SecretKey are told apart, and neither is printed."""
    credentials = replace(local.credentials, **spoil)
    client = CloudClient(region=local.cloud.region, credentials=credentials, endpoints=local.endpoints)
    with pytest.raises(CloudError, match=problem) as raised:
        run(client=client)
    assert local.credentials.secret_key not in str(raised.value)


def test_wrong_api_endpoint(local, stack, run):
    """An address that is not the API is named as the cause."""
    endpoints = Endpoints(api=local.endpoints.cos, cos=local.endpoints.cos)
    client = CloudClient(region=stack.region, credentials=local.credentials, endpoints=endpoints)
    with pytest.raises(CloudError, match="the server at this address is not the cloud's API") as raised:
        run(client=client)
    assert "OPS_API_ENDPOINT" in raised.value.remedy
    assert len(raised.value.problem) < 500


def test_closed_pipe(stack):
    """A reader that closes the pipe causes no traceback."""
    code = "import sys; from ops.__main__ import main; sys.exit(main(['policy']))"
    reader, writer = os.pipe()
    os.close(reader)  # before anything is written, however busy the machine is
    with os.fdopen(writer, "wb") as pipe:
        done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, stdout=pipe, stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr) == (1, b"")


def test_unreachable(stack, run):
    """A cloud that cannot be reached is not reported as a refusal."""
    endpoints = Endpoints("http://127.0.0.1:9", "http://127.0.0.1:9")
    client = CloudClient(region=stack.region, credentials=Credentials("AKIDx", "y"), endpoints=endpoints)
    for call in (
        lambda: run(client=client),
        lambda: client.head_object(BUCKET, "k"),
        lambda: client.send_raw("GET", BUCKET, "k"),
        lambda: client.is_public(BUCKET, "k"),
    ):
        with pytest.raises(CloudError, match=r"the local cloud at http://127\.0\.0\.1:9 does not answer") as raised:
            call()
        assert "unset OPS_ENDPOINT OPS_API_ENDPOINT" in raised.value.remedy
        assert "--endpoint" in raised.value.remedy


def test_unreachable_network(stack, run, monkeypatch):
    """Where no local cloud is named, the network is the cause."""
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    client = CloudClient(region=stack.region, credentials=Credentials("AKIDx", "y"), endpoints=Endpoints())
    with pytest.raises(CloudError, match="the cloud could not be reached") as raised:
        run(client=client)
    assert "proxy" in raised.value.remedy


def test_parameters_are_the_sdks(local, run, stack_with):
    """Every parameter that is sent is one of the SDK's request types, which the emulator cannot vouch for."""
    requests = []
    original = local.client._call
    object.__setattr__(local.client, "_call", lambda *call: (requests.append(call), original(*call))[1])
    run(stack_with(deadLetter={"type": "CMQ-QUEUE", "name": "lost"}))
    run(stack_with(timeout=60, retryNum=0))
    run(destroy=True)
    modules = {"scf": scf_models, "cam": cam_models}
    for service, action, parameters in requests:
        request = getattr(modules[service], f"{action}Request")()
        unknown = [name for name in parameters if not hasattr(request, f"_{name}")]
        assert unknown == [], action
    assert {action for _, action, _ in requests} >= {"CreateFunction", "CreateTrigger", "CreateRole", "DeleteRole"}


@pytest.mark.parametrize("trigger_names", ["host", "generated"])
@pytest.mark.parametrize("retry_order", ["default first", "432 first"])
def test_open_forms(stack, stack_with, small_package, trigger_names, retry_order):
    """Under whatever name triggers are listed, and in whatever order retries, a second run changes nothing."""
    with emulated(trigger_names=trigger_names, retry_order=retry_order) as local:

        def deploy(stack=stack):
            options = DeployOptions(stack, small_package)
            return Deployment(options, local.client, say=lambda _: None, pause=lambda _: None)

        deploy().deploy()
        assert _verbs(deploy().deploy()) == []
        moved = stack_with(variables={"SNAPSHOT_INPUT_PREFIX": "films/"}, trigger={"filter": {"prefix": "films/"}})
        assert _verbs(deploy(moved).deploy())[-3:] == ["remove trigger"] * 3
        assert {trigger.prefix for trigger in local.cloud.scf.triggers} == {"films/"}
        narrower = stack_with(
            variables={"SNAPSHOT_INPUT_PREFIX": "films/"}, trigger={"filter": {"prefix": "films/new/"}}
        )
        assert _verbs(deploy(narrower).deploy())[-3:] == ["replace trigger"] * 3
        assert {trigger.prefix for trigger in local.cloud.scf.triggers} == {"films/new/"}
        deploy(narrower).destroy()
        assert local.cloud.scf.triggers == ()


def test_async_run(local, run, stack_with):
    """A function for a CI workflow is created with asyncRunEnable, and SCF cannot change that later."""
    workflow = stack_with(asyncRunEnable=True)
    assert "change retries" not in _verbs(run(workflow))
    (function,) = local.cloud.scf.functions
    assert function.async_run
    assert _verbs(run(workflow)) == []
    with pytest.raises(OpsError, match="created with asyncRunEnable true, and SCF cannot change that"):
        run()


@pytest.mark.parametrize("command", ["deploy", "doctor"])
def test_ctrl_c(small_package, command):
    """Ctrl-C while the cloud does not answer ends the command at once, and says what to run."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}"
        arguments = ["--endpoint", address, "--api-endpoint", address]
        arguments += ["--package", small_package] if command == "deploy" else []
        process = subprocess.Popen(
            [sys.executable, "-m", "ops", command, *arguments],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, "TENCENTCLOUD_SECRET_ID": "AKIDx", "TENCENTCLOUD_SECRET_KEY": "y"},
        )  # fmt: skip
        connection, _ = server.accept()
        with connection:
            connection.recv(1)
            spent = None
            while spent != (spent := psutil.Process(process.pid).cpu_times()[:2]):
                time.sleep(0.2)  # until it does nothing but wait for an answer
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert f"Stopped. Run `python -m ops {command} --endpoint {address} --api-endpoint {address}" in errors
    assert "Traceback" not in errors
