"""Keys of the cloud: the root account's for its whole life, a role's for a while and with a token.

Turns a key id into who stands behind it. Knows no request and no policy; time is given to it.
"""

import secrets
import string
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

_ALPHABET = string.ascii_letters + string.digits


@dataclass(frozen=True, slots=True)
class TemporaryKeys:
    """A role's keys: valid with their token until `expires_at` (unix seconds)."""

    secret_id: str
    secret_key: str = field(repr=False)
    token: str = field(repr=False)
    expires_at: int


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a key: the root account, or a role by name. `token` and `expires_at` are a role's only."""

    kind: Literal["root", "role"]
    name: str
    secret_key: str = field(repr=False)
    token: str | None = field(default=None, repr=False)
    expires_at: int | None = None


class Keys:
    """Issues keys and finds their holders. Safe across threads.

    A role's keys are forgotten a day after they ended, so a long-lived cloud does not grow.
    """

    def __init__(self, now: Callable[[], float], longest_s: int | None = None) -> None:
        """Makes the root keys. `longest_s` caps every role key's lifetime."""
        self._now = now
        self._longest_s = longest_s
        self._lock = threading.Lock()
        self.root_id = _secret_id()
        self.root_key = _random(32)
        self._holders: dict[str, Holder] = {self.root_id: Holder("root", "root", self.root_key)}

    def issue(self, role: str, lifetime_s: int) -> TemporaryKeys:
        """New keys of a role.

        Raises:
            ValueError: the lifetime is not positive.
        """
        if lifetime_s <= 0:
            raise ValueError(f"a key's lifetime must be positive, not {lifetime_s} s")
        lifetime_s = min(lifetime_s, self._longest_s or lifetime_s)
        issued = TemporaryKeys(_secret_id(), _random(32), _random(96), int(self._now()) + lifetime_s)
        with self._lock:
            self._forget_old()
            self._holders[issued.secret_id] = Holder("role", role, issued.secret_key, issued.token, issued.expires_at)
        return issued

    def revoke(self, secret_id: str) -> None:
        """Makes a role's key unknown from now on.

        Raises:
            KeyError: no role's key has this id.
        """
        with self._lock:
            if secret_id == self.root_id:
                raise KeyError(secret_id)
            del self._holders[secret_id]

    def revoke_all(self) -> None:
        """Makes every role's key unknown; the root keys stay."""
        with self._lock:
            self._holders = {self.root_id: self._holders[self.root_id]}

    def find(self, secret_id: str) -> Holder | None:
        """Who holds this key, expired or not; None when nobody does."""
        with self._lock:
            return self._holders.get(secret_id)

    def _forget_old(self) -> None:
        oldest = self._now() - 86400
        old = [key for key, holder in self._holders.items() if (holder.expires_at or oldest) < oldest]
        for key in old:
            del self._holders[key]


def _secret_id() -> str:
    return "AKID" + _random(32)


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))
