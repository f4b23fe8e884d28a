"""Issue credentials and find who they belong to.

The root account's credentials are valid for the cloud's whole life, a role's for a while and with a token.
"""

import secrets
import string
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from emulator.identity.policy import Policy

_ALPHABET = string.ascii_letters + string.digits
_KEPT_AFTER_EXPIRY_S = 24 * 3600


@dataclass(frozen=True, slots=True)
class TemporaryCredentials:
    """A role's credentials: valid with their token until `expires_at` (unix seconds)."""

    secret_id: str
    secret_key: str = field(repr=False)
    token: str = field(repr=False)
    expires_at: int


@dataclass(frozen=True, slots=True)
class Holder:
    """The owner of credentials: the root account, or a role by name. `token` and `expires_at` are a role's only.

    `policies` must all allow what is done with them; None leaves it to the policy that all run roles share.
    """

    kind: Literal["root", "role"]
    name: str
    secret_key: str = field(repr=False)
    token: str | None = field(default=None, repr=False)
    expires_at: int | None = None
    policies: tuple[Policy, ...] | None = None


class Credentials:
    """The credentials of one account. Safe across threads.

    A role's credentials are forgotten a day after they expired, so a long-lived cloud does not grow.
    """

    def __init__(self, now: Callable[[], float], max_lifetime_s: int | None = None) -> None:
        """Make the root credentials. `max_lifetime_s` caps the lifetime of every role's."""
        self._now = now
        self._max_lifetime_s = max_lifetime_s
        self._lock = threading.Lock()
        self.root_id = _secret_id()
        self.root_key = _random(32)
        self._holders: dict[str, Holder] = {self.root_id: Holder("root", "root", self.root_key)}

    def issue(self, role: str, lifetime_s: int, *, policies: tuple[Policy, ...] | None = None) -> TemporaryCredentials:
        """Return new credentials of a role, limited to the rights that all of `policies` allow, if there are any.

        Raises:
            ValueError: the lifetime is not positive.
        """
        if lifetime_s <= 0:
            raise ValueError(f"a lifetime of credentials must be positive, not {lifetime_s} s")
        lifetime_s = min(lifetime_s, self._max_lifetime_s or lifetime_s)
        issued = TemporaryCredentials(_secret_id(), _random(32), _random(96), int(self._now()) + lifetime_s)
        with self._lock:
            self._forget_old()
            self._holders[issued.secret_id] = Holder(
                "role", role, issued.secret_key, issued.token, issued.expires_at, policies
            )
        return issued

    def revoke(self, secret_id: str) -> None:
        """Make a role's credentials unknown from now on.

        Raises:
            KeyError: no role's credentials have this id.
        """
        with self._lock:
            if secret_id == self.root_id:
                raise KeyError(secret_id)
            del self._holders[secret_id]

    def revoke_all(self) -> None:
        """Make every role's credentials unknown; the root account's stay."""
        with self._lock:
            self._holders = {self.root_id: self._holders[self.root_id]}

    def find(self, secret_id: str) -> Holder | None:
        """Return whose these are, expired or not; None when they are nobody's."""
        with self._lock:
            return self._holders.get(secret_id)

    def _forget_old(self) -> None:
        oldest = self._now() - _KEPT_AFTER_EXPIRY_S
        old = [key for key, holder in self._holders.items() if (holder.expires_at or oldest) < oldest]
        for key in old:
            del self._holders[key]


def _secret_id() -> str:
    return "AKID" + _random(32)


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))
