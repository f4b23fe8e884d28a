"""POST Object: a browser's form -> a stored object, if the policy signed into the form allows it.

Knows the form's own signature, which is not that of other calls. Hands the object on as a PUT would.
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
from xml.etree.ElementTree import Element, SubElement

from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser
from werkzeug.http import parse_options_header

from emulator.cos.addresses import read_key
from emulator.cos.body import LARGEST_OBJECT_BYTES, counted_body
from emulator.cos.errors import to_xml
from emulator.cos.gate import Gate, Principal, refuse
from emulator.cos.signature import read_claim
from emulator.cos.wire import Answer, Asked, Headers
from emulator.refusal import Refusal

_IN_MEMORY_BYTES = 1024 * 1024
_FORM_BYTES = 64 * 1024
_FORM_PARTS = 100
_HEADERS = frozenset(
    {"cache-control", "content-disposition", "content-encoding", "content-type", "expires", "content-md5"}
)


@dataclass(frozen=True, slots=True)
class Form:
    """A form's fields by lower-case name, and its file."""

    fields: Mapping[str, str]
    file: FileStorage
    size_bytes: int


def read_form(asked: Asked) -> Form:
    """Reads the form; the file is kept on disk when it is large.

    Raises:
        Refusal: 400 MalformedPOSTRequest, IncorrectNumberOfFilesInPostRequest, 411 MissingContentLength.
    """
    mimetype, options = parse_options_header(asked.header("content-type"))
    if mimetype != "multipart/form-data" or not options.get("boundary"):
        raise Refusal(400, "MalformedPOSTRequest", "POST Object takes a multipart/form-data body")
    body = counted_body(replace(asked, headers={**asked.headers, "content-md5": ""}), LARGEST_OBJECT_BYTES)
    with ExitStack() as spools:

        def spool(*_: object, **__: object) -> BinaryIO:
            return cast("BinaryIO", spools.enter_context(SpooledTemporaryFile(_IN_MEMORY_BYTES)))

        parser = FormDataParser(spool, max_form_memory_size=_FORM_BYTES, max_form_parts=_FORM_PARTS, silent=False)
        try:
            _, form, files = parser.parse(body, mimetype, asked.length, options)
        except (ValueError, RequestEntityTooLarge) as error:
            raise Refusal(400, "MalformedPOSTRequest", "the body is no form that can be read") from error
        found = _form(form, list(files.items(multi=True)))
        spools.pop_all()  # from here on the form's file is its reader's to close
    return found


def _form(form: MultiDict[str, str], files: list[tuple[str, FileStorage]]) -> Form:
    # "POST Object takes one object a request"
    if len(files) != 1 or files[0][0] != "file":
        raise Refusal(400, "IncorrectNumberOfFilesInPostRequest", "a form holds one file, in its field `file`")
    file = files[0][1]
    fields = {name.lower(): value for name, value in form.items()}
    if not fields.get("key"):
        raise Refusal(400, "MalformedPOSTRequest", "the form has no key")
    # "${filename} is replaced by the name of the uploaded file", and before the policy is checked
    fields["key"] = fields["key"].replace("${filename}", (file.filename or "").rpartition("/")[2])
    read_key("/" + fields["key"])
    size_bytes = file.stream.seek(0, 2)
    file.stream.seek(0)
    return Form(fields, file, size_bytes)


def check_form(form: Form, *, bucket: str, gate: Gate, now: Callable[[], float]) -> Principal:
    """Who signed the form's policy, once the policy allows this form.

    Raises:
        Refusal: the signature, the policy or one of its conditions does not hold.
    """
    fields = form.fields
    if "policy" not in fields:
        raise refuse("unsigned", "cos")
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
        raise refuse("malformed", "cos") from error
    # what is signed here is "the SHA1 digest of the policy's text"
    digest = hashlib.sha1(text, usedforsecurity=False).hexdigest()
    token = fields.get("x-cos-security-token")
    principal = gate.check(claim, digest, token=token, service="cos", is_text=True)
    _check_policy(text, form, bucket, now())
    return principal


def as_put(asked: Asked, form: Form) -> Asked:
    """The PUT that stores this form's file under its key, with the fields that go with the object."""
    headers = {name: value for name, value in form.fields.items() if name in _HEADERS or name.startswith("x-cos-")}
    headers["content-length"] = str(form.size_bytes)
    if "acl" in form.fields:
        headers["x-cos-acl"] = form.fields["acl"]
    headers = {name: value.encode().decode("latin-1") for name, value in headers.items()}
    body = cast("BinaryIO", form.file.stream)
    return replace(asked, method="PUT", query=(), headers=headers, body=body, length=form.size_bytes)


def answer_form(form: Form, *, bucket: str, host: str, etag: str) -> Answer:
    """What the browser gets: 204 by default, 200 or 201 if the form asks for it, or a redirect."""
    key = form.fields["key"]
    location = f"http://{host}/{quote(key)}"
    headers: Headers = (("ETag", etag), ("Location", location))
    if redirect := form.fields.get("success_action_redirect"):
        if not redirect.isprintable() or not redirect.startswith(("http://", "https://")):
            raise Refusal(400, "InvalidArgument", "success_action_redirect is a URL")
        # "the URL ... with bucket, key and etag appended"
        sign = "&" if "?" in redirect else "?"
        there = (
            quote(redirect, safe=":/?#[]@!$&'()*+,;=%") + sign + urlencode({"bucket": bucket, "key": key, "etag": etag})
        )
        return Answer.of(303, headers=(("ETag", etag), ("Location", there)))
    status = form.fields.get("success_action_status", "204")
    if status != "201":
        return Answer.of(200 if status == "200" else 204, headers=headers)
    root = Element("PostResponse")
    for name, text in (("Location", location), ("Bucket", bucket), ("Key", key), ("ETag", etag)):
        SubElement(root, name).text = text
    return Answer.of(201, to_xml(root), (("Content-Type", "application/xml"), *headers))


def _check_policy(text: bytes, form: Form, bucket: str, now: float) -> None:
    try:
        policy = json.loads(text)
        ends_at = datetime.fromisoformat(policy["expiration"].replace("Z", "+00:00"))
        conditions = [_condition(each) for each in policy["conditions"]]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Refusal(400, "InvalidPolicyDocument", "a policy has an expiration and conditions") from error
    if ends_at.tzinfo is None or datetime.fromtimestamp(now, timezone.utc) > ends_at:
        raise refuse("expired", "cos")
    # the three are "required" in the table of conditions
    missing = {"q-sign-algorithm", "q-ak", "q-sign-time"} - {name for _, name, _ in conditions}
    if missing:
        raise Refusal(400, "InvalidPolicyDocument", f"the policy does not limit {', '.join(sorted(missing))}")
    # "all but bucket must be there as fields of the form"
    values = {**form.fields, "bucket": bucket, "q-sign-time": form.fields["q-key-time"]}
    for how, name, wanted in conditions:
        if how == "content-length-range":
            holds = int(wanted[0]) <= form.size_bytes <= int(wanted[1])
        else:
            value = values.get(name)
            holds = value is not None and (value.startswith(wanted[0]) if how == "starts-with" else value == wanted[0])
        if not holds:
            raise Refusal(403, "AccessDenied", f"the form does not meet the policy's condition on {name}")


def _condition(condition: object) -> tuple[str, str, tuple[str, ...]]:
    """How, which field, which values.

    Raises:
        ValueError: the condition has no form of the document.
    """
    if isinstance(condition, dict) and len(condition) == 1:
        name, value = next(iter(condition.items()))
        if isinstance(name, str) and isinstance(value, str):
            return "eq", name.lower(), (value,)
    if isinstance(condition, Sequence) and len(condition) == 3:  # noqa: PLR2004  # how, what, value
        how, name, value = condition
        if how == "content-length-range" and type(name) is int and type(value) is int:
            return how, how, (str(name), str(value))
        if how in {"eq", "starts-with"} and isinstance(name, str) and name.startswith("$") and isinstance(value, str):
            return how, name[1:].lower(), (value,)
    raise ValueError(condition)
