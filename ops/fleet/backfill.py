"""`python -m ops backfill`: has the function work on the videos that were in the bucket before it.

It lists the objects below the triggers' prefixes, leaves out what already has a manifest, says what the rest costs at
most, and with --yes hands it over at a steady pace. A video that is handed over twice is paid once, so the command can
be stopped and started again at any time; `--after` saves it from listing the beginning again.
"""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from ops.cloud.credentials import read_credentials
from ops.cloud.manifest import NAME
from ops.counting import plural
from ops.doctor.settings import max_shots
from ops.errors import OpsError
from ops.fleet.command_line import MAX_LIMIT, Fleet, Say, open_fleet, parser_of, say
from ops.fleet.dispatch import CloudDispatcher, Dispatcher, LocalDispatcher
from ops.numbers import number, whole_number
from ops.prices import show_usd, usd
from ops.progress import waiting
from snapshot.events import Sources
from snapshot.settings import Settings

_DEFAULT_LIMIT = 1000
_DEFAULT_PER_MINUTE = 60.0
_MIN_PER_MINUTE, _MAX_PER_MINUTE = 0.1, 6000
_MAX_SHOWN = 10
_FAILED = 1


@dataclass(frozen=True, slots=True)
class BackfillOptions:
    """The choice of videos and the pace. `after` is the key behind which the listing begins.

    `redo` takes videos with a manifest, too. `is_local` says that the function runs on this machine.
    """

    prefix: str = ""
    after: str = ""
    limit: int = _DEFAULT_LIMIT
    per_minute: float = _DEFAULT_PER_MINUTE
    redo: bool = False
    is_local: bool = False


@dataclass(frozen=True, slots=True)
class _Wording:
    to_do: str
    doing: str
    done: str
    nothing: str
    other_costs: str


_SENT = _Wording("to send", "sending", "sent", "Nothing was sent. Add --yes to send them.", "SCF, requests and storage")
_LOCAL = _Wording(
    "to work on here", "working on", "worked on here",
    "Nothing was done. Add --yes to run the function on them here.", "requests and storage",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Video:
    """A source that is to be worked on."""

    bucket: str
    key: str


@dataclass(frozen=True, slots=True)
class Selection:
    """Videos to work on, the number of those looked at that have a manifest, and whether the limit cut it off."""

    videos: tuple[Video, ...]
    complete: int
    is_cut: bool


def select(fleet: Fleet, options: BackfillOptions, progress: Callable[[str], object] = lambda _: None) -> Selection:
    """Return up to `limit` videos without a manifest, with `redo` those with one too, in the order of their keys.

    Raises:
        OpsError: the prefix is outside those of the triggers, or a bucket cannot be read.
    """
    videos: list[Video] = []
    complete = 0
    for video in _sources(fleet, options):
        manifest = f"{fleet.settings.output_prefix}{video.key}/{NAME}"
        has_manifest = fleet.cloud.head_object(fleet.output_bucket(video.bucket), manifest) is not None
        if has_manifest and not options.redo:
            complete += 1
        else:
            if len(videos) == options.limit:
                return Selection(tuple(videos), complete, is_cut=True)
            videos.append(video)
            complete += has_manifest
        progress(f"{len(videos)} to do, {complete} complete")
    return Selection(tuple(videos), complete, is_cut=False)


def max_cost(videos: int, settings: Settings) -> Decimal:
    """Return the highest price of so many videos: every shot of every video, and one media info each."""
    return usd(snapshots=videos * min(settings.max_calls - 1, max_shots(settings)), media_infos=videos)


def run_backfill(
    fleet: Fleet,
    options: BackfillOptions,
    dispatcher: Dispatcher | None,
    *,
    say: Say,
    pause: Callable[[float], None] = time.sleep,
) -> int:
    """Report the videos and their price; with a dispatcher hand them over. Return the number that failed.

    Raises:
        OpsError: the prefix is outside those of the triggers, a bucket cannot be read, or SCF does not take a call.
    """
    with waiting("listing videos") as line:
        selection = select(fleet, options, line.update)
    count = len(selection.videos)
    words = _LOCAL if options.is_local else _SENT
    rest = _rest(selection, options)
    say(f"{plural(count, 'video')} {words.to_do}; already with a manifest: {selection.complete}.{rest}")
    if not count:
        return 0
    for video in selection.videos[:_MAX_SHOWN]:
        say(f"  {video.key}")
    if count > _MAX_SHOWN:
        say(f"  and {count - _MAX_SHOWN} more")
    price = show_usd(max_cost(count, fleet.settings))
    say(f"Cost: at most {price} for snapshots and media info, plus {words.other_costs}.")
    if dispatcher is None:
        say(words.nothing)
        return 0
    failed = _dispatch(selection.videos, options, dispatcher, say=say, pause=pause)
    advice = "" if options.redo else " Run it again to see what is left."
    say(f"{plural(count - failed, 'video')} {words.done}, {failed} failed.{advice}")
    return failed


def _rest(selection: Selection, options: BackfillOptions) -> str:
    """Return a sentence about the videos that the limit cut off."""
    if not selection.is_cut:
        return ""
    if options.redo:
        return f" There are more: continue with --after '{selection.videos[-1].key}'."
    return " There are more: run again afterwards."


def _dispatch(
    videos: Sequence[Video],
    options: BackfillOptions,
    dispatcher: Dispatcher,
    *,
    say: Say,
    pause: Callable[[float], None],
) -> int:
    failed, last = 0, ""
    try:
        doing = (_LOCAL if options.is_local else _SENT).doing
        with waiting(f"{doing} {plural(len(videos), 'video')}") as line:
            for number, video in enumerate(videos, 1):
                problem = dispatcher.send(video.bucket, [video.key])
                last = video.key
                line.update(f"{number} of {len(videos)}")
                if problem is not None:
                    failed += 1
                    say(f"{video.key}: {problem}")
                if number < len(videos):
                    pause(60 / options.per_minute)
    except (KeyboardInterrupt, OpsError):
        if last:
            say(f"Stopped after {last}. Continue with --after '{last}'.")
        raise
    return failed


def _sources(fleet: Fleet, options: BackfillOptions) -> Iterator[Video]:
    """Yield the objects that the function takes for videos, below the prefixes of its triggers."""
    settings = fleet.settings
    sources = Sources(settings.input_prefix, settings.output_prefix, settings.extensions)
    yielded: set[tuple[str, str]] = set()
    for bucket, start in _places(fleet, options.prefix):
        for entry in fleet.cloud.list_objects(bucket, start, marker=options.after):
            if entry.size_bytes and sources.skip_reason(entry.key) is None and (bucket, entry.key) not in yielded:
                yielded.add((bucket, entry.key))
                yield Video(bucket, entry.key)


def _places(fleet: Fleet, prefix: str) -> list[tuple[str, str]]:
    """Return the buckets of the triggers, each with the prefix that its videos' keys begin with.

    Raises:
        OpsError: no trigger's keys begin with the given prefix.
    """
    triggers = fleet.stack.triggers
    places = {
        (trigger.bucket, max(trigger.prefix, prefix, key=len))
        for trigger in triggers
        if trigger.prefix.startswith(prefix) or prefix.startswith(trigger.prefix)
    }
    if not places:
        accepted = ", ".join(sorted({trigger.prefix for trigger in triggers}))
        raise OpsError(
            f"--prefix {prefix} is outside the prefixes of the triggers: {accepted}",
            remedy="Begin it with one of them, or leave it out for all videos.",
        )
    return sorted(places)


def main(arguments: Sequence[str]) -> int:
    """Report the videos without a manifest, and with --yes hand them to the function.

    Raises:
        OpsError: it cannot be done, with what to do.
    """
    parser = parser_of("backfill", "Send the videos that are already in the bucket to the function.")
    parser.add_argument("--prefix", default="", help="only keys that begin with this, such as videos/film")
    parser.add_argument("--after", default="", metavar="KEY", help="only keys that are listed after this one")
    parser.add_argument(
        "--limit", type=whole_number(1, MAX_LIMIT), default=_DEFAULT_LIMIT, metavar="NUMBER",
        help="send at most this many videos (%(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--per-minute", type=number(_MIN_PER_MINUTE, _MAX_PER_MINUTE), default=_DEFAULT_PER_MINUTE, metavar="NUMBER",
        help="send this many videos per minute (%(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--redo",
        action="store_true",
        help="also send videos that have a manifest; the function pays again only if something changed",
    )
    parser.add_argument("--local", action="store_true", help="run the function on this machine, not in SCF")
    chosen = parser.parse_args(arguments)
    fleet = open_fleet(chosen, needs_function=not chosen.local)
    options = BackfillOptions(
        chosen.prefix, chosen.after, chosen.limit, chosen.per_minute, redo=chosen.redo, is_local=chosen.local
    )
    dispatcher: Dispatcher | None = None
    if chosen.yes and chosen.local:
        dispatcher = LocalDispatcher(fleet.stack, read_credentials(os.environ), fleet.cloud.endpoints)
    elif chosen.yes:
        dispatcher = CloudDispatcher(fleet.cloud, fleet.stack)
    return _FAILED if run_backfill(fleet, options, dispatcher, say=say) else 0
