"""Temporary credentials from STS, by the official SDK, used by the official client of COS."""

import json
import time
from urllib.parse import quote

import pytest
from qcloud_cos import CosConfig, CosS3Client
from qcloud_cos.cos_exception import CosServiceError
from tencentcloud.common.common_client import CommonClient
from tencentcloud.common.credential import Credential
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile

from tests.emulator.control.conftest import BUCKET, POLICY, TRUST, error_code

UIN = "100000000001"
OWN_TRUST = TRUST.replace('"service": "scf.qcloud.com"', f'"qcs": ["qcs::cam::uin/{UIN}:root"]')


def policy_on(prefix, action="name/cos:PutObject"):
    resource = f"qcs::cos:ap-guangzhou:uid/1250000000:{BUCKET}/{prefix}*"
    return json.dumps({"version": "2.0", "statement": [{"effect": "allow", "action": action, "resource": resource}]})


@pytest.fixture
def sts(plane, cloud):
    profile = ClientProfile(httpProfile=HttpProfile(protocol="http", endpoint=plane.endpoint))
    client = CommonClient("sts", "2018-08-13", Credential(cloud.secret_id, cloud.secret_key), "ap-guangzhou", profile)
    return lambda action, **parameters: client.call_json(action, parameters)["Response"]


def client_with(cloud, answer):
    issued = answer["Credentials"]
    config = CosConfig(
        Region=cloud.region,
        SecretId=issued["TmpSecretId"],
        SecretKey=issued["TmpSecretKey"],
        Token=issued["Token"],
        Scheme="http",
        IP="127.0.0.1",
        Port=cloud.port,
    )
    return CosS3Client(config, retry=0)


def put(client, key):
    """Return the code of the error, None where the object was stored."""
    try:
        client.put_object(BUCKET, b"x", key)
    except CosServiceError as error:
        return error.get_error_code()
    return None


@pytest.mark.parametrize("encode", [str, quote], ids=["plain", "url-encoded"])
def test_federation_token(cloud, sts, encode):
    """A federation token may do what its policy allows and nothing else, as a browser's upload needs it."""
    answer = sts("GetFederationToken", Name="browser", Policy=encode(policy_on("uploads/")), DurationSeconds=600)
    client = client_with(cloud, answer)
    assert put(client, "uploads/a.mp4") is None
    assert put(client, "other/a.mp4") == "AccessDenied"
    assert answer["ExpiredTime"] == pytest.approx(time.time() + 600, abs=30)
    assert answer["Expiration"].endswith("Z")


def test_assumed_role(cloud, cam, sts):
    """Credentials of a role may do what its policies allow, within the policy of the session."""
    cam("CreateRole", RoleName="uploader", PolicyDocument=OWN_TRUST)
    number = cam("CreatePolicy", PolicyName="p", PolicyDocument=policy_on(""))["PolicyId"]
    arn = f"qcs::cam::uin/{UIN}:roleName/uploader"
    assert put(client_with(cloud, sts("AssumeRole", RoleArn=arn, RoleSessionName="one")), "a") == "AccessDenied"
    cam("AttachRolePolicy", PolicyId=number, AttachRoleName="uploader")
    assert put(client_with(cloud, sts("AssumeRole", RoleArn=arn, RoleSessionName="one")), "a") is None
    narrow = client_with(cloud, sts("AssumeRole", RoleArn=arn, RoleSessionName="one", Policy=policy_on("uploads/")))
    assert put(narrow, "uploads/a") is None
    assert put(narrow, "a") == "AccessDenied"


def test_attach_by_name(cam):
    """A policy is attached by its id or by its name."""
    cam("CreateRole", RoleName="run", PolicyDocument=TRUST)
    cam("CreatePolicy", PolicyName="p", PolicyDocument=POLICY)
    cam("AttachRolePolicy", PolicyName="p", AttachRoleName="run")
    (attached,) = cam("ListAttachedRolePolicies", RoleName="run", Page=1, Rp=10)["List"]
    assert attached["PolicyName"] == "p"
    assert error_code(lambda: cam("AttachRolePolicy", PolicyName="q", AttachRoleName="run")).startswith("ResourceNot")


def test_caller_identity(sts):
    """The root account is told its own number."""
    assert sts("GetCallerIdentity")["AccountId"] == UIN


@pytest.mark.parametrize(
    ("action", "changed", "code"),
    [
        ("GetFederationToken", {"Policy": "no"}, "InvalidParameter.StrategyFormatError"),
        ("GetFederationToken", {"Policy": None}, "MissingParameter"),
        ("GetFederationToken", {"Name": "a b"}, "InvalidParameter.ParamError"),
        ("GetFederationToken", {"DurationSeconds": 7201}, "InvalidParameter.OverTimeError"),
        ("AssumeRole", {"RoleArn": "qcs::cam::uin/1:roleName/own"}, "InvalidParameter.ParamError"),
        ("AssumeRole", {"RoleArn": f"qcs::cam::uin/{UIN}:roleName/none"}, "ResourceNotFound.RoleNotFound"),
        ("AssumeRole", {"RoleArn": f"qcs::cam::uin/{UIN}:roleName/of-scf"}, "UnauthorizedOperation"),
        ("AssumeRole", {"DurationSeconds": 43201}, "InvalidParameter.OverTimeError"),
        ("AssumeRole", {"RoleSessionName": "x"}, "InvalidParameter.ParamError"),
    ],
    ids=lambda value: str(value)[:50] if isinstance(value, dict) else "",
)
def test_refused_by_sts(cam, sts, action, changed, code):
    """STS refuses what it would not take, with the API's own code."""
    cam("CreateRole", RoleName="own", PolicyDocument=OWN_TRUST)
    cam("CreateRole", RoleName="of-scf", PolicyDocument=TRUST)
    good = {
        "GetFederationToken": {"Name": "browser", "Policy": policy_on("")},
        "AssumeRole": {"RoleArn": f"qcs::cam::uin/{UIN}:roleName/own", "RoleSessionName": "one"},
    }[action]
    parameters = {name: value for name, value in {**good, **changed}.items() if value is not None}
    assert error_code(lambda: sts(action, **parameters)) == code
