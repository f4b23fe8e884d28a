"""All it takes to call the handler as SCF would: an upload, its event, a context, and the manifest that comes of it."""

import json

from snapshot.manifest import Manifest

BUCKET = "examplebucket-1250000000"
CONTEXT = {
    "request_id": "f03dc946-3df4-45a0-8e54-000000000000",
    "time_limit_in_ms": 60_000,
    "memory_limit_in_mb": 512,
    "tencentcloud_appid": "1250000000",
}
FILM = "videos/film.mp4"


def upload(bucket, key, body, **metadata):
    named = {f"x-cos-meta-{name}": value for name, value in metadata.items()}
    bucket.put(key, body, content_type="video/mp4", cache_control="no-cache", metadata=named)


def event(root, name):
    return json.loads((root / "events" / f"{name}.json").read_text())


def manifest(bucket, key=FILM):
    return Manifest.model_validate_json(bucket.get(f"thumbnails/{key}/manifest.json"))
