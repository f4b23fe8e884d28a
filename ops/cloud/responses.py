"""Answers of SCF, CAM and COS -> frozen values. A field that is left out or null takes its default here.

Sources: SCF API 2018-04-16 and CAM API 2019-01-16, the calls named below (read 2026-11-22); GET Bucket of COS (read
2026-11-25); the two entries of RetryConfig: tests of tencent-component-toolkit (read 2026-11-25).
"""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import unquote

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from ops.cloud.refusals import explain

_MAX_NAMED = 3  # places of a broken answer that are named


class _Response(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="ignore", hide_input_in_errors=True, validate_by_name=True, validate_by_alias=True
    )

    @model_validator(mode="before")
    @classmethod
    def _leave_out_nulls(cls, document: Any) -> Any:  # noqa: ANN401  # whatever was answered
        if not isinstance(document, Mapping):
            return document
        return {name: value for name, value in document.items() if value is not None}


def _read_json(text: object) -> object:
    """Read a document that an answer carries as text; pydantic refuses what is neither."""
    return json.loads(text) if isinstance(text, str) else text


def _as_list(value: object) -> object:
    """Return the elements of an XML document as a list, also a single one or none."""
    if value is None or value == "":
        return []
    return value if isinstance(value, list) else [value]


Document = Annotated[dict[str, Any], BeforeValidator(_read_json)]


class NamedValue(_Response):
    """A variable or a tag."""

    key: str = Field(alias="Key")
    value: str = Field(default="", alias="Value")


class _Environment(_Response):
    variables: tuple[NamedValue, ...] = Field(default=(), alias="Variables")


class _DeadLetterConfig(_Response):
    type: str = Field(default="", alias="Type")
    name: str = Field(default="", alias="Name")


class _PublicNetConfig(_Response):
    status: str = Field(default="ENABLE", alias="PublicNetStatus")


class FunctionResponse(_Response):
    """GetFunction."""

    description: str = Field(default="", alias="Description")
    handler: str = Field(default="", alias="Handler")
    runtime: str = Field(default="", alias="Runtime")
    role: str = Field(default="", alias="Role")
    memory_mb: int = Field(default=0, alias="MemorySize")
    timeout_s: int = Field(default=0, alias="Timeout")
    init_timeout_s: int = Field(default=0, alias="InitTimeout")
    public_net: _PublicNetConfig = Field(default=_PublicNetConfig(), alias="PublicNetConfig")
    dead_letter: _DeadLetterConfig = Field(default=_DeadLetterConfig(), alias="DeadLetterConfig")
    environment: _Environment = Field(default=_Environment(), alias="Environment")
    tags: tuple[NamedValue, ...] = Field(default=(), alias="Tags")
    status: str = Field(default="Active", alias="Status")
    async_run: Literal["TRUE", "FALSE"] = Field(default="FALSE", alias="AsyncRunEnable")


class _FunctionName(_Response):
    name: str = Field(alias="FunctionName")


class FunctionsResponse(_Response):
    """ListFunctions."""

    functions: tuple[_FunctionName, ...] = Field(default=(), alias="Functions")
    total: int = Field(default=0, alias="TotalCount")


class TriggerFilter(_Response):
    """Which keys start a function."""

    prefix: str = Field(default="", alias="Prefix")
    suffix: str = Field(default="", alias="Suffix")


class TriggerDescription(_Response):
    """The TriggerDesc of a COS trigger."""

    event: str = ""
    filter: TriggerFilter = TriggerFilter()
    bucket_url: str = Field(default="", alias="bucketUrl")


class TriggerResponse(_Response):
    """One of ListTriggers. The description of other kinds of trigger may be any text."""

    type: str = Field(alias="Type")
    name: str = Field(default="", alias="TriggerName")
    description: object = Field(default="", alias="TriggerDesc")
    enable: int | str = Field(default=0, alias="Enable")
    qualifier: str = Field(default="$DEFAULT", alias="Qualifier")


class TriggersResponse(_Response):
    """ListTriggers."""

    triggers: tuple[TriggerResponse, ...] = Field(default=(), alias="Triggers")
    total: int = Field(default=0, alias="TotalCount")


class _RetryConfig(_Response):
    retries: int = Field(default=0, alias="RetryNum")
    codes: tuple[str, ...] = Field(default=(), alias="ErrorCode")


class _AsyncTriggerConfig(_Response):
    retry: tuple[_RetryConfig, ...] = Field(default=(), alias="RetryConfig")
    message_ttl_s: int = Field(alias="MsgTTL")

    @property
    def retries(self) -> int:
        """Return the number of times that a failed invocation is repeated.

        The platform answers two entries in no stated order: the function's own, and one for code 432 with -1.
        """
        configured = [entry for entry in self.retry if entry.retries >= 0]
        default = [entry for entry in configured if "default" in entry.codes]
        return next((entry.retries for entry in (*default, *configured)), 0)


class InvokeConfigResponse(_Response):
    """GetFunctionEventInvokeConfig."""

    config: _AsyncTriggerConfig = Field(alias="AsyncTriggerConfig")


class _RoleInfo(_Response):
    trust: Document = Field(alias="PolicyDocument")
    description: str = Field(default="", alias="Description")


class RoleResponse(_Response):
    """GetRole."""

    role: _RoleInfo = Field(alias="RoleInfo")


class PolicyName(_Response):
    """One of a list of policies."""

    policy_id: int = Field(alias="PolicyId")
    name: str = Field(alias="PolicyName")


class PoliciesResponse(_Response):
    """ListPolicies, ListAttachedRolePolicies."""

    policies: tuple[PolicyName, ...] = Field(default=(), alias="List")


class PolicyResponse(_Response):
    """GetPolicy."""

    document: Document = Field(alias="PolicyDocument")
    description: str = Field(default="", alias="Description")


class PolicyCreated(_Response):
    """CreatePolicy."""

    policy_id: int = Field(alias="PolicyId")


class AppIdResponse(_Response):
    """GetUserAppId."""

    appid: int | str = Field(alias="AppId")


class InvokeResponse(_Response):
    """Invoke."""

    result: "_InvokeResult" = Field(alias="Result")


class _InvokeResult(_Response):
    log: str = Field(default="", alias="Log")
    value: str = Field(default="", alias="RetMsg")
    error: str = Field(default="", alias="ErrMsg")
    status: int = Field(default=0, alias="InvokeResult")
    request_id: str = Field(default="", alias="FunctionRequestId")


class LogEntry(_Response):
    """One invocation in the log: its result, and 0 or a code of its failure."""

    code: int = Field(default=0, alias="RetCode")
    result: str = Field(default="", alias="RetMsg")


class LogsResponse(_Response):
    """GetFunctionLogs."""

    entries: tuple[LogEntry, ...] = Field(default=(), alias="Data")


class _Bucket(_Response):
    name: str = Field(alias="BucketId")


class MediaBuckets(_Response):
    """The buckets whose media processing is on."""

    buckets: Annotated[tuple[_Bucket, ...], BeforeValidator(_as_list)] = Field(default=(), alias="MediaBucketList")


class _CorsRule(_Response):
    methods: Annotated[tuple[str, ...], BeforeValidator(_as_list)] = Field(default=(), alias="AllowedMethod")


class CorsRules(_Response):
    """GET Bucket cors."""

    rules: Annotated[tuple[_CorsRule, ...], BeforeValidator(_as_list)] = Field(default=(), alias="CORSRule")


class _Format(_Response):
    duration: str = Field(default="?", alias="Duration")


class _MediaInfo(_Response):
    format: _Format = Field(default=_Format(), alias="Format")


class MediaInfoResponse(_Response):
    """GetMediaInfo, its length alone."""

    media_info: Annotated[tuple[_MediaInfo, ...], BeforeValidator(_as_list)] = Field(default=(), alias="MediaInfo")

    @property
    def duration(self) -> str:
        """Return the length in seconds as the cloud writes it, or a question mark."""
        return self.media_info[0].format.duration if self.media_info else "?"


class ListedObject(_Response):
    """One object of a listing. The listing is made with EncodingType=url, so keys come percent-encoded."""

    key: Annotated[str, BeforeValidator(lambda text: unquote(text) if isinstance(text, str) else text)] = Field(
        alias="Key"
    )
    size_bytes: int = Field(alias="Size", ge=0)
    etag: str = Field(default="", alias="ETag")
    last_modified: str = Field(default="", alias="LastModified")


class BucketPage(_Response):
    """One page of GET Bucket."""

    objects: Annotated[tuple[ListedObject, ...], BeforeValidator(_as_list)] = Field(default=(), alias="Contents")
    is_truncated: bool = Field(default=False, alias="IsTruncated")
    marker: str = Field(default="", alias="NextMarker")

    @property
    def next_marker(self) -> str:
        """Return where the next page begins; empty on the last one."""
        if not self.is_truncated or not self.objects:
            return ""
        return unquote(self.marker) or self.objects[-1].key


_Model = TypeVar("_Model", bound=_Response)


def parse(model: type[_Model], document: object, *, call: str) -> _Model:
    """Return an answer as a value. `call` names the call, such as `SCF GetFunction`, for the error.

    Raises:
        CloudError: the answer is not of the documented form; names the call and what is strange in its answer.
    """
    service, _, action = call.partition(" ")
    try:
        return model.model_validate(document)
    except ValidationError as error:
        places = [
            f"{'.'.join(map(str, detail['loc'])) or 'the answer'}: {detail['msg']}"
            for detail in error.errors(include_url=False, include_input=False)[:_MAX_NAMED]
        ]
        raise explain(service, action, code="StrangeAnswer", message="; ".join(places)) from None
    except RecursionError:
        raise explain(service, action, code="StrangeAnswer", message="nested too deeply") from None
