"""Everything the checks look at, asked for once each and only when a check wants it. It only reads.

Must not know: what is good or bad.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from ops.errors import CloudError
from ops.found import find_deployment, find_statements, read_trigger
from snapshot.errors import BadSettings
from snapshot.settings import Settings

if TYPE_CHECKING:
    from ops.deployment import Deployment
    from ops.stack import CosTrigger, Stack
    from ops.tencent import Tencent

MOST_FUNCTIONS = 100


class Facts:
    """The stack that is wanted, and what there is in the cloud. Every property raises CloudError."""

    def __init__(self, stack: Stack, cloud: Tencent) -> None:
        self.stack = stack
        self.cloud = cloud

    @cached_property
    def appid(self) -> str:
        """The account of the keys."""
        return str(self.cloud.cam("GetUserAppId")["AppId"])

    @cached_property
    def functions(self) -> list[str]:
        """Names of the region's functions, up to a hundred."""
        found = self.cloud.scf("ListFunctions", Namespace=self.stack.namespace, Offset=0, Limit=MOST_FUNCTIONS)
        return [str(one["FunctionName"]) for one in found["Functions"]]

    @cached_property
    def deployment(self) -> Deployment:
        """What is deployed under the stack's names."""
        stack = self.stack
        return find_deployment(self.cloud, name=stack.name, namespace=stack.namespace, role=stack.role)

    @cached_property
    def other_triggers(self) -> list[tuple[str, CosTrigger]]:
        """COS triggers of other functions, with the function's name."""
        found = []
        for name in self.functions:
            if name == self.stack.name:
                continue
            asked = {"FunctionName": name, "Namespace": self.stack.namespace, "Offset": 0, "Limit": MOST_FUNCTIONS}
            listed = self.cloud.scf("ListTriggers", **asked)["Triggers"]
            found += [(name, read_trigger(one)) for one in listed if one["Type"] == "cos"]
        return found

    @cached_property
    def rules(self) -> list[dict[str, Any]]:
        """All rules of all policies of the deployed function's role."""
        function = self.deployment.function
        return find_statements(self.cloud, function.role if function and function.role else self.stack.role)

    @cached_property
    def settings(self) -> tuple[Settings | None, tuple[str, ...]]:
        """The deployed function's settings, or what is wrong with them; the stack's own where nothing is deployed."""
        function = self.deployment.function
        if function is None:
            return self.stack.settings, ()
        try:
            return Settings.from_environment(dict(function.environment)), ()
        except BadSettings as error:
            return None, error.problems

    @cached_property
    def triggers(self) -> tuple[CosTrigger, ...]:
        """The deployed function's triggers; those of the stack where nothing is deployed."""
        return self.deployment.triggers if self.deployment.function else self.stack.triggers

    def has_bucket(self, bucket: str) -> bool:
        """Whether the bucket is there and these keys may see it."""
        try:
            self.cloud.cos("head_bucket", Bucket=bucket)
        except CloudError as error:
            if error.code in {"NoSuchBucket", "NoSuchResource", "NotFound"}:
                return False
            raise
        return True

    def media_buckets(self, bucket: str) -> set[str]:
        """Those buckets, of this one, whose media processing is on."""
        found = self.cloud.cos("ci_get_media_bucket", BucketNames=bucket).get("MediaBucketList") or []
        listed = found if isinstance(found, list) else [found]
        return {str(one["BucketId"]) for one in listed}

    def cors_rules(self, bucket: str) -> list[dict[str, Any]]:
        """The bucket's CORS rules."""
        try:
            found = self.cloud.cos("get_bucket_cors", Bucket=bucket).get("CORSRule") or []
        except CloudError as error:
            if error.code in {"NoSuchCORSConfiguration", "NotFound"}:
                return []
            raise
        return found if isinstance(found, list) else [found]
