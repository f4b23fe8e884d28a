"""A refusal -> the error XML of the service that refuses; moto's error XML -> a refusal.

Knows both dialects' error documents and nothing of why a call is refused.
Sources: COS's error document (with Resource) and CI's (without), read 2026-11-22.
"""

import re
from base64 import b64encode
from os import urandom
from xml.etree.ElementTree import Element, ParseError, SubElement, fromstring, tostring

from emulator.cos.wire import Answer
from emulator.refusal import Refusal


class Mismatch(Refusal):
    """A signature that is not the call's; `string_to_sign` is what this side signed, which COS tells as well."""

    string_to_sign: str = ""


_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# S3's code -> COS's, where they differ
_CODES = {
    "MissingBucket": "NoSuchBucket",
    "NoSuchTagSetError": "NoSuchTagSet",
    "RequestedRangeNotSatisfiable": "InvalidRange",
    "NoSuchVersionException": "NoSuchVersion",
}


def answer_refusal(refusal: Refusal, *, resource: str, request_id: str) -> Answer:
    """The error document: COS's holds the Resource, CI's does not.

    `resource` is host and path as asked for.
    """
    error = Element("Error")
    _add(error, "Code", refusal.code)
    _add(error, "Message", refusal.message)
    if isinstance(refusal, Mismatch):
        _add(error, "StringToSign", refusal.string_to_sign)
    if refusal.service == "cos":
        _add(error, "Resource", resource)
    _add(error, "RequestId", request_id)
    _add(error, "TraceId", b64encode(urandom(48)).decode())
    return Answer.of(refusal.status, to_xml(error), (("Content-Type", "application/xml"),))


def read_s3_error(status: int, body: bytes) -> Refusal:
    """The refusal in an answer of moto's; one without a document keeps its status alone."""
    try:
        error = fromstring(body)  # noqa: S314  # moto's own answer
    except ParseError:
        return Refusal(status, {403: "AccessDenied", 404: "NoSuchKey"}.get(status, "InvalidRequest"), "refused")
    found = {child.tag.rpartition("}")[2]: child.text or "" for child in error.iter()}
    code = found.get("Code", "InvalidRequest")
    return Refusal(status, _CODES.get(code, code), found.get("Message") or code)


def to_xml(root: Element) -> bytes:
    """The document with its declaration, in UTF-8. Text that XML cannot hold loses those characters."""
    for element in root.iter():
        if element.text:
            element.text = _UNWRITABLE.sub("", element.text)
    body: bytes = tostring(root, encoding="utf-8")
    return b"<?xml version='1.0' encoding='utf-8' ?>\n" + body


def _add(parent: Element, name: str, text: str) -> None:
    SubElement(parent, name).text = text
