"""The function's log and its dead letters -> how each video ended, why, and where the time went.

Of the function's own lines it reads three and fails on none: `record.done` with key, outcome, and reason or code and
message; `video.done` with the milliseconds of each step; the last line of a traceback.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import unquote

from emulator.scf.log import Record, reports
from emulator.scf.queue import DeadLetter
from studio.page import Phase

_STEP_NAMES = {
    "look_ms": "look at what is there",
    "media_info_ms": "ask for media info",
    "shots_ms": "take and store snapshots",
    "write_ms": "write poster and manifest",
}
_WRONG_SETTINGS = re.compile(r"BadSettings: (?:wrong settings: )?(.*)")


@dataclass(frozen=True, slots=True)
class Outcome:
    """The state of one video in the function's log; `reason` has a line for each known fact."""

    state: Literal["skipped", "failed", "retrying"]
    reason: str


def outcome_of(key: str, records: Sequence[Record], dead_letters: Sequence[DeadLetter]) -> Outcome | None:
    """Return the outcome of the video under `key`, which has no manifest; None where the log does not name it."""
    entries = [record for record in records if _event(record) == "record.done" and record.get("key") == key]
    letters = [letter for letter in dead_letters if _names(letter, key)]
    lines: list[str] = []
    if entries:
        last = entries[-1]
        parts = [last.get("code"), last.get("reason") or last.get("message")]
        lines.append(": ".join(str(part) for part in parts if part))
    for letter in letters:
        if not entries:
            lines += _exception_lines(letter.error_message)
        times = f"{letter.retry_num + 1} times" if letter.retry_num else "once"
        lines.append(f"The event was delivered {times}, then given up: {letter.reason}.")
    if not lines:
        return None
    reason = "\n".join(line if line.endswith(".") else f"{line}." for line in lines)
    if entries and entries[-1].get("outcome") == "skipped":
        return Outcome("skipped", reason)
    is_retrying = bool(entries) and not letters and _is_retryable(entries[-1])
    return Outcome("retrying" if is_retrying else "failed", reason)


def settings_problem(records: Sequence[Record]) -> str:
    """Return the function's message if its last invocation stopped at wrong settings; empty otherwise."""
    for record in reversed(records):
        if record.get("SCF_Type") != "Platform" or "SCF_BilledDuration" in record:
            continue
        *_, last = str(record.get("SCF_Message", "")).strip().splitlines() or [""]
        match = _WRONG_SETTINGS.search(last)
        return match[1] if match else ""
    return ""


def phases_of(wall_ms: int, records: Sequence[Record]) -> tuple[Phase, ...]:
    """Split the time from the last upload to the last manifest, where one invocation took all of it.

    The parts add up to `wall_ms`. Several invocations run side by side, so they are not split.
    """
    calls = reports(tuple(records))
    done = [record for record in records if _event(record) == "video.done"]
    took_ms = calls[0].get("SCF_Duration") if len(calls) == 1 else None
    parts = _steps(done[0]) if len(done) == 1 else []
    if not isinstance(took_ms, int) or not parts or took_ms > wall_ms:
        return (Phase("event to manifest", wall_ms),)
    rest_ms = took_ms - sum(part.duration_ms for part in parts)
    if rest_ms < 0:
        return (Phase("event to manifest", wall_ms),)
    return (Phase("cold start of the function", wall_ms - took_ms), *parts, Phase("rest of the function", rest_ms))


def calls_line(calls: Mapping[str, int]) -> str:
    """Count the calls that the cloud answered, most frequent first, e.g. "7 PutObject, 4 GetSnapshot"."""
    by_count = sorted(calls.items(), key=lambda item: -item[1])
    return ", ".join(f"{count} {operation}" for operation, count in by_count)


def _event(record: Record) -> object:
    return record.get("event") or record.get("what")


def _steps(record: Record) -> list[Phase]:
    """Return the steps that a line names by fields such as `media_info_ms`, in its order."""
    return [
        Phase(_STEP_NAMES.get(name) or name.removesuffix("_ms").replace("_", " "), spent)
        for name, spent in record.items()
        if name.endswith("_ms") and isinstance(spent, int)
    ]


def _is_retryable(record: Record) -> bool:
    return bool(record.get("retryable") or record.get("again"))


def _names(letter: DeadLetter, key: str) -> bool:
    records = letter.event.get("Records")
    for record in records if isinstance(records, list) else []:
        name = str(record["cos"]["cosObject"]["key"])
        if name.endswith("/" + key) or unquote(name).endswith("/" + key):
            return True
    return False


def _exception_lines(trace: str) -> list[str]:
    """Return the exception at the end of a traceback, without the places."""
    lines = [line for line in trace.splitlines() if line.strip()]
    places = [number for number, line in enumerate(lines) if line.startswith((" ", "Traceback"))]
    raised = lines[places[-1] + 1 :] if places else lines
    return raised or lines[-1:]
