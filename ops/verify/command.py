"""`python -m ops verify`: tries on your own bucket what the documents leave open, and cleans up after itself.

It uploads small films below snapshot-ops/, sends a fixed list of requests, compares what comes with what the emulator
assumes (the tables "left open | taken" of emulator/README.md), and removes what it uploaded. Where a function is
deployed, it also uploads a film with blanks and Chinese letters in its key and waits for its manifest.
"""

import re
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ops.cloud.account import bucket_exists, media_processing_is_on
from ops.cloud.manifest import MAX_BYTES, NAME, read_manifest
from ops.counting import plural
from ops.deploy.command import read_bucket
from ops.deploy.remote import read_function
from ops.errors import OpsError
from ops.fleet.command_line import Fleet, Say, open_fleet, parser_of, say
from ops.prices import show_usd, usd
from ops.progress import waiting
from ops.verify.exchange import Exchange, require_folder
from ops.verify.probes import (
    ARCHIVED,
    EMPTY,
    GREY,
    MAX_PAID_CALLS,
    PROBES,
    SOUND,
    TEXT,
    TRUNCATED,
    TURNED,
    Probe,
    Result,
    measure_latency,
)

_README = Path(__file__).resolve().parents[2] / "emulator" / "README.md"
_FILMS = Path(__file__).parent / "films"
_FOLDER = "snapshot-ops/verify-"
_EVENT_KEY = "早 a+b%20&c.mp4"
_EVENT_POINT = "`cosObject.key`, `eventName`"
_EVENT_CALLS = 40
_WAIT_MARGIN_S = 90
_POLL_INTERVAL_S = 1.0
_ROW = re.compile(r"\| (?P<point>[^|]+?) \| (?P<taken>.+) \|")
_TABLE = re.compile(r"^\| left open \| taken \|\n\| --- \| --- \|\n((?:\|.*\n)+)", re.MULTILINE)
_CONTRADICTED = 1


@dataclass(frozen=True, slots=True)
class Point:
    """One open point of the documents, and the emulator's assumption."""

    text: str
    assumption: str


@dataclass(frozen=True, slots=True)
class Report:
    """The result of each point that was tried, and the points that were not."""

    results: Mapping[str, Result]
    untried: tuple[str, ...]

    @property
    def contradicted(self) -> int:
        """The number of points that are not as assumed."""
        return sum(result.verdict == "contradicted" for result in self.results.values())


def read_points(path: Path = _README) -> tuple[Point, ...]:
    """Return the open points in the tables of emulator/README.md.

    Raises:
        OpsError: the file does not exist or has no such table.
    """
    if not path.is_file():
        raise OpsError(f"There is no {path}.", remedy="Run this command in a whole checkout of the project.")
    tables = _TABLE.findall(path.read_text(encoding="utf-8"))
    rows = [_ROW.fullmatch(line) for table in tables for line in table.splitlines()]
    points = tuple(Point(row["point"], row["taken"]) for row in rows if row)
    if not points:
        raise OpsError(f"{path} has no table of open points.", remedy="Restore the file from the repository.")
    return points


class Verification:
    """One run against one bucket. `pause` waits so many seconds."""

    def __init__(
        self,
        fleet: Fleet,
        bucket: str,
        *,
        probes: Sequence[Probe] = PROBES,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._fleet, self._cloud, self._bucket = fleet, fleet.cloud, bucket
        self._probes, self._pause = probes, pause
        self._prefix = f"{_FOLDER}{secrets.token_hex(4)}/"
        self.exchange = Exchange(self._cloud, bucket, self._prefix)

    def check(self) -> None:
        """Check that the bucket can be used.

        Raises:
            OpsError: it does not exist, or media processing is off.
        """
        if not bucket_exists(self._cloud, self._bucket):
            raise OpsError(
                f"There is no bucket {self._bucket} in {self._fleet.stack.region}.",
                remedy="Name another with --bucket.",
            )
        if not media_processing_is_on(self._cloud, self._bucket):
            raise OpsError(
                f"Media processing is off for {self._bucket}.",
                remedy="In the CI console bind the bucket, then enable media processing for it.",
            )

    def run(self, *, say: Say) -> Report:
        """Try all points and report each; whatever was uploaded is removed at the end, also after Ctrl-C.

        Raises:
            CloudError: there was no answer.
        """
        points = read_points()
        results: dict[str, Result] = {}
        try:
            with waiting("uploading films"):
                self._upload()
            with waiting("trying") as line:
                for probe in self._probes:
                    line.update(probe.point)
                    results[probe.point] = probe.run(self.exchange)
            medians = measure_latency(self.exchange)
            event = self._try_event()
            if isinstance(event, Result):
                results[_EVENT_POINT] = event
        finally:
            with waiting("removing what was uploaded"):
                self._clean_up()
        for point in points:
            if point.text in results:
                result = results[point.text]
                say(f"{result.verdict}: {point.text}\n    assumed: {point.assumption}\n    came: {result.detail}")
        untried = tuple(point.text for point in points if point.text not in results)
        for text in untried:
            reason = f": {event}" if text == _EVENT_POINT and event else ""
            say(f"not tried: {text}{reason}")
        say("Median times: " + ", ".join(f"{name} {at_ms} ms" for name, at_ms in medians.items()))
        return Report(results, untried)

    def _upload(self) -> None:
        grey, sound = (_FILMS / GREY).read_bytes(), (_FILMS / SOUND).read_bytes()
        for name, body in (
            (GREY, grey),
            (TURNED, turn(grey)),
            (SOUND, sound),
            (EMPTY, b""),
            (TEXT, b"This is not a video.\n" * 40),
            (TRUNCATED, grey[: grey.index(b"moov") - 4]),
        ):
            self._cloud.put_object(self._bucket, f"{self._prefix}{name}", body)
        self._cloud.put_object(self._bucket, f"{self._prefix}{ARCHIVED}", grey, storage_class="ARCHIVE")

    def _try_event(self) -> Result | str:
        """Return whether a real event with a difficult key reaches its object, or the reason why that is not known.

        A function that makes no manifest may be broken in many other ways, so this alone contradicts nothing.
        """
        stack, settings = self._fleet.stack, self._fleet.settings
        trigger = next((trigger for trigger in stack.triggers if trigger.bucket == self._bucket), None)
        if trigger is None or not self._has_function():
            return "no function works on this bucket"
        prefix = max(trigger.prefix, settings.input_prefix, key=len)
        key = f"{prefix}{self._prefix}{_EVENT_KEY}"
        output, folder = self._fleet.output_bucket(self._bucket), f"{settings.output_prefix}{key}/"
        self._cloud.put_object(self._bucket, key, (_FILMS / GREY).read_bytes())
        try:
            with waiting("waiting for the function"):
                for _ in range(stack.timeout_s + _WAIT_MARGIN_S):
                    body = self._cloud.get_object(output, f"{folder}{NAME}", max_bytes=MAX_BYTES)
                    manifest = None if body is None else read_manifest(body)
                    if manifest is not None:
                        self.exchange.paid_calls += manifest.calls.snapshot + manifest.calls.media_info
                        thumbnails = plural(len(manifest.thumbnails), "thumbnail")
                        return Result("confirmed", f"{manifest.source.key} got {thumbnails}")
                    self._pause(_POLL_INTERVAL_S)
            return f"no manifest came for {key}; run `python -m ops doctor`"
        finally:
            self._cloud.delete_object(self._bucket, key)
            self._pause(_POLL_INTERVAL_S)  # a removal's event may be on its way to the same objects
            for entry in list(self._cloud.list_objects(output, folder)):
                self._cloud.delete_object(output, entry.key)

    def _has_function(self) -> bool:
        if self._cloud.endpoints.cos and not self._cloud.endpoints.api:
            return False
        stack = self._fleet.stack
        function = read_function(self._cloud, name=stack.name, namespace=stack.namespace)
        return function is not None and function.status == "Active"

    def _clean_up(self) -> None:
        for entry in list(self._cloud.list_objects(self._bucket, self._prefix)):
            self._cloud.delete_object(self._bucket, entry.key)


def turn(film: bytes) -> bytes:
    """Return an mp4 whose picture is to be shown turned clockwise by a quarter: its track's matrix is replaced.

    Source: ISO/IEC 14496-12, track header box: the matrix {a, b, u, c, d, v, x, y, w} in 16.16 and 2.30 (from memory).
    """
    upright = _matrix(0x10000, 0, 0, 0x10000)
    turned = _matrix(0, 0x10000, 0xFFFF0000, 0)
    header = film.index(b"tkhd")
    at = film.index(upright, header)
    return film[:at] + turned + film[at + len(upright) :]


def _matrix(a: int, b: int, c: int, d: int) -> bytes:
    return b"".join(number.to_bytes(4, "big") for number in (a, b, 0, c, d, 0, 0, 0, 0x40000000))


def main(arguments: Sequence[str]) -> int:
    """Print the price, and with --yes try all points; return 1 where one is not as assumed.

    Raises:
        OpsError: it cannot be done, with what to do.
    """
    parser = parser_of("verify", "Test on your own bucket what the documents do not say; removes what it uploads.")
    parser.add_argument("--bucket", default="", metavar="NAME-APPID", help="the bucket (default: the first trigger's)")
    parser.add_argument("--record", type=Path, metavar="DIR", help="save the answers there, without credentials")
    chosen = parser.parse_args(arguments)
    record = None if chosen.record is None else chosen.record.expanduser()
    if record is not None:
        require_folder(record, make=False)
    named = read_bucket("--bucket", chosen.bucket)
    fleet = open_fleet(chosen)
    bucket = named or fleet.stack.triggers[0].bucket
    verification = Verification(fleet, bucket)
    verification.check()
    price = usd(snapshots=MAX_PAID_CALLS + _EVENT_CALLS, media_infos=0)
    say(f"This sends at most {MAX_PAID_CALLS + _EVENT_CALLS} paid calls for {bucket}: at most {show_usd(price)}.")
    if not chosen.yes:
        say("Nothing was sent. Add --yes to send it.")
        return 0
    if record is not None:
        require_folder(record, make=True)
    exchange = verification.exchange
    try:
        report = verification.run(say=say)
    finally:
        if record is not None:
            say(f"Recorded in {exchange.save(record)}")
    confirmed = len(report.results) - report.contradicted
    paid = show_usd(usd(snapshots=exchange.paid_calls, media_infos=0))
    say(
        f"{confirmed} confirmed, {report.contradicted} contradicted, {len(report.untried)} not tried."
        f" {exchange.paid_calls} paid calls, {paid}. What was uploaded is removed."
    )
    return _CONTRADICTED if report.contradicted else 0
