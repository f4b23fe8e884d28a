"""Error codes of the cloud API, COS and CI -> a problem and a remedy, in words for a person.

Sources: cloud API 3.0, common error codes; error codes of SCF 2018-04-16 and CAM 2019-01-16 (read 2026-11-22); error
codes of COS and CI (read 2026-11-22).
"""

import re
from typing import NamedTuple

from ops.errors import CloudError

NO_ANSWER = "ClientNetworkError"
"""What the SDK calls a call that got no answer."""

_MAX_SHOWN = 300  # characters of the cloud's own message
_OVERDUE = re.compile(r"overdue|arrear|insufficient ?balance", re.IGNORECASE)
_GRANT = "Ask the account's owner for QcloudSCFFullAccess and QcloudCamFullAccess, or for this action alone."
_TOP_UP = "Pay the bill in the console (Billing Center) and run again."


class Meaning(NamedTuple):
    """The problem behind all error codes with this beginning, and its remedy."""

    code: str
    problem: str
    remedy: str


MEANINGS = (
    Meaning(
        "AuthFailure.SecretIdNotFound",
        "these credentials do not exist",
        "Check TENCENTCLOUD_SECRET_ID: is it complete, without blanks, and neither deleted nor disabled?",
    ),
    Meaning(
        "AuthFailure.SignatureExpire",
        "this machine's clock is more than five minutes off",
        "Set the clock (timedatectl set-ntp true) and run again.",
    ),
    Meaning(
        "AuthFailure.SignatureFailure",
        "the SecretKey does not belong to the SecretId",
        "Copy TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY again, as a pair.",
    ),
    Meaning(
        "AuthFailure.TokenFailure",
        "the temporary credentials have expired, or came without their token",
        "Get new ones and set TENCENTCLOUD_TOKEN too.",
    ),
    Meaning("AuthFailure.UnauthorizedOperation", "these credentials may not do that", _GRANT),
    Meaning(
        "AuthFailure",
        "the credentials were not accepted",
        "Check TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY.",
    ),
    Meaning(
        "UnauthorizedOperation.Role",
        "SCF may not use the run role",
        "Run `python -m ops deploy` again: it sets the trust policy. If the role is your own, add --adopt.",
    ),
    Meaning("UnauthorizedOperation", "these credentials may not do that", _GRANT),
    Meaning(
        "InvalidParameterValue.CosNotifyRuleConflict",
        "another function or product listens to the same uploads",
        "COS allows no overlapping prefixes for one kind of event: choose another prefix, or remove the other trigger.",
    ),
    Meaning(
        "ResourceNotFound.Role",
        "the run role does not exist",
        "Run again: SCF needs a moment until it sees a new role.",
    ),
    Meaning(
        "ResourceNotFound.Cmq",
        "the dead letter queue does not exist",
        "Create it in the same region, or remove deadLetter from serverless.yml.",
    ),
    Meaning(
        "ResourceNotFound.CosObject",
        "SCF did not find the uploaded package",
        "Run again. If that does not help, allow the service role SCF_QcsRole to read the bucket.",
    ),
    Meaning(
        "ResourceNotFound.Cos",
        "the bucket does not exist",
        "Create it in this region, or correct its name in serverless.yml.",
    ),
    Meaning(
        "ResourceNotFound.Namespace",
        "the namespace does not exist",
        "Create it in the console, or use the namespace default.",
    ),
    Meaning(
        "ResourceNotFound", "something it needs does not exist", "The message names it: create it, or correct its name."
    ),
    Meaning(
        "FailedOperation.UnOpenedService",
        "SCF is not switched on for this account",
        "Open the SCF console once and agree to its service role.",
    ),
    Meaning(
        "FailedOperation.QcsRoleNotFound",
        "SCF's own service role is missing",
        "Open the SCF console once and agree to its service role SCF_QcsRole.",
    ),
    Meaning(
        "FailedOperation.FunctionStatusError",
        "the function is in the middle of another change",
        "Wait a minute and run again: it continues with what is left.",
    ),
    Meaning("FailedOperation.InsufficientBalance", "a payment of the account is overdue", _TOP_UP),
    Meaning("ResourceUnavailable.InsufficientBalance", "a payment of the account is overdue", _TOP_UP),
    Meaning(
        "LimitExceeded.Trigger",
        "there are too many triggers",
        "A function can have 10 COS triggers, and a bucket 10: remove one that is not used.",
    ),
    Meaning("LimitExceeded", "a quota is used up or a value is over its limit", "The message says which: lower it."),
    Meaning("InvalidParameter.RoleFull", "the account has too many roles", "Remove one that is not used."),
    Meaning("FailedOperation.PolicyFull", "the account has too many policies", "Remove one that is not used."),
    Meaning("RequestSizeLimitExceeded", "the request is too large", "This is a defect of this program: report it."),
    Meaning("RequestLimitExceeded", "too many calls at once", "Wait a moment and run again."),
    Meaning("UnsupportedRegion", "SCF is not offered in this region", "Choose another region for bucket and function."),
    Meaning(
        "InvalidParameter.RoleNameInUse",
        "a role with that name was created after this run began",
        "Another deploy is probably running: wait until it ends, then run again.",
    ),
    Meaning(
        "FailedOperation.PolicyNameInUse",
        "a policy with that name was created after this run began",
        "Another deploy is probably running: wait until it ends, then run again.",
    ),
    Meaning(
        "ResourceInUse",
        "something with that name was created after this run began",
        "Another deploy is probably running: wait until it ends, then run again.",
    ),
    Meaning(
        "InternalError",
        "the cloud had an internal error",
        "Run again. If it fails again, give the request id to Tencent's support.",
    ),
    Meaning(
        NO_ANSWER,
        "the cloud could not be reached",
        "Check the network and the proxy variables, and run again.",
    ),
    Meaning(
        "ServerNetworkError",
        "the server at this address is not the cloud's API",
        "Check OPS_API_ENDPOINT (`api_endpoint` in the first line of the emulator) and the proxy variables.",
    ),
    Meaning(
        "StrangeAnswer",
        "the answer cannot be understood",
        "Run again. If it fails again, check whether a proxy answers instead of the cloud, and report it.",
    ),
    Meaning(
        "InvalidParameter", "the cloud does not accept a value", "The message names it: correct it in serverless.yml."
    ),
    Meaning("FailedOperation", "the cloud could not do that now", "Read its message; a second run often succeeds."),
    # COS and CI
    Meaning(
        "NoSuchBucket", "the bucket does not exist", "Create it, or correct its name and region in serverless.yml."
    ),
    Meaning("NoSuchKey", "the object does not exist", "Check the key: is it complete, and is the object there?"),
    Meaning("AccessDenied", "these credentials may not do that in this bucket", "Ask the bucket's owner to grant it."),
    Meaning(
        "InvalidAccessKeyId",
        "these credentials do not exist",
        "Check TENCENTCLOUD_SECRET_ID: is it complete and not disabled?",
    ),
    Meaning(
        "SignatureDoesNotMatch",
        "the SecretKey does not belong to the SecretId",
        "Copy TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY again, as a pair.",
    ),
    Meaning("RequestTimeTooSkewed", "this machine's clock is wrong", "Set the clock and run again."),
    Meaning(
        "MediaBucketUnBinded",
        "media processing is off for the bucket",
        "Switch it on: CI console, bind the bucket, then enable media processing for it.",
    ),
    Meaning(
        "InvalidObjectState",
        "the object is archived",
        "Restore it in the COS console. The function makes its pictures when that is done.",
    ),
)
"""The first whose code is the beginning of the error's code is taken, so the narrower ones stand above."""

_OVERDUE_MEANING = Meaning("", "a payment of the account is overdue", _TOP_UP)
_UNKNOWN = Meaning(
    "",
    "the call was refused",
    "Read the cloud's message. If it does not help, give the request id to Tencent's support.",
)


def explain(service: str, call: str, *, code: str, message: str, request_id: str = "") -> CloudError:
    """Return the refusal of one call as an error with a remedy. The cloud's own words stay in it."""
    meaning = next((meaning for meaning in MEANINGS if code.startswith(meaning.code)), _UNKNOWN)
    if _OVERDUE.search(f"{code} {message}"):
        meaning = _OVERDUE_MEANING
    detail = ": ".join(part for part in (code, _shorten(message)) if part)
    suffix = f" (request {request_id})" if request_id else ""
    return CloudError(
        f"{service} {call}: {meaning.problem}.\n  {detail}{suffix}",
        remedy=meaning.remedy,
        code=code,
        request_id=request_id,
    )


def explain_silence(service: str, call: str, *, message: str, address: str) -> CloudError:
    """Return a call without an answer as an error; `address` is that of the local cloud, empty for Tencent Cloud."""
    if not address:
        return explain(service, call, code=NO_ANSWER, message=message)
    return CloudError(
        f"{service} {call}: the local cloud at {address} does not answer.\n  {NO_ANSWER}: {_shorten(message)}",
        remedy="Start it, or `unset OPS_ENDPOINT OPS_API_ENDPOINT` (and leave out --endpoint and --api-endpoint) for"
        " Tencent Cloud.",
        code=NO_ANSWER,
    )


def _shorten(message: str) -> str:
    return message if len(message) <= _MAX_SHOWN else f"{message[:_MAX_SHOWN]}…"
