"""What the platform logged and lost, turned into what a person asks: why is there no manifest, what took so long.

It must not know how anything is run. Of the function's own lines it leans on two names and fails on none: `record.done`
with key, outcome and reason or code and message, `video.done` with what each step took.
"""

from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import unquote

from emulator.demo.page import Phase
from emulator.scf.log import Record, reports
from emulator.scf.queue import DeadLetter

_STEPS: Final = {
    "look_ms": "look at what is there",
    "media_info_ms": "ask for media info",
    "shots_ms": "take and store snapshots",
    "write_ms": "write poster and manifest",
}


def reason_of(key: str, records: Sequence[Record], dead: Sequence[DeadLetter]) -> str:
    """Say why there is no manifest of the video under `key`, in a few lines; empty where nothing was said of it."""
    told = [record for record in records if record.get("what") == "record.done" and record.get("key") == key]
    letters = [letter for letter in dead if _is_about(letter, key)]
    lines: list[str] = []
    if told:
        last = told[-1]
        parts = [last.get("outcome"), last.get("code"), last.get("reason") or last.get("message")]
        lines.append(": ".join(str(part) for part in parts if part))
    for letter in letters:
        if not told:
            lines += _what_was_raised(letter.error_message)
        lines.append(f"The event was delivered {letter.retry_num + 1} times, then given up: {letter.reason}.")
    return "\n".join(line if line.endswith(".") else f"{line}." for line in lines)


def phases_of(wall_ms: int, records: Sequence[Record]) -> tuple[Phase, ...]:
    """Part the time from the last upload to the last manifest, where one invocation took all of it.

    The parts add up to `wall_ms`. Several invocations lie side by side, so they are not parted.
    Raises: nothing.
    """
    calls = reports(tuple(records))
    done = [record for record in records if record.get("what") == "video.done"]
    steps = [(_STEPS[name], done[0].get(name)) for name in _STEPS] if len(done) == 1 else []
    took_ms = calls[0].get("SCF_Duration") if len(calls) == 1 else None
    parts = [Phase(name, spent) for name, spent in steps if isinstance(spent, int)]
    if not isinstance(took_ms, int) or not parts or took_ms > wall_ms:
        return (Phase("event to manifest", wall_ms),)
    rest_ms = took_ms - sum(part.duration_ms for part in parts)
    if rest_ms < 0:
        return (Phase("event to manifest", wall_ms),)
    return (Phase("cold start of the function", wall_ms - took_ms), *parts, Phase("rest of the function", rest_ms))


def _is_about(letter: DeadLetter, key: str) -> bool:
    records = letter.event.get("Records")
    for record in records if isinstance(records, list) else []:
        named = str(record["cos"]["cosObject"]["key"])
        if named.endswith("/" + key) or unquote(named).endswith("/" + key):
            return True
    return False


def _what_was_raised(trace: str) -> list[str]:
    """Keep of a traceback what was raised, not where."""
    lines = [line for line in trace.splitlines() if line.strip()]
    where = [number for number, line in enumerate(lines) if line.startswith((" ", "Traceback"))]
    said = lines[where[-1] + 1 :] if where else lines
    return said or lines[-1:]


def calls_line(calls: Mapping[str, int]) -> str:
    """Count the calls that the cloud answered, most frequent first, e.g. "7 PutObject, 4 GetSnapshot"."""
    return ", ".join(f"{count} {operation}" for operation, count in sorted(calls.items(), key=lambda one: -one[1]))
