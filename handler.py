"""SCF's entry: environment and context in, JSON out."""

import os
import time
from datetime import datetime, timezone

from snapshot import logs
from snapshot.batch import Context, process_event
from snapshot.settings import read_environment
from snapshot.tencent.bucket import Bucket
from snapshot.tencent.client import CosClient


def main_handler(event: object, context: object) -> dict[str, object]:
    """Return one entry a record, with its outcome.

    Raises:
        BadSettings: the environment is wrong; nothing was done.
        BatchIncomplete: records failed in a way that another delivery can heal; the others are done.
    """
    started_s = time.monotonic()
    facts = Context.of(context)
    logs.to_stdout(facts.request_id)
    settings, account = read_environment(os.environ, appid=facts.appid)
    deadline = facts.deadline(started_s)
    with CosClient(
        region=account.region,
        secret_id=account.secret_id.get_secret_value(),
        secret_key=account.secret_key.get_secret_value(),
        token=account.token.get_secret_value(),
        deadline=deadline,
        endpoint=settings.endpoint,
        concurrency=settings.concurrency,
    ) as client:
        return process_event(
            event,
            settings=settings,
            region=account.region,
            appid=account.appid or facts.appid,
            context=facts,
            deadline=deadline,
            open_bucket=lambda name, until: Bucket(client.until(until), name),
            now=datetime.now(timezone.utc),
        )
