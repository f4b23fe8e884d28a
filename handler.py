"""What SCF calls. It builds from the environment, hands over, and reports; it decides nothing.

Source: SCF's Python runtime and context (INTL), read 2026-11-22.
"""

import logging
import os
import time
from dataclasses import asdict
from datetime import datetime, timezone
from functools import partial
from typing import Any

from snapshot import logs
from snapshot.bucket import Bucket
from snapshot.cos import Door
from snapshot.errors import BadEvent
from snapshot.events import Skipped, Sources, Video, read_event
from snapshot.outcomes import Failed, Outcome
from snapshot.pipeline import process
from snapshot.settings import Settings, read_environment

logger = logging.getLogger("snapshot.handler")

MARGIN_S = 1.0  # to report in
LONGEST_S = 900.0  # "timeout 1-900 s"


class Unfinished(Exception):
    """Raised at the end: records that could succeed were the event delivered again. It says which and why."""


def main_handler(event: object, context: Any) -> dict[str, Any]:  # noqa: ANN401 - the platform's own dictionary
    """Give one entry a record, with its outcome.

    Raises:
        BadSettings: the environment is wrong; nothing was done.
        Unfinished: records failed in a way that another delivery can heal; the others are done.
    """
    started = time.monotonic()
    facts = context if isinstance(context, dict) else {}
    logs.to_stdout(str(facts.get("request_id", "")))
    settings, account = read_environment(os.environ)
    try:
        records = read_event(event, Sources(settings.input_prefix, settings.output_prefix, settings.extensions))
    except BadEvent as error:
        records = (error,)
    limit_ms = facts.get("time_limit_in_ms")
    limit_s = limit_ms / 1000 if isinstance(limit_ms, int) else LONGEST_S
    with Door(
        region=account.region,
        secret_id=account.secret_id.get_secret_value(),
        secret_key=account.secret_key.get_secret_value(),
        token=account.token.get_secret_value(),
        deadline=started + limit_s - min(MARGIN_S, limit_s / 4),
        endpoint=settings.endpoint,
        concurrency=settings.concurrency,
    ) as door:
        outcomes = []
        for place, record in enumerate(records):
            door.allot(turns=sum(isinstance(one, Video) for one in records[place:]))
            outcomes.append(_attend(record, settings=settings, region=account.region, door=door))
    return _report(outcomes)


def _attend(record: Video | Skipped | BadEvent, *, settings: Settings, region: str, door: Door) -> Outcome:
    if isinstance(record, Skipped):
        return record
    if isinstance(record, BadEvent):
        return Failed.of(record, record.key)
    try:
        now = datetime.now(timezone.utc)
        return process(record, settings=settings, region=region, open_bucket=partial(Bucket, door), now=now)
    except Exception as error:  # a defect in one record must not cost the others their turn
        logger.exception("record.broke")
        return Failed(record.key, type(error).__name__, "a defect in this function; the log has where", again=True)


def _report(outcomes: list[Outcome]) -> dict[str, Any]:
    entries = [{"outcome": type(outcome).__name__.lower(), **asdict(outcome)} for outcome in outcomes]
    for outcome, entry in zip(outcomes, entries, strict=True):
        level = logging.ERROR if isinstance(outcome, Failed) else logging.INFO
        logs.fact(logger, "record.done", level=level, **entry)
    unfinished = [f"{one.key}: {one.message}" for one in outcomes if isinstance(one, Failed) and one.again]
    if unfinished:
        raise Unfinished("; ".join(unfinished))
    return {"records": entries}
