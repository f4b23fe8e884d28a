"""An HTTP response of COS or CI -> what it means: a success, or a SetupError, SourceRejected or CloudUnavailable.

Final is only what a document says is final: a code on the list below, each with its source. Whatever else comes may
heal: any 5xx, a status that nobody expected, a firewall's page, a code that is new.
CI's error XML has no Resource and COS's has one, so both are read for what they share; a refused HEAD has no body.
Sources, read 2026-11-25:
  COS   https://intl.cloud.tencent.com/document/product/436/7730 (error codes of Cloud Object Storage)
  CI    https://cloud.tencent.com/document/product/436/53983 (error codes of media processing)
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from html import unescape
from typing import Any

from snapshot.errors import BadFrame, CallFailed, CloudUnavailable, SetupError, SourceChanged, SourceRejected

_OK, _NO_CONTENT, NOT_FOUND, _TOO_MANY_REQUESTS, _SERVICE_UNAVAILABLE = 200, 204, 404, 429, 503
_MAGIC = {"jpg": b"\xff\xd8\xff", "png": b"\x89PNG\r\n\x1a\n"}
_CONTENT_TYPES = {"jpg": ("image/jpeg", "image/jpg"), "png": ("image/png",)}
MEDIA_OPERATIONS = frozenset({"GetMediaInfo", "GetSnapshot"})

# Code -> the operations for which it says that the source, and nothing else, is to blame.
FINAL = {
    "InvalidArgument": MEDIA_OPERATIONS,  # CI: "some of the request's parameters do not meet the requirements"
    "InvalidContent": MEDIA_OPERATIONS,  # CI: 400 and 413, what the object holds
    "ResourceNotSupported": MEDIA_OPERATIONS,  # CI: "the resource is not supported"
    "KeyTooLong": frozenset({"PutObject", "GetObject", "HeadObject", *MEDIA_OPERATIONS}),  # COS: "the key is too long"
}
_SETUP_STATUSES = {301, 302, 303, 307, 308, 401, 402, 403, 451}
_SETUP_CODES = {
    "MediaBucketUnBinded",  # CI
    "CIRoleNotExist",  # CI: "the role CI_QCSRole does not exist"
    "ResourceAccessDenied",  # CI: "no right to the resource"
    "InvalidHost",  # CI: "the host could not be verified"
    "NoSuchBucket",  # COS
    "InvalidBucketName",  # COS
    "InvalidObjectState",  # COS: 403 and 409, "the storage class conflicts with the request"
    "ObjectLocked",  # COS: "the object is locked and can be neither overwritten nor deleted"
    "KmsKeyDisabled",  # COS
    "KmsKeyNotExist",  # COS
}
# These come with a status of the set-up or of the source, and heal.
_HEALING_CODES = {
    "QueueSaturated",  # CI: 403
    "QueuePaused",  # CI: 403
    "SlowDown",  # CI: 429, COS: 503
    "ResourceDownloadFailed",  # CI: 400
    "RequestTimeout",  # COS: 400
    "UserNetworkTooSlow",  # COS: 400
    "BadDigest",  # COS: 400, the body was damaged under way
    "IncompleteBody",  # COS: 400
    "KmsException",  # COS: 400
    "PathConflict",  # COS: 409, "a conflict of milliseconds"
    "UploadConflict",  # COS: 409
}
_EXPIRED_CREDENTIALS = {  # the next delivery brings fresh ones
    "SignatureExpired",  # CI: 401
    "ExpiredToken",  # COS: 400
    "Request has expired",  # COS: 403
    "RequestTimeTooSkewed",  # COS: 403
}
_FOREIGN_404 = "Status404"  # with a body that names no code: COS names one, so that this is not its answer
_ASKING_OPERATIONS = {"HeadObject", "GetObject", "GetBucket", "DeleteObject"}
_PAYMENT = {"PaymentRequired", "UnavailableForLegalReasons"}  # COS: 402 and 451
_CODE_OF_STATUS = {
    301: "PermanentRedirect",
    302: "Redirect",
    307: "TemporaryRedirect",
    401: "Unauthorized",
    402: "PaymentRequired",
    403: "AccessDenied",
    404: "NoSuchKey",
    429: "SlowDown",
    451: "UnavailableForLegalReasons",
}
_HINTS = {
    "MediaBucketUnBinded": "bind the bucket to Cloud Infinite and switch media processing on",
    "AccessDenied": "allow the run role this action; `python -m ops policy` prints all that it needs",
    "NoSuchBucket": "there is no such bucket here; check its name with appid, its region and SNAPSHOT_OUTPUT_BUCKET",
    "PermanentRedirect": "the bucket is in another region than the function",
    "InvalidAccessKeyId": "the credentials are not known; give the function a run role",
    "Status400": "the response does not say why; expired credentials are one reason",
    "InvalidObjectState": "the object is archived; restore it, and the pictures are taken once that is done",
    "ObjectLocked": "the output object is locked; choose an output bucket or prefix without an object lock",
    "CIRoleNotExist": "authorize Cloud Infinite in its console, which creates the role CI_QCSRole",
    **dict.fromkeys(
        _PAYMENT,
        "the account may have an overdue payment: settle it; if it has none, see content compliance in the COS console",
    ),
}
# Trying the same call again at once is of no use.
_USELESS_AT_ONCE = _EXPIRED_CREDENTIALS | {"SourceChanged", "OutOfTime", "TooLarge", "UnsafeDocument"}
MAX_ATTEMPTS, MAX_DOUBTFUL_ATTEMPTS = 5, 2
_CLIENT_ERRORS = range(400, 500)
_TRANSIENT_STATUSES = {408, 409, 425, 429}


@dataclass(frozen=True, slots=True)
class Response:
    """A whole response: HTTP status, headers by their names in lower case, the body."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def request_id(self) -> str:
        """Return the cloud's own id of the request, empty where it gave none."""
        return self.headers.get("x-cos-request-id") or self.headers.get("x-ci-request-id") or ""

    @property
    def content_type(self) -> str:
        """Return the content type without parameters, in lower case, empty where there is none."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


def failure(response: Response, *, operation: str, key: str) -> CallFailed | None:
    """Return the error that a status other than success means; None where it is success."""
    if response.status == _OK or (response.status == _NO_CONTENT and operation == "DeleteObject"):
        return None
    code, message = _code_and_message(response)
    kind = _judge(response.status, code, operation)
    if kind is CloudUnavailable and operation in MEDIA_OPERATIONS and _says_absent(response.status, code):
        message = f"{message}; the source was there before: it was deleted or replaced meanwhile"
        request_id = response.request_id
        return SourceChanged(message, operation=operation, key=key, status=response.status, request_id=request_id)
    hint = _HINTS.get(code)
    return kind(
        f"{message}; {hint}" if hint else message,
        operation=operation,
        key=key,
        code=code,
        status=response.status,
        request_id=response.request_id,
    )


def _judge(status: int, code: str, operation: str) -> type[CallFailed]:
    if code in _HEALING_CODES | _EXPIRED_CREDENTIALS:
        return CloudUnavailable
    if operation in FINAL.get(code, ()) and status in _CLIENT_ERRORS:
        return SourceRejected
    if code in _SETUP_CODES or status in _SETUP_STATUSES:
        return SetupError
    if status == NOT_FOUND and code != _FOREIGN_404 and operation in _ASKING_OPERATIONS:
        return SourceRejected  # no such object, or no listing: the caller knows what that means
    # A refused HEAD has no body: its 400 may be "400 ExpiredToken", and no event may be lost over that.
    if operation == "HeadObject" and code == "Status400":
        return SetupError
    return CloudUnavailable


def _says_absent(status: int, code: str) -> bool:
    """Tell whether CI says that there is no such source (CI: 404 and 400 ResourceNotFound; COS: 404)."""
    return status == NOT_FOUND or code == "ResourceNotFound"


def max_attempts(error: CallFailed) -> int:
    """Return the number of times a call may be sent in all when it fails like this."""
    if isinstance(error, BadFrame):
        return MAX_DOUBTFUL_ATTEMPTS
    if not isinstance(error, CloudUnavailable) or error.code in _USELESS_AT_ONCE:
        return 1
    known = error.status not in _CLIENT_ERRORS or error.status in _TRANSIENT_STATUSES or error.code in _HEALING_CODES
    return MAX_ATTEMPTS if known else MAX_DOUBTFUL_ATTEMPTS


def says_slow_down(response: Response) -> bool:
    """Tell whether the cloud asks for fewer calls at a time."""
    says_so = b"<Code>SlowDown</Code>" in response.body[:1000]
    return says_so or response.status in {_TOO_MANY_REQUESTS, _SERVICE_UNAVAILABLE}


def retry_after_s(response: Response, *, now: datetime | None = None) -> float:
    """Return the seconds that the response asks to wait, 0 where it does not. Source: RFC 9110, 10.2.3."""
    text = response.headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,9}", text, re.ASCII):
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError):
        return 0.0
    moment = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    return max(0.0, (moment - (now or datetime.now(timezone.utc))).total_seconds())


def _code_and_message(response: Response) -> tuple[str, str]:
    text = response.body.decode(errors="replace")
    code = _element(text, "Code") or response.headers.get("x-cos-error-code", "")
    known = _CODE_OF_STATUS.get(response.status, f"Status{response.status}")
    if response.status == NOT_FOUND and response.body:
        known = _FOREIGN_404
    return code or known, _element(text, "Message") or f"the response was {response.status} {code or known}"


def _element(text: str, name: str) -> str:
    match = re.search(rf"<{name}>([^<]{{1,1000}})</{name}>", text)
    return unescape(match[1]).strip() if match else ""


def not_a_picture(response: Response, format: str) -> str:
    """Return the reason for which a 200 is no picture in `format`; empty where it looks like one."""
    if not response.body:
        return "an empty body where a picture was expected"
    if response.content_type not in _CONTENT_TYPES[format]:
        return f"content type {response.content_type[:60] or 'missing'} where {_CONTENT_TYPES[format][0]} was expected"
    if not response.body.startswith(_MAGIC[format]):
        return f"{len(response.body)} bytes that do not begin as {format} does"
    return ""


def facts_of(response: Response) -> dict[str, Any]:
    """Return the facts of a successful response that an error about it carries."""
    return {"status": response.status, "request_id": response.request_id}
