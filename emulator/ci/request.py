"""The query of a GetSnapshot call -> SnapshotRequest, or the Refusal that names the parameter.

It knows the parameters' types, ranges and defaults; it must not know films, pictures, or who signed the call.
Parameters that the document does not name (a signature's, a token's) are none of its business and pass.
Source: "Video Frame Capture Synchronization Request", request parameters; the range of width and height:
Cloud Infinite's parameter table for the same call. Both read 2026-11-22.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, NoReturn, cast

from emulator.refusal import Refusal

MAX_SIDE_PX = 4096
SECONDS = re.compile(r"[0-9]{1,12}(\.[0-9]{1,12})?", re.ASCII)
WHOLE = re.compile(r"[0-9]{1,12}", re.ASCII)
PARAMETERS = ("ci-process", "time", "width", "height", "format", "rotate", "mode")

Format = Literal["jpg", "png"]
Rotate = Literal["auto", "off"]
Mode = Literal["keyframe", "exactframe"]


@dataclass(frozen=True, slots=True)
class SnapshotRequest:
    """What a call asks for. `time_s` is exact and counts from the first frame; a side of 0 follows the film."""

    time_s: Fraction
    width_px: int = 0
    height_px: int = 0
    format: Format = "jpg"
    rotate: Rotate = "auto"
    mode: Mode = "exactframe"


def parse_snapshot(query: Sequence[tuple[str, str]]) -> SnapshotRequest:
    """Give what the decoded query asks for, in the order it was sent.

    Raises: Refusal (400 InvalidArgument, CI's dialect) that names the first parameter that is wrong.
    """
    given: dict[str, str] = {}
    for name, value in query:
        if name in PARAMETERS:
            if name in given:
                refuse(name, "is given more than once")
            given[name] = value
    # "Operation type, fixed usage snapshot", required
    if "ci-process" not in given:
        refuse("ci-process", "is missing; it has to be snapshot")
    choose(given, "ci-process", ("snapshot",))
    return SnapshotRequest(
        time_s=seconds(given),
        width_px=side(given, "width"),
        height_px=side(given, "height"),
        # "Supports jpg and png. Default is jpg."
        format=cast("Format", choose(given, "format", ("jpg", "png"))),
        # "default value is auto"
        rotate=cast("Rotate", choose(given, "rotate", ("auto", "off"))),
        # "default value is exactframe"
        mode=cast("Mode", choose(given, "mode", ("exactframe", "keyframe"))),
    )


def seconds(given: dict[str, str]) -> Fraction:
    """Read "Screenshot time point, in seconds; float; Required: Yes", as plain decimals only."""
    if "time" not in given:
        refuse("time", "is missing; it has to be a number of seconds")
    if not SECONDS.fullmatch(given["time"]):
        refuse("time", "has to be a number of seconds, 0 or more, written like 1 or 1.5")
    return Fraction(given["time"])


def side(given: dict[str, str], name: str) -> int:
    """Read "Width (height) of the screenshot. Defaults to 0."; the range is [0, 4096]."""
    text = given.get(name, "0")
    if not WHOLE.fullmatch(text) or int(text) > MAX_SIDE_PX:
        refuse(name, f"has to be a whole number from 0 to {MAX_SIDE_PX}")
    return int(text)


def choose(given: dict[str, str], name: str, choices: tuple[str, ...]) -> str:
    """Give the choice that was made, or the first where none was."""
    value = given.get(name, choices[0])
    if value not in choices:
        refuse(name, f"has to be {' or '.join(choices)}")
    return value


def refuse(name: str, what: str) -> NoReturn:
    """Refuse the call for one parameter; the value is not repeated, it may be anything."""
    raise Refusal(400, "InvalidArgument", f"The parameter {name} {what}.", "ci")
