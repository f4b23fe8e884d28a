"""However prefixes, buckets and extensions are set: what the function writes never makes it write again.

Every event of the emulator is delivered, as if a trigger without any prefix stood on every bucket.
"""

import pytest

import handler
from emulator.cloud import Cloud
from emulator.scf.event import EventFormat, describe
from snapshot.batch import BatchIncomplete
from snapshot.deadline import Deadline
from snapshot.tencent.bucket import Bucket
from snapshot.tencent.client import CosClient
from tests.snapshot.films import film
from tests.snapshot.invoking import BUCKET, CONTEXT, upload

OTHER = "other-1250000000"
WRITES = {"PutObject", "DeleteObject", "CopyObject"}
PAID = {"GetMediaInfo", "GetSnapshot"}
MAX_EVENTS = 200  # a loop ends a test, not the machine
CONFIGURATIONS = {
    "as shipped": {"SNAPSHOT_INPUT_PREFIX": "videos/"},
    "no input prefix": {},
    "output under the input prefix": {
        "SNAPSHOT_INPUT_PREFIX": "videos/",
        "SNAPSHOT_OUTPUT_PREFIX": "videos/thumbnails/",
    },
    "output bucket with a trigger": {"SNAPSHOT_OUTPUT_BUCKET": OTHER},
    "output bucket, another prefix": {"SNAPSHOT_OUTPUT_BUCKET": OTHER, "SNAPSHOT_OUTPUT_PREFIX": "made/"},
    "extensions of pictures": {"SNAPSHOT_EXTENSIONS": "mp4,mov,jpeg2000"},
    "everything is made": {
        "SNAPSHOT_STORYBOARD": "4x",
        "SNAPSHOT_PREVIEW": "webp",
        "SNAPSHOT_SIZES": "0x0,64x0",
        "SNAPSHOT_FORMAT": "jpg,webp",
    },
}


@pytest.fixture(scope="module")
def module_cloud():
    with Cloud(buckets=(BUCKET, OTHER)) as cloud:
        yield cloud


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setenv("SNAPSHOT_TIMES", "0.5,1")
    return film(1.5, (160, 90))


class Deliveries:
    """Delivers the events of the emulator's buckets, one at a time, until there are none."""

    def __init__(self, cloud):
        self.cloud = cloud
        self.told = 0

    def run(self):
        """Deliver everything, and return what each delivery wrote and paid, by the key of its event."""
        work = []
        while self.told < len(self.cloud.events):
            event = self.cloud.events[self.told]
            self.told += 1
            assert self.told < MAX_EVENTS
            record = describe(
                event,
                configured="cos:ObjectCreated:*",
                function="snapshot",
                namespace="default",
                region=self.cloud.region,
                event_format=EventFormat(),
            )
            before = len(self.cloud.calls)
            try:
                handler.main_handler({"Records": [record]}, CONTEXT)
            except BatchIncomplete as error:
                pytest.fail(f"{event.key}: {error}")
            operations = [call.operation for call in self.cloud.calls[before:]]
            work.append((event.key, [operation for operation in operations if operation in WRITES | PAID]))
        return work


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_property_5_no_loop(cloud, bucket, small, monkeypatch, name):
    """Each written object causes at most one invocation, which pays nothing and writes nothing."""
    for variable, value in CONFIGURATIONS[name].items():
        monkeypatch.setenv(variable, value)
    upload(bucket, "videos/a.mp4", small)
    deliveries = Deliveries(cloud)
    (_, first), *later = deliveries.run()
    assert "GetSnapshot" in first
    assert len(later) == sum(operation in WRITES for operation in first)
    assert all(work == [] for _, work in later)
    bucket.delete("videos/a.mp4")
    (_, removal), *later = deliveries.run()
    assert set(removal) == {"DeleteObject"}
    assert all(work == [] for _, work in later)


def test_output_prefix_changed_later(cloud, bucket, small, monkeypatch):
    """An object under a former output prefix is no source, even where a person stores it again."""
    upload(bucket, "videos/a.mp4", small)
    deliveries = Deliveries(cloud)
    deliveries.run()
    monkeypatch.setenv("SNAPSHOT_OUTPUT_PREFIX", "posters/")
    for listed in bucket.list("thumbnails/"):
        bucket.put(listed.key, bucket.get(listed.key), content_type="image/jpeg", cache_control="no-cache", metadata={})
    assert all(work == [] for _, work in deliveries.run())


@pytest.mark.parametrize("ending", ["", ".mp4"])
@pytest.mark.parametrize("keeps_metadata", [True, False])
def test_thumbnails_copied_back(cloud, bucket, small, keeps_metadata, ending):
    """Thumbnails copied among the videos end, also where a tool drops their metadata and they are called films."""
    upload(bucket, "videos/a.mp4", small)
    deliveries = Deliveries(cloud)
    deliveries.run()
    pictures = [listed.key for listed in bucket.list("thumbnails/") if listed.key.endswith(".jpg")]
    for number, key in enumerate(pictures):
        metadata = bucket.head(key).metadata if keeps_metadata else {}
        body = bucket.get(key)
        copy = f"videos/copy{number}.jpg{ending}"
        bucket.put(copy, body, content_type="image/jpeg", cache_control="no-cache", metadata=metadata)
    work = deliveries.run()
    assert not any("GetSnapshot" in operations for _, operations in work)
    is_source = bool(ending) and not keeps_metadata  # a copy that is called a film: its manifest says that it is none
    writes = [operation for _, operations in work for operation in operations if operation in WRITES]
    assert writes == ["PutObject"] * (len(pictures) if is_source else 0)


def test_pictures_are_no_sources(cloud, bucket, small, monkeypatch):
    """An extension that the function writes itself is never a source, even where the settings name it."""
    monkeypatch.setenv("SNAPSHOT_EXTENSIONS", "mp4,jpg,png")
    upload(bucket, "videos/a.jpg", b"a picture")
    with CosClient(
        region=cloud.region,
        secret_id=cloud.secret_id,
        secret_key=cloud.secret_key,
        token="",
        deadline=Deadline.after(600),
        endpoint=cloud.endpoint,
    ) as client:
        Bucket(client, OTHER).put("b.png", b"x", content_type="image/png", cache_control="no-cache", metadata={})
    assert all(work == [] for _, work in Deliveries(cloud).run())
