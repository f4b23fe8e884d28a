"""Temporary credentials, as STS's API has them.

Source: STS API 2018-08-13, GetFederationToken, AssumeRole, GetCallerIdentity and their error codes (read 2026-11-25).
"""

import json
import re
from datetime import datetime, timezone
from urllib.parse import unquote

from emulator.control.errors import ApiError
from emulator.control.parameters import Actions, Parameters, Response
from emulator.control.roles import AccessManagement
from emulator.identity.credentials import Credentials, TemporaryCredentials
from emulator.identity.policy import Policy, read_policy

_ROLE_ARN = re.compile(r"qcs::cam::uin/(?P<uin>\d+):roleName/(?P<name>[A-Za-z0-9+=,.@_-]{1,128})")
_SESSION_NAME = re.compile(r"[A-Za-z0-9+=,.@_-]{2,128}")
# The API, of DurationSeconds: 1800 s by default, at most 7200 s for the root account; of a role 7200 s and 43200 s.
_FEDERATION_S = (1800, 7200)
_ASSUMED_S = (7200, 43200)


class Tokens:
    """The calls of STS. Credentials from here have policies of their own, whatever run roles may do."""

    def __init__(self, access: AccessManagement, credentials: Credentials, uin: str) -> None:
        self._access, self._credentials, self._uin = access, credentials, uin
        self.actions: Actions = {
            "GetFederationToken": self._federate,
            "AssumeRole": self._assume,
            "GetCallerIdentity": self._identity,
        }

    def _federate(self, parameters: Parameters) -> Response:
        name, policy = parameters.required("Name"), _policy(parameters.required("Policy"))
        lifetime_s = _lifetime_s(parameters, *_FEDERATION_S)
        parameters.reject_unknown()
        if not _SESSION_NAME.fullmatch(name):
            raise ApiError("InvalidParameter.ParamError", "Name has 2 to 128 letters, digits and +=,.@_-")
        return _response(self._credentials.issue(f"federated user {name}", lifetime_s, policies=(policy,)))

    def _assume(self, parameters: Parameters) -> Response:
        arn = _ROLE_ARN.fullmatch(parameters.required("RoleArn"))
        session, text = parameters.required("RoleSessionName"), parameters.text("Policy")
        lifetime_s = _lifetime_s(parameters, *_ASSUMED_S)
        for name in ("ExternalId", "SourceIdentity"):
            parameters.text(name)
        parameters.reject_unknown()
        if arn is None or arn["uin"] != self._uin:
            raise ApiError("InvalidParameter.ParamError", f"RoleArn is qcs::cam::uin/{self._uin}:roleName/NAME")
        if not _SESSION_NAME.fullmatch(session):
            raise ApiError("InvalidParameter.ParamError", "RoleSessionName has 2 to 128 letters, digits and +=,.@_-")
        trusts = self._access.trusts_account(arn["name"])
        if trusts is None:
            raise ApiError("ResourceNotFound.RoleNotFound", f"there is no role {arn['name']}")
        if not trusts:
            raise ApiError("UnauthorizedOperation", f"the role {arn['name']} does not trust this account")
        statements = self._access.statements(arn["name"])
        of_role = read_policy({"version": "2.0", "statement": statements}) if statements else Policy(())
        policies = (of_role,) if text is None else (of_role, _policy(text))
        return _response(self._credentials.issue(arn["name"], lifetime_s, policies=policies))

    def _identity(self, parameters: Parameters) -> Response:
        parameters.reject_unknown()
        return {
            "Arn": f"qcs::cam::uin/{self._uin}:uin/{self._uin}",
            "AccountId": self._uin,
            "UserId": self._uin,
            "PrincipalId": self._uin,
            "Type": "CAMUser",
        }


def _lifetime_s(parameters: Parameters, default: int, longest: int) -> int:
    lifetime_s = parameters.integer("DurationSeconds")
    if lifetime_s is None:
        return default
    if not 0 < lifetime_s <= longest:
        raise ApiError("InvalidParameter.OverTimeError", f"DurationSeconds is 1 to {longest}")
    return lifetime_s


def _policy(text: str) -> Policy:
    # "the policy has to be URL-encoded"; the SDKs' own examples send it as it is
    try:
        return read_policy(json.loads(text if text.lstrip().startswith("{") else unquote(text)))
    except ValueError as error:
        raise ApiError("InvalidParameter.StrategyFormatError", str(error)) from error


def _response(issued: TemporaryCredentials) -> Response:
    return {
        "Credentials": {
            "Token": issued.token,
            "TmpSecretId": issued.secret_id,
            "TmpSecretKey": issued.secret_key,
        },
        "ExpiredTime": issued.expires_at,
        "Expiration": _utc(issued.expires_at),
    }


def _utc(at_s: int) -> str:
    return datetime.fromtimestamp(at_s, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
