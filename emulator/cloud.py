"""Put COS, CI and SCF of one account in one region together on one port. Several clouds in a process share nothing."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING

from emulator.account import Account
from emulator.admin import Admin, Pages, bucket_in
from emulator.cos.access_log import AccessLogEntry
from emulator.cos.addresses import appid_of
from emulator.cos.auth import Authenticator, PolicyHolder
from emulator.cos.authorizer import Authorizer
from emulator.cos.bucket_settings import BucketSettings
from emulator.cos.buckets import Buckets
from emulator.cos.context import RequestContext
from emulator.cos.gateway import Gateway
from emulator.cos.media import Media, MediaBuckets
from emulator.cos.multipart import Multipart
from emulator.cos.object_operations import ObjectOperations
from emulator.cos.object_writer import ObjectWriter
from emulator.cos.objects import ObjectReader, anybody_may
from emulator.cos.post_form import PostForms
from emulator.cos.store import ListedObject, Store
from emulator.cos.workflows import Workflows
from emulator.faults.injector import FaultInjector
from emulator.history import History
from emulator.http.server import HOST, Server
from emulator.identity.credentials import Credentials
from emulator.identity.policy import Policy, read_policy
from emulator.scf.clock import Clock
from emulator.scf.log import Listener
from emulator.scf.platform import Platform
from emulator.scf.role import LIFETIME_S
from emulator.scf.triggers import ObjectEvent

if TYPE_CHECKING:
    from typing_extensions import Self

    from emulator.ci.request import MediaInfoForm

UIN = "100000000001"
_MAX_KEPT = 10_000


class Cloud:
    """COS, CI and SCF behind `endpoint` from the moment it is made until close().

    `secret_id` and `secret_key` are the root account's and may do everything. Every bucket in `buckets` ends with one
    appid; those in `unbound` have media processing off. `policy` is that of run roles, None lets them do everything.
    `now` is the time that signatures and credentials are checked against, in unix seconds; `on_call` gets the entry of
    each request that was answered, `on_log` what SCF logged of each invocation. `pages` answers unsigned requests at
    the cloud's own address first.
    """

    def __init__(  # noqa: PLR0913  # each option stands alone, all are keyword-only
        self,
        *,
        buckets: Sequence[str] = ("examplebucket-1250000000",),
        region: str = "ap-guangzhou",
        port: int = 0,
        host: str = HOST,
        policy: object = None,
        unbound: Sequence[str] = (),
        compressed_time: bool = False,
        key_lifetime_s: int = LIFETIME_S,
        now: Callable[[], float] = time.time,
        on_call: Callable[[AccessLogEntry], None] | None = None,
        on_log: Listener | None = None,
        pages: Pages | None = None,
    ) -> None:
        """Bind the port and begin to serve.

        Raises:
            ValueError: a bucket's name is not one, two buckets are of two accounts, or the policy cannot be read.
            PortTaken: the port is in use.
        """
        if not buckets or len({appid_of(bucket) for bucket in buckets}) != 1:
            raise ValueError("a cloud needs at least one bucket, and all buckets must have the same appid")
        unknown = sorted(set(unbound) - set(buckets))
        if unknown:
            raise ValueError(f"unbound names no bucket of this cloud: {', '.join(unknown)}")
        self._fresh = (tuple(dict.fromkeys(buckets)), frozenset(unbound), _policy(policy))
        self._on_call = on_call
        self._pages = pages
        self._calls: History[AccessLogEntry] = History(_MAX_KEPT)
        self._events: History[ObjectEvent] = History(_MAX_KEPT)
        self._closing = threading.Event()
        self._now = now
        self.account = Account(appid_of(buckets[0]), UIN, region)
        self.credentials = Credentials(now, key_lifetime_s)
        self.faults = FaultInjector(self._closing.wait)
        self.scf = Platform(
            account=self.account,
            credentials=self.credentials,
            clock=Clock(compressed=compressed_time),
            key_lifetime_s=key_lifetime_s,
            on_log=on_log,
        )
        self.media_info_form: MediaInfoForm = "full"
        self._policies = PolicyHolder()
        self._media_buckets = MediaBuckets(now)
        self._store = Store()
        self._buckets = Buckets(self._store, self.account)
        self._workflows = Workflows(
            self._store,
            region,
            is_bound=self.is_bound,
            refusal=self._workflow_refusal,
            call=self.scf.invoke_async,
            status=self._async_status,
            now=now,
        )
        try:
            self._fill()
            self.app = self._gateway()
            self._server = Server(self.app, port, host=host)
        except BaseException:
            self.scf.close()
            raise

    def __enter__(self) -> "Self":
        """Return the cloud itself; it is closed at the end of the block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the cloud."""
        self.close()

    @property
    def endpoint(self) -> str:
        """The address for an SDK: `http://127.0.0.1:PORT`."""
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
        return self._store.names

    @property
    def secret_id(self) -> str:
        """The root account's key id."""
        return self.credentials.root_id

    @property
    def secret_key(self) -> str:
        """The root account's secret key."""
        return self.credentials.root_key

    @property
    def calls(self) -> tuple[AccessLogEntry, ...]:
        """The last 10,000 requests that were answered, oldest first."""
        return self._calls.items()

    @property
    def events(self) -> tuple[ObjectEvent, ...]:
        """The last 10,000 events that COS published, oldest first, whether or not a trigger matches them."""
        return self._events.items()

    @property
    def store(self) -> Store:
        """The stored objects, read in place and without a signature."""
        return self._store

    @property
    def policy(self) -> Policy | None:
        """The policy of run roles; None for everything."""
        return self._policies.policy

    def set_policy(self, policy: object) -> None:
        """Set the policy of run roles from a policy's parsed JSON; None lets them do everything.

        Raises:
            ValueError: the policy cannot be read.
        """
        self._policies.policy = _policy(policy)

    def bind(self, bucket: str) -> None:
        """Turn media processing of a bucket on.

        Raises:
            ValueError: there is no such bucket.
        """
        self._media_buckets.bind(self._known(bucket))

    def unbind(self, bucket: str) -> None:
        """Turn media processing of a bucket off.

        Raises:
            ValueError: there is no such bucket.
        """
        self._media_buckets.unbind(self._known(bucket))

    def is_bound(self, bucket: str) -> bool:
        """Return whether media processing of a bucket is on."""
        return bucket in self._media_buckets.bound()

    def objects(self) -> Iterator[ListedObject]:
        """Return every object there is, by bucket and key."""
        return self._store.objects()

    def clear_calls(self) -> None:
        """Forget the requests that were answered."""
        self._calls.clear()

    def clear(self) -> None:
        """Start afresh: the first buckets, empty, and the first policy.

        Functions, faults, the credentials of roles, calls and events are forgotten; port and root credentials stay.
        """
        self.scf.clear()
        self._workflows.clear()
        self.faults.clear()
        self.credentials.revoke_all()
        self.media_info_form = "full"
        self._fill()
        self._calls.clear()
        self._events.clear()

    def close(self) -> None:
        """End every function, connection and thread, and forget every object. A second time does nothing."""
        if self._closing.is_set():
            return
        self._closing.set()
        self.scf.close()
        self._server.close()
        self._store.clear()

    def _fill(self) -> None:
        buckets, unbound, self._policies.policy = self._fresh
        for bucket in buckets:
            self._buckets.check_name(bucket)
        self._store.clear()
        for bucket in self._media_buckets.bound():
            self._media_buckets.unbind(bucket)
        for bucket in buckets:
            self._store.create(bucket)
            if bucket not in unbound:
                self._media_buckets.bind(bucket)

    def _gateway(self) -> Gateway:
        authenticator = Authenticator(self.credentials, self._now)
        authorizer = Authorizer(self._policies, self.account, partial(anybody_may, self._store))
        writer = ObjectWriter(self._store, authorizer, self._publish)
        return Gateway(
            store=self._store,
            authenticator=authenticator,
            authorizer=authorizer,
            faults=self.faults,
            operations={
                **self._buckets.operations,
                **BucketSettings(self._store, self.account).operations,
                **ObjectReader(self._store, authorizer.may_list).operations,
                **ObjectOperations(writer).operations,
                **Multipart(writer).operations,
                **PostForms(writer, authenticator, self._now).operations,
                **Media(writer, self._media_buckets, lambda: self.media_info_form).operations,
                **self._workflows.operations,
            },
            pages=self._admin().answer,
            record=self._record,
        )

    def _admin(self) -> Admin:
        return Admin(
            summary=self._summary,
            reads={
                "calls": lambda: [asdict(call) for call in self.calls],
                "objects": lambda: [asdict(item) for item in self.objects()],
                "log": lambda: [dict(record) for record in self.scf.log],
                "dead-letters": lambda: [asdict(letter) for letter in self.scf.dead_letters],
                "policy": lambda: None if self.policy is None else asdict(self.policy),
            },
            changes={
                ("DELETE", "calls"): lambda _: self.clear_calls(),
                ("POST", "bind"): lambda body: self.bind(bucket_in(body)),
                ("POST", "unbind"): lambda body: self.unbind(bucket_in(body)),
                ("PUT", "policy"): self.set_policy,
                ("DELETE", "policy"): lambda _: self.set_policy(None),
                ("POST", "clear"): lambda _: self.clear(),
            },
            faults=self.faults,
            store=self._store,
            pages=self._pages,
        )

    def _summary(self) -> dict[str, object]:
        return {
            "endpoint": self.endpoint,
            "region": self.region,
            "buckets": {bucket: {"media_processing": self.is_bound(bucket)} for bucket in self.buckets},
            "functions": [function.name for function in self.scf.functions],
        }

    def _publish(  # the fields of an event
        self,
        context: RequestContext,
        event_name: str,
        place: tuple[str, str],
        *,
        size_bytes: int,
        version_id: str,
        headers: Mapping[str, str],
    ) -> None:
        event = ObjectEvent(
            bucket=place[0],
            key=place[1],
            size_bytes=size_bytes,
            event_name=event_name,
            at_s=int(self._now()),
            headers=headers,
            version_id=version_id,
            request_id=context.request_id,
            authorization=context.request.header("authorization"),
            source_ip=context.request.source_ip,
        )
        self._events.append(event)
        self.scf.notify(event)
        self._workflows.start(event.bucket, event.key, event_name)

    def _workflow_refusal(self, name: str) -> str | None:
        function = next((function for function in self.scf.functions if function.name == name), None)
        if function is None:
            return f"there is no function {name[:60]}"
        if not function.async_run:
            return (
                f"the function {name} has no asynchronous execution with status tracking (asyncRunEnable): a workflow"
                " calls only functions that have it, which is settled when they are created"
            )
        return None

    def _async_status(self, request_id: str) -> str:
        run = self.scf.async_run(request_id)
        return "FAILED" if run is None else run.status

    def _record(self, entry: AccessLogEntry) -> None:
        self._calls.append(entry)
        if self._on_call is not None:
            self._on_call(entry)

    def _known(self, bucket: str) -> str:
        if bucket not in self.buckets:
            raise ValueError(f"there is no bucket {bucket!r}")
        return bucket


def _policy(document: object) -> Policy | None:
    return None if document is None else read_policy(document)
