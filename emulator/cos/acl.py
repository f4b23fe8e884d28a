"""Turn access control lists from headers or XML into values and back.

Sources: COS's documents on PUT and GET Object acl and PUT and GET Bucket acl, read 2026-11-25.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from emulator.errors import ServiceError
from emulator.xml import add, add_fields, document

EVERYBODY = "http://cam.qcloud.com/groups/global/AllUsers"
_GROUPS = frozenset({EVERYBODY, "http://cam.qcloud.com/groups/global/AuthenticatedUsers"})
_PERMISSIONS = frozenset({"READ", "WRITE", "READ_ACP", "WRITE_ACP", "FULL_CONTROL"})
_CANNED = {"private": (), "public-read": ("READ",), "public-read-write": ("READ", "WRITE")}
OBJECT_ACLS = frozenset({"default", "private", "public-read"})
BUCKET_ACLS = frozenset({"private", "public-read", "public-read-write"})
_GRANT_HEADERS = {
    "x-cos-grant-read": "READ",
    "x-cos-grant-write": "WRITE",
    "x-cos-grant-read-acp": "READ_ACP",
    "x-cos-grant-write-acp": "WRITE_ACP",
    "x-cos-grant-full-control": "FULL_CONTROL",
}
_GRANTEES = re.compile(r'id="[^",]+"(?:,\s*id="[^",]+")*')
_XSI = "http://www.w3.org/2001/XMLSchema-instance"


@dataclass(frozen=True, slots=True)
class Grant:
    """A permission of an account (`qcs::cam::uin/...`) or of a group (its URI)."""

    grantee: str
    permission: str


@dataclass(frozen=True, slots=True)
class Acl:
    """The permissions that are granted. `is_default`: an object that takes its bucket's list.

    `names_owner`: the owner's full control is shown too, as in a list that was set by headers. One that was set by a
    document is shown as it was set: so the Node SDK's own tests, run live by its authors, expect it.
    """

    grants: tuple[Grant, ...] = ()
    is_default: bool = False
    names_owner: bool = True

    def lets_everybody(self, permission: str) -> bool:
        """Return whether anybody has this permission, or all of them."""
        return any(
            grant.grantee == EVERYBODY and grant.permission in {permission, "FULL_CONTROL"} for grant in self.grants
        )


PRIVATE = Acl()
DEFAULT = Acl(is_default=True)


def acl_from_headers(headers: Mapping[str, str], accepted: frozenset[str]) -> Acl | None:
    """Read x-cos-acl or the x-cos-grant-* headers; None where there are none.

    Raises:
        ServiceError: 400 InvalidArgument, a list that COS does not take.
    """
    # An empty header is none: SDKs send back the empty lists that they read.
    grants = {name: value for name, value in headers.items() if name.startswith("x-cos-grant-") and value}
    canned = headers.get("x-cos-acl") or None
    if canned is not None and canned not in accepted:
        raise ServiceError(400, "InvalidArgument", f"x-cos-acl is one of {', '.join(sorted(accepted))}")
    for name, value in grants.items():
        if name not in _GRANT_HEADERS or not _GRANTEES.fullmatch(value):
            raise ServiceError(400, "InvalidArgument", f'{name} has the form id="OwnerUin"')
    granted = tuple(
        Grant(grantee, _GRANT_HEADERS[name])
        for name, value in grants.items()
        for grantee in re.findall(r'id="([^"]+)"', value)
    )
    if not granted and canned in {None, "default"}:
        return DEFAULT if canned else None
    everybody = _CANNED.get(canned or "private", ())
    return Acl((*(Grant(EVERYBODY, permission) for permission in everybody), *granted))


def acl_from_xml(root: Element) -> Acl:
    """Read an AccessControlPolicy.

    Raises:
        ServiceError: 400 MalformedACL.
    """
    grants = []
    for element in root.findall("AccessControlList/Grant"):
        grantee, permission = element.find("Grantee"), element.findtext("Permission") or ""
        name = "" if grantee is None else grantee.findtext("URI") or grantee.findtext("ID") or ""
        is_group = grantee is not None and grantee.find("URI") is not None
        if permission not in _PERMISSIONS or not name or (is_group and name not in _GROUPS):
            raise ServiceError(
                400, "MalformedACL", "each Grant has a Grantee with an ID or a known URI, and a Permission"
            )
        grants.append(Grant(name, permission))
    return Acl(tuple(grants), names_owner=False)


def acl_to_xml(acl: Acl, owner: str) -> Element:
    """Return the list as an AccessControlPolicy."""
    root = document("AccessControlPolicy")
    add_fields(add(root, "Owner"), [("ID", owner), ("DisplayName", owner)])
    grants = add(root, "AccessControlList")
    implied = (Grant(owner, "FULL_CONTROL"),) if acl.names_owner else ()
    for grant in (*implied, *acl.grants):
        element = add(grants, "Grant")
        grantee = add(element, "Grantee")
        is_group = grant.grantee.startswith("http")
        grantee.attrib.update({"xmlns:xsi": _XSI, "xsi:type": "Group" if is_group else "CanonicalUser"})
        add_fields(
            grantee, [("URI", grant.grantee)] if is_group else [("ID", grant.grantee), ("DisplayName", grant.grantee)]
        )
        add(element, "Permission", grant.permission)
    return root
