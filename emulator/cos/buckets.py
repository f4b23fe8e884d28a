"""What a bucket holds and what is set on it: listings, CORS, tags, versioning, the list of buckets.

Knows no signature. Hands S3's part to moto; words it as COS does.
Sources: COS's documents on GET Bucket, GET Service and the bucket's settings, read 2026-11-22.
"""

from datetime import timezone
from xml.etree.ElementTree import Element, SubElement, tostring

from emulator.cos.addresses import appid_of, check_bucket_name
from emulator.cos.backend import Backend, S3Answer
from emulator.cos.body import read_document
from emulator.cos.call import Account, Call, Operations
from emulator.cos.dialect import cos_storage_class, from_s3_xml
from emulator.cos.errors import to_xml
from emulator.cos.listing import Entry, describe, read_wanted, turn_to
from emulator.cos.wire import Answer
from emulator.cos.writing import XML
from emulator.refusal import Refusal

# operation -> sub-resource of moto's, root of the body that goes with it
_SETTINGS = {
    "GetBucketCORS": ("cors", ""),
    "PutBucketCORS": ("cors", "CORSConfiguration"),
    "DeleteBucketCORS": ("cors", ""),
    "GetBucketTagging": ("tagging", ""),
    "PutBucketTagging": ("tagging", "Tagging"),
    "DeleteBucketTagging": ("tagging", ""),
    "GetBucketVersioning": ("versioning", ""),
    "PutBucketVersioning": ("versioning", "VersioningConfiguration"),
    "GetObjectTagging": ("tagging", ""),
    "PutObjectTagging": ("tagging", "Tagging"),
    "DeleteObjectTagging": ("tagging", ""),
}


class Buckets:
    """The operations on buckets, by their names. `names` are the buckets of this cloud in order."""

    def __init__(self, backend: Backend, account: Account) -> None:
        self._backend = backend
        self._account = account
        self.names: tuple[str, ...] = ()
        self.operations: Operations = {
            "HeadBucket": self._head,
            "PutBucket": self._put,
            "DeleteBucket": self._delete,
            "GetBucketLocation": self._location,
            "GetBucket": self._list,
            "ListMultipartUploads": self._uploads,
            **dict.fromkeys(_SETTINGS, self._setting),
        }

    def create(self, bucket: str) -> None:
        """Makes a bucket.

        Raises:
            ValueError: the name is none, or of another account.
        """
        check_bucket_name(bucket)
        if appid_of(bucket) != self._account.appid:
            raise ValueError(f"bucket {bucket!r} is not of the account {self._account.appid}")
        self._backend.call("PUT", bucket)
        self.names += (bucket,)

    def list_buckets(self) -> Answer:
        """GET Service: every bucket of the account."""
        root = Element("ListAllMyBucketsResult")
        owner = SubElement(root, "Owner")
        SubElement(owner, "ID").text = self._account.owner
        SubElement(owner, "DisplayName").text = self._account.owner
        listed = SubElement(root, "Buckets")
        for name in self.names:
            bucket = SubElement(listed, "Bucket")
            SubElement(bucket, "Name").text = name
            SubElement(bucket, "Location").text = self._account.region
            created_at = self._backend.bucket(name).creation_date.astimezone(timezone.utc)
            SubElement(bucket, "CreationDate").text = created_at.strftime("%Y-%m-%dT%H:%M:%SZ")
        return Answer.of(200, to_xml(root), XML)

    def _head(self, call: Call) -> Answer:
        self._backend.bucket(call.bucket)
        return Answer.of(200, headers=(*XML, ("x-cos-bucket-region", self._account.region)))

    def _put(self, call: Call) -> Answer:
        if call.bucket in self.names:
            raise Refusal(409, "BucketAlreadyOwnedByYou", "the bucket is there and is yours")
        try:
            self.create(call.bucket)
        except ValueError as error:
            raise Refusal(400, "InvalidBucketName", str(error)) from error
        return Answer.of(200)

    def _delete(self, call: Call) -> Answer:
        self._backend.call("DELETE", call.bucket)
        self.names = tuple(name for name in self.names if name != call.bucket)
        return Answer.of(204)

    def _location(self, call: Call) -> Answer:
        self._backend.bucket(call.bucket)
        root = Element("LocationConstraint")
        root.text = self._account.region
        return Answer.of(200, to_xml(root), XML)

    def _list(self, call: Call) -> Answer:
        names = self._backend.names(call.bucket)
        wanted = read_wanted(call.asked.query)
        page = turn_to(names, wanted)
        entries = [entry for key in page.keys if (entry := self._entry(call.bucket, key))]
        return Answer.of(
            200, to_xml(describe(page, entries, wanted, bucket=call.bucket, owner=self._account.owner)), XML
        )

    def _entry(self, bucket: str, name: str) -> Entry | None:
        with self._backend.holding((bucket, name)):
            key = self._backend.key(bucket, name, None)
            if key is None:
                return None
            storage_class = cos_storage_class(key.storage_class)
            return Entry(key.name, key.last_modified_ISO8601, key.etag, key.size, storage_class)

    def _uploads(self, call: Call) -> Answer:
        query = (("uploads", ""), ("prefix", call.asked.param("prefix") or ""))
        answer = self._backend.call("GET", call.bucket, query=query)
        return Answer.of(200, to_xml(self._document(call, answer)), XML)

    def _setting(self, call: Call) -> Answer:
        sub_resource, wanted = _SETTINGS[call.operation.name]
        body = tostring(read_document(call.asked, wanted)) if wanted else b""
        try:
            answer = self._backend.call(
                call.asked.method, call.bucket, call.key, query=((sub_resource, ""),), body=body
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            # Moto reads the document without checking it; what is missing surfaces as one of these.
            raise Refusal(400, "MalformedXML", f"the document is no {wanted or sub_resource}") from error
        if not answer.body:
            return Answer.of(answer.status)
        return Answer.of(answer.status, to_xml(self._document(call, answer)), XML)

    def _document(self, call: Call, answer: S3Answer) -> Element:
        names = {self._backend.inner_name(call.bucket): call.bucket}
        return from_s3_xml(answer.body, names=names, owner=self._account.owner)
