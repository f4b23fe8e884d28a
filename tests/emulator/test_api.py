"""The control plane: signatures, parameters and each refusal an operator can meet, by the SDK and plain HTTP."""

import base64
import hashlib
import hmac
import io
import json
import signal
import subprocess
import sys
import time
import urllib.request
import zipfile
from datetime import datetime, timezone

import pytest
import qcloud_cos
from tencentcloud.cam.v20190116.cam_client import CamClient
from tencentcloud.common.credential import Credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.scf.v20180416 import models as scf_models
from tencentcloud.scf.v20180416.scf_client import ScfClient

from emulator.api.plane import ControlPlane
from emulator.cloud import Cloud

BUCKET = "examplebucket-1250000000"
HOST = f"{BUCKET}.cos.ap-guangzhou.myqcloud.com"
TRUST = json.dumps(
    {
        "version": "2.0",
        "statement": [{"action": "name/sts:AssumeRole", "effect": "allow", "principal": {"service": "scf.qcloud.com"}}],
    }
)
NO_TRUST = TRUST.replace("scf.qcloud.com", "cls.cloud.tencent.com")
POLICY = json.dumps({"version": "2.0", "statement": [{"effect": "allow", "action": ["ci:*"], "resource": ["*"]}]})
DESCRIBED = '{"event":"cos:ObjectCreated:*","filter":{"Prefix":"videos/","Suffix":""}}'


def _zip(**files):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in files.items():
            # a ZipInfo has a date of its own, always the same: tests are named by what they are given
            archive.writestr(zipfile.ZipInfo(name.replace("__", "/") + ".py"), text)
    return base64.b64encode(packed.getvalue()).decode()


CODE = _zip(handler="def main_handler(event, context):\n    return 1\n")


@pytest.fixture(scope="module")
def cloud():
    with Cloud(buckets=(BUCKET,)) as cloud:
        yield cloud


@pytest.fixture
def plane(cloud):
    with ControlPlane(cloud, now=time.time, queues=("lost",)) as plane:
        yield plane
    for function in cloud.scf.functions:
        cloud.scf.delete(function.name)
    cloud.set_policy(None)


def _client(kind, plane, secret_id, secret_key, *, region="ap-guangzhou", token=None):
    profile = ClientProfile(httpProfile=HttpProfile(protocol="http", endpoint=plane.endpoint))
    return kind(Credential(secret_id, secret_key, token), region, profile)


@pytest.fixture
def scf(plane, cloud):
    client = _client(ScfClient, plane, cloud.secret_id, cloud.secret_key)
    return lambda action, **parameters: client.call_json(action, parameters)["Response"]


@pytest.fixture
def cam(plane, cloud):
    client = _client(CamClient, plane, cloud.secret_id, cloud.secret_key)
    return lambda action, **parameters: client.call_json(action, parameters)["Response"]


def _code_of(call):
    with pytest.raises(TencentCloudSDKException) as raised:
        call()
    assert raised.value.get_request_id()
    return raised.value.get_code()


@pytest.fixture
def create(scf, cam):
    """Create a function with a role, and look until it is Active."""

    def create(**changed):
        if "Role" not in changed:
            cam("CreateRole", RoleName="run", PolicyDocument=TRUST)
        given = {
            "FunctionName": "one", "Handler": "handler.main_handler", "Runtime": "Python3.10", "Role": "run",
            "Code": {"ZipFile": CODE}, **changed,
        }  # fmt: skip
        scf("CreateFunction", **{name: value for name, value in given.items() if value is not None})
        for _ in range(3):
            found = scf("GetFunction", FunctionName=given["FunctionName"])
        return found

    return create


# Signatures.


def _signed(plane, cloud, *, body=b"{}", service="cam", action="GetUserAppId", version="2019-01-16", **spoil):
    """A request signed as the document says, but for what is spoilt; the answer's error code, or None."""
    at = int(time.time()) + spoil.get("from_now_s", 0)
    date = spoil.get("date", datetime.fromtimestamp(at, timezone.utc).strftime("%Y-%m-%d"))
    names = spoil.get("names", "content-type;host")
    headers = {"content-type": "application/json", "host": plane.endpoint}
    canonical = "".join(f"{name}:{headers.get(name, '')}\n" for name in names.split(";"))
    request = f"POST\n/\n\n{canonical}\n{names}\n{hashlib.sha256(body).hexdigest()}"
    scope = f"{date}/{service}/tc3_request"
    text = f"TC3-HMAC-SHA256\n{at}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    key = f"TC3{spoil.get('secret_key', cloud.secret_key)}".encode()
    for part in (date, service, "tc3_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    digits = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    key_id = spoil.get("secret_id", cloud.secret_id)
    claim = f"TC3-HMAC-SHA256 Credential={key_id}/{scope}, SignedHeaders={names}, Signature={digits}"
    sent = {
        "Content-Type": spoil.get("content_type", "application/json"),
        "Authorization": spoil.get("authorization", claim),
        "X-TC-Action": action,
        "X-TC-Version": version,
        "X-TC-Timestamp": str(spoil.get("timestamp", at)),
        "X-TC-Region": "ap-guangzhou",
        **({"X-TC-Token": spoil["token"]} if "token" in spoil else {}),
    }
    request = urllib.request.Request(
        f"http://{plane.endpoint}/", data=spoil.get("sent_body", body), headers=sent, method=spoil.get("method", "POST")
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read())["Response"].get("Error", {}).get("Code")


def test_a_request_signed_as_the_document_says_is_answered(plane, cloud):
    assert _signed(plane, cloud) is None


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        ({"secret_key": "wrong"}, "AuthFailure.SignatureFailure"),
        ({"sent_body": b'{"a": 1}'}, "AuthFailure.SignatureFailure"),
        ({"date": "2020-01-01"}, "AuthFailure.SignatureFailure"),
        ({"names": "content-type"}, "AuthFailure.SignatureFailure"),
        ({"names": "host;content-type"}, "AuthFailure.SignatureFailure"),
        ({"secret_id": "AKIDnobody"}, "AuthFailure.SecretIdNotFound"),
        ({"from_now_s": -400}, "AuthFailure.SignatureExpire"),
        ({"from_now_s": 400}, "AuthFailure.SignatureExpire"),
        ({"authorization": "q-sign-algorithm=sha1"}, "AuthFailure.InvalidAuthorization"),
        ({"authorization": ""}, "AuthFailure.InvalidAuthorization"),
        ({"timestamp": "soon"}, "MissingParameter"),
        ({"service": "cvm"}, "AuthFailure.SignatureFailure"),
        ({"version": "2018-04-16"}, "NoSuchVersion"),
        ({"action": "BuyCloud"}, "InvalidAction"),
        ({"body": b"no json"}, "InvalidParameter"),
        ({"body": b"[]"}, "InvalidParameter"),
        ({"content_type": "text/plain"}, "InvalidRequest"),
        ({"method": "PUT"}, "InvalidRequest"),
    ],
    ids=lambda value: str(value)[:40] if isinstance(value, dict) else "",
)
def test_a_request_that_is_not_in_order_is_refused(plane, cloud, spoil, code):
    assert _signed(plane, cloud, **spoil) == code


def test_a_roles_keys_need_their_token_and_are_for_no_control_plane(plane, cloud):
    keys = cloud.keys.issue("run", 60)
    held = {"secret_id": keys.secret_id, "secret_key": keys.secret_key}
    assert _signed(plane, cloud, **held) == "AuthFailure.TokenFailure"
    assert _signed(plane, cloud, **held, token="wrong") == "AuthFailure.TokenFailure"
    assert _signed(plane, cloud, **held, token=keys.token) == "UnauthorizedOperation"


def test_an_expired_key_is_refused(cloud):
    keys = cloud.keys.issue("run", 60)
    with ControlPlane(cloud, now=lambda: time.time() + 120) as plane:
        held = {"secret_id": keys.secret_id, "secret_key": keys.secret_key, "token": keys.token}
        assert _signed(plane, cloud, **held) == "AuthFailure.TokenFailure"


def test_a_request_over_ten_megabytes_is_refused(scf):
    code = {"ZipFile": "A" * (10 * 1024 * 1024)}
    assert _code_of(lambda: scf("UpdateFunctionCode", FunctionName="one", Code=code)) == "RequestSizeLimitExceeded"


def test_another_region_is_refused(plane, cloud):
    client = _client(ScfClient, plane, cloud.secret_id, cloud.secret_key, region="ap-tokyo")
    assert _code_of(lambda: client.call_json("ListFunctions", {})) == "UnsupportedRegion"


# Functions.


def test_the_sdks_typed_requests_and_answers_fit(plane, cloud, create):
    create(Tags=[{"Key": "project", "Value": "x"}], DeadLetterConfig={"Type": "CMQ-TOPIC", "Name": "lost"})
    client = _client(ScfClient, plane, cloud.secret_id, cloud.secret_key)
    request = scf_models.GetFunctionRequest()
    request.FunctionName = "one"
    found = client.GetFunction(request)
    assert (found.Status, found.Runtime, found.MemorySize, found.Timeout) == ("Active", "Python3.10", 128, 3)
    assert found.DeadLetterConfig.Name == "lost"
    assert found.Tags[0].Value == "x"
    request = scf_models.ListFunctionsRequest()
    assert [one.FunctionName for one in client.ListFunctions(request).Functions] == ["one"]


def test_a_change_takes_its_time_and_lets_no_other_in(scf, cam):
    cam("CreateRole", RoleName="run", PolicyDocument=TRUST)
    scf("CreateFunction", FunctionName="one", Handler="handler.main_handler", Runtime="Python3.10", Role="run",
        Code={"ZipFile": CODE})  # fmt: skip
    assert _code_of(lambda: scf("UpdateFunctionConfiguration", FunctionName="one", Timeout=5)).endswith("StatusError")
    assert _code_of(lambda: _bind(scf)).endswith("FunctionStatusError")
    seen = [scf("GetFunction", FunctionName="one")["Status"] for _ in range(3)]
    assert seen == ["Creating", "Active", "Active"]
    scf("UpdateFunctionConfiguration", FunctionName="one", Timeout=5)
    seen = [scf("GetFunction", FunctionName="one")["Status"] for _ in range(3)]
    assert seen == ["Updating", "Active", "Active"]


def test_what_was_created_runs(cloud, create, scf):
    create()
    assert cloud.scf.invoke("one", {}).return_value == 1
    newer = _zip(handler="def main_handler(event, context):\n    return 2\n")
    scf("UpdateFunctionCode", FunctionName="one", ZipFile=newer)
    assert cloud.scf.invoke("one", {}).return_value == 2


def test_code_comes_from_a_bucket_named_without_its_appid(cloud, create, scf):
    host, port = cloud.endpoint.removeprefix("http://").split(":")
    client = qcloud_cos.CosS3Client(
        qcloud_cos.CosConfig(Region=cloud.region, SecretId=cloud.secret_id, SecretKey=cloud.secret_key, Scheme="http",
                             IP=host, Port=int(port))
    )  # fmt: skip
    client.put_object(Bucket=BUCKET, Key="code/a.zip", Body=base64.b64decode(CODE))
    code = {"CosBucketName": "examplebucket", "CosObjectName": "/code/a.zip"}
    assert create(Code=code)["CodeSize"] == len(base64.b64decode(CODE))
    for spoilt, refused in (
        ({**code, "CosBucketName": BUCKET}, "InvalidParameterValue.CosBucketName"),
        ({**code, "CosObjectName": "code/a.zip"}, "InvalidParameterValue.CosObjectName"),
        ({**code, "CosObjectName": "/none.zip"}, "ResourceNotFound.CosObject"),
    ):
        assert _code_of(lambda spoilt=spoilt: scf("UpdateFunctionCode", FunctionName="one", Code=spoilt)) == refused


def test_code_without_its_handler_fails_later(create, cloud):
    found = create(Code={"ZipFile": _zip(other="")})
    assert found["Status"] == "CreateFailed"
    assert "no handler.py" in found["StatusReasons"][0]["ErrorMessage"]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"FunctionName": "1one"}, "InvalidParameterValue.FunctionName"),
        ({"FunctionName": None}, "MissingParameter"),
        ({"Handler": "main"}, "InvalidParameterValue.Handler"),
        ({"Runtime": "Python3.12"}, "InvalidParameterValue.Runtime"),
        ({"MemorySize": 500}, "InvalidParameterValue.MemorySize"),
        ({"MemorySize": "512"}, "InvalidParameter"),
        ({"Timeout": 901}, "LimitExceeded.Timeout"),
        ({"InitTimeout": 301}, "LimitExceeded.InitTimeout"),
        ({"Description": "a; b"}, "InvalidParameterValue.Description"),
        (
            {"Environment": {"Variables": [{"Key": "SCF_X", "Value": "1"}]}},
            "InvalidParameterValue.EnvironmentSystemProtect",
        ),
        ({"Environment": {"Variables": [{"Key": "A-B", "Value": "1"}]}}, "InvalidParameterValue.Environment"),
        ({"Environment": {"Variables": [{"Key": "A", "Value": ""}]}}, "InvalidParameterValue.Environment"),
        (
            {"Environment": {"Variables": [{"Key": "A", "Value": "x" * 4096}]}},
            "InvalidParameterValue.EnvironmentExceededLimit",
        ),
        ({"DeadLetterConfig": {"Type": "SQS", "Name": "lost"}}, "InvalidParameterValue.DeadLetterConfig"),
        ({"DeadLetterConfig": {"Type": "CMQ-QUEUE", "Name": "none"}}, "ResourceNotFound.Cmq"),
        ({"PublicNetConfig": {"PublicNetStatus": "MAYBE"}}, "InvalidParameterValue.PublicNetConfig"),
        ({"Type": "HTTP"}, "InvalidParameterValue.FunctionType"),
        ({"Namespace": "other"}, "ResourceNotFound.Namespace"),
        ({"Role": "none"}, "ResourceNotFound.Role"),
        ({"Code": None}, "MissingParameter.Code"),
        ({"Code": {}}, "MissingParameter.Code"),
        ({"Code": {"ZipFile": "%%%"}}, "InvalidParameterValue.ZipFile"),
        ({"Code": {"ZipFile": base64.b64encode(b"text").decode()}}, "InvalidParameterValue.ZipFile"),
        ({"Code": {"ZipFile": CODE, "GitUrl": "x"}}, "UnknownParameter"),
        ({"Speed": "fast"}, "UnknownParameter"),
    ],
    ids=lambda value: str(value)[:50] if isinstance(value, dict) else "",
)
def test_a_function_that_scf_would_not_take_is_refused(cloud, cam, scf, changed, code):
    cam("CreateRole", RoleName="run", PolicyDocument=TRUST)
    given = {
        "FunctionName": "one", "Handler": "handler.main_handler", "Runtime": "Python3.10", "Role": "run",
        "Code": {"ZipFile": CODE}, **changed,
    }  # fmt: skip
    given = {name: value for name, value in given.items() if value is not None}
    assert _code_of(lambda: scf("CreateFunction", **given)) == code
    assert cloud.scf.functions == ()


def test_a_zip_that_leads_out_of_its_folder_is_refused(cam, scf):
    cam("CreateRole", RoleName="run", PolicyDocument=TRUST)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("../evil.py", "")
    code = {"ZipFile": base64.b64encode(packed.getvalue()).decode()}
    given = {"FunctionName": "one", "Handler": "handler.main_handler", "Runtime": "Python3.10", "Role": "run"}
    assert _code_of(lambda: scf("CreateFunction", **given, Code=code)) == "InvalidParameterValue.Code"


def test_a_role_that_scf_may_not_take_is_no_run_role(cam, scf):
    cam("CreateRole", RoleName="run", PolicyDocument=NO_TRUST)
    given = {"FunctionName": "one", "Handler": "handler.main_handler", "Runtime": "Python3.10", "Role": "run"}
    assert _code_of(lambda: scf("CreateFunction", **given, Code={"ZipFile": CODE})) == "UnauthorizedOperation.Role"


def test_names_are_taken_once_and_the_runtime_for_good(create, scf):
    create()
    assert _code_of(lambda: create(Role="run")) == "ResourceInUse.Function"
    change = {"FunctionName": "one", "Runtime": "Python3.9"}
    assert _code_of(lambda: scf("UpdateFunctionConfiguration", **change)) == "InvalidParameterValue.Runtime"
    scf("DeleteFunction", FunctionName="one")
    assert _code_of(lambda: scf("GetFunction", FunctionName="one")) == "ResourceNotFound.Function"


@pytest.mark.parametrize(
    ("config", "code"),
    [
        ({"RetryConfig": [{"RetryNum": 3}], "MsgTTL": 600}, "LimitExceeded.RetryNum"),
        ({"RetryConfig": [{"RetryNum": 1}], "MsgTTL": 30}, "LimitExceeded.MsgTTL"),
        ({"RetryConfig": [{"RetryNum": 1}], "MsgTTL": 21601}, "LimitExceeded.MsgTTL"),
        ({"RetryConfig": [], "MsgTTL": 600}, "InvalidParameterValue.AsyncTriggerConfig"),
        ({"RetryConfig": [{"RetryNum": 1}]}, "InvalidParameterValue.AsyncTriggerConfig"),
        (None, "InvalidParameterValue.AsyncTriggerConfig"),
    ],
    ids=str,
)
def test_retries_have_their_limits(create, scf, config, code):
    create()
    given = {} if config is None else {"AsyncTriggerConfig": config}
    assert _code_of(lambda: scf("UpdateFunctionEventInvokeConfig", FunctionName="one", **given)) == code
    good = {"RetryConfig": [{"RetryNum": 0}], "MsgTTL": 60}
    scf("UpdateFunctionEventInvokeConfig", FunctionName="one", AsyncTriggerConfig=good)
    assert scf("GetFunctionEventInvokeConfig", FunctionName="one")["AsyncTriggerConfig"] == good


# Triggers.


def _bind(scf, **changed):
    given = {
        "FunctionName": "one", "Type": "cos", "TriggerName": HOST, "TriggerDesc": DESCRIBED, "Qualifier": "$DEFAULT",
        **changed,
    }  # fmt: skip
    return scf("CreateTrigger", **given)


def test_a_trigger_is_created_listed_closed_opened_and_removed(cloud, create, scf):
    create()
    assert _bind(scf, Enable="OPEN")["TriggerInfo"]["TriggerName"] == HOST
    named = {
        "FunctionName": "one",
        "Type": "cos",
        "TriggerName": HOST,
        "TriggerDesc": DESCRIBED,
        "Qualifier": "$DEFAULT",
    }
    scf("UpdateTriggerStatus", **named, Enable="CLOSE")
    (listed,) = scf("ListTriggers", FunctionName="one")["Triggers"]
    assert (listed["Enable"], listed["TriggerDesc"]) == (0, DESCRIBED)
    assert cloud.scf.triggers[0].enabled is False
    scf("UpdateTriggerStatus", **named, Enable="OPEN")
    assert cloud.scf.triggers[0].enabled is True
    scf("DeleteTrigger", **named)
    assert cloud.scf.triggers == ()
    assert _code_of(lambda: scf("DeleteTrigger", **named)) == "ResourceNotFound.Trigger"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"Type": "timer"}, "InvalidParameterValue.Type"),
        ({"TriggerName": BUCKET}, "InvalidParameterValue.TriggerName"),
        ({"TriggerName": HOST.replace("guangzhou", "beijing")}, "InvalidParameterValue.TriggerName"),
        ({"TriggerName": HOST.replace("examplebucket", "none")}, "ResourceNotFound.Cos"),
        ({"TriggerDesc": "{}"}, "InvalidParameterValue.TriggerDesc"),
        ({"TriggerDesc": DESCRIBED.replace(":{", ": {")}, "InvalidParameterValue.TriggerDesc"),
        ({"TriggerDesc": DESCRIBED.replace("Created:*", "Created:Append")}, "InvalidParameterValue.TriggerDesc"),
        ({"TriggerDesc": DESCRIBED.replace('"Suffix":""', '"Suffix":"mp4"')}, "InvalidParameterValue.TriggerDesc"),
        ({"Enable": "YES"}, "InvalidParameterValue.Enable"),
        ({"Qualifier": "7"}, "ResourceNotFound.Qualifier"),
        ({"FunctionName": "none"}, "ResourceNotFound.Function"),
    ],
    ids=lambda value: str(value)[:60] if isinstance(value, dict) else "",
)
def test_a_trigger_that_scf_would_not_take_is_refused(cloud, create, scf, changed, code):
    create()
    assert _code_of(lambda: _bind(scf, **changed)) == code
    assert cloud.scf.triggers == ()


def test_triggers_that_overlap_are_refused(create, scf):
    create()
    _bind(scf)
    assert _code_of(lambda: _bind(scf)) == "ResourceInUse.Trigger"
    inner = DESCRIBED.replace("videos/", "videos/new/")
    assert _code_of(lambda: _bind(scf, TriggerDesc=inner)) == "InvalidParameterValue.CosNotifyRuleConflict"


def test_an_eleventh_trigger_is_refused(create, scf):
    create()
    for number in range(10):
        _bind(scf, TriggerDesc=DESCRIBED.replace("videos/", f"{number}/"))
    assert _code_of(lambda: _bind(scf)) == "LimitExceeded.Trigger"


# Roles and policies.


def test_a_roles_policies_are_what_its_function_may_do(cloud, create, cam, scf):
    create()
    assert cloud.policy is not None
    assert not cloud.policy.allows("ci:GenerateSnapshot", "qcs::ci:ap-guangzhou:uid/1250000000:bucket/x/y")
    number = cam("CreatePolicy", PolicyName="p", PolicyDocument=POLICY)["PolicyId"]
    cam("AttachRolePolicy", PolicyId=number, AttachRoleName="run")
    assert cloud.policy.allows("ci:GenerateSnapshot", "qcs::ci:ap-guangzhou:uid/1250000000:bucket/x/y")
    cam("UpdatePolicy", PolicyId=number, PolicyDocument=POLICY.replace("ci:*", "ci:GenerateMediaInfo"))
    assert not cloud.policy.allows("ci:GenerateSnapshot", "qcs::ci:ap-guangzhou:uid/1250000000:bucket/x/y")
    cam("DetachRolePolicy", PolicyId=number, DetachRoleName="run")
    assert not cloud.policy.allows("ci:GenerateMediaInfo", "qcs::ci:ap-guangzhou:uid/1250000000:bucket/x/y")


def test_roles_and_policies_live_their_lives(cam):
    cam("CreateRole", RoleName="run", PolicyDocument=TRUST, Description="a")
    cam("UpdateRoleDescription", RoleName="run", Description="b")
    cam("UpdateAssumeRolePolicy", RoleName="run", PolicyDocument=NO_TRUST)
    role = cam("GetRole", RoleName="run")["RoleInfo"]
    assert (role["Description"], role["PolicyDocument"]) == ("b", NO_TRUST)
    number = cam("CreatePolicy", PolicyName="p-one", PolicyDocument=POLICY, Description="c")["PolicyId"]
    assert cam("GetPolicy", PolicyId=number)["PolicyDocument"] == POLICY
    assert [one["PolicyName"] for one in cam("ListPolicies", Keyword="p-", Scope="Local")["List"]] == ["p-one"]
    assert cam("ListPolicies", Keyword="other", Scope="Local")["TotalNum"] == 0
    cam("AttachRolePolicy", PolicyId=number, AttachRoleName="run")
    (attached,) = cam("ListAttachedRolePolicies", RoleName="run", Page=1, Rp=10)["List"]
    assert (attached["PolicyId"], attached["PolicyType"]) == (number, "User")
    assert _code_of(lambda: cam("DeleteRole", RoleName="run")) == "FailedOperation"
    assert _code_of(lambda: cam("DeletePolicy", PolicyId=[number])) == "FailedOperation"
    cam("DetachRolePolicy", PolicyId=number, DetachRoleName="run")
    cam("DeletePolicy", PolicyId=[number])
    cam("DeleteRole", RoleName="run")
    assert _code_of(lambda: cam("GetRole", RoleName="run")) == "InvalidParameter.RoleNotExist"
    assert _code_of(lambda: cam("GetPolicy", PolicyId=number)) == "ResourceNotFound.PolicyIdNotFound"


@pytest.mark.parametrize(
    ("action", "given", "code"),
    [
        ("CreateRole", {"RoleName": "a b", "PolicyDocument": TRUST}, "InvalidParameter.RoleNameError"),
        ("CreateRole", {"RoleName": "a"}, "MissingParameter"),
        ("CreateRole", {"RoleName": "a", "PolicyDocument": "{}"}, "InvalidParameter.PolicyDocumentError"),
        ("CreateRole", {"RoleName": "a", "PolicyDocument": POLICY}, "InvalidParameter.PolicyDocumentError"),
        ("CreateRole", {"RoleName": "taken", "PolicyDocument": TRUST}, "InvalidParameter.RoleNameInUse"),
        ("CreatePolicy", {"PolicyName": "a b", "PolicyDocument": POLICY}, "InvalidParameter.PolicyNameError"),
        ("CreatePolicy", {"PolicyName": "a", "PolicyDocument": "no"}, "InvalidParameter.PolicyDocumentError"),
        (
            "CreatePolicy",
            {"PolicyName": "a", "PolicyDocument": '{"version":"1"}'},
            "InvalidParameter.PolicyDocumentError",
        ),
        ("CreatePolicy", {"PolicyName": "held", "PolicyDocument": POLICY}, "FailedOperation.PolicyNameInUse"),
        ("AttachRolePolicy", {"PolicyId": 1, "AttachRoleName": "taken"}, "ResourceNotFound.PolicyIdNotFound"),
        ("AttachRolePolicy", {"PolicyId": 1, "AttachRoleName": "none"}, "InvalidParameter.RoleNotExist"),
        ("ListAttachedRolePolicies", {"RoleName": "taken"}, "MissingParameter"),
        ("ListPolicies", {"Rp": 201}, "InvalidParameter.ParamError"),
        ("DeletePolicy", {"PolicyId": []}, "MissingParameter"),
        ("GetRole", {"RoleName": "none"}, "InvalidParameter.RoleNotExist"),
    ],
    ids=lambda value: str(value)[:50] if isinstance(value, (dict, str)) else "",
)
def test_cam_refuses_what_it_would_not_take(cam, action, given, code):
    cam("CreateRole", RoleName="taken", PolicyDocument=TRUST)
    cam("CreatePolicy", PolicyName="held", PolicyDocument=POLICY)
    assert _code_of(lambda: cam(action, **given)) == code


def test_each_call_is_noted_with_what_became_of_it(plane, cam):
    cam("GetUserAppId")
    assert _code_of(lambda: cam("GetRole", RoleName="none"))
    assert [(call.service, call.action, call.code) for call in plane.calls] == [
        ("cam", "GetUserAppId", ""),
        ("cam", "GetRole", "InvalidParameter.RoleNotExist"),
    ]


def test_as_a_process_it_says_how_to_reach_it_and_ends_when_told():
    command = [sys.executable, "-m", "emulator.api", "--bucket", BUCKET, "--queue", "lost"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            reach = json.loads(process.stdout.readline())
            profile = ClientProfile(httpProfile=HttpProfile(protocol="http", endpoint=reach["api_endpoint"][7:]))
            client = CamClient(Credential(reach["secret_id"], reach["secret_key"]), reach["region"], profile)
            assert client.call_json("GetUserAppId", {})["Response"]["AppId"] == 1250000000
            assert reach["buckets"] == [BUCKET]
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0


def test_as_a_process_it_names_what_keeps_it_from_beginning():
    command = [sys.executable, "-m", "emulator.api", "--bucket", "no-appid"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("emulator.api: ")
