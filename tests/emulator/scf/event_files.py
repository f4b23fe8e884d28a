"""The events that the embedded COS sends, as files in events/; run as a module, it writes them."""

import json
from pathlib import Path

from emulator.scf.event import EventFormat, describe
from emulator.scf.triggers import ObjectEvent

EVENTS = Path(__file__).resolve().parents[3] / "events"
KINDS = {
    "post": ("cos:ObjectCreated:Post", "cos:ObjectCreated:*"),
    "copy": ("cos:ObjectCreated:Copy", "cos:ObjectCreated:*"),
    "multipart": ("cos:ObjectCreated:CompleteMultipartUpload", "cos:ObjectCreated:*"),
    "removed": ("cos:ObjectRemove:Delete", "cos:ObjectRemove:*"),
    "removed-marker": ("cos:ObjectRemove:DeleteMarkerCreated", "cos:ObjectRemove:*"),
}
ETAGS = {"multipart": '"0f343b0931126a20f133d67c2b018a3b-3"'}


def event_of(kind):
    """Return the event of that kind, with the documents' own names."""
    name, configured = KINDS[kind]
    is_removal = name.startswith("cos:ObjectRemove:")
    etag = ETAGS.get(kind, '"ee8de918d05640145b18f70f4c3aa602"')
    happened = ObjectEvent(
        bucket="examplebucket-1250000000",
        key="videos/film.mp4",
        size_bytes=0 if is_removal else 1284547,
        event_name=name,
        at_s=1649991600,
        headers={} if is_removal else {"ETag": etag, "Content-Type": "video/mp4"},
        version_id="MTg0NDUxNTc1NjIzMTQ1MDAwODg" if kind == "removed-marker" else "",
        request_id="NjI1OGRiYjBfMjViMjU4NjRfMTUyMV8xMjM0NQ==",
        source_ip="192.168.15.101",
    )
    record = describe(
        happened,
        configured=configured,
        function="snapshot",
        namespace="default",
        region="ap-guangzhou",
        event_format=EventFormat(),
    )
    return {"Records": [record]}


def path_of(kind):
    """Return the file of that kind of event."""
    return EVENTS / f"as-captured-{kind}.json"


if __name__ == "__main__":
    for kind in KINDS:
        path_of(kind).write_text(json.dumps(event_of(kind), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
