"""The signer of a request, by plain HTTP: signature v3, signature v1, and the general form of a call."""

import base64
import hashlib
import hmac
import json
import time
import urllib.parse
import urllib.request
from datetime import datetime, timezone

import pytest
from tencentcloud.cam.v20190116.cam_client import CamClient
from tencentcloud.common.credential import Credential
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.scf.v20180416.scf_client import ScfClient

from emulator.control.plane import ControlPlane
from tests.emulator.control.conftest import CODE, TRUST, client_of, error_code


def _signed(plane, cloud, *, body=b"{}", service="cam", action="GetUserAppId", version="2019-01-16", **spoil):
    """A request signed as the document says, but for its spoilt part; the answer's error code, or None."""
    at = int(time.time()) + spoil.get("from_now_s", 0)
    date = spoil.get("date", datetime.fromtimestamp(at, timezone.utc).strftime("%Y-%m-%d"))
    names = spoil.get("names", "content-type;host")
    headers = {"content-type": "application/json", "host": spoil.get("signed_host", plane.endpoint)}
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
    headers = {
        "Content-Type": spoil.get("content_type", "application/json"),
        "Authorization": spoil.get("authorization", claim),
        "X-TC-Action": action,
        "X-TC-Version": version,
        "X-TC-Timestamp": str(spoil.get("timestamp", at)),
        "X-TC-Region": "ap-guangzhou",
        **({"X-TC-Token": spoil["token"]} if "token" in spoil else {}),
    }
    request = urllib.request.Request(
        f"http://{plane.endpoint}/",
        data=spoil.get("sent_body", body),
        headers=headers,
        method=spoil.get("method", "POST"),
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.loads(answer.read())["Response"].get("Error", {}).get("Code")


def test_signed_as_documented(plane, cloud):
    """A request signed as the document says is answered."""
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
def test_not_in_order(plane, cloud, spoil, code):
    """A request whose signature or form is not in order is refused with the API's own code."""
    assert _signed(plane, cloud, **spoil) == code


def test_role_credentials(plane, cloud):
    """A role's credentials need their token, and are no good for the control plane."""
    keys = cloud.credentials.issue("run", 60)
    temporary = {"secret_id": keys.secret_id, "secret_key": keys.secret_key}
    assert _signed(plane, cloud, **temporary) == "AuthFailure.TokenFailure"
    assert _signed(plane, cloud, **temporary, token="wrong") == "AuthFailure.TokenFailure"
    assert _signed(plane, cloud, **temporary, token=keys.token) == "UnauthorizedOperation"


def test_expired_credentials(cloud):
    """Temporary credentials that have expired are refused."""
    keys = cloud.credentials.issue("run", 60)
    with ControlPlane(cloud, now=lambda: time.time() + 120) as plane:
        temporary = {"secret_id": keys.secret_id, "secret_key": keys.secret_key, "token": keys.token}
        assert _signed(plane, cloud, **temporary) == "AuthFailure.TokenFailure"


def test_too_large(scf):
    """A request over 10 MB is refused."""
    code = {"ZipFile": "A" * (10 * 1024 * 1024)}
    assert error_code(lambda: scf("UpdateFunctionCode", FunctionName="one", Code=code)) == "RequestSizeLimitExceeded"


def test_another_region(plane, cloud):
    """A call for another region is refused."""
    client = client_of(ScfClient, plane, cloud.secret_id, cloud.secret_key, region="ap-tokyo")
    assert error_code(lambda: client.call_json("ListFunctions", {})) == "UnsupportedRegion"


def test_host_without_its_port(plane, cloud):
    """A host is signed with or without its port: a real address has none, so clients differ."""
    assert _signed(plane, cloud, signed_host="127.0.0.1") is None
    assert _signed(plane, cloud, signed_host="scf.tencentcloudapi.com") == "AuthFailure.SignatureFailure"


METHODS = [("TC3-HMAC-SHA256", "GET"), ("HmacSHA1", "POST"), ("HmacSHA256", "POST"), ("HmacSHA1", "GET")]


@pytest.mark.parametrize(("sign_method", "http_method"), METHODS, ids=[" ".join(method) for method in METHODS])
def test_other_signatures_of_the_sdk(plane, cloud, sign_method, http_method):
    """Signature v3 by GET and signature v1 by form or query are read, nested parameters and numbers included."""

    def client(kind, secret_key=cloud.secret_key):
        http = HttpProfile(protocol="http", endpoint=plane.endpoint, reqMethod=http_method)
        profile = ClientProfile(httpProfile=http, signMethod=sign_method)
        return kind(Credential(cloud.secret_id, secret_key), "ap-guangzhou", profile)

    client(CamClient).call_json("CreateRole", {"RoleName": "run", "PolicyDocument": TRUST})
    client(ScfClient).call_json(
        "CreateFunction",
        {
            "FunctionName": "one",
            "Handler": "handler.main_handler",
            "Runtime": "Python3.10",
            "Role": "run",
            "Code": {"ZipFile": CODE},
            "MemorySize": 256,
            "Environment": {"Variables": [{"Key": "A", "Value": "1"}, {"Key": "B", "Value": "x y+z"}]},
        },
    )
    (function,) = cloud.scf.functions
    assert (function.memory_mb, dict(function.environment)) == (256, {"A": "1", "B": "x y+z"})
    wrong = client(CamClient, secret_key="wrong")
    assert error_code(lambda: wrong.call_json("GetUserAppId", {})) == "AuthFailure.SignatureFailure"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"SignatureMethod": "HmacMD5"}, "AuthFailure.SignatureFailure"),
        ({"Nonce": "often"}, "MissingParameter"),
        ({"Timestamp": "1"}, "AuthFailure.SignatureExpire"),
        ({"SecretId": "AKIDnobody"}, "AuthFailure.SecretIdNotFound"),
        ({"Version": "2020-01-01"}, "AuthFailure.SignatureFailure"),
        ({"A.0": "x", "A.2": "y"}, "InvalidParameter"),
        ({"A": "x", "A.B": "y"}, "InvalidParameter"),
        ({"Speed": "fast"}, "UnknownParameter"),
        ({}, None),
    ],
    ids=lambda value: str(value)[:40] if isinstance(value, dict) else "",
)
def test_signature_v1_not_in_order(plane, cloud, change, code):
    """A request by signature v1 that is not in order is refused with the API's own code."""
    parameters = {
        "Action": "ListNamespaces",
        "Version": "2018-04-16",
        "Region": "ap-guangzhou",
        "Timestamp": str(int(time.time())),
        "Nonce": "11886",
        "SecretId": cloud.secret_id,
        **change,
    }
    text = f"GET{plane.endpoint}/?" + "&".join(f"{name}={parameters[name]}" for name in sorted(parameters))
    digest = hmac.new(cloud.secret_key.encode(), text.encode(), hashlib.sha1).digest()
    query = urllib.parse.urlencode({**parameters, "Signature": base64.b64encode(digest).decode()})
    with urllib.request.urlopen(f"http://{plane.endpoint}/?{query}", timeout=10) as answer:
        assert json.loads(answer.read())["Response"].get("Error", {}).get("Code") == code
