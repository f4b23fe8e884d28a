"""The files in events/ that hold what the embedded COS sends."""

import base64
import json
import re

import pytest

from tests.emulator.scf.event_files import EVENTS, KINDS, event_of, path_of


@pytest.mark.parametrize("kind", KINDS)
def test_stored_event(kind):
    """Each kind of event stands in events/ as it is sent."""
    assert json.loads(path_of(kind).read_text(encoding="utf-8")) == event_of(kind)


@pytest.mark.parametrize("kind", KINDS)
def test_shape_of_the_captured_event(kind):
    """Creations and removals have every field of the captured event, with values of the same types."""
    captured = json.loads((EVENTS / "captured-put.json").read_text(encoding="utf-8"))["Records"][0]

    def shape(value):
        if isinstance(value, dict):
            return {name: shape(inner) for name, inner in value.items() if name not in {"meta", "requestHeaders"}}
        return type(value)

    assert shape(event_of(kind)["Records"][0]) == shape(captured)


@pytest.mark.parametrize("kind", KINDS)
def test_request_id(kind):
    """A request id is base64 of hexadecimal seconds and three more numbers; the seconds are those of the request."""
    record = event_of(kind)["Records"][0]
    text = base64.b64decode(record["cos"]["cosObject"]["meta"]["x-cos-request-id"]).decode()
    assert re.fullmatch(r"[0-9a-f]{8}_[0-9a-f]+_[0-9a-f]+_[0-9a-f]+", text)
    assert abs(int(text.partition("_")[0], 16) - record["event"]["eventTime"]) < 3600


def test_request_ids_of_a_cloud(cloud, sdk, bucket):
    """A cloud's request ids decode to the second of the request, in the response and in the event."""
    answer = sdk.put_object(bucket, b"x", "videos/a.mp4")
    (event,) = cloud.events
    assert event.request_id == answer["x-cos-request-id"]
    seconds = int(base64.b64decode(event.request_id).decode().partition("_")[0], 16)
    assert abs(seconds - event.at_s) <= 2
