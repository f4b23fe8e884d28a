"""Handle the operations on buckets: created, deleted, listed; and the account's list of them.

Sources: COS's documents on GET Service, PUT, HEAD and DELETE Bucket, GET Bucket (List Objects), GET Bucket Object
versions, read 2026-11-22 and 2026-11-25.
"""

import operator
from datetime import datetime, timezone

from emulator.account import Account
from emulator.cos.acl import BUCKET_ACLS, PRIVATE, acl_from_headers
from emulator.cos.addresses import appid_of, check_bucket_name
from emulator.cos.context import Operations, RequestContext
from emulator.cos.listing import ListQuery, VersionsQuery, describe, describe_versions, paginate, paginate_versions
from emulator.cos.store import Bucket, Store
from emulator.errors import ServiceError
from emulator.http.messages import XML, Request, Response
from emulator.xml import add, add_fields, document, to_xml

# "max-keys ... 1 to 2000"
MAX_BUCKETS_PAGE = 2000
_COMPARISONS = {"lt": operator.lt, "lte": operator.le, "gt": operator.gt, "gte": operator.ge}


class Buckets:
    """The operations on buckets, by their names."""

    def __init__(self, store: Store, account: Account) -> None:
        self._store = store
        self._account = account
        self.operations: Operations = {
            "GetService": self._list_buckets,
            "HeadBucket": self._head,
            "PutBucket": self._put,
            "DeleteBucket": self._delete,
            "GetBucketLocation": self._location,
            "GetBucket": self._list_objects,
            "GetBucketObjectVersions": self._list_versions,
        }

    def check_name(self, bucket: str) -> None:
        """Check that the account may have a bucket of this name.

        Raises:
            ValueError: the name is not a bucket's, or of another account.
        """
        check_bucket_name(bucket)
        if appid_of(bucket) != self._account.appid:
            raise ValueError(f"bucket {bucket!r} is not of the account {self._account.appid}")

    def _list_buckets(self, context: RequestContext) -> Response:
        request = context.request
        marker, limit = request.param("marker") or "", _limit(request)
        region = request.param("region") or context.place.region
        candidates = self._store.buckets() if region in {"", self._account.region} else ()
        buckets = [bucket for bucket in candidates if _has_tag(bucket, request) and _is_in_range(bucket, request)]
        later = [bucket for bucket in buckets if bucket.name > marker] if marker else buckets
        page = later[:limit]
        root = document("ListAllMyBucketsResult")
        add_fields(add(root, "Owner"), [("ID", self._account.owner), ("DisplayName", self._account.owner)])
        listed = add(root, "Buckets")
        for bucket in page:
            fields = [
                ("Name", bucket.name),
                ("Location", self._account.region),
                ("CreationDate", bucket.created_at.strftime("%Y-%m-%dT%H:%M:%SZ")),
            ]
            add_fields(add(listed, "Bucket"), fields)
        is_truncated = len(later) > limit
        add_fields(root, [("Marker", marker), ("IsTruncated", str(is_truncated).lower())])
        if is_truncated:
            add(root, "NextMarker", page[-1].name)
        return Response.of(200, to_xml(root), XML)

    def _head(self, context: RequestContext) -> Response:
        self._store.bucket(context.bucket)
        return Response.of(200, headers=(*XML, ("x-cos-bucket-region", self._account.region)))

    def _put(self, context: RequestContext) -> Response:
        try:
            self.check_name(context.bucket)
        except ValueError as error:
            raise ServiceError(400, "InvalidBucketName", str(error)) from error
        self._store.create(context.bucket, acl_from_headers(context.request.headers, BUCKET_ACLS) or PRIVATE)
        return Response.of(200)

    def _delete(self, context: RequestContext) -> Response:
        self._store.delete(context.bucket)
        return Response.of(204)

    def _location(self, context: RequestContext) -> Response:
        self._store.bucket(context.bucket)
        root = document("LocationConstraint")
        root.text = self._account.region
        return Response.of(200, to_xml(root), XML)

    def _list_objects(self, context: RequestContext) -> Response:
        bucket = self._store.bucket(context.bucket)
        query = ListQuery.read(context.request.query)
        page = paginate(bucket.object_keys(), query)
        objects = [stored for key in page.keys if (stored := bucket.find(key))]
        root = describe(page, objects, query, bucket=context.bucket, owner=self._account.owner)
        return Response.of(200, to_xml(root), XML)

    def _list_versions(self, context: RequestContext) -> Response:
        query = VersionsQuery.read(context.request.query)
        page = paginate_versions(self._store.bucket(context.bucket).versions(), query)
        root = describe_versions(page, query, bucket=context.bucket, owner=self._account.owner)
        return Response.of(200, to_xml(root), XML)


def _limit(request: Request) -> int:
    text = request.param("max-keys") or str(MAX_BUCKETS_PAGE)
    if not (text.isascii() and text.isdigit() and len(text) < 5 and 1 <= int(text) <= MAX_BUCKETS_PAGE):  # noqa: PLR2004  # digits
        raise ServiceError(400, "InvalidArgument", f"max-keys is a whole number from 1 to {MAX_BUCKETS_PAGE}")
    return int(text)


def _has_tag(bucket: Bucket, request: Request) -> bool:
    key, value = request.param("tagkey"), request.param("tagvalue")
    if not key:
        return True
    return any(tag == key and value in {None, "", tag_value} for tag, tag_value in bucket.tags or ())


def _is_in_range(bucket: Bucket, request: Request) -> bool:
    """Return whether a bucket was created in the range: `create-time` in unix seconds, `range` lt, lte, gt or gte."""
    text, name = request.param("create-time") or "", request.param("range") or ""
    if not text and not name:
        return True
    if not (text.isascii() and text.isdigit() and len(text) < 12 and name in _COMPARISONS):  # noqa: PLR2004  # digits
        raise ServiceError(
            400, "InvalidArgument", "create-time is in unix seconds and goes with range: lt, lte, gt or gte"
        )
    created_at = bucket.created_at.replace(microsecond=0)
    return bool(_COMPARISONS[name](created_at, datetime.fromtimestamp(int(text), timezone.utc)))
