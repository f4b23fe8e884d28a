"""Handle the settings of a bucket: CORS, tags, versioning, lists of access, lifecycle, policy.

Lifecycle rules and policies are stored and returned; nothing here expires or is allowed by them.
Sources: COS's documents on the bucket's settings, read 2026-11-22 and 2026-11-25.
"""

import json
from typing import Literal, cast

from emulator.account import Account
from emulator.cos.acl import BUCKET_ACLS, acl_from_headers, acl_from_xml, acl_to_xml
from emulator.cos.bodies import read_document, read_whole
from emulator.cos.context import Operations, RequestContext
from emulator.cos.cors_rules import read_cors_rules, write_cors_rules
from emulator.cos.object_operations import tags_from_xml, tags_to_xml
from emulator.cos.store import Bucket, Store
from emulator.errors import ServiceError
from emulator.http.messages import XML, Response
from emulator.xml import document, to_xml

_JSON = (("Content-Type", "application/json"),)
_LIFECYCLE, _POLICY = "lifecycle", "policy"


class BucketSettings:
    """The operations on a bucket's settings, by their names."""

    def __init__(self, store: Store, account: Account) -> None:
        self._store = store
        self._account = account
        self.operations: Operations = {
            "GetBucketACL": self._get_acl,
            "PutBucketACL": self._put_acl,
            "GetBucketCORS": self._get_cors,
            "PutBucketCORS": self._put_cors,
            "DeleteBucketCORS": self._delete_cors,
            "GetBucketLifecycle": self._get_lifecycle,
            "PutBucketLifecycle": self._put_lifecycle,
            "DeleteBucketLifecycle": self._delete_lifecycle,
            "GetBucketPolicy": self._get_policy,
            "PutBucketPolicy": self._put_policy,
            "DeleteBucketPolicy": self._delete_policy,
            "GetBucketTagging": self._get_tags,
            "PutBucketTagging": self._put_tags,
            "DeleteBucketTagging": self._delete_tags,
            "GetBucketVersioning": self._get_versioning,
            "PutBucketVersioning": self._put_versioning,
        }

    def _bucket(self, context: RequestContext) -> Bucket:
        return self._store.bucket(context.bucket)

    def _get_acl(self, context: RequestContext) -> Response:
        return Response.of(200, to_xml(acl_to_xml(self._bucket(context).acl, self._account.owner)), XML)

    def _put_acl(self, context: RequestContext) -> Response:
        acl = acl_from_headers(context.request.headers, BUCKET_ACLS)
        if acl is None:
            acl = acl_from_xml(read_document(context.request, "AccessControlPolicy"))
        self._bucket(context).acl = acl
        return Response.of(200)

    def _get_cors(self, context: RequestContext) -> Response:
        rules = self._bucket(context).cors
        if not rules:
            raise ServiceError(404, "NoSuchCORSConfiguration", "the bucket has no CORS rules")
        return Response.of(200, to_xml(write_cors_rules(rules)), XML)

    def _put_cors(self, context: RequestContext) -> Response:
        self._bucket(context).cors = read_cors_rules(read_document(context.request, "CORSConfiguration"))
        return Response.of(200)

    def _delete_cors(self, context: RequestContext) -> Response:
        self._bucket(context).cors = ()
        return Response.of(204)

    def _get_lifecycle(self, context: RequestContext) -> Response:
        body = self._bucket(context).documents.get(_LIFECYCLE)
        if body is None:
            raise ServiceError(404, "NoSuchLifecycleConfiguration", "the bucket has no lifecycle rules")
        return Response.of(200, body, XML)

    def _put_lifecycle(self, context: RequestContext) -> Response:
        root = read_document(context.request, "LifecycleConfiguration")
        rules = root.findall("Rule")
        if not rules or not all((rule.findtext("Status") or "") in {"Enabled", "Disabled"} for rule in rules):
            raise ServiceError(
                400, "MalformedXML", "LifecycleConfiguration has Rules, each with a Status: Enabled or Disabled"
            )
        self._bucket(context).documents[_LIFECYCLE] = to_xml(root)
        return Response.of(200)

    def _delete_lifecycle(self, context: RequestContext) -> Response:
        self._bucket(context).documents.pop(_LIFECYCLE, None)
        return Response.of(204)

    def _get_policy(self, context: RequestContext) -> Response:
        body = self._bucket(context).documents.get(_POLICY)
        if body is None:
            raise ServiceError(404, "NoSuchBucketPolicy", "the bucket has no policy")
        return Response.of(200, body, _JSON)

    def _put_policy(self, context: RequestContext) -> Response:
        self._bucket(context).documents[_POLICY] = _read_policy(read_whole(context.request))
        return Response.of(204)

    def _delete_policy(self, context: RequestContext) -> Response:
        self._bucket(context).documents.pop(_POLICY, None)
        return Response.of(204)

    def _get_tags(self, context: RequestContext) -> Response:
        tags = self._bucket(context).tags
        if tags is None:
            raise ServiceError(404, "NoSuchTagSet", "the bucket has no tags")
        return Response.of(200, to_xml(tags_to_xml(tags)), XML)

    def _put_tags(self, context: RequestContext) -> Response:
        self._bucket(context).tags = tags_from_xml(read_document(context.request, "Tagging"))
        return Response.of(200)

    def _delete_tags(self, context: RequestContext) -> Response:
        self._bucket(context).tags = None
        return Response.of(204)

    def _get_versioning(self, context: RequestContext) -> Response:
        status = self._bucket(context).versioning
        return Response.of(
            200, to_xml(document("VersioningConfiguration", [("Status", status)] if status else [])), XML
        )

    def _put_versioning(self, context: RequestContext) -> Response:
        status = read_document(context.request, "VersioningConfiguration").findtext("Status") or ""
        if status not in {"Enabled", "Suspended"}:
            raise ServiceError(400, "MalformedXML", "Status is Enabled or Suspended")
        self._bucket(context).versioning = cast("Literal['Enabled', 'Suspended']", status)
        return Response.of(200)


def _read_policy(body: bytes) -> bytes:
    """Return a bucket's policy as COS shows it: clients write `version` and `Statement` in either case.

    Raises:
        ServiceError: 400 MalformedPolicy.
    """
    try:
        policy = json.loads(body)
    except (ValueError, RecursionError):
        policy = None
    parts = {name.lower(): part for name, part in policy.items()} if isinstance(policy, dict) else {}
    if parts.get("version") != "2.0" or not parts.get("statement"):
        raise ServiceError(400, "MalformedPolicy", 'a policy is JSON with "version": "2.0" and a Statement')
    return json.dumps({"Statement": parts["statement"], "version": "2.0"}, ensure_ascii=False).encode()
