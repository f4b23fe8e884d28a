"""An upload event -> Video | Skipped | BadEvent, one a record. It knows no cloud and no picture.

Of output keys it knows one thing: whether a key lies under the output prefix. Wire spelling stays in here.
Source: SCF's COS trigger document (583/9707) and the handlers of Tencent's own demo repositories, read 2026-11-22.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import SplitResult, unquote, urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from snapshot.errors import BadEvent

CREATED = "cos:ObjectCreated:"
MADE_HERE = "x-cos-meta-snapshot-source-etag"
FULL_REGION = re.compile(r"[a-z]{2,}(-[a-z0-9]+)+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Video:
    """An object to take pictures of.

    `bucket` is the full name with appid. `other_key` is the second reading of the key where the event allows two: the
    one to try when there is no object at `key`. `region` is a full name such as ap-guangzhou, or None where the event
    has none.
    """

    bucket: str
    key: str
    other_key: str | None = None
    region: str | None = None


@dataclass(frozen=True, slots=True)
class Skipped:
    """A record that asks for nothing, and why."""

    key: str
    reason: str


@dataclass(frozen=True, slots=True)
class Sources:
    """Which keys are sources: under `input_prefix`, ending in one of `extensions`, not under `output_prefix`."""

    input_prefix: str
    output_prefix: str
    extensions: Sequence[str]

    def refuse(self, key: str) -> str:
        """Give why this key is no source; empty where it is one."""
        if key.endswith("/"):
            return "a folder"
        if key.startswith(self.output_prefix):
            return f"under the output prefix {self.output_prefix}"
        if not key.startswith(self.input_prefix):
            return f"not under the input prefix {self.input_prefix}"
        name, dot, extension = key.rpartition("/")[2].rpartition(".")
        if not (name and dot) or extension.lower() not in self.extensions:
            return "not a video by its extension; SNAPSHOT_EXTENSIONS says which are"
        return ""


def read_event(event: object, sources: Sources) -> tuple[Video | Skipped | BadEvent, ...]:
    """Give one outcome a record, in the event's order; a record that cannot be understood is a BadEvent among them.

    Takes a COS trigger's event (`Records`) and a CI workflow node's (`ObjectInfo`).

    Raises:
        BadEvent: the event as a whole is neither.
    """
    if not isinstance(event, dict):
        raise BadEvent(f"the event is of type {type(event).__name__}; accepted: an object with Records or ObjectInfo")
    if "Records" in event:
        records = event["Records"]
        if not isinstance(records, list) or not records:
            raise BadEvent("Records is not a list with records in it; a COS trigger sends at least one")
        return tuple(_guarded(_read_record, record, place, sources) for place, record in enumerate(records))
    if "ObjectInfo" in event or "Upstream" in event:
        return (_guarded(_read_workflow, event, 0, sources),)
    raise BadEvent(
        "the event has neither Records (a COS trigger) nor ObjectInfo (a CI workflow node); "
        f"it has {_names(event)}; check which trigger calls this function"
    )


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class _Bucket(_Wire):
    name: str = Field(min_length=1)
    appid: str = Field(min_length=1, coerce_numbers_to_str=True)
    s3_region: str | None = Field(default=None, alias="s3Region")
    cos_region: str | None = Field(default=None, alias="cosRegion")


class _Object(_Wire):
    key: str = ""
    url: str | None = None
    size_bytes: int | None = Field(default=None, alias="size")
    meta: dict[str, Any] | None = None


class _Cos(_Wire):
    stored: _Object = Field(alias="cosObject")
    bucket: _Bucket = Field(alias="cosBucket")


class _Happening(_Wire):
    name: str = Field(alias="eventName", min_length=1)


class _Record(_Wire):
    cos: _Cos
    event: _Happening


class _Place(_Wire):
    bucket: str = Field(alias="BucketId", min_length=1)
    region: str | None = Field(default=None, alias="Region")
    key: str = Field(alias="Object", min_length=1)


def _none_if_empty(value: object) -> object:
    return value or None


class _Workflow(_Wire):
    given: Annotated[_Place | None, BeforeValidator(_none_if_empty)] = Field(default=None, alias="ObjectInfo")
    upstream: Annotated[_Place | None, BeforeValidator(_none_if_empty)] = Field(default=None, alias="Upstream")


def _guarded(read: Any, record: object, place: int, sources: Sources) -> Video | Skipped | BadEvent:  # noqa: ANN401 - either reader
    try:
        outcome: Video | Skipped = read(record, sources)
    except ValidationError as error:
        where = ", ".join(".".join(str(part) for part in detail["loc"]) or "it" for detail in error.errors())
        return BadEvent(f"record {place} cannot be understood; missing or of the wrong type: {where}")
    except BadEvent as error:
        return BadEvent(f"record {place}: {error.message}", code=error.code, key=error.key)
    if isinstance(outcome, Video) and not _encodable(outcome.key):
        return BadEvent(f"record {place}: the key is not text that UTF-8 can carry")
    return outcome


def _read_record(data: object, sources: Sources) -> Video | Skipped:
    record = _Record.model_validate(data)
    stored, bucket = record.cos.stored, record.cos.bucket
    prefix = f"/{bucket.appid}/{bucket.name}/"
    if not record.event.name.startswith(CREATED):
        return Skipped(stored.key.removeprefix(prefix), f"the event is {record.event.name}, not a creation")
    key, other_key = _settle_key(stored, prefix)
    reason = sources.refuse(key)
    own = key.startswith(sources.output_prefix)  # whatever else the key may mean: this guards against a loop
    if reason and not own and other_key and not sources.refuse(other_key):
        key, other_key, reason = other_key, key, ""
    if not reason and MADE_HERE in {name.lower() for name in stored.meta or {}}:
        reason = f"made by this function: it carries {MADE_HERE}"
    if not reason and stored.size_bytes == 0:
        reason = "an object of zero bytes"
    if reason:
        return Skipped(key, reason)
    if other_key and (sources.refuse(other_key) or not _encodable(other_key)):
        other_key = None
    return Video(f"{bucket.name}-{bucket.appid}", key, other_key, _region(bucket, stored.url or ""))


def _settle_key(stored: _Object, prefix: str) -> tuple[str, str | None]:
    """Give the key and, where the event allows it, a second reading.

    Whether `key` is percent-encoded is documented nowhere; `url` is, so together they tell. A plus sign is a plus sign.
    """
    raw = stored.key.removeprefix(prefix) if stored.key.startswith(prefix) else ""
    url = _split(stored.url or "")
    by_url = _decoded(url.path[1:]) if url.netloc else ""
    if not raw and not by_url:
        raise BadEvent(
            f"no object key: cosObject.key does not begin with {prefix} and go on, and there is no usable cosObject.url"
        )
    if not raw or not by_url:
        only = raw or by_url
        decoded = _decoded(only)
        return only, decoded if raw and decoded not in ("", only) else None
    if by_url == raw:
        return raw, None
    return (by_url, raw) if _decoded(raw) == by_url else (raw, by_url)


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")


def _decoded(text: str) -> str:
    """Give the text without its percent-encoding; empty where it does not decode to UTF-8."""
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        return ""


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _region(bucket: _Bucket, url: str) -> str | None:
    host = re.fullmatch(
        r"[^.]+\.cos(?:-internal)?\.([^.]+)\.(?:myqcloud\.com|tencentcos\.cn)", _split(url).hostname or ""
    )
    for region in (bucket.s3_region, bucket.cos_region, host and host[1]):
        if region and FULL_REGION.fullmatch(region):
            return region
    return None


def _read_workflow(data: object, sources: Sources) -> Video | Skipped:
    workflow = _Workflow.model_validate(data)
    place = workflow.given or workflow.upstream
    if place is None:
        raise BadEvent("ObjectInfo and Upstream are both empty")
    reason = sources.refuse(place.key)
    if reason:
        return Skipped(place.key, reason)
    region = place.region if place.region and FULL_REGION.fullmatch(place.region) else None
    return Video(place.bucket, place.key, None, region)


def _names(event: dict[Any, Any]) -> str:
    names = sorted(name for name in event if isinstance(name, str) and re.fullmatch(r"\w{1,40}", name))
    return ", ".join(names[:10]) or "no name that could be shown"
