"""Every finding of the doctor, in a cloud that has that very fault; and how findings are shown."""

import json
import os
import re
from dataclasses import replace
from types import SimpleNamespace

import pytest

from emulator.films.film import make_film
from emulator.scf.function import Function
from emulator.scf.triggers import Trigger
from ops.__main__ import main
from ops.cloud.client import CloudClient
from ops.cloud.responses import LogEntry
from ops.deploy.command import Deployment, DeployOptions
from ops.deploy.resources import RemoteState, desired_state
from ops.doctor.command import CHECKS, examine, is_coloured
from ops.doctor.finding import Finding, as_json, as_text, worst
from ops.doctor.function import check_invocations
from ops.doctor.inventory import Inventory
from ops.package.command import ROOT
from tests.ops.cloud import BUCKET, emulated

HOST = f"{BUCKET}.cos.ap-guangzhou.myqcloud.com"
TRUSTED = {"version": "2.0", "statement": []}


@pytest.fixture
def local():
    with emulated(queues=("lost",)) as local:
        yield local


@pytest.fixture
def deployed(local, stack_with, small_package):
    """A complete set-up, the optional parts too."""
    stack = stack_with(deadLetter={"type": "CMQ-QUEUE", "name": "lost"})
    _deploy(local, stack, small_package)
    rule = {"AllowedOrigin": "*", "AllowedMethod": ["GET"], "AllowedHeader": "*"}
    local.cos.put_bucket_cors(Bucket=BUCKET, CORSConfiguration={"CORSRule": [rule]})
    return stack


def _deploy(local, stack, package):
    options = DeployOptions(stack, package)
    Deployment(options, local.client, say=lambda _: None, pause=lambda _: None).deploy()


def _examine(local, stack, **options):
    return examine(Inventory(stack, local.client), **options)


def _bad(findings):
    return {(finding.check, finding.severity) for finding in findings if finding.severity != "ok"}


def _update(local, **parameters):
    """Change the deployed function by hand, and wait."""
    local.client.scf("UpdateFunctionConfiguration", FunctionName="snapshot", **parameters)
    for _ in range(3):
        local.client.scf("GetFunction", FunctionName="snapshot")


def _variables(stack, **changed):
    pairs = {**dict(stack.environment), **changed}
    return {"Variables": [{"Key": name, "Value": value} for name, value in pairs.items() if value]}


def _triggers(local):
    """Return the function's triggers as the calls of the API name them, the one for uploads first."""
    return [
        {
            "FunctionName": "snapshot",
            "Type": "cos",
            "Qualifier": "$DEFAULT",
            "TriggerName": listed["TriggerName"],
            "TriggerDesc": _without_url(listed["TriggerDesc"]),
        }
        for listed in local.client.scf("ListTriggers", FunctionName="snapshot")["Triggers"]
    ]


def _without_url(text):
    described = json.loads(text)
    named_fields = {name: described[name] for name in ("event", "filter")}
    return json.dumps(named_fields, separators=(",", ":"))


def _trigger(local):
    return _triggers(local)[0]


def test_healthy(local, deployed):
    """A complete set-up gets one good finding from each check."""
    findings = _examine(local, deployed)
    assert _bad(findings) == set()
    assert list(dict.fromkeys(finding.check for finding in findings)) == [name for name, _ in CHECKS]
    assert worst(findings) == 0


def test_read_only(local, deployed):
    """The checks change nothing."""
    before = local.stored_keys(), local.cloud.scf.functions, local.cloud.scf.triggers
    local.changes()
    local.cloud.clear_calls()
    _examine(local, deployed)
    assert local.changes() == []
    assert {call.method for call in local.cloud.calls} <= {"GET", "HEAD"}
    assert (local.stored_keys(), local.cloud.scf.functions, local.cloud.scf.triggers) == before


# One fault each: what is done to a whole set-up, and the finding that must come of it.


def _no_media(local, stack):
    local.cloud.unbind(BUCKET)


def _no_bucket_of_that_name(local, stack):
    parameters = replace(stack.triggers[0], bucket="none-1250000000", host=HOST.replace("examplebucket", "none"))
    return replace(stack, triggers=(parameters,))


def _no_output_bucket(local, stack):
    settings = stack.settings.model_copy(update={"output_bucket": "none-1250000000"})
    return replace(stack, settings=settings)


def _other_account(local, stack):
    return replace(stack, appid="1259999999")


def _other_name(local, stack):
    return replace(stack, name="other")


def _by_hand(local, stack):
    _update(local, Timeout=100)


def _other_runtime_wanted(local, stack):
    return replace(stack, runtime="Python3.9")


def _busy(local, stack):
    local.client.scf("UpdateFunctionConfiguration", FunctionName="snapshot", Timeout=stack.timeout_s)


def _no_role(local, stack):
    (policy,) = local.plane.access.policies
    local.client.cam("DetachRolePolicy", PolicyId=policy.policy_id, DetachRoleName="snapshot-run")
    local.client.cam("DeleteRole", RoleName="snapshot-run")


def _other_role(local, stack):
    trust = local.plane.access.roles[0].trust
    local.client.cam("CreateRole", RoleName="other-run", PolicyDocument=trust)
    _update(local, Role="other-run")


def _trusted_to_another(local, stack):
    _trust(local, ["cls.cloud.tencent.com"])


def _trusted_to_more(local, stack):
    _trust(local, ["cls.cloud.tencent.com", "scf.qcloud.com"])


def _trust(local, services):
    rule = {"action": "name/sts:AssumeRole", "effect": "allow", "principal": {"service": services}}
    document = json.dumps({"version": "2.0", "statement": [rule]})
    local.client.cam("UpdateAssumeRolePolicy", RoleName="snapshot-run", PolicyDocument=document)


def _no_policy(local, stack):
    (policy,) = local.plane.access.policies
    local.client.cam("DetachRolePolicy", PolicyId=policy.policy_id, DetachRoleName="snapshot-run")


def _denied(local, stack):
    _attach(local, {"effect": "deny", "action": ["ci:*"], "resource": ["*"]})


def _everything_allowed(local, stack):
    _attach(local, {"effect": "allow", "action": ["name/cos:*"], "resource": ["*"]})


def _attach(local, rule):
    document = json.dumps({"version": "2.0", "statement": [rule]})
    number = local.client.cam("CreatePolicy", PolicyName="more", PolicyDocument=document)["PolicyId"]
    local.client.cam("AttachRolePolicy", PolicyId=number, AttachRoleName="snapshot-run")


def _no_trigger(local, stack):
    local.client.scf("DeleteTrigger", **_trigger(local))


def _closed_trigger(local, stack):
    local.client.scf("UpdateTriggerStatus", **_trigger(local), Enable="CLOSE")


def _other_prefix(local, stack):
    trigger = _trigger(local)
    local.client.scf("DeleteTrigger", **trigger)
    local.client.scf("CreateTrigger", **{**trigger, "TriggerDesc": trigger["TriggerDesc"].replace("videos/", "films/")})


def _overlapped(local, stack):
    local.client.scf("DeleteTrigger", **_trigger(local))
    local.cloud.scf.create(Function("other-one", ROOT))
    local.cloud.scf.add_trigger(Trigger("other-one", BUCKET, prefix="videos/holiday/"))


def _output_inside(local, stack):
    _update(local, Environment=_variables(stack, SNAPSHOT_INPUT_PREFIX="", SNAPSHOT_OUTPUT_PREFIX="videos/thumbs/"))


def _wrong_setting(local, stack):
    _update(local, Environment=_variables(stack, SNAPSHOT_MODE="fast"))


def _full_environment(local, stack):
    _update(local, Environment=_variables(stack, PADDING="x" * 3400))


def _many_shots(local, stack):
    _update(local, Environment=_variables(stack, SNAPSHOT_TIMES="every:10", SNAPSHOT_CONCURRENCY="1"))


def _even_shots(local, stack):
    _update(local, Environment=_variables(stack, SNAPSHOT_TIMES="90x", SNAPSHOT_CONCURRENCY="2"))


def _no_retries(local, stack):
    _retry(local, 0, 21600)


def _short_life(local, stack):
    _retry(local, 2, 60)


def _retry(local, number, life_s):
    config = {"RetryConfig": [{"RetryNum": number}], "MsgTTL": life_s}
    local.client.scf("UpdateFunctionEventInvokeConfig", FunctionName="snapshot", AsyncTriggerConfig=config)


def _no_cors(local, stack):
    local.cos.delete_bucket_cors(Bucket=BUCKET)


def _no_removal_trigger(local, stack):
    _drop_triggers(local, "ObjectRemove")


def _keep_and_report(local, stack):
    _update(local, Environment=_variables(stack, SNAPSHOT_ON_DELETE="keep"))


def _impossible_prefix(local, stack):
    (trigger,) = _drop_triggers(local, "ObjectRestore")
    described = trigger["TriggerDesc"].replace("videos/", "/videos/")
    local.client.scf("CreateTrigger", **{**trigger, "TriggerDesc": described})


def _unsafe_value(local, stack):
    _update(local, Environment=_variables(stack, SNAPSHOT_CACHE_CONTROL="max-age=60"))


def _output_elsewhere(local, stack):
    _update(local, Environment=_variables(stack, SNAPSHOT_OUTPUT_BUCKET="pictures-1251111111"))


def _drop_triggers(local, kind):
    dropped = [trigger for trigger in _triggers(local) if kind in trigger["TriggerDesc"]]
    for trigger in dropped:
        local.client.scf("DeleteTrigger", **trigger)
    return dropped


def _little_memory(local, stack):
    sizes = "0x0,1920x0,1280x0"
    _update(local, MemorySize=64, Environment=_variables(stack, SNAPSHOT_SIZES=sizes, SNAPSHOT_FORMAT="webp"))


FAULTS = [
    (_little_memory, "memory", "warning", "64 MB are too few for one 4K picture", "Set memorySize: "),
    (_no_removal_trigger, "removals", "warning", "no trigger reports removed videos", "SNAPSHOT_ON_DELETE: keep"),
    (_no_removal_trigger, "trigger", "error", "no trigger for cos:ObjectRemove:* on videos/", "ops deploy"),
    (_keep_and_report, "removals", "note", "but a trigger reports removed videos", "Remove the trigger"),
    (_impossible_prefix, "prefix", "error", "'/videos/' can never match", "Correct filter.prefix"),
    (_output_elsewhere, "settings", "error", "SNAPSHOT_OUTPUT_BUCKET is 'pictures-1251111111'", "Correct it in"),
    (_unsafe_value, "environment", "error", "SNAPSHOT_CACHE_CONTROL: the value contains '='", "Correct it in"),
    (
        _other_account,
        "credentials",
        "error",
        "appid 1250000000, the bucket to 1259999999",
        "credentials of that account",
    ),
    (_no_bucket_of_that_name, "bucket", "error", "no bucket none-1250000000", "Correct its name"),
    (_no_output_bucket, "bucket", "error", "no bucket none-1250000000", "Correct its name"),
    (_no_media, "media processing", "error", "not bound to Cloud Infinite (CI)", "enable media processing"),
    (_other_name, "function", "error", "no function other", "ops deploy"),
    (_by_hand, "function", "warning", "differs from serverless.yml; to do: change configuration", "--dry-run"),
    (_other_runtime_wanted, "function", "warning", "SCF cannot change that", "--dry-run"),
    (_busy, "function", "error", "Updating, not Active", "Wait a minute"),
    (_no_role, "role", "error", "no role snapshot-run", "ops deploy"),
    (_other_role, "role", "error", "the role other-run", "ops deploy"),
    (_trusted_to_another, "role", "error", "must trust scf.qcloud.com and nobody else", "--only trust"),
    (_trusted_to_more, "role", "note", "must trust scf.qcloud.com and nobody else", "--only trust"),
    (_no_policy, "policies", "error", "9 of 9 rights that the function needs are missing", "ops policy"),
    (
        _denied,
        "policies",
        "error",
        "2 of 9 rights that the function needs are missing:\nci:GenerateMediaInfo on qcs::ci:",
        "ops policy",
    ),
    (_everything_allowed, "policies", "note", "far more than the function needs", "Detach the wide policy"),
    (_no_trigger, "trigger", "error", "no trigger for cos:ObjectCreated:* on videos/", "ops deploy"),
    (_closed_trigger, "trigger", "error", "is closed", "ops deploy"),
    (
        _other_prefix,
        "trigger",
        "error",
        "is for cos:ObjectCreated:* of films/*, serverless.yml says cos:ObjectCreated:* of videos/*",
        "ops deploy",
    ),
    (
        _overlapped,
        "overlap",
        "error",
        "other-one listens to cos:ObjectCreated:* of videos/holiday/*",
        "neither begins with the other",
    ),
    (_output_inside, "output", "error", "thumbnails go to videos/thumbs/", "outside the trigger's prefix"),
    (_wrong_setting, "settings", "error", "SNAPSHOT_MODE", "Correct it in serverless.yml"),
    (
        _full_environment,
        "environment",
        "warning",
        "of 4096 bytes",
        "Remove the variables that have their default value",
    ),
    (_many_shots, "timeout", "warning", "too short for up to 99 shots, 1 at once", "Set timeout to 302"),
    (_even_shots, "timeout", "warning", "too short for up to 96 shots, 2 at once", "Set timeout to 149"),
    (_no_retries, "retries", "warning", "never repeated", "retryNum: 2"),
    (_short_life, "retries", "warning", "60 s at most", "msgTTL: 21600"),
    (_no_cors, "CORS", "note", "no CORS rule that allows GET", "allow GET from your site"),
]


@pytest.mark.parametrize(
    ("fault", "check", "severity", "problem", "remedy"), FAULTS, ids=[fault.__name__.strip("_") for fault, *_ in FAULTS]
)
def test_fault(local, deployed, fault, check, severity, problem, remedy):
    """Each fault has a finding that names it, with a reason and a remedy."""
    stack = fault(local, deployed) or deployed
    findings = [finding for finding in _examine(local, stack) if (finding.check, finding.severity) == (check, severity)]
    assert any(problem in finding.problem and remedy in finding.remedy and finding.reason for finding in findings), (
        findings
    )


def test_no_dead_letter(local, stack, small_package):
    """A missing dead letter queue is a note."""
    _deploy(local, stack, small_package)
    (finding,) = [finding for finding in _examine(local, stack) if finding.check == "dead letter"]
    assert (finding.severity, finding.problem) == ("note", "there is no dead letter queue")
    assert "deadLetter in serverless.yml" in finding.remedy


def test_unknown_runtime(local, stack_with):
    """A runtime that the documents do not name is a warning."""
    (finding,) = [
        finding for finding in _examine(local, stack_with(runtime="Python3.12")) if finding.check == "runtime"
    ]
    assert (finding.severity, "Python3.12 is not in" in finding.problem) == ("warning", True)


def test_nothing_deployed(local, stack):
    """Before the first deployment the missing function is the one error."""
    errors = {finding.check: finding for finding in _examine(local, stack) if finding.severity == "error"}
    assert set(errors) == {"function"}
    assert errors["function"].remedy == "Run `python -m ops deploy`."


@pytest.mark.parametrize(
    ("spoil", "problem", "remedy"),
    [
        ({"secret_id": "AKIDnobody"}, "these credentials do not exist", "TENCENTCLOUD_SECRET_ID"),
        ({"secret_key": "wrong"}, "does not belong to the SecretId", "as a pair"),
    ],
    ids=["unknown id", "other secret"],
)
def test_refused_credentials(local, stack, spoil, problem, remedy):
    """Refused credentials end the checks."""
    credentials = replace(local.credentials, **spoil)
    client = CloudClient(region=local.cloud.region, credentials=credentials, endpoints=local.endpoints)
    (finding,) = examine(Inventory(stack, client))
    assert (finding.check, finding.severity) == ("credentials", "error")
    assert problem in finding.problem
    assert remedy in finding.remedy


def test_region_without_scf(local, stack):
    """A region without SCF ends the checks."""
    client = CloudClient(region="ap-nowhere", credentials=local.credentials, endpoints=local.endpoints)
    findings = examine(Inventory(stack, client))
    assert [(finding.check, finding.severity) for finding in findings] == [("credentials", "ok"), ("region", "error")]
    assert "Choose another region" in findings[-1].remedy


def test_refused_call(local, deployed):
    """A call that is refused is one finding, and stops no other check."""

    class Deaf:
        def __getattr__(self, name):
            return getattr(local.client, name)

        def cam(self, action, **parameters):
            if action == "GetPolicy":
                return local.client.cam("GetPolicy", PolicyId=1)
            return local.client.cam(action, **parameters)

    findings = examine(Inventory(deployed, Deaf()))
    broken = [finding for finding in findings if finding.reason.startswith("This could not be checked")]
    assert [finding.check for finding in broken] == ["function"]
    assert "policies" in broken[0].reason
    assert findings[-1].check == "CORS"


@pytest.fixture
def film(local, tmp_path):
    make_film(tmp_path / "a.mp4", duration_s=1.0, size=(160, 90), fade_in_s=0.2)
    local.cos.put_object(Bucket=BUCKET, Body=(tmp_path / "a.mp4").read_bytes(), Key="films/a.mp4")
    local.cos.put_object(Bucket=BUCKET, Body=b"text", Key="films/text.mp4")


def test_probe(local, deployed, film):
    """A probe sends one media info and one snapshot, and names their price."""
    local.cloud.clear_calls()
    finding = _examine(local, deployed, probe="films/a.mp4")[-1]
    assert (finding.check, finding.severity) == ("probe", "ok")
    assert "image/jpeg" in finding.problem
    assert "USD" in finding.problem
    paid = [call.operation for call in local.cloud.calls if call.operation.startswith(("GetMedia", "GetSnap"))]
    assert sorted(paid) == ["GetMediaInfo", "GetSnapshot"]


@pytest.mark.parametrize(
    ("key", "problem", "remedy"),
    [
        ("films/none.mp4", "no snapshot of films/none.mp4: NoSuchKey", "Check the key"),
        ("films/text.mp4", "no snapshot of films/text.mp4", ""),
    ],
    ids=["no object", "no video"],
)
def test_probe_fails(local, deployed, film, key, problem, remedy):
    """A probe that fails has a reason and a remedy."""
    finding = _examine(local, deployed, probe=key)[-1]
    assert (finding.check, finding.severity) == ("probe", "error")
    assert problem in finding.problem
    assert remedy in finding.remedy
    assert finding.remedy


def test_probe_unbound(local, deployed, film):
    """A probe of a bucket without media processing says so."""
    local.cloud.unbind(BUCKET)
    finding = _examine(local, deployed, probe="films/a.mp4")[-1]
    assert "MediaBucketUnBinded" in finding.problem
    assert "enable media processing" in finding.remedy


def test_probe_no_picture(local, deployed, film):
    """A probe that returns something other than a picture is an error."""

    class Portal:
        def __getattr__(self, name):
            return getattr(local.client, name)

        def snapshot(self, bucket, key, *, at_s, max_bytes):
            return "text/html", b"<html>"

    finding = examine(Inventory(deployed, Portal()), probe="films/a.mp4")[-1]
    assert "not a picture but text/html, 6 bytes" in finding.problem


# How it is shown.

FINDINGS = [
    Finding("credentials", "ok", "accepted"),
    Finding("CORS", "note", "no rule", "A reason.", "A remedy."),
    Finding("retries", "warning", "none", "A reason.", "A remedy."),
]


def test_text():
    """Each finding has its reason and remedy below it."""
    lines = as_text(FINDINGS, coloured=False).splitlines()
    assert lines[0] == "ok       credentials: accepted"
    assert lines[1:4] == ["note     CORS: no rule", "         A reason.", "         -> A remedy."]
    assert lines[-1] == "3 checks: 1 warning, 1 note."
    assert as_text(FINDINGS[:1], coloured=False).endswith("1 check: no problem found.")


def test_colours():
    """Colours appear only on a terminal that wants them."""
    assert "\x1b[33mwarning\x1b[0m" in as_text(FINDINGS, coloured=True)
    assert "\x1b" not in as_text(FINDINGS, coloured=False)
    assert is_coloured({}, is_terminal=True)
    assert not is_coloured({}, is_terminal=False)
    assert not is_coloured({"NO_COLOR": "1"}, is_terminal=True)
    assert is_coloured({"NO_COLOR": ""}, is_terminal=True)


def test_exit_status():
    """The exit status is that of the worst finding."""
    assert [worst(FINDINGS[:2]), worst(FINDINGS), worst([*FINDINGS, Finding("a", "error", "b")]), worst([])] == [
        0,
        1,
        2,
        0,
    ]


def test_json():
    """JSON holds status and findings under fixed names."""
    finding = json.loads(as_json(FINDINGS))
    assert finding["status"] == 1
    assert finding["findings"][2] == {
        "check": "retries", "severity": "warning", "what": "none", "why": "A reason.", "remedy": "A remedy.",
    }  # fmt: skip


def test_command(local, deployed, monkeypatch, capsys):
    """The command prints the findings, and its exit status is that of the worst."""
    for name, value in local.environment.items():
        monkeypatch.setenv(name, value)
    assert main(["doctor", *local.arguments]) == 0
    assert "note     dead letter" not in capsys.readouterr().out.replace("queue", "")
    local.cloud.unbind(BUCKET)
    assert main(["doctor", "--json", *local.arguments]) == 2
    finding = json.loads(capsys.readouterr().out)
    assert finding["status"] == 2
    assert local.credentials.secret_key not in str(finding)


def test_command_cannot_check(monkeypatch, capsys, tmp_path):
    """Missing credentials and a wrong file are findings."""
    for name in [name for name in os.environ if name.startswith("TENCENT")]:
        monkeypatch.delenv(name)
    assert main(["doctor"]) == 2
    assert re.search(r"error +credentials: There are no credentials", capsys.readouterr().out)
    (tmp_path / "serverless.yml").write_text("component: scf\n")
    assert main(["doctor", "--stack", str(tmp_path / "serverless.yml")]) == 2
    assert "error    serverless.yml:" in capsys.readouterr().out


def test_foreign_function(local, deployed):
    """A function of another tool is compared by the settings of that tool."""
    _update(local, Description=deployed.description)
    (finding,) = (finding for finding in _examine(local, deployed) if finding.check == "function")
    assert (finding.severity, finding.problem) == ("ok", "snapshot is Active and as serverless.yml describes it")
    _update(local, Timeout=60)
    (finding,) = (finding for finding in _examine(local, deployed) if finding.check == "function")
    assert (finding.severity, finding.remedy.rpartition(": ")[2]) == ("warning", "`python -m ops deploy --adopt`.")
    assert "made by another tool" in finding.problem
    assert finding.problem.endswith("to do: change configuration")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--endpoint", "127.0.0.1:8000", "--api-endpoint", "http://127.0.0.1:8001"],
            "is not the address of a local cloud",
        ),
        (["--endpoint", "http://127.0.0.1:8000", "--api-endpoint", ""], "Only one address of the local cloud is set"),
    ],
    ids=["no scheme", "one of two"],
)
def test_half_an_endpoint(monkeypatch, capsys, arguments, message):
    """With one of two addresses nothing is called."""
    monkeypatch.setenv("TENCENTCLOUD_SECRET_ID", "AKIDx")
    monkeypatch.setenv("TENCENTCLOUD_SECRET_KEY", "y")
    assert main(["doctor", "--json", *arguments]) == 2
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    assert finding["check"] == "endpoint"
    assert message in finding["what"]


def test_one_root(local, deployed):
    """One wrong bucket name is one error, not one for each of its consequences."""
    stack = _no_bucket_of_that_name(local, deployed)
    bad = [finding for finding in _examine(local, stack) if finding.severity in {"error", "warning"}]
    assert [finding.check for finding in bad] == ["bucket"]
    assert "were not checked" in bad[0].reason


def test_dead_letter_not_deployed(local, stack, stack_with, small_package):
    """A dead letter queue that the file names and the function lacks is not said to be missing from the file."""
    _deploy(local, stack, small_package)
    named = stack_with(deadLetter={"type": "CMQ-QUEUE", "name": "lost"})
    (finding,) = [finding for finding in _examine(local, named) if finding.check == "dead letter"]
    assert finding.severity == "warning"
    assert "serverless.yml names CMQ-QUEUE lost" in finding.problem
    assert "ops deploy" in finding.remedy


def test_same_refusal_once(local, deployed):
    """A call that several checks need and that is refused is one finding, which names all of them."""

    class Deaf:
        def __getattr__(self, name):
            return getattr(local.client, name)

        def scf(self, action, **parameters):
            if action == "GetFunction":
                return local.client.scf("GetFunction", FunctionName="snapshot", Namespace="none")
            return local.client.scf(action, **parameters)

    findings = [finding for finding in examine(Inventory(deployed, Deaf())) if finding.severity == "error"]
    assert [finding.check for finding in findings] == ["function"]
    assert "; also not checked: role, policies" in findings[0].reason


@pytest.mark.parametrize("trigger_names", ["host", "generated"])
def test_loop_is_found(stack, small_package, trigger_names):
    """An output under the trigger's prefix is found under whatever name triggers are listed."""
    with emulated(trigger_names=trigger_names) as local:
        _deploy(local, stack, small_package)
        variables = _variables(stack, SNAPSHOT_INPUT_PREFIX="", SNAPSHOT_OUTPUT_PREFIX="videos/thumbs/")
        _update(local, Environment=variables)
        findings = {finding.check: finding for finding in _examine(local, stack)}
        assert findings["output"].severity == "error"
        assert findings["trigger"].severity == "ok"


def test_async_run(local, stack_with, small_package):
    """A function that triggers start should not have asyncRunEnable, and the finding says who needs what."""
    stack = stack_with(asyncRunEnable=True)
    _deploy(local, stack, small_package)
    (finding,) = [finding for finding in _examine(local, stack) if finding.check == "asyncRunEnable"]
    assert finding.severity == "warning"
    assert "a CI workflow can call the function" in finding.problem
    assert "If triggers start the function, set asyncRunEnable: false" in finding.remedy


def test_failed_invocations(local, deployed):
    """An invocation that failed is reported with its error; after one that succeeded it is a note."""
    assert _of(_examine(local, deployed), "invocations").problem == "none so far"
    local.cloud.unbind(BUCKET)
    call = json.dumps({"bucket": BUCKET, "keys": ["videos/a.mp4"]})
    local.cos.put_object(Bucket=BUCKET, Key="videos/a.mp4", Body=b"text")
    local.cloud.scf.drain(60)
    finding = _of(_examine(local, deployed), "invocations")
    assert finding.severity == "error"
    assert "MediaBucketUnBinded" in finding.problem
    local.cloud.bind(BUCKET)
    local.client.scf("Invoke", FunctionName="snapshot", ClientContext=call)
    finding = _of(_examine(local, deployed), "invocations")
    assert (finding.severity, "not the newest" in finding.problem) == ("note", True)


@pytest.mark.parametrize(
    ("result", "problem", "remedy"),
    [
        ("Traceback:\n  x\nImportError: cannot import name '_imaging'", "ImportError: cannot", "--python"),
        (
            json.dumps({"errorCode": -1, "stackTrace": "Traceback:\nModuleNotFoundError: No module"}),
            "ModuleNot",
            "--python",
        ),
        (
            json.dumps({"errorMessage": "BadSettings: SNAPSHOT_SIZES"}),
            "BadSettings: SNAPSHOT_SIZES",
            "Correct what it names",
        ),
        ("", "no message", "Correct what it names"),
    ],
    ids=["traceback", "json", "message", "nothing"],
)
def test_error_of_an_invocation(stack, result, problem, remedy):
    """The line that names the error is shown, and another Python is named as the cause of an import that fails."""
    remote = RemoteState(function=desired_state(stack, "0" * 64).function)
    inventory = SimpleNamespace(remote=remote, last_invocations=(LogEntry(code=1, result=result),))
    (finding,) = check_invocations(inventory)
    assert problem in finding.problem
    assert remedy in finding.remedy


def _of(findings, check):
    (finding,) = [finding for finding in findings if finding.check == check]
    return finding
