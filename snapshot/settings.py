"""Environment variables -> one frozen Settings and one frozen Account, or a sentence for each wrong variable.

Both are read at every invocation: the credentials of a run role are temporary, and nothing says when a warm instance
gets new ones.
Source: SCF environment variables (INTL, development guide), API document GetSnapshot, both read 2026-11-22; the
runtime's bootstrap, which splits `K=V;K=V`, read 2026-11-25.
"""

import re
from collections.abc import Callable, Mapping
from difflib import SequenceMatcher, get_close_matches
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

from snapshot.cache_control import ACCEPTED as CACHE_CONTROL_ACCEPTED
from snapshot.cache_control import parse_cache_control
from snapshot.errors import BadSettings
from snapshot.fields import (
    METADATA,
    POSTER_ACCEPTED,
    Metadata,
    Poster,
    Storyboard,
    parse_choice,
    parse_endpoint,
    parse_extensions,
    parse_formats,
    parse_metadata,
    parse_poster,
    parse_public_url,
    parse_quality,
    parse_sizes,
    parse_storyboard,
    parse_whole_number,
)
from snapshot.media import Size
from snapshot.names import is_of_account, parse_bucket, parse_input_prefix, parse_output_prefix
from snapshot.spelling import explain, show
from snapshot.times import ACCEPTED, TimePoint, parse_times

_Parsed = TypeVar("_Parsed")
_APPID = "appid"  # of the validation's context


def _from_text(parse: Callable[[str], _Parsed]) -> BeforeValidator:
    """Make a validator that parses text and leaves a value that was parsed before as it is."""
    return BeforeValidator(lambda value: parse(value) if isinstance(value, str) else value)


def _choice(*words: str) -> BeforeValidator:
    return _from_text(lambda text: parse_choice(text, words))


def _whole_number(minimum: int, maximum: int, *, even: bool = False) -> BeforeValidator:
    return _from_text(lambda text: parse_whole_number(text, minimum, maximum, even=even))


class Settings(BaseModel):
    """The settings of the function: how pictures are made and stored. One setting a field, named by its variable."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    times: Annotated[tuple[TimePoint, ...], _from_text(parse_times)] = Field(
        default=parse_times("1,25%,50%,75%"), alias="SNAPSHOT_TIMES", description=ACCEPTED
    )
    sizes: Annotated[tuple[Size, ...], _from_text(parse_sizes)] = Field(
        default=parse_sizes("0x0"),
        alias="SNAPSHOT_SIZES",
        description="WIDTHxHEIGHT, several with commas, each side 0 to 4096 (640x0 keeps the shape)",
    )
    fit: Annotated[Literal["contain", "cover"], _choice("contain", "cover")] = Field(
        default="contain", alias="SNAPSHOT_FIT", description="contain or cover"
    )
    formats: Annotated[tuple[Literal["jpg", "png", "webp", "avif"], ...], _from_text(parse_formats)] = Field(
        default=("jpg",), alias="SNAPSHOT_FORMAT", description="jpg, png, webp or avif, several with commas"
    )
    quality: Annotated[int | None, _from_text(parse_quality)] = Field(
        default=None, alias="SNAPSHOT_QUALITY", description="a whole number, 1 to 100, or unset: each format's own"
    )
    mode: Annotated[Literal["exactframe", "keyframe"], _choice("exactframe", "keyframe")] = Field(
        default="exactframe", alias="SNAPSHOT_MODE", description="exactframe or keyframe"
    )
    rotate: Annotated[Literal["auto", "off"], _choice("auto", "off")] = Field(
        default="auto", alias="SNAPSHOT_ROTATE", description="auto or off"
    )
    poster: Annotated[Poster, _from_text(parse_poster)] = Field(
        default="best",
        alias="SNAPSHOT_POSTER",
        description=POSTER_ACCEPTED,
    )
    poster_candidates: Annotated[int, _whole_number(0, 30)] = Field(
        default=6, alias="SNAPSHOT_POSTER_CANDIDATES", description="a whole number, 0 to 30"
    )
    storyboard: Annotated[Storyboard, _from_text(parse_storyboard)] = Field(
        default="off",
        alias="SNAPSHOT_STORYBOARD",
        description="off, auto, every:5 (whole seconds between tiles) or 50x (so many tiles)",
    )
    storyboard_tile_px: Annotated[int, _whole_number(64, 320, even=True)] = Field(
        default=160, alias="SNAPSHOT_STORYBOARD_TILE", description="an even number, 64 to 320: a tile's longer side"
    )
    preview: Annotated[Literal["off", "webp", "avif"], _choice("off", "webp", "avif")] = Field(
        default="off", alias="SNAPSHOT_PREVIEW", description="off, webp or avif"
    )
    preview_bytes: Annotated[int, _whole_number(10_000, 5_000_000)] = Field(
        default=100_000, alias="SNAPSHOT_PREVIEW_BYTES", description="a whole number, 10000 to 5000000"
    )
    metadata: Annotated[frozenset[Metadata], _from_text(parse_metadata)] = Field(
        default=frozenset(METADATA),
        alias="SNAPSHOT_METADATA",
        description="times, poster, times,poster or off",
    )
    input_bucket: Annotated[str, _from_text(parse_bucket)] = Field(
        default="",
        alias="SNAPSHOT_INPUT_BUCKET",
        description="a full name with appid, examplebucket-1250000000",
    )
    input_prefix: Annotated[str, _from_text(parse_input_prefix)] = Field(
        default="", alias="SNAPSHOT_INPUT_PREFIX", description="the beginning of a key, such as videos/"
    )
    extensions: Annotated[tuple[str, ...], _from_text(parse_extensions)] = Field(
        default=parse_extensions("avi,mp4,m4v,mkv,mov,webm,flv,ts,mts,m2ts,3gp"),
        alias="SNAPSHOT_EXTENSIONS",
        description="endings such as mp4,mov: letters and digits, several with commas",
    )
    output_prefix: Annotated[str, _from_text(parse_output_prefix)] = Field(
        default="thumbnails/",
        validate_default=True,  # against the input prefix
        alias="SNAPSHOT_OUTPUT_PREFIX",
        description="1 to 200 bytes such as thumbnails/, not beginning with /, never empty",
    )
    output_bucket: Annotated[str, _from_text(parse_bucket)] = Field(
        default="",
        alias="SNAPSHOT_OUTPUT_BUCKET",
        description="a full name with appid, examplebucket-1250000000",
    )
    public_url: Annotated[str, _from_text(parse_public_url)] = Field(
        default="",
        alias="SNAPSHOT_PUBLIC_URL",
        description="unset, or the address under which the output bucket is read, https://media.example.com",
    )
    on_replace: Annotated[Literal["remove", "keep"], _choice("remove", "keep")] = Field(
        default="remove", alias="SNAPSHOT_ON_REPLACE", description="remove or keep"
    )
    on_delete: Annotated[Literal["remove", "keep"], _choice("remove", "keep")] = Field(
        default="remove", alias="SNAPSHOT_ON_DELETE", description="remove or keep"
    )
    concurrency: Annotated[int, _whole_number(1, 64)] = Field(
        default=8, alias="SNAPSHOT_CONCURRENCY", description="a whole number, 1 to 64"
    )
    max_calls: Annotated[int, _whole_number(2, 10_000)] = Field(
        default=100,
        alias="SNAPSHOT_MAX_CALLS",
        description="a whole number, 2 to 10000 (the call for the length is one of them)",
    )
    cache_control: Annotated[str, _from_text(parse_cache_control)] = Field(
        default="public, max-age=31536000, immutable",
        alias="SNAPSHOT_CACHE_CONTROL",
        description=CACHE_CONTROL_ACCEPTED,
    )
    endpoint: Annotated[str, _from_text(parse_endpoint)] = Field(
        default="",
        alias="SNAPSHOT_ENDPOINT",
        description="unset, or an emulator on this machine: http://127.0.0.1:PORT",
    )

    @classmethod
    def from_environment(cls, environ: Mapping[str, str], *, appid: str = "") -> "Settings":
        """Return the settings that these variables give; a variable that is not there takes its default.

        `appid` is the function's own account where it is known: buckets of another one are refused.

        Raises:
            BadSettings: names every wrong variable at once: its value, the reason, and what is accepted.
        """
        settings, problems = _read(cls, environ, appid)
        problems += _misspelt(environ)
        if settings is None or problems:
            raise BadSettings(problems)
        return settings

    @property
    def format(self) -> str:
        """Return the first of the formats, which is the poster's."""
        return self.formats[0]

    @field_validator("input_bucket", "output_bucket")
    @classmethod
    def _is_of_the_own_account(cls, bucket: str, info: ValidationInfo) -> str:
        appid = (info.context or {}).get(_APPID, "")
        if bucket and appid and not is_of_account(bucket, appid):
            raise ValueError(f"it belongs to another account; this function's is {appid}")
        return bucket

    @field_validator("output_prefix")
    @classmethod
    def _some_key_can_be_a_source(cls, output_prefix: str, info: ValidationInfo) -> str:
        if info.data.get("input_prefix", "").startswith(output_prefix):
            raise PydanticCustomError(
                "prefixes_leave_no_source",
                "SNAPSHOT_INPUT_PREFIX lies under SNAPSHOT_OUTPUT_PREFIX, where nothing is ever a source; "
                "accepted: an input prefix outside the output prefix",
            )
        return output_prefix


class Account(BaseModel):
    """The region, the account and the credentials of the function. Credentials never show in a repr."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    region: Annotated[str, Field(pattern=r"^[a-z]+(-[a-z0-9]+)+$")] = Field(
        alias="TENCENTCLOUD_REGION", description="a region such as ap-guangzhou, set by SCF"
    )
    appid: Annotated[str, Field(pattern=r"^(\d{5,20})?$")] = Field(
        default="", alias="TENCENTCLOUD_APPID", description="the number of the account, set by SCF"
    )
    secret_id: Annotated[SecretStr, Field(min_length=1)] = Field(
        alias="TENCENTCLOUD_SECRETID", description="set by SCF where the function has a run role"
    )
    secret_key: Annotated[SecretStr, Field(min_length=1)] = Field(
        alias="TENCENTCLOUD_SECRETKEY", description="set by SCF where the function has a run role"
    )
    token: SecretStr = Field(
        default=SecretStr(""), alias="TENCENTCLOUD_SESSIONTOKEN", description="set by SCF with a run role"
    )


def read_environment(environ: Mapping[str, str], *, appid: str = "") -> tuple[Settings, Account]:
    """Return settings and account. `appid` is the account's number where the environment has none.

    Raises:
        BadSettings: names every wrong or missing variable of both at once.
    """
    account, account_problems = _read(Account, environ)
    settings, problems = _read(Settings, environ, (account and account.appid) or appid)
    problems += _misspelt(environ)
    if settings is None or account is None or problems:
        raise BadSettings([*problems, *account_problems])
    return settings, account


_Model = TypeVar("_Model", Settings, Account)


def _read(model: type[_Model], environ: Mapping[str, str], appid: str = "") -> tuple[_Model | None, list[str]]:
    fields = {str(field.alias): field for field in model.model_fields.values()}
    values = {name: environ[name] for name in fields if name in environ}
    try:
        return model.model_validate(values, context={_APPID: appid}), []
    except ValidationError as error:
        secrets = _secrets(environ)
        details = error.errors(include_input=False, include_url=False)
        return None, [_problem(detail, fields, values, secrets) for detail in details]


def _secrets(environ: Mapping[str, str]) -> list[str]:
    secret = [str(field.alias) for field in Account.model_fields.values() if field.annotation is SecretStr]
    return [environ[name] for name in secret if environ.get(name)]


def _problem(
    detail: Any,  # noqa: ANN401  # pydantic's own dictionary
    fields: Mapping[str, Any],
    values: Mapping[str, str],
    secrets: list[str],
) -> str:
    if detail["type"] == "prefixes_leave_no_source":
        return str(detail["msg"])
    variable = str(detail["loc"][0])
    accepted = str(fields[variable].description)
    if variable not in values:
        return f"{variable} is not set; it is {accepted}"
    value = values[variable]
    if any(secret in value for secret in secrets):
        return f"{variable} holds one of the credentials; accepted: {accepted}"
    if fields[variable].annotation is SecretStr:
        return f"{variable} is empty; it is {accepted}"
    reason = str(detail["ctx"]["error"]) if detail["type"] == "value_error" else ""
    return explain(variable, value, reason, accepted)


_PREFIX = "SNAPSHOT"
_MIN_LIKENESS = 0.7  # of the part after SNAPSHOT: TIME for TIMES 0.89, ROTATION for ROTATE 0.71, SIDE for SIZES 0.67
_SURE_LIKENESS = 0.8  # below, SNAPSHOT_PREFIX may be the one of the input or of the output
_MIN_PART = 3  # letters: SNAPSHOT_URL
_MIN_WHOLE_LIKENESS = 0.88  # of the whole name, where SNAPSHOT itself is misspelt
_MIN_COMMON = 5  # of the seven letters of SNAPSHOT, among the first ten: most variables of others are not compared


def _misspelt(environ: Mapping[str, str]) -> list[str]:
    known = {str(field.alias) for field in Settings.model_fields.values()}
    problems = []
    for name in sorted(environ.keys() - known):
        near = _nearest(_letters(name))
        if near:
            problems.append(f"{show(name)[1:-1]} is no setting; {' or '.join(near)} is")
        elif name.startswith(f"{_PREFIX}_"):
            problems.append(f"{show(name)[1:-1]} is no setting; accepted: {', '.join(sorted(known))}")
    return problems


def _nearest(letters: str) -> list[str]:
    """Return the settings that a name written with these letters can mean, best first."""
    if len(set(_PREFIX).intersection(letters[:10])) < _MIN_COMMON:
        return []
    known = {str(field.alias): _letters(str(field.alias)) for field in Settings.model_fields.values()}
    if not letters.startswith(_PREFIX):
        matches = get_close_matches(letters, known.values(), n=1, cutoff=_MIN_WHOLE_LIKENESS)
        return [name for name, spelt in known.items() if spelt in matches]
    rest = letters.removeprefix(_PREFIX)
    parts = {name: spelt.removeprefix(_PREFIX) for name, spelt in known.items()}
    likeness = {name: SequenceMatcher(None, rest, part).ratio() for name, part in parts.items()}
    best = max(likeness, key=lambda name: likeness[name])
    if likeness[best] >= _SURE_LIKENESS:
        return [best]
    holding = [name for name, part in parts.items() if len(rest) >= _MIN_PART and rest in part]
    return holding or ([best] if likeness[best] >= _MIN_LIKENESS else [])


def _letters(name: str) -> str:
    return re.sub(r"[^A-Z0-9]", "", name.upper())
