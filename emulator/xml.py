"""Build and read the small XML documents of COS and CI."""

import re
from collections.abc import Iterable
from typing import NoReturn
from xml.etree.ElementTree import Element, ParseError, SubElement, TreeBuilder, XMLParser, tostring

_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Fields = Iterable[tuple[str, str]]


def add(parent: Element, name: str, text: str = "") -> Element:
    """Append an element with this text and return it."""
    element = SubElement(parent, name)
    element.text = text
    return element


def add_fields(parent: Element, fields: Fields) -> Element:
    """Append one element a field, in order, and return the parent."""
    for name, text in fields:
        add(parent, name, text)
    return parent


def document(root: str, fields: Fields = ()) -> Element:
    """Return a root element with one child a field."""
    return add_fields(Element(root), fields)


def to_xml(root: Element) -> bytes:
    """Return the document with its declaration, in UTF-8; text loses what XML cannot hold."""
    for element in root.iter():
        if element.text:
            element.text = _UNWRITABLE.sub("", element.text)
    body: bytes = tostring(root, encoding="utf-8")
    return b"<?xml version='1.0' encoding='utf-8' ?>\n" + body


def read_xml(body: bytes) -> Element:
    """Return the document's root; namespaces are dropped.

    Raises:
        ValueError: the body is not well-formed, or declares a document type (and with it, perhaps, entities).
    """
    parser = XMLParser(target=_Builder())  # noqa: S314  # a document type is refused before any entity is declared
    try:
        parser.feed(body)
        root: Element = parser.close()
    except (ParseError, LookupError) as error:
        raise ValueError("not well-formed XML") from error
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    return root


class _Builder(TreeBuilder):
    """Builds a tree and refuses a document type, in whatever encoding it is written."""

    def doctype(self, *_: object) -> NoReturn:
        raise ValueError("a document type is not accepted")
