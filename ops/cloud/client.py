"""One call of the cloud API or of COS in, plain values out; every refusal and every broken answer is one CloudError.

Sources: tencentcloud-sdk-python 3.1 and cos-python-sdk-v5 1.9.44 as installed (read 2026-11-22).
"""

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote, urlencode, urlsplit

import requests
import urllib3
from qcloud_cos import CosClientError, CosConfig, CosS3Client, CosServiceError
from tencentcloud.cam.v20190116.cam_client import CamClient
from tencentcloud.common.credential import Credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.scf.v20180416.scf_client import ScfClient

from ops.cloud.credentials import Credentials, Endpoints, read_credentials
from ops.cloud.refusals import NO_ANSWER, explain, explain_silence
from ops.cloud.responses import BucketPage, ListedObject, parse
from ops.errors import CloudError

_TIMEOUT_S = 60
_MAX_LISTED = 1000
# What the SDKs raise where an answer is not of the form they expect: they index, convert and parse without looking.
_SDK_FAILS_ON_ANSWER = (
    ArithmeticError, AttributeError, LookupError, RecursionError, SyntaxError, TypeError, ValueError,
)  # fmt: skip
_CONNECTION_BROKE = (requests.RequestException, urllib3.exceptions.HTTPError, OSError)


class Readable(Protocol):
    """A file to upload, or a stand-in that reads like one."""

    def __len__(self) -> int:
        """Return the number of bytes."""

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes."""


@dataclass(frozen=True, slots=True)
class RawResponse:
    """A response as it came; the names of its headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class CloudClient:
    """Calls one account in one region, with the operator's credentials."""

    def __init__(self, *, region: str, credentials: Credentials, endpoints: Endpoints) -> None:
        logging.getLogger("qcloud_cos").setLevel(logging.CRITICAL + 1)  # it logs addresses and headers
        self.region = region
        self.endpoints = endpoints
        api = urlsplit(endpoints.api)
        http = HttpProfile(protocol=api.scheme or "https", endpoint=api.netloc or None, reqTimeout=_TIMEOUT_S)
        profile = ClientProfile(httpProfile=http)
        credential = Credential(credentials.secret_id, credentials.secret_key, credentials.token or None)
        self._clients = {
            "scf": ScfClient(credential, region, profile),
            "cam": CamClient(credential, region, profile),
        }
        cos = urlsplit(endpoints.cos)
        self._scheme = cos.scheme or "https"
        self._token = credentials.token
        config = {
            "Region": region,
            "SecretId": credentials.secret_id,
            "SecretKey": credentials.secret_key,
            "Token": credentials.token or None,
            "Scheme": self._scheme,
            "Timeout": _TIMEOUT_S,
        }
        self._cos = CosS3Client(CosConfig(**config, IP=cos.hostname, Port=cos.port))
        self._signer = CosS3Client(CosConfig(**config))  # for addresses: these name the bucket's own host

    def scf(self, action: str, **parameters: object) -> dict[str, Any]:
        """Return SCF's response.

        Raises:
            CloudError: the call was refused, or the answer is none.
        """
        return self._call("scf", action, parameters)

    def cam(self, action: str, **parameters: object) -> dict[str, Any]:
        """Return CAM's response.

        Raises:
            CloudError: the call was refused, or the answer is none.
        """
        return self._call("cam", action, parameters)

    def cos(self, method: str, **parameters: object) -> Any:  # noqa: ANN401  # the SDK's methods return many types
        """Call a method of the COS SDK's client and return its result.

        Raises:
            CloudError: the call was refused, got no answer, or one that the SDK cannot read.
        """
        call = f"{method} of {parameters.get('Bucket') or parameters.get('BucketNames')}"
        try:
            return getattr(self._cos, method)(**parameters)
        except CosServiceError as error:
            raise _explain_cos(call, error) from None
        except (CosClientError, *_CONNECTION_BROKE) as error:
            raise self._no_answer(call, error) from None
        except _SDK_FAILS_ON_ANSWER as error:
            raise _strange("COS", call, error) from None

    def put_object(self, bucket: str, key: str, body: bytes | Readable, *, storage_class: str = "STANDARD") -> str:
        """Store an object, and return its ETag without quotes.

        Raises:
            CloudError: it was not stored.
        """
        headers = self.cos("put_object", Bucket=bucket, Key=key, Body=body, StorageClass=storage_class)
        return self._header(headers, "ETag").strip('"')

    def get_object(self, bucket: str, key: str, *, max_bytes: int) -> bytes | None:
        """Return the object's content, or None where there is no object.

        Raises:
            CloudError: it cannot be read, or is larger than `max_bytes`.
        """
        try:
            response = self.cos("get_object", Bucket=bucket, Key=key)
        except CloudError as error:
            if error.code in {"NoSuchKey", "NotFound"}:
                return None
            raise
        return self._read_body(response, f"get_object of {bucket}", max_bytes)

    def snapshot(self, bucket: str, key: str, *, at_s: float, max_bytes: int) -> tuple[str, bytes]:
        """Return the content type and the content of the answer to one GetSnapshot. It costs money.

        Raises:
            CloudError: it was refused, or cannot be read.
        """
        response = self.cos("get_snapshot", Bucket=bucket, Key=key, Time=at_s)
        body = self._read_body(response, f"get_snapshot of {bucket}", max_bytes)
        return self._header(response, "Content-Type"), body

    def head_object(self, bucket: str, key: str) -> Mapping[str, str] | None:
        """Return the object's headers with lower-case names, or None where there is no object.

        Raises:
            CloudError: it cannot be looked at.
        """
        try:
            headers = self.cos("head_object", Bucket=bucket, Key=key)
        except CloudError as error:
            if error.code in {"NoSuchKey", "NoSuchResource", "NotFound"}:
                return None
            raise
        if not isinstance(headers, Mapping):
            raise _strange("COS", f"head_object of {bucket}", TypeError("no headers"))
        return {str(name).lower(): str(value) for name, value in headers.items()}

    def delete_object(self, bucket: str, key: str) -> None:
        """Remove an object; one that is not there is fine.

        Raises:
            CloudError: it was not removed.
        """
        self.cos("delete_object", Bucket=bucket, Key=key)

    def list_page(self, bucket: str, prefix: str, *, marker: str = "", limit: int = _MAX_LISTED) -> BucketPage:
        """Return up to a thousand objects behind `marker`, in the order of their keys.

        Raises:
            CloudError: the bucket cannot be listed.
        """
        document = self.cos(
            "list_objects", Bucket=bucket, Prefix=prefix, Marker=marker, MaxKeys=limit, EncodingType="url"
        )
        return parse(BucketPage, document, call=f"COS list_objects of {bucket}")

    def list_objects(self, bucket: str, prefix: str, *, marker: str = "") -> Iterator[ListedObject]:
        """Yield all objects under a prefix and behind `marker`, in the order of their keys, asked for page by page.

        Raises:
            CloudError: the bucket cannot be listed.
        """
        page = self.list_page(bucket, prefix, marker=marker)
        yield from page.objects
        while page.next_marker:
            page = self.list_page(bucket, prefix, marker=page.next_marker)
            yield from page.objects

    def send_raw(
        self,
        method: str,
        bucket: str,
        key: str,
        *,
        query: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        expires_s: int = 300,
    ) -> RawResponse:
        """Return the response to one signed request, whatever its status. It is sent once, and never redirected.

        Raises:
            CloudError: there was no response.
        """
        host = {"Host": self._host(bucket)}
        signed = self._cos.get_auth(
            Method=method, Bucket=bucket, Key=key, Expired=expires_s, Headers=host, Params=dict(query)
        )
        root = self.endpoints.cos.rstrip("/") or f"{self._scheme}://{self._host(bucket)}"
        url = f"{root}/{quote(key)}" + (f"?{urlencode(query)}" if query else "")
        sent_headers = {**host, "Authorization": signed, **(headers or {})}
        if self._token:
            sent_headers["x-cos-security-token"] = self._token
        try:
            response = requests.request(method, url, headers=sent_headers, timeout=_TIMEOUT_S, allow_redirects=False)
        except _CONNECTION_BROKE as error:
            raise self._no_answer(f"{method} of {bucket}", error) from None
        response_headers = {name.lower(): value for name, value in response.headers.items()}
        return RawResponse(response.status_code, response_headers, response.content)

    def address(self, bucket: str, key: str) -> str:
        """Return the object's plain address, as a browser opens it where the object is public."""
        return f"{self._scheme}://{self._host(bucket)}/{quote(key)}"

    def is_public(self, bucket: str, key: str) -> bool:
        """Return whether the object can be read without credentials.

        Raises:
            CloudError: there was no answer.
        """
        address, headers = self.address(bucket, key), {}
        if self.endpoints.cos:
            address, headers = f"{self.endpoints.cos.rstrip('/')}/{quote(key)}", {"Host": self._host(bucket)}
        try:
            response = requests.head(address, headers=headers, timeout=_TIMEOUT_S, allow_redirects=False)
        except _CONNECTION_BROKE as error:
            raise self._no_answer(f"HEAD of {bucket}", error) from None
        return response.ok

    def signed_address(self, bucket: str, key: str, *, expires_s: int) -> str:
        """Return an address that opens a private object for so many seconds.

        Raises:
            CloudError: the SDK cannot sign it.
        """
        try:
            url = self._signer.get_presigned_url(Bucket=bucket, Key=key, Method="GET", Expired=expires_s)
        except (CosClientError, *_SDK_FAILS_ON_ANSWER) as error:
            raise _strange("COS", f"signing for {bucket}", error) from None
        return str(url)

    def _host(self, bucket: str) -> str:
        return f"{bucket}.cos.{self.region}.myqcloud.com"

    def _no_answer(self, call: str, error: Exception) -> CloudError:
        return explain_silence("COS", call, message=type(error).__name__, address=self.endpoints.cos)

    def _read_body(self, response: Any, call: str, max_bytes: int) -> bytes:  # noqa: ANN401  # the SDK's own answer
        try:
            body: bytes = response["Body"].get_raw_stream().read(max_bytes + 1)
        except _CONNECTION_BROKE as error:
            raise self._no_answer(call, error) from None
        except _SDK_FAILS_ON_ANSWER as error:
            raise _strange("COS", call, error) from None
        if len(body) > max_bytes:
            raise explain("COS", call, code="StrangeAnswer", message=f"the answer is larger than {max_bytes} bytes")
        return body

    def _header(self, headers: object, name: str) -> str:
        values = headers if isinstance(headers, Mapping) else {}
        return next((str(value) for key, value in values.items() if str(key).lower() == name.lower()), "")

    def _call(self, service: str, action: str, parameters: Mapping[str, object]) -> dict[str, Any]:
        try:
            response = self._clients[service].call_json(action, dict(parameters))["Response"]
        except TencentCloudSDKException as error:
            # What the SDK says of the network holds addresses only; the cloud's messages hold no secret.
            code, message = str(error.get_code() or ""), str(error.get_message() or "")
            if code == NO_ANSWER:
                raise explain_silence(service.upper(), action, message=message, address=self.endpoints.api) from None
            request_id = str(error.get_request_id() or "")
            raise explain(service.upper(), action, code=code, message=message, request_id=request_id) from None
        except _CONNECTION_BROKE as error:
            message = type(error).__name__
            raise explain_silence(service.upper(), action, message=message, address=self.endpoints.api) from None
        except _SDK_FAILS_ON_ANSWER as error:
            raise _strange(service.upper(), action, error) from None
        if not isinstance(response, dict):
            raise _strange(service.upper(), action, TypeError("Response is not an object"))
        return response


def connect(region: str, endpoints: Endpoints) -> CloudClient:
    """Return a client with the credentials of this process's environment.

    Raises:
        OpsError: there are none.
    """
    return CloudClient(region=region, credentials=read_credentials(os.environ), endpoints=endpoints)


def _strange(service: str, call: str, error: Exception) -> CloudError:
    detail = f"{type(error).__name__}: {error}".splitlines()[0]
    return explain(service, call, code="StrangeAnswer", message=detail)


def _explain_cos(call: str, error: CosServiceError) -> CloudError:
    try:
        status, code = int(error.get_status_code()), _code_of(error)
        message = "" if code == "NotFound" else str(error.get_error_msg() or "")
        request_id = str(error.get_request_id() or "")
    except _SDK_FAILS_ON_ANSWER as broken:
        return _strange("COS", call, broken)
    shown_status = f"status {status}" + (f", {message}" if message and message != "Unknown" else "")
    return explain(
        "COS", call, code=code, message=shown_status, request_id="" if request_id == "Unknown" else request_id
    )


def _code_of(error: CosServiceError) -> str:
    """Return the error code. The SDK reads none from CI's answers, which have no Resource, nor from those to a HEAD."""
    code = str(error.get_error_code())
    if code != "Unknown":
        return code
    code = str(error.get_origin_msg()).partition("<Code>")[2].partition("</Code>")[0]
    return code or {403: "AccessDenied", 404: "NotFound"}.get(int(error.get_status_code()), "Unknown")
