"""Environment variables -> one frozen Settings and one frozen Account. It knows neither the event nor the cloud.

Read at every invocation: role keys in the environment are temporary, and nothing says when a warm instance sees
new ones.
Source: SCF environment variables (INTL, development guide), API document GetSnapshot, both read 2026-11-22.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Annotated, Any, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from snapshot.errors import BadSettings
from snapshot.times import ACCEPTED as TIMES_ACCEPTED
from snapshot.times import TimePoint, parse_times

RECIPE_VERSION = 1  # one more whenever the same settings would make other pictures
MOST_PREFIX_BYTES = 200  # of the 850 that a key has
MOST_SHOWN = 40  # characters of a wrong value's shape
MOST_PIXELS = 4096  # "width, height: [0, 4096]"
MOST_PORT = 65535


@dataclass(frozen=True, slots=True)
class Size:
    """A thumbnail's box in pixels; a side of 0 follows the video's aspect, both 0 is the video's own size."""

    width_px: int
    height_px: int

    def __str__(self) -> str:
        return f"{self.width_px}x{self.height_px}"


def _sizes(text: str) -> tuple[Size, ...]:
    sizes = []
    for word in text.split(","):
        found = re.fullmatch(r"(\d{1,5})x(\d{1,5})", word.strip(), re.ASCII)
        if not found or max(int(found[1]), int(found[2])) > MOST_PIXELS:
            raise ValueError("not a list of WIDTHxHEIGHT")
        sizes.append(Size(int(found[1]), int(found[2])))
    return tuple(dict.fromkeys(sizes))


def _extensions(text: str) -> tuple[str, ...]:
    words = [word.strip().lower().removeprefix(".") for word in text.split(",")]
    if not all(re.fullmatch(r"[a-z0-9]{1,10}", word) for word in words):
        raise ValueError("not a list of extensions")
    return tuple(dict.fromkeys(words))


def _output_prefix(text: str) -> str:
    if not text.strip("/ ") or text.startswith("/") or len(text.encode()) > MOST_PREFIX_BYTES:
        raise ValueError("not a prefix")
    return text if text.endswith("/") else text + "/"


def _header_value(text: str) -> str:
    if not re.fullmatch(r"[\x21-\x7e]([\x20-\x7e]{0,198}[\x21-\x7e])?", text):
        raise ValueError("not a header value")
    return text


def _endpoint(text: str) -> str:
    found = re.fullmatch(r"http://(?:127\.0\.0\.1|localhost):(\d{1,5})", text, re.ASCII)
    if text and not (found and 0 < int(found[1]) <= MOST_PORT):
        raise ValueError("not an address of this machine")
    return text


class Settings(BaseModel):
    """What is made of a video, and where it goes. One setting a field, named by its variable."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    times: Annotated[tuple[TimePoint, ...], BeforeValidator(parse_times)] = Field(
        default=parse_times("1,25%,50%,75%"), alias="SNAPSHOT_TIMES", description=TIMES_ACCEPTED
    )
    sizes: Annotated[tuple[Size, ...], BeforeValidator(_sizes)] = Field(
        default=_sizes("0x0"),
        alias="SNAPSHOT_SIZES",
        description="WIDTHxHEIGHT, several with commas, each side 0 to 4096 (640x0 follows the aspect)",
    )
    format: Literal["jpg", "png", "webp", "avif"] = Field(
        default="jpg", alias="SNAPSHOT_FORMAT", description="jpg, png, webp or avif"
    )
    mode: Literal["exactframe", "keyframe"] = Field(
        default="exactframe", alias="SNAPSHOT_MODE", description="exactframe or keyframe"
    )
    rotate: Literal["auto", "off"] = Field(default="auto", alias="SNAPSHOT_ROTATE", description="auto or off")
    input_prefix: str = Field(
        default="", alias="SNAPSHOT_INPUT_PREFIX", description="the beginning of a key, such as videos/"
    )
    extensions: Annotated[tuple[str, ...], BeforeValidator(_extensions)] = Field(
        default=_extensions("avi,mp4,m4v,mkv,mov,webm,flv,ts,3gp"),
        alias="SNAPSHOT_EXTENSIONS",
        description="endings such as mp4,mov: letters and digits, several with commas",
    )
    output_prefix: Annotated[str, AfterValidator(_output_prefix)] = Field(
        default="thumbnails/",
        validate_default=True,  # against the input prefix
        alias="SNAPSHOT_OUTPUT_PREFIX",
        description="1 to 200 bytes, not beginning with /, never empty",
    )
    output_bucket: Annotated[str, Field(pattern=r"^([a-z0-9][a-z0-9-]{0,48}-\d{5,})?$")] = Field(
        default="",
        alias="SNAPSHOT_OUTPUT_BUCKET",
        description="a full name with appid, examplebucket-1250000000",
    )
    concurrency: Annotated[int, Field(ge=1, le=64)] = Field(
        default=8, alias="SNAPSHOT_CONCURRENCY", description="a whole number, 1 to 64"
    )
    max_calls: Annotated[int, Field(ge=2, le=10_000)] = Field(
        default=100,
        alias="SNAPSHOT_MAX_CALLS",
        description="a whole number, 2 to 10000 (the call for the length is one of them)",
    )
    cache_control: Annotated[str, AfterValidator(_header_value)] = Field(
        default="public, max-age=31536000, immutable",
        alias="SNAPSHOT_CACHE_CONTROL",
        description="a Cache-Control header of 1 to 200 ASCII characters, no blank at either end",
    )
    endpoint: Annotated[str, AfterValidator(_endpoint)] = Field(
        default="",
        alias="SNAPSHOT_ENDPOINT",
        description="unset, or an emulator on this machine: http://127.0.0.1:PORT",
    )

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> "Settings":
        """Give the settings that these variables say; a variable that is not there takes its default.

        Raises:
            BadSettings: names every wrong variable at once: the shape of its value and what is accepted.
        """
        settings, problems = _read(cls, environ)
        problems += _misspelt(environ)
        if settings is None or problems:
            raise BadSettings(problems)
        return settings

    @field_validator("output_prefix")
    @classmethod
    def _some_key_can_be_a_source(cls, output_prefix: str, info: ValidationInfo) -> str:
        if info.data.get("input_prefix", "").startswith(output_prefix):
            raise ValueError(
                "SNAPSHOT_INPUT_PREFIX lies under SNAPSHOT_OUTPUT_PREFIX, where nothing is ever a source; "
                "accepted: an input prefix outside the output prefix"
            )
        return output_prefix

    def recipe(self, times: tuple[TimePoint, ...]) -> str:
        """Give the SHA-256, 64 hex digits, of all that decides which pictures come out at these `times`."""
        parts = {
            "version": RECIPE_VERSION,
            "times": sorted(repr(point) for point in times),
            "sizes": [str(size) for size in self.sizes],
            "format": self.format,
            "mode": self.mode,
            "rotate": self.rotate,
            "max_calls": self.max_calls,
        }
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


class Account(BaseModel):
    """Where the function runs and with whose keys. The keys never show in a repr."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    region: Annotated[str, Field(pattern=r"^[a-z]+(-[a-z0-9]+)+$")] = Field(
        alias="TENCENTCLOUD_REGION", description="a region such as ap-guangzhou, set by SCF"
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


def read_environment(environ: Mapping[str, str]) -> tuple[Settings, Account]:
    """Give settings and account.

    Raises:
        BadSettings: names every wrong or missing variable of both at once.
    """
    settings, problems = _read(Settings, environ)
    problems += _misspelt(environ)
    account, more = _read(Account, environ)
    if settings is None or account is None or problems:
        raise BadSettings([*problems, *more])
    return settings, account


_Model = TypeVar("_Model", Settings, Account)


def _read(model: type[_Model], environ: Mapping[str, str]) -> tuple[_Model | None, list[str]]:
    by_variable = {str(field.alias): field for field in model.model_fields.values()}
    values = {name: environ[name] for name in by_variable if name in environ}
    try:
        return model.model_validate(values), []
    except ValidationError as error:
        details = error.errors(include_input=False, include_url=False)
        return None, [_problem(detail, by_variable, values) for detail in details]


def _misspelt(environ: Mapping[str, str]) -> list[str]:
    known = [str(field.alias) for field in Settings.model_fields.values()]
    problems = []
    for name in sorted(environ):
        if name.startswith("SNAPSHOT_") and name not in known:
            meant = get_close_matches(name, known, n=1, cutoff=0.8)
            problems.append(
                f"{name} is no setting" + (f"; {meant[0]} is" if meant else f"; accepted: {', '.join(known)}")
            )
    return problems


def _problem(detail: Any, by_variable: Mapping[str, Any], values: Mapping[str, str]) -> str:  # noqa: ANN401 - pydantic's own dictionary
    reason = str(detail["ctx"]["error"]) if detail["type"] == "value_error" else ""
    if reason.startswith("SNAPSHOT_"):  # about two variables, which it names
        return reason
    variable = str(detail["loc"][0])
    accepted = by_variable[variable].description
    if variable not in values:
        return f"{variable} is not set; it is {accepted}"
    if reason.startswith("time point"):
        accepted = reason if TIMES_ACCEPTED in reason else f"{reason}; accepted: {accepted}"
        return f"{variable} (shaped {_shape(values[variable])}): {accepted}"
    return f"{variable} (shaped {_shape(values[variable])}); accepted: {accepted}"


def _shape(value: str) -> str:
    """Give what a value looks like without giving it away: digits as 9, letters as a."""
    if not value:
        return "empty"
    shape = re.sub(r"[^\W\d_]", "a", re.sub(r"\d", "9", value[:MOST_SHOWN]))
    return repr(shape + ("…" if len(value) > MOST_SHOWN else ""))
