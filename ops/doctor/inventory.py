"""The account, read for the checks: each part once, and only when a check needs it."""

from functools import cached_property, lru_cache
from typing import Any

from ops.cloud.account import (
    bucket_exists,
    cors_allows_get,
    list_functions,
    media_processing_is_on,
    other_cos_triggers,
    read_appid,
    read_last_invocations,
)
from ops.cloud.client import CloudClient
from ops.cloud.responses import LogEntry, MediaInfoResponse, parse
from ops.deploy.remote import read_remote_state, read_statements
from ops.deploy.resources import Function, RemoteState
from ops.errors import OpsError
from ops.stack.stack import CosTrigger, Stack
from snapshot.errors import BadSettings
from snapshot.settings import Settings

_MAX_PROBE_BYTES = 32 * 1024 * 1024


class Inventory:
    """The stack, and the account as it is. Every property and method raises CloudError."""

    def __init__(self, stack: Stack, cloud: CloudClient) -> None:
        self.stack = stack
        self._cloud = cloud
        self.has_bucket = lru_cache(maxsize=None)(self._has_bucket)

    @cached_property
    def appid(self) -> str:
        """The account of the credentials."""
        return read_appid(self._cloud)

    @cached_property
    def functions(self) -> list[str]:
        """The names of the region's functions."""
        return list_functions(self._cloud, self.stack.namespace)

    @cached_property
    def remote(self) -> RemoteState:
        """The resources that exist under the names of serverless.yml."""
        stack = self.stack
        return read_remote_state(self._cloud, name=stack.name, namespace=stack.namespace, role=stack.role)

    def require_function(self) -> Function:
        """Return the deployed function.

        Raises:
            OpsError: nothing is deployed.
        """
        function = self.remote.function
        if function is None:
            raise OpsError(
                f"There is no function {self.stack.name} in {self.stack.region}.",
                remedy="Run `python -m ops deploy` first.",
            )
        return function

    @cached_property
    def other_triggers(self) -> list[tuple[str, CosTrigger]]:
        """COS triggers of other functions, each with its function's name."""
        return other_cos_triggers(self._cloud, name=self.stack.name, namespace=self.stack.namespace)

    @cached_property
    def last_invocations(self) -> tuple[LogEntry, ...] | None:
        """The last invocations of the function, the newest first; None where the API cannot read the log."""
        return read_last_invocations(self._cloud, name=self.stack.name, namespace=self.stack.namespace)

    @cached_property
    def statements(self) -> list[dict[str, Any]]:
        """All statements of all policies of the deployed function's role."""
        function = self.remote.function
        return read_statements(self._cloud, function.role if function and function.role else self.stack.role)

    @cached_property
    def settings(self) -> tuple[Settings | None, tuple[str, ...]]:
        """The deployed function's settings, or their problems; the stack's own where nothing is deployed."""
        function = self.remote.function
        if function is None:
            return self.stack.settings, ()
        try:
            return Settings.from_environment(dict(function.environment), appid=self.stack.appid), ()
        except BadSettings as error:
            return None, error.problems

    @cached_property
    def triggers(self) -> tuple[CosTrigger, ...]:
        """The deployed function's triggers; those of the stack where nothing is deployed."""
        return self.remote.triggers if self.remote.function else self.stack.triggers

    @cached_property
    def lost_buckets(self) -> tuple[str, ...]:
        """The buckets that serverless.yml names and that do not exist."""
        return tuple(bucket for bucket in self.stack.buckets if not self.has_bucket(bucket))

    def _has_bucket(self, bucket: str) -> bool:
        return bucket_exists(self._cloud, bucket)

    def media_processing_is_on(self, bucket: str) -> bool:
        """Return whether CI may work on the bucket."""
        return media_processing_is_on(self._cloud, bucket)

    def cors_allows_get(self, bucket: str) -> bool:
        """Return whether a page of another site may read from the bucket."""
        return cors_allows_get(self._cloud, bucket)

    def probe(self, bucket: str, key: str) -> tuple[str, str, int]:
        """Return a video's duration in seconds as written, and the type and size of one snapshot. It costs money."""
        document = self._cloud.cos("get_media_info", Bucket=bucket, Key=key)
        duration = parse(MediaInfoResponse, document, call=f"CI GetMediaInfo of {bucket}").duration
        kind, body = self._cloud.snapshot(bucket, key, at_s=0, max_bytes=_MAX_PROBE_BYTES)
        return duration, kind, len(body)
