"""The run role's temporary keys: a role's name -> keys that are good for the invocation at hand.

It must not know how keys are made or checked: it is given an issuer. Keys never reach a log or a repr from here.
Source: the SCF document "Async Execution" (keys of a run role last 6 hours at most), read 2026-11-22.
"""

import threading
from typing import Final, Protocol

LIFETIME_S: Final = 6 * 3600
"""A run role's keys are valid for at most this long, in seconds."""


class TemporaryKeys(Protocol):
    """One set of keys; `expires_at` in seconds since 1970."""

    @property
    def secret_id(self) -> str:
        """The id that stands in a signature."""

    @property
    def secret_key(self) -> str:
        """What signs."""

    @property
    def token(self) -> str:
        """What goes with every signed call."""

    @property
    def expires_at(self) -> float:
        """From when on the keys are refused, seconds since 1970."""


class KeyIssuer(Protocol):
    """Whoever hands out keys for a role."""

    def issue(self, role: str, lifetime_s: int) -> TemporaryKeys:
        """Give fresh keys for the role."""


class RoleKeys:
    """Keeps one set of keys a role and has it renewed before it runs out."""

    def __init__(self, issuer: KeyIssuer, lifetime_s: int) -> None:
        if not 0 < lifetime_s <= LIFETIME_S:
            raise ValueError(f"a run role's keys last between 1 and {LIFETIME_S} s, not {lifetime_s}")
        self._issuer = issuer
        self._lifetime_s = lifetime_s
        self._held: dict[str, TemporaryKeys] = {}
        self._lock = threading.Lock()

    def forget(self) -> None:
        """Have every role's keys issued anew."""
        with self._lock:
            self._held.clear()

    def keys_for(self, role: str, *, until_s: float) -> TemporaryKeys:
        """Give the role's keys, good until `until_s` (seconds since 1970) if the lifetime allows it."""
        with self._lock:
            held = self._held.get(role)
            if held is None or held.expires_at < until_s:
                held = self._held[role] = self._issuer.issue(role, self._lifetime_s)
            return held
