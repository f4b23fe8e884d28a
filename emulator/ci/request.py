"""The query of a GetSnapshot call -> SnapshotRequest, or the error that names the parameter.

Parameters that the document does not name (a signature's, a token's) pass.
Source: "Video Frame Capture Synchronization Request", request parameters; the range of width and height:
Cloud Infinite's parameter table for the same call. Both read 2026-11-22.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, NoReturn, TypeAlias, cast

from emulator.errors import ServiceError

MAX_SIDE_PX = 4096
SECONDS = re.compile(r"[0-9]{1,12}(\.[0-9]{1,40})?", re.ASCII)  # a double is written with up to 17 digits
WHOLE_NUMBER = re.compile(r"[0-9]{1,12}", re.ASCII)
PARAMETERS = ("ci-process", "time", "width", "height", "format", "rotate", "mode")

Format = Literal["jpg", "png"]
Rotate = Literal["auto", "off"]
Mode = Literal["keyframe", "exactframe"]
MediaInfoForm: TypeAlias = Literal["full", "format only", "whole seconds", "late start"]
"""How much an answer holds: all fields; Format with Duration, NumStream and Size alone; a Duration in whole seconds; a
StartTime of 0.32 in two decimals. Answers of the cloud have been seen in each form."""


@dataclass(frozen=True, slots=True)
class SnapshotRequest:
    """The parameters of a call. `time_s` is exact and counts from the first frame; a side of 0 follows the film."""

    time_s: Fraction
    width_px: int = 0
    height_px: int = 0
    format: Format = "jpg"
    rotate: Rotate = "auto"
    mode: Mode = "exactframe"


def parse_snapshot(query: Sequence[tuple[str, str]]) -> SnapshotRequest:
    """Return the request in a decoded query, whose pairs stand in the order they were sent.

    Raises:
        ServiceError: 400 InvalidArgument, with the name of the first parameter that is wrong.
    """
    parameters: dict[str, str] = {}
    for name, value in query:
        if name in PARAMETERS:
            if name in parameters:
                refuse(name, "is given more than once")
            parameters[name] = value
    # "Operation type, fixed usage snapshot", required
    if "ci-process" not in parameters:
        refuse("ci-process", "is missing; it has to be snapshot")
    choice(parameters, "ci-process", ("snapshot",))
    return SnapshotRequest(
        time_s=seconds(parameters),
        width_px=side(parameters, "width"),
        height_px=side(parameters, "height"),
        # "Supports jpg and png. Default is jpg."
        format=cast("Format", choice(parameters, "format", ("jpg", "png"))),
        # "default value is auto"
        rotate=cast("Rotate", choice(parameters, "rotate", ("auto", "off"))),
        # "default value is exactframe"
        mode=cast("Mode", choice(parameters, "mode", ("exactframe", "keyframe"))),
    )


def seconds(parameters: dict[str, str]) -> Fraction:
    """Read "Screenshot time point, in seconds; float; Required: Yes", as plain decimals only."""
    if "time" not in parameters:
        refuse("time", "is missing; it has to be a number of seconds")
    if not SECONDS.fullmatch(parameters["time"]):
        refuse("time", "has to be a number of seconds, 0 or more, written like 1 or 1.5")
    return Fraction(parameters["time"])


def side(parameters: dict[str, str], name: str) -> int:
    """Read "Width (height) of the screenshot. Defaults to 0."; the range is [0, 4096]."""
    text = parameters.get(name, "0")
    if not WHOLE_NUMBER.fullmatch(text) or int(text) > MAX_SIDE_PX:
        refuse(name, f"has to be a whole number from 0 to {MAX_SIDE_PX}")
    return int(text)


def choice(parameters: dict[str, str], name: str, choices: tuple[str, ...]) -> str:
    """Return the choice that was made, or the first where none was."""
    value = parameters.get(name, choices[0])
    if value not in choices:
        refuse(name, f"has to be {' or '.join(choices)}")
    return value


def refuse(name: str, problem: str) -> NoReturn:
    """Refuse the call for one parameter; the value is not repeated, it may be anything."""
    raise ServiceError(400, "InvalidArgument", f"The parameter {name} {problem}.", "ci")
