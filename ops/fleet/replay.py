"""`python -m ops replay FILE`: hands events that failed in every delivery to the function again.

A dead letter holds the event that failed, under a name that the documents do not state, as JSON or as a text with JSON
in it. The file holds one or many of them: one JSON document, a list, or one document a line. Only the buckets and keys
are taken from it: the function looks at what is in the bucket now, so what has been done since is not paid again.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ops.counting import plural
from ops.errors import OpsError
from ops.fleet.command_line import Fleet, Say, open_fleet, parser_of, say
from ops.fleet.dispatch import CloudDispatcher, Dispatcher
from ops.progress import waiting
from snapshot.errors import BadEvent
from snapshot.events import Removal, Sources, Upload, read_event

_MAX_BYTES = 256 * 1024 * 1024
_MAX_DEPTH = 8
_MAX_KEYS = 50  # of one call; an asynchronous event has at most 128 KB, and a key 850 bytes
_MAX_SHOWN = 20
_EVENT_FIELDS = ("Records", "keys", "ObjectInfo", "Upstream")
_FAILED = 1


@dataclass(frozen=True, slots=True)
class Letters:
    """The content of a file of dead letters: keys by bucket in their order, and reasons of unusable records."""

    keys: dict[str, list[str]]
    unusable: tuple[str, ...]


def read_letters(text: str, fleet: Fleet) -> Letters:
    """Return the buckets and keys of all events in a text.

    Raises:
        OpsError: it is neither JSON nor one JSON document a line.
    """
    settings = fleet.settings
    sources = Sources(settings.input_prefix, settings.output_prefix, settings.extensions)
    keys: dict[str, list[str]] = {}
    unusable: list[str] = []
    for event in _events(_documents(text), _MAX_DEPTH):
        try:
            records = read_event(event, sources, appid=fleet.stack.appid, bucket=fleet.stack.triggers[0].bucket)
        except BadEvent as error:
            unusable.append(str(error))
            continue
        for record in records:
            if isinstance(record, Removal) and record.skip_reason:  # a call by hand skips such a key
                unusable.append(f"{record.key}: {record.skip_reason}")
            elif isinstance(record, (Upload, Removal)):
                listed = keys.setdefault(record.bucket, [])
                readings = [key for key in (record.key, record.other_key) if key is not None]
                listed += [key for key in readings if key not in listed]
            elif isinstance(record, BadEvent):
                unusable.append(str(record))
            else:
                unusable.append(f"{record.key}: {record.reason}")
    return Letters(keys, tuple(unusable))


def run_replay(letters: Letters, dispatcher: Dispatcher | None, *, say: Say) -> int:
    """Report the keys, with a dispatcher send them, and return the number of failed calls and unusable records.

    Raises:
        CloudError: SCF does not take a call.
    """
    count = sum(map(len, letters.keys.values()))
    say(f"{plural(count, 'object')} to replay, {plural(len(letters.unusable), 'record')} that cannot be used.")
    entries = [f"  {bucket}: {key}" for bucket, keys in letters.keys.items() for key in keys]
    for line in [*entries[:_MAX_SHOWN], *(f"  unusable: {text}" for text in letters.unusable[:_MAX_SHOWN])]:
        say(line)
    if len(entries) > _MAX_SHOWN:
        say(f"  and {len(entries) - _MAX_SHOWN} more")
    unusable = len(letters.unusable)
    if not count:
        say("Nothing was sent: no record can be used.")
        return unusable
    if dispatcher is None:
        say("Nothing was sent. Add --yes to send it.")
        return unusable
    failed = 0
    with waiting(f"sending {plural(count, 'key')}"):
        for bucket, keys in letters.keys.items():
            for at in range(0, len(keys), _MAX_KEYS):
                problem = dispatcher.send(bucket, keys[at : at + _MAX_KEYS])
                failed += problem is not None
    rest = f"; {plural(unusable, 'record')} left out" if unusable else ""
    say(f"{plural(count, 'object')} sent to the function{rest}.")
    return failed + unusable


def _documents(text: str) -> list[object]:
    try:
        return [json.loads(text)]
    except (ValueError, RecursionError):
        pass
    documents: list[object] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            documents.append(json.loads(line))
        except (ValueError, RecursionError):
            raise OpsError(
                f"Line {number} is not JSON.",
                remedy="Save the dead letters as one JSON document, or one document per line.",
            ) from None
    return documents


def _events(node: object, depth: int) -> Iterator[object]:
    """Yield every event at any depth, also inside texts that hold JSON."""
    if depth == 0:
        return
    if isinstance(node, dict):
        if any(name in node for name in _EVENT_FIELDS):
            yield node
            return
        for value in node.values():
            yield from _events(value, depth - 1)
    elif isinstance(node, list):
        for value in node:
            yield from _events(value, depth - 1)
    elif isinstance(node, str) and node.lstrip().startswith(("{", "[")):
        try:
            inner = json.loads(node)
        except (ValueError, RecursionError):
            return
        yield from _events(inner, depth - 1)


def main(arguments: Sequence[str]) -> int:
    """Report the keys in the file, and with --yes send them.

    Raises:
        OpsError: it cannot be done, with what to do.
    """
    parser = parser_of("replay", "Send failed events (dead letters) to the function again.")
    parser.add_argument("file", metavar="FILE", help="one or more dead letters as JSON; - reads standard input")
    chosen = parser.parse_args(arguments)
    text = _read(chosen.file)
    fleet = open_fleet(chosen, needs_function=True)
    letters = read_letters(text, fleet)
    if not letters.keys and not letters.unusable:
        raise OpsError(
            f"No event was found in {'standard input' if chosen.file == '-' else chosen.file}.",
            remedy="Give it dead letters as JSON. Each holds an event: an object with Records, ObjectInfo or keys.",
        )
    dispatcher = CloudDispatcher(fleet.cloud, fleet.stack) if chosen.yes else None
    return _FAILED if run_replay(letters, dispatcher, say=say) else 0


def _read(name: str) -> str:
    try:
        body = sys.stdin.buffer.read(_MAX_BYTES + 1) if name == "-" else Path(name).expanduser().read_bytes()
        if len(body) > _MAX_BYTES:
            raise OpsError(f"{name} is larger than {_MAX_BYTES >> 20} MB.", remedy="Split it into several files.")
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise OpsError(f"{name} is not text in UTF-8.", remedy="Save it as UTF-8.") from None
