"""What the cloud says of itself and can be told over HTTP, at this machine's own address only: /_emulator/ and /.

Turns JSON into what tests do in Python. Knows no signature: it is reached by a loopback Host alone, and what changes
something must say it is JSON, which a web page of another origin cannot without asking first.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from pydantic import TypeAdapter, ValidationError

from emulator.cos.objects import answer_object
from emulator.cos.wire import Answer, Asked
from emulator.demo.journal import reason_of
from emulator.demo.live import live_page
from emulator.demo.page import Live
from emulator.effects import Delay, Effect, Garbage, Mistype, Redirect, Refuse, Reset, Stall, Truncate
from emulator.faults import Fault
from emulator.refusal import Refusal

if TYPE_CHECKING:
    from emulator.cloud import Cloud

PREFIX = "/_emulator/"
_LARGEST_BODY_BYTES = 1024 * 1024
_EFFECTS: dict[str, type[Effect]] = {
    kind.__name__.lower(): kind for kind in (Refuse, Reset, Truncate, Garbage, Mistype, Redirect, Delay, Stall)
}


class Admin:
    """Answers the cloud's own paths."""

    def __init__(self, cloud: "Cloud") -> None:
        self._cloud = cloud
        self._get: dict[str, Callable[[], object]] = {
            "": self._summary,
            "faults": self._faults,
            "calls": lambda: [asdict(call) for call in cloud.calls],
            "objects": lambda: [asdict(each) for each in cloud.objects()],
            "log": lambda: [dict(record) for record in cloud.scf.log],
            "dead-letters": lambda: [asdict(letter) for letter in cloud.scf.dead_letters],
            "policy": lambda: None if cloud.policy is None else asdict(cloud.policy),
        }
        self._change: dict[tuple[str, str], Callable[[Any], None]] = {
            ("POST", "faults"): lambda body: cloud.faults.add(read_fault(body)),
            ("DELETE", "faults"): lambda _: cloud.faults.clear(),
            ("DELETE", "calls"): lambda _: cloud.clear_calls(),
            ("POST", "bind"): lambda body: cloud.bind(_bucket(body)),
            ("POST", "unbind"): lambda body: cloud.unbind(_bucket(body)),
            ("PUT", "policy"): cloud.set_policy,
            ("DELETE", "policy"): lambda _: cloud.set_policy(None),
            ("POST", "clear"): lambda _: cloud.clear(),
        }

    def answer(self, asked: Asked) -> Answer | None:
        """The answer to one of the cloud's own paths; None where the path is COS's or CI's."""
        if asked.path == "/" and asked.method == "GET" and not asked.header("authorization"):
            return Answer.of(200, self._page().encode(), (("Content-Type", "text/html; charset=utf-8"),))
        if not asked.path.startswith(PREFIX):
            return None
        name = asked.path[len(PREFIX) :]
        if asked.method == "GET" and name == "object":
            return self._object(asked)
        if asked.method == "GET" and name in self._get:
            return _json(200, self._get[name]())
        return self._changed(asked, name)

    def _changed(self, asked: Asked, name: str) -> Answer:
        change = self._change.get((asked.method, name))
        if change is None:
            return _json(404, {"error": f"there is no {asked.method} {PREFIX}{name}"})
        try:
            change(_body(asked))
        except (ValueError, ValidationError) as error:
            return _json(400, {"error": str(error)})
        return _json(200, {})

    def _summary(self) -> object:
        cloud = self._cloud
        return {
            "endpoint": cloud.endpoint,
            "region": cloud.region,
            "buckets": {bucket: {"media_processing": cloud.is_bound(bucket)} for bucket in cloud.buckets},
            "functions": [function.name for function in cloud.scf.functions],
            "paths": sorted({*self._get, *(name for _, name in self._change), "object"}),
        }

    def _faults(self) -> object:
        fired = self._cloud.faults.fired
        return {
            "faults": [show_fault(fault) for fault in self._cloud.faults.faults],
            "fired": [
                {"fault": show_fault(each.fault), "call": asdict(each.seen), "delay_ms": each.delay_ms}
                for each in fired
            ],
        }

    def _object(self, asked: Asked) -> Answer:
        try:
            stored = self._cloud.store.open(asked.param("bucket") or "", asked.param("key") or "")
            answer = answer_object(replace(asked, query=()), stored)
        except Refusal as refusal:
            return _json(refusal.status, {"error": refusal.message})
        # An object is whatever somebody uploaded: shown as its type says, never run in this page's name.
        added = (
            ("Content-Security-Policy", "sandbox; default-src 'none'; img-src 'self'; media-src 'self'"),
            ("X-Content-Type-Options", "nosniff"),
        )
        return replace(answer, headers=(*answer.headers, *added))

    def _page(self) -> str:
        cloud = self._cloud
        return live_page(
            ((each.bucket, each.key) for each in cloud.objects()),
            live=Live(cloud.endpoint, cloud.region, cloud.buckets, watched=bool(cloud.scf.triggers)),
            read=self._read,
            href=lambda bucket, key: f"{PREFIX}object?{urlencode({'bucket': bucket, 'key': key})}",
            why=lambda key: reason_of(key, cloud.scf.log, cloud.scf.dead_letters),
        )

    def _read(self, bucket: str, key: str) -> bytes:
        try:
            with self._cloud.store.open(bucket, key).open() as reader:
                return reader.read()
        except Refusal:
            return b""  # it was deleted since it was listed


def read_fault(body: object) -> Fault:
    """A fault from JSON: `{"effect": {"kind": "refuse", "status": 503}, "operation": "GetSnapshot", "nth": 2}`.

    Raises:
        ValueError: naming what is unknown or of a wrong type.
    """
    if not isinstance(body, Mapping) or not isinstance(body.get("effect"), Mapping):
        raise ValueError("a fault is an object with an effect, itself an object with a kind")  # noqa: TRY004  # a wrong document
    effect = dict(body["effect"])
    kind = _EFFECTS.get(effect.pop("kind", ""))
    if kind is None:
        raise ValueError(f"an effect's kind is one of {', '.join(sorted(_EFFECTS))}")
    for what, given in ((kind, effect), (Fault, body)):
        unknown = sorted(set(given) - {field.name for field in fields(what)})
        if unknown:
            raise ValueError(f"{what.__name__} has no {', '.join(unknown)}")
    made = TypeAdapter(kind).validate_python(effect)
    return TypeAdapter(Fault).validate_python({**body, "effect": made})


def show_fault(fault: Fault) -> dict[str, object]:
    """A fault as JSON, of the form that read_fault takes."""
    effect = {"kind": type(fault.effect).__name__.lower(), **asdict(fault.effect)}
    return {**asdict(fault), "effect": effect}


def _body(asked: Asked) -> object:
    if asked.header("content-type").partition(";")[0].strip() != "application/json":
        raise ValueError("say Content-Type: application/json")
    if (asked.length or 0) > _LARGEST_BODY_BYTES:
        raise ValueError("the body is too large")
    text = asked.body.read(_LARGEST_BODY_BYTES)
    return json.loads(text) if text else None


def _bucket(body: object) -> str:
    if not isinstance(body, Mapping) or not isinstance(body.get("bucket"), str):
        raise ValueError('say {"bucket": "NAME-APPID"}')  # noqa: TRY004  # a wrong document
    return str(body["bucket"])


def _json(status: int, value: object) -> Answer:
    return Answer.of(status, json.dumps(value, default=str).encode(), (("Content-Type", "application/json"),))
