"""The control plane of one cloud, on a port of its own.

A role's policies become what run roles may do on the cloud's data plane, so a deployed function has exactly the rights
that were deployed.
"""

import shutil
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from typing_extensions import Self

from emulator.cloud import Cloud
from emulator.control.app import Api
from emulator.control.describe import TriggerNames
from emulator.control.functions import Functions, FunctionSettings
from emulator.control.invocations import InvocationCalls, RetryOrder
from emulator.control.roles import AccessManagement
from emulator.control.tokens import Tokens
from emulator.control.triggers import TriggerCalls, Triggers
from emulator.control.version_calls import VersionCalls
from emulator.control.versions import Versions
from emulator.errors import ServiceError
from emulator.http.server import HOST, Server
from emulator.scf.interpreter import Interpreter

_DENY_ALL = {"effect": "deny", "action": ["*"], "resource": ["*"]}


@dataclass(frozen=True, slots=True)
class ApiCall:
    """A call that was answered; `code` is empty when it succeeded."""

    service: str
    action: str
    code: str


class ControlPlane:
    """SCF's, CAM's and STS's API for a cloud, behind `endpoint` (host and port) until close().

    `interpreter` runs the functions, `isolated` with nothing but their package; `polls` is how many GetFunction calls
    it takes until a change is done; `environment` is added to every function's own, to reach this cloud. `on_warning`
    gets a sentence when a function is made for another Python than the one that runs it. `trigger_names` and
    `retry_order` choose between two forms of a response that the documents leave open.
    """

    def __init__(  # noqa: PLR0913  # each is a choice for a test, by name
        self,
        cloud: Cloud,
        *,
        now: Callable[[], float],
        port: int = 0,
        host: str = HOST,
        interpreter: Interpreter | None = None,
        isolated: bool = False,
        queues: Sequence[str] = (),
        polls: int = 2,
        environment: Mapping[str, str] | None = None,
        trigger_names: TriggerNames = "host",
        retry_order: RetryOrder = "default first",
        on_warning: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._cloud = cloud
        self._folder = Path(tempfile.mkdtemp(prefix="emulator-code-"))
        self._lock = threading.Lock()
        self._calls: list[ApiCall] = []
        settings = FunctionSettings(
            folder=self._folder,
            interpreter=interpreter or Interpreter(),
            isolated=isolated,
            appid=cloud.account.appid,
            read=self._read,
            queues=frozenset(queues),
            polls=polls,
            extra=dict(environment or {}),
            now=now,
            warn=on_warning,
        )
        self.access = AccessManagement(appid=cloud.account.appid, uin=cloud.account.uin, on_change=self._apply_policies)
        triggers = Triggers(cloud.scf, trigger_names, now)
        versions = Versions(now)
        functions = Functions(
            cloud.scf,
            self.access,
            settings,
            on_role_change=self._apply_policies,
            triggers_of=triggers.of,
            versions=versions,
        )
        scf_actions = {
            **functions.actions,
            **VersionCalls(cloud.scf, functions, versions, now).actions,
            **InvocationCalls(cloud.scf, functions, retry_order).actions,
            **TriggerCalls(cloud.scf, functions, triggers, lambda: cloud.buckets).actions,
        }
        tokens = Tokens(self.access, cloud.credentials, cloud.account.uin)
        self.app = Api(
            {"scf": scf_actions, "cam": self.access.actions, "sts": tokens.actions},
            credentials=cloud.credentials,
            region=cloud.account.region,
            now=now,
            on_call=self._record,
        )
        self._server = Server(self.app, port, host=host)

    def __enter__(self) -> Self:
        """Return the control plane itself; the end of the block closes it."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    @property
    def endpoint(self) -> str:
        """The address for an SDK's HttpProfile: `127.0.0.1:PORT`, over http."""
        return f"{HOST}:{self._server.port}"

    @property
    def calls(self) -> tuple[ApiCall, ...]:
        """Every call that was answered, oldest first."""
        with self._lock:
            return tuple(self._calls)

    def clear_calls(self) -> None:
        """Forget the calls that were answered."""
        with self._lock:
            self._calls.clear()

    def close(self) -> None:
        """End every connection and remove every function's code."""
        self._server.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _record(self, service: str, action: str, code: str) -> None:
        with self._lock:
            self._calls.append(ApiCall(service, action, code))

    def _read(self, bucket: str, key: str) -> bytes:
        try:
            with self._cloud.store.open(bucket, key).open() as stream:
                return stream.read()
        except ServiceError as error:
            raise KeyError(key) from error

    def _apply_policies(self) -> None:
        """Let run roles do what all functions' roles may do together; roles without policies may do nothing."""
        roles = sorted({function.role for function in self._cloud.scf.functions if function.role})
        rules = [rule for role in roles for rule in self.access.statements(role)]
        if roles:
            self._cloud.set_policy({"version": "2.0", "statement": rules or [_DENY_ALL]})
