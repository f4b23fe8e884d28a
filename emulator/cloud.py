"""The whole cloud on one port: COS, CI and SCF of one account in one region, put together and given a life.

Decides nothing itself: calls are the front's, functions the platform's. Several clouds in a process share nothing.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING

from emulator.admin import Admin
from emulator.cam import Policy, read_policy
from emulator.cos.addresses import appid_of
from emulator.cos.backend import Backend
from emulator.cos.buckets import Buckets
from emulator.cos.call import Account, Call, Rights
from emulator.cos.called import Called
from emulator.cos.changes import Changes
from emulator.cos.front import Front, Parts
from emulator.cos.gate import Gate
from emulator.cos.media import Media, MediaBuckets
from emulator.cos.multipart import Multipart
from emulator.cos.store import Listed, Store
from emulator.cos.writing import Writing
from emulator.faults import Faults
from emulator.keys import Keys
from emulator.scf.clock import Clock
from emulator.scf.log import Listener
from emulator.scf.platform import Platform
from emulator.scf.role import LIFETIME_S
from emulator.scf.triggers import ObjectEvent
from emulator.server import HOST, Server

if TYPE_CHECKING:
    from typing_extensions import Self

UIN = "100000000001"
_REMEMBERED = 10_000


class Cloud:
    """COS, CI and SCF behind `endpoint` from the moment it is made until close().

    `secret_id` and `secret_key` are the root account's and may do everything. Every bucket in `buckets` ends with one
    appid; those in `unbound` have media processing off. `policy` is what run roles may do, None for everything.
    `now` is the time that signatures and keys are held to, in unix seconds; `on_call` is told each call that ended,
    `on_log` what SCF logged of each invocation.
    """

    def __init__(
        self,
        *,
        buckets: Sequence[str] = ("examplebucket-1250000000",),
        region: str = "ap-guangzhou",
        port: int = 0,
        policy: object = None,
        unbound: Sequence[str] = (),
        compressed_time: bool = False,
        key_lifetime_s: int = LIFETIME_S,
        now: Callable[[], float] = time.time,
        on_call: Callable[[Called], None] | None = None,
        on_log: Listener | None = None,
    ) -> None:
        """Binds the port and begins to serve.

        Raises:
            ValueError: a bucket's name is none, two buckets are of two accounts, or the policy cannot be read.
            PortTaken: the port is in use.
        """
        if not buckets or len({appid_of(bucket) for bucket in buckets}) != 1:
            raise ValueError("a cloud has at least one bucket, and all end with one appid")
        strangers = sorted(set(unbound) - set(buckets))
        if strangers:
            raise ValueError(f"unbound names no bucket of this cloud: {', '.join(strangers)}")
        self._fresh = (tuple(dict.fromkeys(buckets)), frozenset(unbound), _policy(policy))
        self._on_call = on_call
        self._calls: deque[Called] = deque(maxlen=_REMEMBERED)
        self._events: deque[ObjectEvent] = deque(maxlen=_REMEMBERED)
        self._closing = threading.Event()
        self._now = now
        self.account = Account(appid_of(buckets[0]), UIN, region)
        self.keys = Keys(now, key_lifetime_s)
        self.faults = Faults(self._closing.wait)
        self.scf = Platform(
            region=region,
            appid=self.account.appid,
            uin=UIN,
            keys=self.keys,
            clock=Clock(compressed=compressed_time),
            key_lifetime_s=key_lifetime_s,
            on_log=on_log,
        )
        self._gate = Gate(self.keys, now)
        self._bound = MediaBuckets(now)
        self._backend = Backend()
        self._store = Store(self._backend)
        self._buckets = Buckets(self._backend, self.account)
        try:
            self._stock()
            self._server = Server(self._front(), port)
        except BaseException:
            self.scf.close()
            self._backend.close()
            raise

    def __enter__(self) -> "Self":
        """The cloud itself; close() at the end of the block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Closes the cloud."""
        self.close()

    @property
    def endpoint(self) -> str:
        """Where to aim an SDK: `http://127.0.0.1:PORT`."""
        return f"http://{HOST}:{self._server.port}"

    @property
    def port(self) -> int:
        """The port that was bound."""
        return self._server.port

    @property
    def region(self) -> str:
        """The only region there is."""
        return self.account.region

    @property
    def buckets(self) -> tuple[str, ...]:
        """Every bucket by its full name."""
        return self._buckets.names

    @property
    def secret_id(self) -> str:
        """The root account's key id."""
        return self.keys.root_id

    @property
    def secret_key(self) -> str:
        """The root account's secret key."""
        return self.keys.root_key

    @property
    def calls(self) -> tuple[Called, ...]:
        """The last 10,000 calls that were answered, oldest first."""
        return tuple(self._calls)

    @property
    def events(self) -> tuple[ObjectEvent, ...]:
        """The last 10,000 events that COS told the platform of, oldest first, a trigger for them or not."""
        return tuple(self._events)

    @property
    def store(self) -> Store:
        """Opens stored objects in place, asking nobody's leave."""
        return self._store

    @property
    def policy(self) -> Policy | None:
        """What run roles may do; None for everything."""
        return self._gate.policy

    def set_policy(self, policy: object) -> None:
        """Sets what run roles may do, from a policy's parsed JSON; None lets them do everything.

        Raises:
            ValueError: the policy cannot be read.
        """
        self._gate.policy = _policy(policy)

    def bind(self, bucket: str) -> None:
        """Turns media processing of a bucket on. Raises ValueError for a bucket that is not there."""
        self._bound.bind(self._known(bucket))

    def unbind(self, bucket: str) -> None:
        """Turns media processing of a bucket off. Raises ValueError for a bucket that is not there."""
        self._bound.unbind(self._known(bucket))

    def is_bound(self, bucket: str) -> bool:
        """Whether media processing of a bucket is on."""
        return bucket in self._bound.bound()

    def objects(self) -> Iterator[Listed]:
        """Every object there is, by bucket and key."""
        return self._store.objects(self.buckets)

    def clear_calls(self) -> None:
        """Forgets the calls that were answered."""
        self._calls.clear()

    def clear(self) -> None:
        """Back to fresh: the first buckets, empty; no function, fault, role key, call or event; the first policy.

        The port and the root keys stay.
        """
        self.scf.clear()
        self.faults.clear()
        self.keys.revoke_all()
        self._backend.close()
        self._stock()
        self._calls.clear()
        self._events.clear()

    def close(self) -> None:
        """Ends every function, connection and thread, and throws every object away. A second time does nothing."""
        if self._closing.is_set():
            return
        self._closing.set()
        self.scf.close()
        self._server.close()
        self._backend.close()

    def _stock(self) -> None:
        buckets, unbound, self._gate.policy = self._fresh
        self._buckets.names = ()
        for bucket in self._bound.bound():
            self._bound.unbind(bucket)
        for bucket in buckets:
            self._buckets.create(bucket)
            if bucket not in unbound:
                self._bound.bind(bucket)

    def _front(self) -> Front:
        rights = Rights(self._gate, self.account)
        writing = Writing(self._backend, self._store, rights, self._publish)
        media = Media(self._store, rights, self._bound, lambda bucket: bucket in self.buckets)
        return Front(
            Parts(
                backend=self._backend,
                store=self._store,
                gate=self._gate,
                rights=rights,
                buckets=self._buckets,
                faults=self.faults,
                operations={
                    **Changes(writing).operations,
                    **Multipart(writing).operations,
                    **self._buckets.operations,
                    **media.operations,
                },
                now=self._now,
                record=self._note,
                local=Admin(self).answer,
            )
        )

    def _publish(
        self, call: Call, event_name: str, key: str, size_bytes: int, version: str, headers: Mapping[str, str]
    ) -> None:
        event = ObjectEvent(
            bucket=call.bucket,
            key=key,
            size_bytes=size_bytes,
            event_name=event_name,
            at_s=int(self._now()),
            headers=headers,
            version_id=version,
            request_id=call.request_id,
            authorization=call.asked.header("authorization"),
            source_ip=call.asked.source_ip,
        )
        self._events.append(event)
        self.scf.notify(event)

    def _note(self, called: Called) -> None:
        self._calls.append(called)
        if self._on_call is not None:
            self._on_call(called)

    def _known(self, bucket: str) -> str:
        if bucket not in self.buckets:
            raise ValueError(f"there is no bucket {bucket!r}")
        return bucket


def _policy(document: object) -> Policy | None:
    return None if document is None else read_policy(document)
