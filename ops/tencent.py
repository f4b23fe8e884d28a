"""The operator's door to the cloud API and to COS: one call in, plain values out, every refusal explained.

Must not know: what is deployed, or why.
Sources: tencentcloud-sdk-python 3.1 and cos-python-sdk-v5 1.9.44 as installed (read 2026-11-22).
"""

from __future__ import annotations

import logging
import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from qcloud_cos import CosClientError, CosConfig, CosS3Client, CosServiceError
from tencentcloud.cam.v20190116.cam_client import CamClient
from tencentcloud.common.credential import Credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.scf.v20180416.scf_client import ScfClient

from ops.errors import CloudError, OpsError
from ops.refusals import explain

if TYPE_CHECKING:
    from collections.abc import Mapping

TIMEOUT_S = 60
KEY = re.compile(r"[!-~]*")
EXAMPLE = "http://127.0.0.1:8000"
ADDRESS = re.compile(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?/?")


@dataclass(frozen=True, slots=True)
class Keys:
    """The operator's own keys; they never show in a repr."""

    secret_id: str = field(repr=False)
    secret_key: str = field(repr=False)
    token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where an emulator answers, `http://127.0.0.1:PORT` each; empty for the cloud itself. Raises OpsError.

    What is no address would be passed over by the SDKs, and a rehearsal would reach the cloud itself.
    """

    api: str = ""
    cos: str = ""

    def __post_init__(self) -> None:
        """Hold both to their form, and to being two: half a rehearsal is none."""
        for address in (self.api, self.cos):
            if address and not ADDRESS.fullmatch(address):
                raise OpsError(f"{address!r} is no address of an emulator.", remedy=f"It looks like {EXAMPLE}.")
        if bool(self.api) != bool(self.cos):
            raise OpsError(
                "An emulator is named for one half of the calls only; the other half would go to the cloud itself.",
                remedy="Set OPS_ENDPOINT and OPS_API_ENDPOINT (or --endpoint and --api-endpoint), or neither.",
            )


def keys_from(environment: Mapping[str, str]) -> Keys:
    """The keys in the environment, as tencentcloud-sdk-python or as the scf tool names them.

    Raises OpsError where there are none, or one can be no key: what cannot be sent, a library would print.
    """
    for id_name, key_name, token_name in (
        ("TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY", "TENCENTCLOUD_TOKEN"),
        ("TENCENT_SECRET_ID", "TENCENT_SECRET_KEY", "TENCENT_TOKEN"),
    ):
        names = (id_name, key_name, token_name)
        found = [environment.get(name, "").strip() for name in names]
        if found[0] and found[1]:
            broken = [name for name, value in zip(names, found, strict=True) if not KEY.fullmatch(value)]
            if broken:
                raise OpsError(
                    f"{' and '.join(broken)} can be no key: a blank, a line break or a foreign letter is in it.",
                    remedy="Copy it anew, whole and without quotes.",
                )
            return Keys(*found)
    raise OpsError(
        "There are no keys in the environment.",
        remedy="Make a pair in the console (CAM, API keys) and set TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY.",
    )


class Tencent:
    """One account in one region."""

    def __init__(self, *, region: str, keys: Keys, endpoints: Endpoints) -> None:
        logging.getLogger("qcloud_cos").setLevel(logging.CRITICAL + 1)  # it logs addresses and headers
        at = urlsplit(endpoints.api)
        http = HttpProfile(protocol=at.scheme or "https", endpoint=at.netloc or None, reqTimeout=TIMEOUT_S)
        profile = ClientProfile(httpProfile=http)
        credential = Credential(keys.secret_id, keys.secret_key, keys.token or None)
        self._clients = {
            "scf": ScfClient(credential, region, profile),
            "cam": CamClient(credential, region, profile),
        }
        cos = urlsplit(endpoints.cos)
        self._cos = CosS3Client(
            CosConfig(
                Region=region,
                SecretId=keys.secret_id,
                SecretKey=keys.secret_key,
                Token=keys.token or None,
                Scheme=cos.scheme or "https",
                IP=cos.hostname,
                Port=cos.port,
                Timeout=TIMEOUT_S,
            )
        )

    def scf(self, action: str, **parameters: object) -> dict[str, Any]:
        """What SCF answers. Raises CloudError."""
        return self._call("scf", action, parameters)

    def cam(self, action: str, **parameters: object) -> dict[str, Any]:
        """What CAM answers. Raises CloudError."""
        return self._call("cam", action, parameters)

    def put(self, bucket: str, key: str, content: bytes) -> None:
        """Store an object. Raises CloudError."""
        self.cos("put_object", Bucket=bucket, Key=key, Body=content)

    def delete(self, bucket: str, key: str) -> None:
        """Remove an object, or find it gone. Raises CloudError."""
        self.cos("delete_object", Bucket=bucket, Key=key)

    def cos(self, method: str, **parameters: object) -> Any:  # noqa: ANN401 -- the SDK's own
        """What a method of the COS SDK's client gives. Raises CloudError, its code the cloud's."""
        bucket = parameters.get("Bucket") or parameters.get("BucketNames")
        try:
            return getattr(self._cos, method)(**parameters)
        except CosServiceError as error:
            code, status = _cos_code(error), error.get_status_code()
            raise CloudError(
                f"COS {method} of {bucket}: {status} {code}.",
                remedy=COS_REMEDIES.get(code, "Look at the bucket's name and region, and at what these keys may do."),
                code=code,
            ) from None
        except CosClientError as error:
            raise CloudError(
                f"COS {method} of {bucket}: no answer.",
                remedy="Look at the network and at proxy variables, and run again.",
                code="ClientNetworkError",
            ) from error

    def _call(self, service: str, action: str, parameters: Mapping[str, object]) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = self._clients[service].call_json(action, dict(parameters))["Response"]
        except TencentCloudSDKException as error:
            # What the SDK says of the network holds addresses only; the cloud's messages hold no secret.
            raise explain(
                service.upper(),
                action,
                code=error.get_code() or "",
                message=error.get_message() or "",
                request_id=error.get_request_id() or "",
            ) from None
        return answer


COS_REMEDIES = {
    "NoSuchBucket": "Create the bucket, or mend its name and region in serverless.yml.",
    "AccessDenied": "These keys may not do that in this bucket; have its owner grant it.",
    "InvalidAccessKeyId": "Look at TENCENTCLOUD_SECRET_ID: is it whole and not disabled?",
    "SignatureDoesNotMatch": "Copy TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY anew, as a pair.",
    "RequestTimeTooSkewed": "Set this machine's clock and run again.",
    "MediaBucketUnBinded": "Switch media processing on: CI console, bind the bucket, enable media processing.",
}


def _cos_code(error: CosServiceError) -> str:
    """COS's or CI's own code. The SDK reads none from CI's answers, which have no Resource, nor from a HEAD's."""
    code = error.get_error_code()
    if code != "Unknown":
        return str(code)
    found = str(error.get_origin_msg()).partition("<Code>")[2].partition("</Code>")[0]
    return found or {403: "AccessDenied", 404: "NotFound"}.get(int(error.get_status_code()), "Unknown")


def connect(region: str, endpoints: Endpoints) -> Tencent:
    """The door, with the keys of this process's environment. Raises OpsError where there are none."""
    return Tencent(region=region, keys=keys_from(os.environ), endpoints=endpoints)
