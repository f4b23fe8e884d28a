"""A call -> the operation it asks for, named as COS and CI name it, and the CAM action it needs.

Decides by method, by whether a key is named, and by the sub-resource in the query. Knows no bucket and no caller.
Sources: COS's list of operations and CI's list of actions, read 2026-11-22.
"""

from dataclasses import dataclass
from typing import Literal

from emulator.cos.wire import Asked
from emulator.refusal import Refusal

Service = Literal["cos", "ci"]


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation's name, the service that answers it, and its CAM action."""

    name: str
    service: Service = "cos"

    @property
    def action(self) -> str:
        """`name/cos:GetObject`, `ci:GenerateSnapshot`."""
        return f"name/cos:{self.name}" if self.service == "cos" else f"ci:{_CI_ACTIONS[self.name]}"


_CI_ACTIONS = {
    "GetSnapshot": "GenerateSnapshot",
    "GetMediaInfo": "GenerateMediaInfo",
    "DescribeMediaBuckets": "DescribeMediaBuckets",
    "CreateMediaBucket": "CreateMediaBucket",
    "DeleteMediaBucket": "DeleteMediaBucket",
}
_PROCESSES = {"snapshot": "GetSnapshot", "videoinfo": "GetMediaInfo"}

# (method, is there a key) -> sub-resource in the query -> operation; "" when there is none
_TABLE: dict[tuple[str, bool], dict[str, str]] = {
    ("GET", True): {"uploadId": "ListParts", "tagging": "GetObjectTagging", "": "GetObject"},
    ("HEAD", True): {"": "HeadObject"},
    ("PUT", True): {"partNumber": "UploadPart", "tagging": "PutObjectTagging", "": "PutObject"},
    ("POST", True): {"uploads": "InitiateMultipartUpload", "uploadId": "CompleteMultipartUpload"},
    ("DELETE", True): {
        "uploadId": "AbortMultipartUpload",
        "tagging": "DeleteObjectTagging",
        "": "DeleteObject",
    },
    ("GET", False): {
        "uploads": "ListMultipartUploads",
        "versioning": "GetBucketVersioning",
        "location": "GetBucketLocation",
        "cors": "GetBucketCORS",
        "tagging": "GetBucketTagging",
        "": "GetBucket",
    },
    ("HEAD", False): {"": "HeadBucket"},
    ("PUT", False): {
        "cors": "PutBucketCORS",
        "tagging": "PutBucketTagging",
        "versioning": "PutBucketVersioning",
        "": "PutBucket",
    },
    ("POST", False): {"delete": "DeleteMultipleObjects", "": "PostObject"},
    ("DELETE", False): {"cors": "DeleteBucketCORS", "tagging": "DeleteBucketTagging", "": "DeleteBucket"},
    ("OPTIONS", True): {"": "OptionsObject"},
}
OPERATIONS = frozenset({"GetService", *_CI_ACTIONS}.union(*(choices.values() for choices in _TABLE.values())))
METHODS = frozenset(method for method, _ in _TABLE)
# Sub-resources of COS and CI that this cloud does not have; answering them as a plain GET or PUT would be a lie.
_ABSENT = frozenset(
    {
        "accelerate",
        "acl",
        "append",
        "attributes",
        "domain",
        "encryption",
        "intelligenttiering",
        "inventory",
        "legal-hold",
        "lifecycle",
        "logging",
        "notification",
        "object-lock",
        "origin",
        "policy",
        "referer",
        "replication",
        "restore",
        "retention",
        "select",
        "torrent",
        "versions",
        "website",
        "imageMogr2",
        "imageView2",
        "imageInfo",
        "image_process",
    }
)


def name_operation(asked: Asked, key: str) -> Operation:
    """The operation of a call to a bucket's host.

    Raises:
        Refusal: 405 MethodNotAllowed, this cloud has no such operation; CI's 400 InvalidArgument for a wrong
            ci-process.
    """
    if asked.has("ci-process"):
        return _process(asked)
    # "ci-process ... Required: Yes"; only a screenshot has a time. COS may well give the object: the strict reading.
    if asked.has("time") and (asked.method, bool(key)) == ("GET", True):
        raise Refusal(400, "InvalidArgument", "The parameter ci-process is missing; it has to be snapshot.", "ci")
    absent = sorted({name.partition("/")[0] for name, _ in asked.query} & _ABSENT)
    if absent:
        raise Refusal(405, "MethodNotAllowed", f"the emulator has no {asked.method} of ?{absent[0]}")
    choices = _TABLE.get((asked.method, bool(key)), {})
    name = next((choices[sub] for sub in choices if sub and asked.has(sub)), choices.get(""))
    if name is None:
        raise Refusal(405, "MethodNotAllowed", f"{asked.method} is not allowed against this resource")
    return Operation(name)


def _process(asked: Asked) -> Operation:
    values = [value for name, value in asked.query if name == "ci-process"]
    # ci-process, required: "Operation type, fixed usage snapshot"
    if len(values) != 1 or values[0] not in _PROCESSES:
        raise Refusal(
            400, "InvalidArgument", "The parameter ci-process has to be given once: snapshot or videoinfo.", "ci"
        )
    if asked.method != "GET":
        raise Refusal(405, "MethodNotAllowed", f"ci-process={values[0]} is a GET, not a {asked.method}", "ci")
    return Operation(_PROCESSES[values[0]], "ci")


def name_media_bucket_operation(asked: Asked) -> Operation:
    """The operation of a call to CI's own host.

    Raises:
        Refusal: CI's 404 InvalidUrl or 405 MethodNotAllowed.
    """
    if asked.path != "/mediabucket":
        raise Refusal(404, "InvalidUrl", "the emulator's CI host has /mediabucket only", "ci")
    names = {"GET": "DescribeMediaBuckets", "POST": "CreateMediaBucket", "DELETE": "DeleteMediaBucket"}
    if asked.method not in names:
        raise Refusal(405, "MethodNotAllowed", f"/mediabucket has no {asked.method}", "ci")
    return Operation(names[asked.method], "ci")
