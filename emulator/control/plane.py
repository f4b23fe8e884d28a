"""The control plane of one cloud, on a port of its own: puts the parts together and gives them a life.

A role's policies become what run roles may do on the cloud's data plane, so a deployed function lives with exactly
the rights that were deployed.
"""

import shutil
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Protocol

from typing_extensions import Self

from emulator.api.access import Access
from emulator.api.app import Api
from emulator.api.bindings import Bindings
from emulator.api.functions import Functions, Setting
from emulator.api.tc3 import KeyRing
from emulator.refusal import Refusal
from emulator.scf.platform import Platform
from emulator.server import HOST, Server

_NOTHING = {"effect": "deny", "action": ["*"], "resource": ["*"]}


class Stored(Protocol):
    """An object to be read."""

    def open(self) -> BinaryIO:
        """Its bytes."""


class Store(Protocol):
    """Where objects lie."""

    def open(self, bucket: str, key: str, version: str | None = None) -> Stored:
        """The object. Raises Refusal where there is none."""


class Account(Protocol):
    """Whose cloud it is."""

    @property
    def appid(self) -> str:
        """The number at the end of every bucket's name."""

    @property
    def uin(self) -> str:
        """The account's number."""

    @property
    def region(self) -> str:
        """Where it all is."""


class Served(Protocol):
    """The cloud that the control plane belongs to."""

    @property
    def account(self) -> Account:
        """Whose it is."""

    @property
    def buckets(self) -> Sequence[str]:
        """Every bucket by its full name."""

    @property
    def endpoint(self) -> str:
        """Where its data plane is."""

    @property
    def keys(self) -> KeyRing:
        """Who holds which key."""

    @property
    def scf(self) -> Platform:
        """Runs functions."""

    @property
    def store(self) -> Store:
        """Holds objects."""

    def set_policy(self, policy: object) -> None:
        """Sets what run roles may do."""


@dataclass(frozen=True, slots=True)
class ApiCall:
    """A call that was answered; `code` is empty when it was done."""

    service: str
    action: str
    code: str


class ControlPlane:
    """SCF's and CAM's API for a cloud, behind `endpoint` (host and port) until close().

    `python` runs the functions, `isolated` with nothing but their package; `looks` is how often a function has to be
    looked at until a change of it is done; `environment` is added to every function's own, to reach this cloud.
    """

    def __init__(  # each is a choice for a test, by name
        self,
        cloud: Served,
        *,
        now: Callable[[], float],
        port: int = 0,
        python: Path = Path(sys.executable),
        isolated: bool = False,
        queues: Sequence[str] = (),
        looks: int = 2,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._cloud = cloud
        self._folder = Path(tempfile.mkdtemp(prefix="emulator-code-"))
        self._lock = threading.Lock()
        self._calls: list[ApiCall] = []
        setting = Setting(
            folder=self._folder,
            python=python,
            isolated=isolated,
            appid=cloud.account.appid,
            read=self._read,
            queues=frozenset(queues),
            looks=looks,
            extra=dict(environment or {}),
        )
        self.access = Access(appid=cloud.account.appid, uin=cloud.account.uin, changed=self._apply)
        functions = Functions(cloud.scf, self.access, setting, self._apply)
        bindings = Bindings(cloud.scf, functions, lambda: cloud.buckets)
        self.app = Api(
            {"scf": {**functions.actions, **bindings.actions}, "cam": self.access.actions},
            keys=cloud.keys,
            region=cloud.account.region,
            now=now,
            noted=self._note,
        )
        self._server = Server(self.app, port)

    def __enter__(self) -> Self:
        """The control plane itself; close() at the end of the block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes it."""
        self.close()

    @property
    def endpoint(self) -> str:
        """Where to aim an SDK's HttpProfile: `127.0.0.1:PORT`, over http."""
        return f"{HOST}:{self._server.port}"

    @property
    def calls(self) -> tuple[ApiCall, ...]:
        """Every call that was answered, oldest first."""
        with self._lock:
            return tuple(self._calls)

    def clear_calls(self) -> None:
        """Forgets the calls that were answered."""
        with self._lock:
            self._calls.clear()

    def close(self) -> None:
        """Ends every connection and removes every function's code."""
        self._server.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _note(self, service: str, action: str, code: str) -> None:
        with self._lock:
            self._calls.append(ApiCall(service, action, code))

    def _read(self, bucket: str, key: str) -> bytes:
        try:
            with self._cloud.store.open(bucket, key).open() as stream:
                return stream.read()
        except Refusal as error:
            raise KeyError(key) from error

    def _apply(self) -> None:
        """What the functions' roles may do, all together; a role without policies may do nothing."""
        roles = sorted({function.role for function in self._cloud.scf.functions if function.role})
        rules = [rule for role in roles for rule in self.access.statements(role)]
        if roles:
            self._cloud.set_policy({"version": "2.0", "statement": rules or [_NOTHING]})
