"""The operations of COS and CI that exist here, by name, with the CAM action that each needs.

Sources: COS's and CI's lists of operations and of actions, read 2026-11-22 and 2026-11-25.
"""

from dataclasses import dataclass
from typing import Literal

Service = Literal["cos", "ci"]


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation's name, the service whose errors it answers with, and the action of a policy that allows it."""

    name: str
    service: Service
    action: str


NO_OPERATION = Operation("", "cos", "")
"""What a request asks for until it has been routed."""

_COS = (
    "GetService",
    # objects
    "AppendObject",
    "DeleteMultipleObjects",
    "DeleteObject",
    "DeleteObjectTagging",
    "GetObject",
    "GetObjectACL",
    "GetObjectTagging",
    "HeadObject",
    "OptionsObject",
    "PostObject",
    "PostObjectRestore",
    "PutObject",
    "PutObjectACL",
    "PutObjectTagging",
    # uploads in parts
    "AbortMultipartUpload",
    "CompleteMultipartUpload",
    "InitiateMultipartUpload",
    "ListMultipartUploads",
    "ListParts",
    "UploadPart",
    # buckets
    "DeleteBucket",
    "DeleteBucketCORS",
    "DeleteBucketLifecycle",
    "DeleteBucketPolicy",
    "DeleteBucketTagging",
    "GetBucket",
    "GetBucketACL",
    "GetBucketCORS",
    "GetBucketLifecycle",
    "GetBucketLocation",
    "GetBucketObjectVersions",
    "GetBucketPolicy",
    "GetBucketTagging",
    "GetBucketVersioning",
    "HeadBucket",
    "PutBucket",
    "PutBucketACL",
    "PutBucketCORS",
    "PutBucketLifecycle",
    "PutBucketPolicy",
    "PutBucketTagging",
    "PutBucketVersioning",
)
_CI_ACTIONS = {
    "GetSnapshot": "ci:GenerateSnapshot",
    "PostSnapshot": "ci:GenerateSnapshot",
    "GetMediaInfo": "ci:GenerateMediaInfo",
    "DescribeMediaBuckets": "ci:DescribeMediaBuckets",
    "CreateMediaBucket": "ci:CreateMediaBucket",
    "DeleteMediaBucket": "ci:DeleteMediaBucket",
    "CreateMediaWorkflow": "ci:CreateMediaWorkflow",
    "DescribeMediaWorkflow": "ci:DescribeMediaWorkflow",
    "UpdateMediaWorkflow": "ci:UpdateMediaWorkflow",
    "DeleteMediaWorkflow": "ci:DeleteMediaWorkflow",
    "TriggerMediaWorkflow": "ci:TriggerMediaWorkflow",
    "DescribeWorkflowExecution": "ci:DescribeWorkflowExecution",
    "DescribeWorkflowExecutions": "ci:DescribeWorkflowExecutions",
    # "add the processing parameter to the request of the object": the right to read it is enough
    "GetImageInfo": "name/cos:GetObject",
}
_BY_NAME = {
    **{name: Operation(name, "cos", f"name/cos:{name}") for name in _COS},
    **{name: Operation(name, "ci", action) for name, action in _CI_ACTIONS.items()},
}
OPERATIONS = frozenset(_BY_NAME)
METHODS = frozenset({"GET", "HEAD", "PUT", "POST", "DELETE", "OPTIONS"})


def operation(name: str) -> Operation:
    """Return the operation of this name.

    Raises:
        KeyError: there is none.
    """
    return _BY_NAME[name]
