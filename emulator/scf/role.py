"""A run role's name -> temporary credentials that are good for the invocation at hand.

Credentials never reach a log or a repr from here.
Source: the SCF document "Async Execution" (credentials of a run role last 6 hours at most), read 2026-11-22.
"""

import threading
from typing import Protocol

LIFETIME_S = 6 * 3600
"""A run role's credentials are valid for at most this long, in seconds."""


class TemporaryCredentials(Protocol):
    """A role's secret id, secret key and token; `expires_at` in seconds since 1970."""

    @property
    def secret_id(self) -> str: ...  # noqa: D102  # the class says it
    @property
    def secret_key(self) -> str: ...  # noqa: D102  # the class says it
    @property
    def token(self) -> str: ...  # noqa: D102  # the class says it
    @property
    def expires_at(self) -> float: ...  # noqa: D102  # the class says it


class CredentialsIssuer(Protocol):
    """Issues credentials for a role: the cloud's credential store, or a test's own."""

    def issue(self, role: str, lifetime_s: int) -> TemporaryCredentials:
        """Return new credentials of the role."""


class RoleCredentials:
    """Keeps one set of credentials for each role and renews it before it expires."""

    def __init__(self, issuer: CredentialsIssuer, lifetime_s: int) -> None:
        if not 0 < lifetime_s <= LIFETIME_S:
            raise ValueError(f"a run role's credentials last between 1 and {LIFETIME_S} s, not {lifetime_s}")
        self._issuer = issuer
        self._lifetime_s = lifetime_s
        self._by_role: dict[str, TemporaryCredentials] = {}
        self._lock = threading.Lock()

    def forget(self) -> None:
        """Forget every role's credentials, so that new ones are issued."""
        with self._lock:
            self._by_role.clear()

    def credentials_for(self, role: str, *, until_s: float) -> TemporaryCredentials:
        """Return the role's credentials, good until `until_s` (seconds since 1970) if the lifetime allows it."""
        with self._lock:
            current = self._by_role.get(role)
            if current is None or current.expires_at < until_s:
                current = self._by_role[role] = self._issuer.issue(role, self._lifetime_s)
            return current
