"""Each call in order: read it, name its operation, let faults strike, ask who it is and whether they may, do it.

The one place where a refusal becomes an answer. Knows no operation's insides.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from werkzeug.http import HTTP_STATUS_CODES

from emulator.cos import form
from emulator.cos.addresses import read_host, read_key
from emulator.cos.backend import Backend
from emulator.cos.buckets import Buckets
from emulator.cos.call import Call, Operations, Rights
from emulator.cos.called import Progress, Record
from emulator.cos.cors import answer_preflight, cors_headers
from emulator.cos.errors import answer_refusal
from emulator.cos.gate import ANONYMOUS, Gate
from emulator.cos.objects import answer_object
from emulator.cos.operations import Operation, name_media_bucket_operation, name_operation
from emulator.cos.store import Store
from emulator.cos.wire import Answer, Asked, ConnectionCut, RequestIds, read_request, with_common_headers
from emulator.faults import Faults, Seen
from emulator.refusal import Refusal

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Parts:
    """What the front puts together."""

    backend: Backend
    store: Store
    gate: Gate
    rights: Rights
    buckets: Buckets
    faults: Faults
    operations: Operations
    now: Callable[[], float]
    record: Record
    local: Callable[[Asked], Answer | None]


class Front:
    """The cloud's WSGI application."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._ids = RequestIds()
        self._do: Operations = {
            **parts.operations,
            "GetObject": self._read,
            "HeadObject": self._read,
            "PostObject": self._post,
        }

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answers one request; never raises but ConnectionCut, which ends the connection."""
        progress = Progress(self._ids.next())
        try:
            answer = self._answer(environ, progress)
        except ConnectionCut:
            self._parts.record(progress.called(0))
            raise
        except Refusal as refusal:
            answer = self._refused(refusal, progress)
        except Exception:  # noqa: BLE001  # whatever fails in one call, the cloud goes on, and says so
            _log.exception("front.failed")
            failure = Refusal(500, "InternalError", "the emulator failed", progress.service)
            answer = self._refused(failure, progress)
        if progress.asked is None or progress.place.service != "local" or progress.operation is not None:
            self._parts.record(progress.called(answer.status))
        answer = self._finished(answer, progress)
        phrase = HTTP_STATUS_CODES.get(answer.status, "Unknown").upper() if answer.status == 200 else ""  # noqa: PLR2004  # "200 OK"
        start_response(
            f"{answer.status} {phrase or HTTP_STATUS_CODES.get(answer.status, 'Unknown')}", list(answer.headers)
        )
        return answer.chunks

    def _answer(self, environ: dict[str, Any], progress: Progress) -> Answer:
        asked = progress.asked = read_request(environ)
        progress.place = place = read_host(asked.host)
        if place.service == "local":
            return self._answer_local(asked, progress)
        if place.region != self._parts.rights.account.region:
            raise Refusal(404, "NoSuchBucket", f"this cloud has the region {self._parts.rights.account.region} only")
        if place.service == "ci":
            progress.operation = name_media_bucket_operation(asked)
        else:
            progress.key = read_key(asked.path)
            progress.operation = name_operation(asked, progress.key)
        return self._struck(asked, progress)

    def _answer_local(self, asked: Asked, progress: Progress) -> Answer:
        answer = self._parts.local(asked)
        if answer is not None:
            return answer
        # An SDK that is given an IP asks for the account's lists at that address, without a bucket in its Host.
        if asked.path == "/mediabucket":
            progress.operation = name_media_bucket_operation(asked)
        elif asked.path == "/" and asked.method == "GET":
            progress.operation = Operation("GetService")
        else:
            raise Refusal(404, "NoSuchBucket", "the Host names no bucket: NAME-APPID.cos.REGION.myqcloud.com")
        return self._struck(asked, progress)

    def _struck(self, asked: Asked, progress: Progress) -> Answer:
        operation = progress.operation or Operation("")
        seen = Seen(
            asked.method,
            operation.name,
            operation.service,
            progress.place.bucket,
            progress.key,
            progress.request_id,
        )
        return self._parts.faults.strike(seen, lambda: self._checked(asked, operation, progress))

    def _checked(self, asked: Asked, operation: Operation, progress: Progress) -> Answer:
        parts, bucket = self._parts, progress.place.bucket
        call = Call(asked, operation, bucket, progress.key, ANONYMOUS, progress.request_id)
        if operation.name == "OptionsObject":
            return answer_preflight(parts.backend.bucket(bucket).cors, asked)
        if operation.name == "PostObject":
            return self._do["PostObject"](call)
        principal = progress.principal = parts.gate.identify(asked, operation.service)
        call = replace(call, principal=principal)
        if operation.name == "GetService":
            parts.rights.require(call)
            return parts.buckets.list_buckets()
        if operation.name != "PutBucket" and progress.place.service == "cos":
            parts.backend.bucket(bucket)
        if not self._is_public_read(call):
            parts.rights.require(call)
        return self._with_cors(call, self._do[operation.name](call))

    def _is_public_read(self, call: Call) -> bool:
        """Whether anybody may read this object: it was stored with x-cos-acl: public-read."""
        if call.principal.kind != "anonymous" or call.operation.name not in {"GetObject", "HeadObject"}:
            return False
        found = self._parts.backend.key(call.bucket, call.key, call.asked.param("versionId"))
        return found is not None and bool(found.acl and found.acl.public_read)

    def _read(self, call: Call) -> Answer:
        try:
            stored = self._parts.store.open(call.bucket, call.key, call.asked.param("versionId"))
        except Refusal:
            # Open in the documents; strict, as S3 does it: who may not list may not learn that a key is absent.
            if not self._parts.rights.may(call, "name/cos:GetBucket", ""):
                raise Refusal(403, "AccessDenied", "Access Denied.") from None
            raise
        return answer_object(call.asked, stored)

    def _post(self, call: Call) -> Answer:
        parts = self._parts
        parts.backend.bucket(call.bucket)
        found = form.read_form(call.asked)
        try:
            principal = form.check_form(found, bucket=call.bucket, gate=parts.gate, now=parts.now)
            key = found.fields["key"]
            call = Call(form.as_put(call.asked, found), call.operation, call.bucket, key, principal, call.request_id)
            parts.rights.require(call)
            etag = self._do["PutObject"](call).header("etag") or ""
            return form.answer_form(found, bucket=call.bucket, host=call.asked.host, etag=etag)
        finally:
            found.file.close()

    def _with_cors(self, call: Call, answer: Answer) -> Answer:
        if not call.asked.header("origin") or call.bucket not in self._parts.buckets.names:
            return answer
        added = cors_headers(self._parts.backend.bucket(call.bucket).cors, call.asked)
        return replace(answer, headers=(*answer.headers, *added))

    def _refused(self, refusal: Refusal, progress: Progress) -> Answer:
        asked = progress.asked
        progress.refused_by = refusal.service
        resource = f"{asked.host}{asked.path}" if asked else ""
        return answer_refusal(refusal, resource=resource, request_id=progress.request_id)

    def _finished(self, answer: Answer, progress: Progress) -> Answer:
        is_head = progress.asked is not None and progress.asked.method == "HEAD"
        if is_head and answer.chunks:
            answer = replace(answer, chunks=(), length=0)  # "HEAD errors have no body"
        is_ci_host = progress.place.service == "ci" or (progress.place.service == "local" and progress.service == "ci")
        return with_common_headers(
            answer,
            server="tencent-ci" if progress.service == "ci" else "tencent-cos",
            request_id_header="x-ci-request-id" if is_ci_host else "x-cos-request-id",
            request_id=progress.request_id,
        )
