"""Environment variables -> the operator's credentials, and the addresses of a local cloud.

Sources: tencentcloud-sdk-python 3.1 (names of its variables), the scf tool's .env (read 2026-11-22).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from ops.errors import OpsError

_SENDABLE = re.compile(r"[!-~]*")
_ADDRESS = re.compile(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?/?")
_EXAMPLE = "http://127.0.0.1:8000"
_NAMES = (
    ("TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY", "TENCENTCLOUD_TOKEN"),
    ("TENCENT_SECRET_ID", "TENCENT_SECRET_KEY", "TENCENT_TOKEN"),
)
"""As tencentcloud-sdk-python and as the scf tool call them, in the order in which they are tried."""
_FUNCTION_NAMES = ("TENCENTCLOUD_SECRETID", "TENCENTCLOUD_SECRETKEY", "TENCENTCLOUD_SESSIONTOKEN")
"""What SCF calls them inside a function; easily taken for the names above."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """The operator's own credentials; they never show in a repr."""

    secret_id: str = field(repr=False)
    secret_key: str = field(repr=False)
    token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The addresses of a local cloud, `http://127.0.0.1:PORT` each; both empty for Tencent Cloud itself.

    The SDKs ignore what is no address, and a rehearsal would then reach Tencent Cloud.

    Raises:
        OpsError: something that is no address, or a control plane without its data plane.
    """

    api: str = ""
    cos: str = ""

    def __post_init__(self) -> None:
        """Check both addresses."""
        for address in (self.api, self.cos):
            if address and not _ADDRESS.fullmatch(address):
                raise OpsError(f"{address!r} is not the address of a local cloud.", remedy=f"Write it as {_EXAMPLE}.")

    def require_both(self) -> None:
        """Check that API calls and COS calls go to the same cloud.

        Raises:
            OpsError: only one of the two addresses is set.
        """
        if bool(self.api) != bool(self.cos):
            raise OpsError(
                "Only one address of the local cloud is set; the other calls would go to Tencent Cloud.",
                remedy="Set both OPS_ENDPOINT and OPS_API_ENDPOINT (or --endpoint and --api-endpoint), or neither.",
            )


def read_credentials(environment: Mapping[str, str]) -> Credentials:
    """Return the credentials in the environment.

    Raises:
        OpsError: there are none, one of the pair is missing, or one cannot be sent (a library would print it).
    """
    for names in _NAMES:
        values = [environment.get(name, "").strip() for name in names]
        if values[0] and values[1]:
            _refuse_unsendable(dict(zip(names, values, strict=True)))
            return Credentials(*values)
    _explain_missing(environment)
    raise OpsError(
        "There are no credentials in the environment.",
        remedy="Create an API key in the console (CAM, API keys) and set TENCENTCLOUD_SECRET_ID and"
        " TENCENTCLOUD_SECRET_KEY.",
    )


def _refuse_unsendable(values: Mapping[str, str]) -> None:
    broken = [name for name, value in values.items() if not _SENDABLE.fullmatch(value)]
    if broken:
        raise OpsError(
            f"{' and '.join(broken)} cannot be valid: it contains a blank, a line break or a non-ASCII character.",
            remedy="Copy it again, whole and without quotes.",
        )


def _explain_missing(environment: Mapping[str, str]) -> None:
    """Name the variables that are set and close to the needed ones.

    Raises:
        OpsError: half a pair is set, or the names are those that SCF uses inside a function.
    """
    for secret_id, secret_key, _ in _NAMES:
        present = [name for name in (secret_id, secret_key) if environment.get(name, "").strip()]
        if present:
            missing = secret_key if present[0] == secret_id else secret_id
            raise OpsError(
                f"{present[0]} is set, but {missing} is not.", remedy=f"Set {missing} too: the two belong together."
            )
    similar = [name for name in _FUNCTION_NAMES if environment.get(name, "").strip()]
    if similar:
        raise OpsError(
            f"{' and '.join(similar)} {'is' if len(similar) == 1 else 'are'} what SCF sets inside a function;"
            " this command does not read them.",
            remedy="Set TENCENTCLOUD_SECRET_ID and TENCENTCLOUD_SECRET_KEY, with an underscore before ID and KEY.",
        )
