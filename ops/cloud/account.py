"""An account -> its buckets, their media processing and CORS rules, and the triggers of other functions.

It only reads. Every function here raises CloudError where a call is refused or its answer cannot be understood.
Sources: SCF API 2018-04-16; COS and CI, the calls named below (read 2026-11-22).
"""

import re
from typing import Any, Protocol

from pydantic import ValidationError

from ops.cloud.refusals import explain
from ops.cloud.responses import (
    AppIdResponse,
    CorsRules,
    FunctionsResponse,
    LogEntry,
    LogsResponse,
    MediaBuckets,
    TriggerDescription,
    TriggerResponse,
    TriggersResponse,
    parse,
)
from ops.errors import CloudError
from ops.stack.stack import CosTrigger

_PAGE = 100
_LAST_INVOCATIONS = 10
_MAX_PAGES = 100
_HOST = re.compile(r"(?:https?://)?(?P<host>(?P<bucket>[a-z0-9-]+-\d+)\.cos\.[a-z0-9-]+\.myqcloud\.com)/?")


class Api(Protocol):
    """Calls of SCF and CAM."""

    def scf(self, action: str, **parameters: object) -> dict[str, Any]:
        """Call SCF."""

    def cam(self, action: str, **parameters: object) -> dict[str, Any]:
        """Call CAM."""


class Cos(Protocol):
    """Calls of COS and CI, by the names of the SDK's methods."""

    def cos(self, method: str, **parameters: object) -> Any:  # noqa: ANN401  # the SDK's methods return many types
        """Call COS or CI."""


def read_appid(cloud: Api) -> str:
    """Return the appid of the credentials' account."""
    return str(parse(AppIdResponse, cloud.cam("GetUserAppId"), call="CAM GetUserAppId").appid)


def bucket_exists(cloud: Cos, bucket: str) -> bool:
    """Return whether the bucket exists in the region and these credentials may see it."""
    try:
        cloud.cos("head_bucket", Bucket=bucket)
    except CloudError as error:
        if error.code in {"NoSuchBucket", "NoSuchResource", "NotFound"}:
            return False
        raise
    return True


def media_processing_is_on(cloud: Cos, bucket: str) -> bool:
    """Return whether CI may work on the bucket."""
    document = cloud.cos("ci_get_media_bucket", BucketNames=bucket)
    listed = parse(MediaBuckets, document, call=f"CI DescribeMediaBuckets of {bucket}").buckets
    return bucket in {entry.name for entry in listed}


def cors_allows_get(cloud: Cos, bucket: str) -> bool:
    """Return whether a page of another site may read from the bucket."""
    try:
        document = cloud.cos("get_bucket_cors", Bucket=bucket)
    except CloudError as error:
        if error.code in {"NoSuchCORSConfiguration", "NotFound"}:
            return False
        raise
    rules = parse(CorsRules, document, call=f"COS GetBucketCORS of {bucket}").rules
    return any("GET" in rule.methods for rule in rules)


def list_functions(cloud: Api, namespace: str) -> list[str]:
    """Return the names of all functions of a namespace."""
    names: list[str] = []
    for _ in range(_MAX_PAGES):
        answer = cloud.scf("ListFunctions", Namespace=namespace, Offset=len(names), Limit=_PAGE)
        page = parse(FunctionsResponse, answer, call="SCF ListFunctions")
        names += [function.name for function in page.functions]
        if len(names) >= page.total or not page.functions:
            break
    return names


def list_triggers(cloud: Api, *, name: str, namespace: str) -> list[TriggerResponse]:
    """Return all triggers of a function, of whatever kind."""
    triggers: list[TriggerResponse] = []
    for _ in range(_MAX_PAGES):
        answer = cloud.scf("ListTriggers", FunctionName=name, Namespace=namespace, Offset=len(triggers), Limit=_PAGE)
        page = parse(TriggersResponse, answer, call="SCF ListTriggers")
        triggers += page.triggers
        if len(triggers) >= page.total or not page.triggers:
            break
    return triggers


def cos_triggers(triggers: list[TriggerResponse]) -> tuple[CosTrigger, ...]:
    """Return those of a function's triggers that are COS triggers."""
    return tuple(read_trigger(trigger) for trigger in triggers if trigger.type == "cos")


def read_trigger(trigger: TriggerResponse) -> CosTrigger:
    """Return a COS trigger as the API gives it.

    The bucket's host stands in `bucketUrl` of the description; the trigger's name is that host or a generated one,
    the documents do not say which.
    """
    try:
        described = (
            TriggerDescription.model_validate_json(trigger.description)
            if isinstance(trigger.description, str)
            else TriggerDescription.model_validate(trigger.description)
        )
    except ValidationError:
        message = f"TriggerDesc of {trigger.name!r} is not the description of a COS trigger"
        raise explain("SCF", "ListTriggers", code="StrangeAnswer", message=message) from None
    match = _HOST.fullmatch(described.bucket_url) or _HOST.fullmatch(trigger.name)
    return CosTrigger(
        host=match["host"] if match else trigger.name,
        bucket=match["bucket"] if match else trigger.name.partition(".cos.")[0],
        event=described.event,
        prefix=described.filter.prefix,
        suffix=described.filter.suffix,
        enabled=trigger.enable in {1, "1", "OPEN"},
        qualifier=trigger.qualifier,
        listed_name=trigger.name if match and trigger.name != match["host"] else "",
    )


def read_last_invocations(cloud: Api, *, name: str, namespace: str) -> tuple[LogEntry, ...] | None:
    """Return the last invocations, the newest first; None where the API cannot read the log, as with some accounts."""
    try:
        answer = cloud.scf(
            "GetFunctionLogs", FunctionName=name, Namespace=namespace, Limit=_LAST_INVOCATIONS, Order="desc"
        )
        return parse(LogsResponse, answer, call="SCF GetFunctionLogs").entries
    except CloudError:
        return None


def other_cos_triggers(cloud: Api, *, name: str, namespace: str) -> list[tuple[str, CosTrigger]]:
    """Return the COS triggers of all functions but the named one, each with its function's name."""
    return [
        (other, trigger)
        for other in list_functions(cloud, namespace)
        if other != name
        for trigger in cos_triggers(list_triggers(cloud, name=other, namespace=namespace))
    ]
