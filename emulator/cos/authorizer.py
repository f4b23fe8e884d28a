"""Decide whether the sender of a request may do it: by the policy of roles, or by an ACL that admits everybody.

Sources: COS's documents on CAM policies (resources of objects and of listings) and on ACLs, read 2026-11-25.
"""

from collections.abc import Callable
from dataclasses import dataclass

from emulator.account import Account
from emulator.cos.auth import PolicyHolder, Reason, auth_error
from emulator.cos.context import RequestContext
from emulator.identity.policy import ci_resource, cos_resource

_LISTINGS = frozenset({"GetBucket", "GetBucketObjectVersions", "ListMultipartUploads"})


@dataclass(frozen=True, slots=True)
class Authorizer:
    """Decides about one account's buckets and objects.

    `is_public(context)` says whether an ACL lets anybody do what the request asks for.
    """

    policies: PolicyHolder
    account: Account
    is_public: Callable[[RequestContext], bool]

    def authorize(self, context: RequestContext) -> None:
        """Check that the sender may do what the request asks for.

        Raises:
            ServiceError: they may not.
        """
        if context.principal.kind == "anonymous" and self.is_public(context):
            return
        # "to list what lies under a prefix, the resource is the bucket's name and that prefix"
        key = (context.request.param("prefix") or "") if context.operation.name in _LISTINGS else context.key
        self.require(context, key=key)

    def require(
        self, context: RequestContext, *, action: str | None = None, bucket: str | None = None, key: str | None = None
    ) -> None:
        """Check that the sender may do the request's action, or another, on its object, or on another.

        Raises:
            ServiceError: they may not.
        """
        action = action or context.operation.action
        resource = self._resource(
            action, context.bucket if bucket is None else bucket, context.key if key is None else key
        )
        if not self.policies.permits(context.principal, action, resource):
            reason: Reason = "unsigned" if context.principal.kind == "anonymous" else "denied"
            raise auth_error(reason, context.operation.service)

    def may_list(self, context: RequestContext, key: str) -> bool:
        """Return whether the sender may list the part of the bucket where this key lies."""
        action = "name/cos:GetBucket"
        return self.policies.permits(context.principal, action, self._resource(action, context.bucket, key))

    def _resource(self, action: str, bucket: str, key: str) -> str:
        name = ci_resource if action.startswith("ci:") else cos_resource
        return name(self.account.region, self.account.appid, bucket, key)
