"""A cloud with its control plane, called by the official SDK."""

import base64
import io
import json
import time
import zipfile

import pytest
import qcloud_cos
from tencentcloud.cam.v20190116.cam_client import CamClient
from tencentcloud.common.credential import Credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.scf.v20180416 import models
from tencentcloud.scf.v20180416.scf_client import ScfClient

from emulator.cloud import Cloud
from emulator.control.plane import ControlPlane

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


def zip_of(**files):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in files.items():
            # a ZipInfo has a date of its own, always the same: tests are named by what they are given
            archive.writestr(zipfile.ZipInfo(name.replace("__", "/") + ".py"), text)
    return base64.b64encode(packed.getvalue()).decode()


CODE = zip_of(handler="def main_handler(event, context):\n    return 1\n")


@pytest.fixture(scope="module")
def cloud():
    with Cloud(buckets=(BUCKET,)) as cloud:
        yield cloud


@pytest.fixture
def plane(cloud):
    with ControlPlane(cloud, now=time.time, queues=("lost",)) as plane:
        yield plane
    cloud.clear()


def client_of(kind, plane, secret_id, secret_key, *, region="ap-guangzhou", token=None):
    profile = ClientProfile(httpProfile=HttpProfile(protocol="http", endpoint=plane.endpoint))
    return kind(Credential(secret_id, secret_key, token), region, profile)


@pytest.fixture
def scf(plane, cloud):
    client = client_of(ScfClient, plane, cloud.secret_id, cloud.secret_key)
    return lambda action, **parameters: client.call_json(action, parameters)["Response"]


@pytest.fixture
def cam(plane, cloud):
    client = client_of(CamClient, plane, cloud.secret_id, cloud.secret_key)
    return lambda action, **parameters: client.call_json(action, parameters)["Response"]


def error_code(call):
    with pytest.raises(TencentCloudSDKException) as raised:
        call()
    assert raised.value.get_request_id()
    return raised.value.get_code()


@pytest.fixture
def create(scf, cam):
    """Create a function with a role, and poll until it is Active."""

    def create(**changed):
        if "Role" not in changed:
            cam("CreateRole", RoleName="run", PolicyDocument=TRUST)
        parameters = {
            "FunctionName": "one", "Handler": "handler.main_handler", "Runtime": "Python3.10", "Role": "run",
            "Code": {"ZipFile": CODE}, **changed,
        }  # fmt: skip
        scf("CreateFunction", **{name: value for name, value in parameters.items() if value is not None})
        for _ in range(3):
            function = scf("GetFunction", FunctionName=parameters["FunctionName"])
        return function

    return create


def bind(scf, **changed):
    parameters = {
        "FunctionName": "one", "Type": "cos", "TriggerName": HOST, "TriggerDesc": DESCRIBED, "Qualifier": "$DEFAULT",
        **changed,
    }  # fmt: skip
    return scf("CreateTrigger", **parameters)


@pytest.fixture
def typed(plane, cloud):
    """Call by the SDK's typed requests and responses."""
    client = client_of(ScfClient, plane, cloud.secret_id, cloud.secret_key)

    def call(action, **parameters):
        request = getattr(models, f"{action}Request")()
        request._deserialize(parameters)
        return getattr(client, action)(request)

    return call


def sdk_of(cloud):
    """Return a client of the cloud's object storage."""
    config = qcloud_cos.CosConfig(
        Region=cloud.region,
        SecretId=cloud.secret_id,
        SecretKey=cloud.secret_key,
        Scheme="http",
        IP="127.0.0.1",
        Port=cloud.port,
    )
    return qcloud_cos.CosS3Client(config)
