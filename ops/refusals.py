"""The cloud API's refusals -> what happened and what to do, in words for the one at the keyboard.

Must not know: which command asked.
Sources: cloud API 3.0, common error codes; error codes of SCF 2018-04-16 and CAM 2019-01-16 (read 2026-11-22).
"""

from __future__ import annotations

from ops.errors import CloudError

MOST_SHOWN = 300  # characters of the cloud's own words
# (beginning of a code, what happened, what to do); the first that fits is taken, so the narrower stands above.
MEANING = (
    (
        "AuthFailure.SecretIdNotFound",
        "these keys do not exist",
        "Look at TENCENTCLOUD_SECRET_ID: is it whole, without blanks, and the key neither deleted nor disabled?",
    ),
    (
        "AuthFailure.SignatureExpire",
        "this machine's clock is more than five minutes off",
        "Set the clock (timedatectl set-ntp true) and run again.",
    ),
    (
        "AuthFailure.SignatureFailure",
        "the secret key does not belong to the key id",
        "Copy TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY anew, as a pair.",
    ),
    (
        "AuthFailure.TokenFailure",
        "the temporary keys have expired, or came without their token",
        "Get new ones and set TENCENTCLOUD_TOKEN too.",
    ),
    (
        "AuthFailure.UnauthorizedOperation",
        "these keys may not do that",
        "Have the account's owner grant QcloudSCFFullAccess and QcloudCamFullAccess, or this very action.",
    ),
    ("AuthFailure", "the keys were not accepted", "Look at TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY."),
    (
        "UnauthorizedOperation.Role",
        "SCF may not take the run role",
        "Run `python -m ops deploy` again: it sets the trust policy. If the role is yours, add --adopt.",
    ),
    (
        "UnauthorizedOperation",
        "these keys may not do that",
        "Have the account's owner grant QcloudSCFFullAccess and QcloudCamFullAccess, or this very action.",
    ),
    (
        "InvalidParameterValue.CosNotifyRuleConflict",
        "another function or product listens to the same uploads",
        "COS allows no overlapping prefixes for one kind of event: choose another prefix, or remove the other trigger.",
    ),
    (
        "ResourceNotFound.Role",
        "the run role does not exist",
        "Run again: a new role takes a moment until SCF sees it.",
    ),
    (
        "ResourceNotFound.Cmq",
        "the dead letter queue does not exist",
        "Create it in the same region, or take deadLetter out of serverless.yml.",
    ),
    (
        "ResourceNotFound.CosObject",
        "SCF did not find the uploaded code",
        "Run again; if it stays so, the service role SCF_QcsRole must be allowed to read the bucket.",
    ),
    (
        "ResourceNotFound.Cos",
        "the bucket does not exist",
        "Create it in this region, or mend its name in serverless.yml.",
    ),
    (
        "ResourceNotFound.Namespace",
        "the namespace does not exist",
        "Create it in the console, or use the namespace default.",
    ),
    ("ResourceNotFound", "something it needs does not exist", "The message names it; create it, or mend its name."),
    (
        "FailedOperation.UnOpenedService",
        "SCF is not switched on for this account",
        "Open the SCF console once and agree to its service role.",
    ),
    (
        "FailedOperation.QcsRoleNotFound",
        "SCF's own service role is missing",
        "Open the SCF console once and agree to its service role SCF_QcsRole.",
    ),
    (
        "FailedOperation.FunctionStatusError",
        "the function is in the middle of another change",
        "Wait a minute and run again; it goes on from where it is.",
    ),
    ("FailedOperation.InsufficientBalance", "the account owes money", "Top the account up and run again."),
    ("ResourceUnavailable.InsufficientBalance", "the account owes money", "Top the account up and run again."),
    (
        "LimitExceeded.Trigger",
        "there are too many triggers",
        "A function takes 10 COS triggers and a bucket 10: remove one that is not used.",
    ),
    ("LimitExceeded", "a quota is used up or a value is over its limit", "The message says which; lower it."),
    ("InvalidParameter.RoleFull", "the account has too many roles", "Remove one that is not used."),
    ("FailedOperation.PolicyFull", "the account has too many policies", "Remove one that is not used."),
    ("RequestSizeLimitExceeded", "the request is too large", "This is a defect of this program; please report it."),
    ("RequestLimitExceeded", "too many calls at once", "Wait a moment and run again."),
    ("UnsupportedRegion", "SCF is not to be had in this region", "Choose another region for bucket and function."),
    ("ResourceInUse", "something of that name exists already", "Choose another name, or add --adopt if it is yours."),
    ("InternalError", "the cloud failed by itself", "Run again; if it stays so, give the request id to its support."),
    (
        "ClientNetworkError",
        "the cloud could not be reached",
        "Look at the network and at proxy variables, and run again.",
    ),
    (
        "ServerNetworkError",
        "what answers there is not the cloud's API",
        "Look at OPS_API_ENDPOINT (the api_endpoint of the emulator's first line) and at proxy variables.",
    ),
    ("InvalidParameter", "the cloud does not accept a value", "The message names it; mend it in serverless.yml."),
    ("FailedOperation", "the cloud could not do that now", "Read its message; most often a second run succeeds."),
)


def explain(service: str, action: str, *, code: str, message: str, request_id: str = "") -> CloudError:
    """The refusal of one call as an error with a remedy. The cloud's own words stay in it."""
    what, remedy = next(
        ((what, remedy) for start, what, remedy in MEANING if code.startswith(start)),
        ("the call was refused", "Read the cloud's message; if it does not help, give the request id to its support."),
    )
    message = message if len(message) <= MOST_SHOWN else f"{message[:MOST_SHOWN]}…"
    seen = f" (request {request_id})" if request_id else ""
    return CloudError(
        f"{service} {action}: {what}.\n  {code}: {message}{seen}", remedy=remedy, code=code, request_id=request_id
    )
