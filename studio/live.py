"""The objects of a local cloud at this moment -> the page that `make serve` shows."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from studio.function_log import Outcome
from studio.manifest import read_manifest
from studio.page import Failure, Href, Live, VideoResult, Waiting, contact_sheet

MANIFEST_ENDING = "/manifest.json"

_WAITING = "uploaded; the function is at work"
_RETRYING = "failed, and will be tried again"


def live_page(
    objects: Iterable[tuple[str, str]],
    *,
    live: Live,
    read: Callable[[str, str], bytes],
    href: Href,
    outcome: Callable[[str], Outcome | None],
    is_output: Callable[[str, str], bool],
    settings: Iterable[tuple[str, str]] = (),
) -> str:
    """Lay out every video that has a manifest, the newest first, above them the uploads that have none.

    `objects` are all (bucket, key); `read` is called with what may be a manifest and nothing else; `outcome` tells what
    the log has of a key; `is_output` whether (bucket, key) is a place where the function writes. An object that only
    looks like a manifest is left out.
    """
    results: list[VideoResult] = []
    uploads: list[tuple[str, str]] = []
    for bucket, key in sorted(objects):
        if not is_output(bucket, key):
            uploads.append((bucket, key))
        elif key.endswith(MANIFEST_ENDING):
            results += _read_result(read(bucket, key), bucket, key)
    done = {(result.manifest.source.bucket, result.manifest.source.key) for result in results}
    states = [_state(key, outcome(key), live) for bucket, key in uploads if (bucket, key) not in done]
    return contact_sheet(
        sorted(results, key=lambda result: result.manifest.made_at, reverse=True),
        href=href,
        failures=[state for state in states if isinstance(state, Failure)],
        settings=tuple(settings),
        live=replace(live, waiting=tuple(state for state in states if isinstance(state, Waiting))),
    )


def _state(key: str, outcome: Outcome | None, live: Live) -> Failure | Waiting:
    if outcome is not None and live.settings_problem and live.settings_problem in outcome.reason:
        return Failure(key, "The function did not start; the reason is above.")
    if outcome is not None:
        if outcome.state == "retrying":
            return Waiting(key, f"{_RETRYING}. {outcome.reason}")
        return Failure(key, outcome.reason, outcome.state)
    if not live.watched:
        return Failure(key, "No function watches this cloud.", "skipped")
    if not key.startswith(live.prefix):
        return Failure(key, f"It is not under {live.prefix}, so the function is never called for it.", "skipped")
    return Waiting(key, _WAITING)


def _read_result(body: bytes, bucket: str, key: str) -> list[VideoResult]:
    try:
        return [VideoResult(read_manifest(body), bucket, key)]
    except ValueError:
        return []
