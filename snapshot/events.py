"""An event -> Upload | Removal | Skipped | BadEvent, one a record.

Takes the event of a COS trigger, the input of a CI workflow's function node, and a call by hand that names keys. The
spelling of the wire stays in here.
Sources: SCF's COS trigger document (583/9707) and the handlers of Tencent's own demo repositories, read 2026-11-22;
four captured events of 2020 to 2022, scfcli's samples and PutBucketNotification's document (436/8588), read 2026-11-25.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import SplitResult, unquote, urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from snapshot.errors import BadEvent
from snapshot.media import WRITTEN_EXTENSIONS
from snapshot.names import BUCKET, MAX_KEY_BYTES, is_of_account
from snapshot.spelling import show

MAX_RECORDS = 500
"""Records of one event, keys of one call by hand. An asynchronous event has 128 KB at most, about 190 records."""

_CREATED = "cos:ObjectCreated:"
_REMOVED = "cos:ObjectRemove:"
# An archived object can be read once its restore is completed. Restores may be delivered under the configured name, as
# the document's example is for creations, and then may be completed.
_RESTORED = ("cos:ObjectRestore:Completed", "cos:ObjectRestore:*")
_NO_EXTENSION = "not a file name with an extension in SNAPSHOT_EXTENSIONS"
_MAX_ADDRESS = 4096  # characters of a key or a url: 850 bytes percent-encoded are 2550, with scheme, host and prefix
_UNSUPPORTED = re.compile(
    r"[\x18-\x1b]"
)  # "CAN (24), EM (25), SUB (26), ESC (27)"; COS, object overview, read 2026-11-25
_FULL_REGION = re.compile(r"[a-z]{2,}(-[a-z0-9]+)+", re.ASCII)
_HOST = re.compile(r"[^.]+\.cos(?:-internal)?\.([^.]+)\.(?:myqcloud\.com|tencentcos\.cn)")


@dataclass(frozen=True, slots=True)
class Upload:
    """A source that was created, overwritten or restored.

    `bucket` is the full name with appid. `other_key` is the second reading of the key where the event allows two: the
    one to try when there is no object at `key`. `region` is a full name such as ap-guangzhou, or None where the event
    has none.
    """

    bucket: str
    key: str
    other_key: str | None = None
    region: str | None = None


@dataclass(frozen=True, slots=True)
class Removal:
    """A source that was deleted, or hidden by a delete marker; the fields are those of an Upload.

    `skip_reason` says why an object at this key would be skipped by the settings as they are now; empty where it would
    not. What was made of it by earlier settings goes all the same.
    """

    bucket: str
    key: str
    other_key: str | None = None
    region: str | None = None
    skip_reason: str = ""


@dataclass(frozen=True, slots=True)
class Skipped:
    """A record that asks for nothing, and the reason."""

    key: str
    reason: str


Record = Upload | Removal | Skipped | BadEvent


@dataclass(frozen=True, slots=True)
class Sources:
    """Which keys are sources: under `input_prefix`, ending in one of `extensions`, not under `output_prefix`.

    What ends in an extension that the function writes is never a source, so that no output can come back as input,
    also where a person copied it without its metadata.
    """

    input_prefix: str
    output_prefix: str
    extensions: Sequence[str]

    def skip_reason(self, key: str) -> str | None:
        """Return the reason for which this key is no source; None where it is one."""
        reason = self.never_reason(key)
        if reason:
            return reason
        if not key.startswith(self.input_prefix):
            return f"not under the input prefix {self.input_prefix}"
        if key.rpartition(".")[2].lower() not in self.extensions:
            return _NO_EXTENSION
        return None

    def never_reason(self, key: str) -> str | None:
        """Return the reason for which this key is no source whatever extensions and input prefix are set."""
        if key.endswith("/"):
            return "a folder"
        if self.is_output(key):
            return f"under the output prefix {self.output_prefix}"
        name, dot, extension = key.rpartition("/")[2].rpartition(".")
        if not (name and dot and extension):
            return _NO_EXTENSION
        if extension.lower() in WRITTEN_EXTENSIONS:
            return f"the function writes .{extension.lower()} files itself, and always skips them"
        return None

    def is_output(self, key: str) -> bool:
        """Tell whether the key lies where the function stores things."""
        return key.startswith(self.output_prefix)


def read_event(event: object, sources: Sources, *, appid: str | None = None, bucket: str = "") -> tuple[Record, ...]:
    """Return one outcome a record, in the event's order; a record that cannot be understood is a BadEvent among them.

    `appid` is the function's own account: buckets of another one are refused. `bucket` is the one that a call by hand
    means when it names none.

    Raises:
        BadEvent: the event as a whole is none that this function takes.
    """
    if not isinstance(event, dict):
        raise BadEvent(
            f"the event is of type {type(event).__name__}; accepted: an object with Records, ObjectInfo or keys"
        )
    reader = _Reader(sources, appid)
    if "Records" in event:
        records = _bounded(event["Records"], "Records", "a COS trigger sends at least one record")
        return tuple(_guarded(reader.read_record, record, f"record {place}") for place, record in enumerate(records))
    if "ObjectInfo" in event or "Upstream" in event:
        return (_guarded(reader.read_workflow, event, "record 0"),)
    if "keys" in event:
        keys = _bounded(event["keys"], "keys", 'a call by hand is {"bucket": "NAME-APPID", "keys": ["videos/a.mp4"]}')
        named = reader.check_bucket(_bucket_of_call(event.get("bucket"), bucket))
        return tuple(
            _guarded(lambda key: reader.read_key(named, key), key, f"key {place}") for place, key in enumerate(keys)
        )
    raise BadEvent(
        "the event has neither Records (a COS trigger) nor ObjectInfo (a CI workflow node) nor keys (a call by hand); "
        f"it has {_names(event)}; check which trigger calls this function"
    )


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


def _text_or_none(value: object) -> str | None:
    """Return the text of a field that an event can do without; what is no text counts as missing."""
    return value if isinstance(value, str) else None


_Unneeded = Annotated[str | None, BeforeValidator(_text_or_none)]


class _Bucket(_Wire):
    name: str = Field(min_length=1, max_length=64)
    appid: str = Field(min_length=1, max_length=20, coerce_numbers_to_str=True)
    s3_region: _Unneeded = Field(default=None, alias="s3Region", max_length=64)
    cos_region: _Unneeded = Field(default=None, alias="cosRegion", max_length=64)


def _check_length(text: str) -> str:
    if len(text) > _MAX_ADDRESS:
        raise ValueError("too long")
    return text


_Address = Annotated[str, AfterValidator(_check_length)]  # max_length would refuse text that UTF-8 cannot carry


class _Object(_Wire):
    key: Annotated[_Address | None, BeforeValidator(_text_or_none)] = None
    url: Annotated[_Address | None, BeforeValidator(_text_or_none)] = None


class _Cos(_Wire):
    stored: _Object = Field(alias="cosObject")
    bucket: _Bucket = Field(alias="cosBucket")


class _Notification(_Wire):
    name: str = Field(alias="eventName", min_length=1, max_length=100)


class _Record(_Wire):
    cos: _Cos
    event: _Notification


class _Location(_Wire):
    bucket: str = Field(alias="BucketId", min_length=1, max_length=128)
    region: str | None = Field(default=None, alias="Region", max_length=64)
    key: _Address = Field(alias="Object", min_length=1)


_Optional = Annotated[_Location | None, BeforeValidator(lambda value: value or None)]


class _Workflow(_Wire):
    object_info: _Optional = Field(default=None, alias="ObjectInfo")
    upstream: _Optional = Field(default=None, alias="Upstream")


class _Reader:
    """Reads single records against the same sources and the same account."""

    def __init__(self, sources: Sources, appid: str | None) -> None:
        self._sources = sources
        self._appid = appid

    def read_record(self, data: object) -> Record:
        """Return the outcome of one record of a COS trigger."""
        record = _Record.model_validate(data)
        stored, wire_bucket = record.cos.stored, record.cos.bucket
        name = "".join(record.event.name.split())  # scfcli's samples have `cos: ObjectRemove:Delete`
        is_removal = name.startswith(_REMOVED)
        if not is_removal and not name.startswith(_CREATED) and name not in _RESTORED:
            reason = f"the event is {show(name)}; accepted: an object was created, restored or removed"
            return Skipped(_show_key(stored.key or ""), reason)
        bucket = self.check_bucket(f"{wire_bucket.name}-{wire_bucket.appid}")
        region = _region(wire_bucket, stored.url or "")
        readings = _readings(stored, f"/{wire_bucket.appid}/{wire_bucket.name}/")
        skip_reason = self._sources.never_reason if is_removal else self._sources.skip_reason
        keys = self._source_keys(readings, skip_reason)
        if isinstance(keys, Skipped):
            return keys
        if is_removal:
            reasons = [self._sources.skip_reason(key) for key in keys if key is not None]
            return Removal(bucket, *keys, region, "" if None in reasons else reasons[0] or "")
        return Upload(bucket, *keys, region)

    def read_workflow(self, data: object) -> Record:
        """Return the outcome of a workflow's one object."""
        workflow = _Workflow.model_validate(data)
        location = workflow.object_info or workflow.upstream
        if location is None:
            raise BadEvent("ObjectInfo and Upstream are both empty")
        region = location.region if location.region and _FULL_REGION.fullmatch(location.region) else None
        outcome = self.read_key(self.check_bucket(location.bucket), location.key)
        return Upload(outcome.bucket, outcome.key, None, region) if isinstance(outcome, Upload) else outcome

    def read_key(self, bucket: str, key: object) -> Upload | Skipped:
        """Return the outcome of a key that is written as it is stored."""
        if not isinstance(key, str) or not key:
            raise BadEvent("a key is text of 1 to 850 bytes")
        keys = self._source_keys([key], self._sources.skip_reason)
        return keys if isinstance(keys, Skipped) else Upload(bucket, *keys)

    def check_bucket(self, bucket: str) -> str:
        """Return the full name of a bucket of the function's own account.

        Raises:
            BadEvent: COS gives no such name, or the bucket is another account's.
        """
        if not BUCKET.fullmatch(bucket):
            raise BadEvent(f"the bucket {show(bucket)} does not have the form NAME-APPID", code="BadBucket")
        if self._appid and not is_of_account(bucket, self._appid):
            raise BadEvent(
                f"the bucket {bucket} belongs to another account; this function's is {self._appid}", code="OtherAccount"
            )
        return bucket

    def _source_keys(
        self, readings: Iterable[str], skip_reason: Callable[[str], str | None]
    ) -> tuple[str, str | None] | Skipped:
        """Return the readings of a key that are not skipped, the likeliest first; or the reason for which each is."""
        candidates = _possible_keys(readings)
        likeliest = candidates[0]
        source_keys = [key for key in candidates if skip_reason(key) is None]
        if self._sources.is_output(likeliest) or not source_keys:
            return Skipped(likeliest, skip_reason(likeliest) or "")
        return source_keys[0], source_keys[1] if len(source_keys) > 1 else None


def _bounded(records: object, name: str, hint: str) -> list[object]:
    if not isinstance(records, list) or not records:
        raise BadEvent(f"{name} is empty or not a list; {hint}")
    if len(records) > MAX_RECORDS:
        raise BadEvent(f"{name} has {len(records)} entries, more than {MAX_RECORDS}; split it", code="EventTooLarge")
    return records


def _guarded(read: Callable[[object], Record], data: object, place: str) -> Record:
    try:
        return read(data)
    except ValidationError as error:
        details = error.errors(include_input=False, include_url=False, include_context=False)
        fields = ", ".join(".".join(str(part) for part in detail["loc"]) or "it" for detail in details)
        return BadEvent(f"{place} cannot be understood; missing, too long or of the wrong type: {fields}")
    except BadEvent as error:
        return BadEvent(f"{place}: {error.message}", code=error.code, key=error.key)


def _bucket_of_call(named: object, default: str) -> str:
    bucket = default if named is None else named
    if not isinstance(bucket, str) or not bucket:
        raise BadEvent('the call names no bucket: add "bucket": "NAME-APPID", or set SNAPSHOT_INPUT_BUCKET')
    return bucket


def _readings(stored: _Object, prefix: str) -> list[str]:
    """Return the keys that the event can mean, the likeliest first.

    `key` came raw in captured events and percent-encoded in older handlers; `url` is always percent-encoded, so that
    together they tell. A plus sign is a plus sign.
    """
    key = stored.key or ""
    raw = key.removeprefix(prefix) if key.startswith(prefix) else ""
    url = _split(stored.url or "")
    by_url = _decoded(url.path[1:]) if url.netloc else ""
    if not raw and not by_url:
        raise BadEvent(
            f"no object key: cosObject.key does not begin with {prefix} and go on, and there is no usable cosObject.url"
        )
    if not by_url:
        return [raw, _decoded(raw)]
    return [by_url, raw] if _decoded(raw) == by_url else [raw, by_url]


def _possible_keys(readings: Iterable[str]) -> list[str]:
    """Return those readings, each once, that an object can have as its key.

    Raises:
        BadEvent: none of them can be one.
    """
    problem = BadEvent("no object key")
    possible = []
    for key in dict.fromkeys(key for key in readings if key):
        try:
            size_bytes = len(key.encode())
        except UnicodeEncodeError:
            problem = BadEvent("the key cannot be written in UTF-8")
            continue
        if size_bytes > MAX_KEY_BYTES:
            message = f"the key has {size_bytes} bytes; COS takes at most {MAX_KEY_BYTES}"
            problem = BadEvent(message, code="KeyTooLong", key=_show_key(key))
            continue
        if _UNSUPPORTED.search(key):
            problem = BadEvent("the key holds control characters that COS does not take", key=_show_key(key))
            continue
        possible.append(key)
    if not possible:
        raise problem
    return possible


def _show_key(key: str) -> str:
    """Return a key that is only reported, bounded and as text that UTF-8 can carry."""
    return key[:MAX_KEY_BYTES].encode(errors="replace").decode()


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")


def _decoded(text: str) -> str:
    """Return the text without its percent-encoding; empty where it does not decode to UTF-8."""
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        return ""


def _region(bucket: _Bucket, url: str) -> str | None:
    host = _HOST.fullmatch(_split(url).hostname or "")
    for region in (bucket.s3_region, bucket.cos_region, host and host[1]):
        if region and _FULL_REGION.fullmatch(region):
            return region
    return None


def _names(event: dict[Any, Any]) -> str:
    names = sorted(name for name in event if isinstance(name, str) and re.fullmatch(r"\w{1,40}", name))
    return ", ".join(names[:10]) or "no name that could be shown"
