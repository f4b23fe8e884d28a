"""Handle POST Object: a browser's form, whose object is stored if the policy signed into the form allows it.

Source: COS's document on POST Object, read 2026-11-22.
"""

import hashlib
import json
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, cast
from urllib.parse import quote, urlencode

from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser
from werkzeug.http import parse_options_header

from emulator.cos.addresses import read_key
from emulator.cos.attributes import crc_header, read_attributes
from emulator.cos.auth import Authenticator, Principal, auth_error
from emulator.cos.blobs import store_bytes
from emulator.cos.bodies import MAX_OBJECT_BYTES, body_chunks, checked_body
from emulator.cos.context import Operations, RequestContext
from emulator.cos.object_writer import ObjectWriter
from emulator.cos.signature import read_claim
from emulator.errors import ServiceError
from emulator.http.messages import XML, Headers, Request, Response
from emulator.xml import document, to_xml

_MAX_IN_MEMORY_BYTES = 1024 * 1024
_MAX_FIELDS_BYTES = 64 * 1024
_MAX_FIELDS = 100
_HEADERS = frozenset(
    {"cache-control", "content-disposition", "content-encoding", "content-type", "expires", "content-md5"}
)


@dataclass(frozen=True, slots=True)
class Form:
    """A form's fields by lower-case name, and its file."""

    fields: Mapping[str, str]
    file: FileStorage
    size_bytes: int


class PostForms:
    """The operation PostObject, which authenticates and authorizes its sender by itself."""

    def __init__(self, writer: ObjectWriter, authenticator: Authenticator, now: Callable[[], float]) -> None:
        self._writer = writer
        self._authenticator = authenticator
        self._now = now
        self.operations: Operations = {"PostObject": self._post}

    def _post(self, context: RequestContext) -> Response:
        self._writer.store.bucket(context.bucket)
        form = read_form(context.request)
        try:
            context.principal = check_form(form, context.bucket, self._authenticator, self._now())
            context.key = form.fields["key"]
            self._writer.authorizer.authorize(context)
            host, context.request = context.request.host, as_put(context.request, form)
            attributes = read_attributes(context.request.headers, context.key)
            blob = store_bytes(body_chunks(context.request))
            stored = self._writer.write(context, blob, attributes, event="Post")
            response = form_response(form, bucket=context.bucket, host=host, etag=stored.etag)
            return replace(response, headers=(*response.headers, crc_header(blob)))
        finally:
            form.file.close()


def read_form(request: Request) -> Form:
    """Read the form; the file is kept on disk when it is large.

    Raises:
        ServiceError: 400 MalformedPOSTRequest, IncorrectNumberOfFilesInPostRequest, 411 MissingContentLength.
    """
    mimetype, options = parse_options_header(request.header("content-type"))
    if mimetype != "multipart/form-data" or not options.get("boundary"):
        raise ServiceError(400, "MalformedPOSTRequest", "POST Object takes a multipart/form-data body")
    body = checked_body(replace(request, headers={**request.headers, "content-md5": ""}), MAX_OBJECT_BYTES)
    with ExitStack() as spools:

        def spool(*_: object, **__: object) -> BinaryIO:
            return cast("BinaryIO", spools.enter_context(SpooledTemporaryFile(_MAX_IN_MEMORY_BYTES)))

        parser = FormDataParser(spool, max_form_memory_size=_MAX_FIELDS_BYTES, max_form_parts=_MAX_FIELDS, silent=False)
        try:
            _, fields, files = parser.parse(body, mimetype, request.length, options)
        except (ValueError, RequestEntityTooLarge) as error:
            raise ServiceError(400, "MalformedPOSTRequest", "the body is no form that can be read") from error
        form = _form(fields, list(files.items(multi=True)))
        spools.pop_all()  # from here on the form's file is its reader's to close
    return form


def _form(form: MultiDict[str, str], files: list[tuple[str, FileStorage]]) -> Form:
    # "POST Object takes one object a request"
    if len(files) != 1 or files[0][0] != "file":
        raise ServiceError(400, "IncorrectNumberOfFilesInPostRequest", "a form holds one file, in its field `file`")
    file = files[0][1]
    fields = {name.lower(): value for name, value in form.items()}
    if not fields.get("key"):
        raise ServiceError(400, "MalformedPOSTRequest", "the form has no key")
    # "${filename} is replaced by the name of the uploaded file", and before the policy is checked
    fields["key"] = fields["key"].replace("${filename}", (file.filename or "").rpartition("/")[2])
    read_key("/" + fields["key"])
    size_bytes = file.stream.seek(0, 2)
    file.stream.seek(0)
    return Form(fields, file, size_bytes)


def check_form(form: Form, bucket: str, authenticator: Authenticator, now: float) -> Principal:
    """Return the principal that signed the form's policy, once the policy allows this form.

    Raises:
        ServiceError: the signature, the policy or one of its conditions does not hold.
    """
    fields = form.fields
    if "policy" not in fields:
        raise auth_error("unsigned", "cos")
    try:
        text = b64decode(fields["policy"], validate=True)
        claim = read_claim(
            {
                **{name: fields[name] for name in ("q-sign-algorithm", "q-ak", "q-key-time", "q-signature")},
                "q-sign-time": fields["q-key-time"],
                "q-header-list": "",
                "q-url-param-list": "",
            }
        )
    except (KeyError, ValueError, NotBase64) as error:
        raise auth_error("malformed", "cos") from error
    # what is signed here is "the SHA1 digest of the policy's text"
    digest = hashlib.sha1(text, usedforsecurity=False).hexdigest()
    token = fields.get("x-cos-security-token")
    principal = authenticator.check(claim, digest, token=token, service="cos", is_text=True)
    _check_policy(text, form, bucket, now)
    return principal


def as_put(request: Request, form: Form) -> Request:
    """Return the PUT that stores this form's file, with the fields that go with the object as its headers."""
    headers = {name: value for name, value in form.fields.items() if name in _HEADERS or name.startswith("x-cos-")}
    headers["content-length"] = str(form.size_bytes)
    if "acl" in form.fields:
        headers["x-cos-acl"] = form.fields["acl"]
    headers = {name: value.encode().decode("latin-1") for name, value in headers.items()}
    body = cast("BinaryIO", form.file.stream)
    return replace(request, method="PUT", query=(), headers=headers, body=body, length=form.size_bytes)


def form_response(form: Form, *, bucket: str, host: str, etag: str) -> Response:
    """Return the response for the browser: 204 by default, 200 or 201 if the form asks for it, or a redirect."""
    key = form.fields["key"]
    location = f"http://{host}/{quote(key)}"
    headers: Headers = (("ETag", etag), ("Location", location))
    if redirect := form.fields.get("success_action_redirect"):
        if not redirect.isprintable() or not redirect.startswith(("http://", "https://")):
            raise ServiceError(400, "InvalidArgument", "success_action_redirect is a URL")
        # "the URL ... with bucket, key and etag appended"
        sign = "&" if "?" in redirect else "?"
        target = (
            quote(redirect, safe=":/?#[]@!$&'()*+,;=%") + sign + urlencode({"bucket": bucket, "key": key, "etag": etag})
        )
        return Response.of(303, headers=(("ETag", etag), ("Location", target)))
    status = form.fields.get("success_action_status", "204")
    if status != "201":
        return Response.of(200 if status == "200" else 204, headers=headers)
    fields = [("Location", location), ("Bucket", bucket), ("Key", key), ("ETag", etag)]
    return Response.of(201, to_xml(document("PostResponse", fields)), (*XML, *headers))


def _check_policy(text: bytes, form: Form, bucket: str, now: float) -> None:
    try:
        policy = json.loads(text)
        ends_at = datetime.fromisoformat(policy["expiration"].replace("Z", "+00:00"))
        conditions = [_condition(item) for item in policy["conditions"]]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ServiceError(400, "InvalidPolicyDocument", "a policy has an expiration and conditions") from error
    if ends_at.tzinfo is None or datetime.fromtimestamp(now, timezone.utc) > ends_at:
        raise auth_error("expired", "cos")
    # the three are "required" in the table of conditions
    missing = {"q-sign-algorithm", "q-ak", "q-sign-time"} - {name for _, name, _ in conditions}
    if missing:
        raise ServiceError(400, "InvalidPolicyDocument", f"the policy does not limit {', '.join(sorted(missing))}")
    # "all but bucket must be there as fields of the form"
    values = {**form.fields, "bucket": bucket, "q-sign-time": form.fields["q-key-time"]}
    for operator, name, operands in conditions:
        if operator == "content-length-range":
            is_met = int(operands[0]) <= form.size_bytes <= int(operands[1])
        else:
            value, operand = values.get(name), operands[0]
            is_met = value is not None and (
                value.startswith(operand) if operator == "starts-with" else value == operand
            )
        if not is_met:
            raise ServiceError(403, "AccessDenied", f"the form does not meet the policy's condition on {name}")


def _condition(condition: object) -> tuple[str, str, tuple[str, ...]]:
    """Return the operator, the field and the operands of a condition.

    Raises:
        ValueError: the condition has no form of the document.
    """
    if isinstance(condition, dict) and len(condition) == 1:
        name, value = next(iter(condition.items()))
        if isinstance(name, str) and isinstance(value, str):
            return "eq", name.lower(), (value,)
    if isinstance(condition, Sequence) and len(condition) == 3:  # noqa: PLR2004  # operator, field, value
        operator, name, value = condition
        if operator == "content-length-range" and type(name) is int and type(value) is int:
            return operator, operator, (str(name), str(value))
        is_comparison = operator in {"eq", "starts-with"} and isinstance(name, str) and name.startswith("$")
        if is_comparison and isinstance(value, str):
            return operator, name[1:].lower(), (value,)
    raise ValueError(condition)
