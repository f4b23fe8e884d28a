"""Inputs that uploaders, clouds and pictures should not send: it costs nothing, blows nothing up, and tells nothing."""

import contextlib
import io
import json
import os
import zlib

import pytest
from PIL import Image

import handler
from emulator.faults.effects import ErrorResponse
from emulator.faults.injector import Fault
from snapshot.batch import BatchIncomplete
from snapshot.errors import BadEvent, BadFrame, BadSettings
from snapshot.events import Removal, Upload
from snapshot.frames import check_frame, estimate_bytes
from snapshot.layout import SOURCE_ETAG_METADATA, Layout
from snapshot.media import MediaInfo, VideoStream
from snapshot.memory import MIB, budgets_of, free_bytes
from snapshot.outcomes import Made, Removed, Skipped, Unchanged
from snapshot.plan import Shot, plan_shots
from snapshot.settings import Settings, read_environment
from snapshot.times import parse_times
from tests.snapshot.films import film
from tests.snapshot.histories import FILMS, read
from tests.snapshot.invoking import BUCKET, CONTEXT, FILM, event, upload
from tests.snapshot.test_histories import KEY, LAYOUT, A, B, Cloud

SECRETS = ("TENCENTCLOUD_SECRETID", "TENCENTCLOUD_SECRETKEY", "TENCENTCLOUD_SESSIONTOKEN")


@pytest.fixture
def films():
    return Cloud()


# ---------------------------------------------------------------- secrets


@pytest.mark.parametrize(
    "fault",
    [
        None,
        Fault(ErrorResponse(403, "AccessDenied"), operation="HeadObject"),
        Fault(ErrorResponse(500, "InternalError"), operation="GetSnapshot"),
        Fault(ErrorResponse(403, "SignatureDoesNotMatch"), operation="PutObject"),
    ],
    ids=["no fault", "refused", "broken", "signature"],
)
def test_property_8_keeps_its_distance(root, cloud, bucket, capsys, fault):
    """No secret reaches log, return value, manifest, journal, error or dead letter."""
    upload(bucket, FILM, film(1.5, (160, 90)))
    if fault:
        cloud.faults.add(fault)
    texts = []
    with contextlib.ExitStack() as stack:
        raised = stack.enter_context(pytest.raises(BatchIncomplete)) if fault else None
        texts.append(str(handler.main_handler(event(root, "created-put"), {**CONTEXT, "time_limit_in_ms": 3000})))
    if raised:
        assert raised.value.__cause__ is None
        texts.append(repr(raised.value))
    cloud.faults.clear()
    texts += capsys.readouterr()
    texts += [str(bucket.get(listed.key)) + str(bucket.head(listed.key)) for listed in bucket.list("thumbnails/")]
    for name in SECRETS:
        assert not any(os.environ[name] in text for text in texts)


@pytest.mark.parametrize("name", [name for name in Settings.model_fields if name != "endpoint"])
def test_secret_in_a_setting(cloud, monkeypatch, name):
    """A credential that was pasted into a setting is not shown by the error that refuses it."""
    secret = os.environ["TENCENTCLOUD_SECRETKEY"]
    monkeypatch.setenv(str(Settings.model_fields[name].alias), f"!{secret}")
    text = ""
    try:
        read_environment(os.environ)
    except BadSettings as error:
        text = str(error)
    assert secret not in text


# ---------------------------------------------------------------- uploaders


def test_metadata_bomb():
    """2 kB of time points in an upload's metadata stay a plan of bounded size, whatever length the file claims."""
    text = ",".join(f"every:0.{number}" for number in range(101, 400))[:1990].rpartition(",")[0]
    try:
        times = parse_times(text)
    except ValueError:
        return
    media = MediaInfo(10**10, (VideoStream(0, 64, 36, "h264"),))
    plan = plan_shots(Settings.from_environment({}), times, media, max_shots=99)
    assert len(plan.shots) <= 99
    assert len(plan.dropped) < 1000


def test_metadata_that_claims_to_be_ours(films):
    """An upload with the function's own mark is no source, and does not keep the manifest of another content."""
    films.put(A)
    films.deliver()
    films.put(B, snapshot_source_etag="anything")
    assert isinstance(films.deliver(), Removed)
    assert films.output == set()


def test_metadata_off(films):
    """SNAPSHOT_METADATA=off takes the uploader's wishes away."""
    films.put(A, snapshot_times="0.1,0.2,0.3", snapshot_poster="0.2")
    films.deliver(metadata="off")
    assert [entry.at_ms for entry in films.manifest.thumbnails] == [1000, 2000, 3000]


@pytest.mark.parametrize(
    "planted",
    [
        b"",
        b"{",
        b"[" * 100_000,
        b"\xff\xfe{}",
        b"{}" + b" " * 2_000_000,
        b'{"version": 1, "thumbnails": [], "missed": []}',
        b'{"version": 1e400}',
    ],
    ids=["empty", "cut", "nested", "UTF-16", "large", "incomplete", "infinite"],
)
@pytest.mark.parametrize("name", ["manifest.json", "journal.json"])
def test_planted_document(films, name, planted):
    """A manifest or journal that is none is as good as absent."""
    films.put(A)
    films.deliver()
    generation = films.manifest.generation
    films.upload(BUCKET, LAYOUT.manifest if name == "manifest.json" else LAYOUT.journal(generation), planted)
    films.deliver()
    assert films.shown() == {A}
    assert isinstance(films.deliver(), Unchanged)


@pytest.mark.parametrize(
    "change",
    [
        {"thumbnails": []},
        {"generation": "0" * 16},
        {"recipe": "0" * 64},
    ],
    ids=["no thumbnails", "generation", "recipe"],
)
def test_manifest_with_false_claims(films, change):
    """A manifest that was changed by hand is not what would be made, and is made anew without a paid snapshot."""
    films.put(A)
    films.deliver()
    document = json.loads(films.stored[BUCKET][LAYOUT.manifest][0]) | change
    films.upload(BUCKET, LAYOUT.manifest, json.dumps(document).encode())
    assert isinstance(films.deliver(), Made)
    assert films.shown() == {A}


def test_manifest_that_names_foreign_keys(films):
    """A manifest cannot make the function delete or believe what lies outside its own folder."""
    films.put(A)
    films.deliver()
    films.upload(BUCKET, "private/secret.jpg", b"a person's", snapshot_source_etag="x")
    document = json.loads(films.stored[BUCKET][LAYOUT.manifest][0])
    document["thumbnails"][0]["key"] = "private/secret.jpg"
    films.upload(BUCKET, LAYOUT.manifest, json.dumps(document).encode())
    films.deliver()
    assert films.shown() == {A}
    films.remove()
    films.deliver()
    assert "private/secret.jpg" in films.stored[BUCKET]


@pytest.mark.parametrize("is_marked", [False, True])
def test_planted_thumbnail(films, is_marked):
    """A picture under a thumbnail's name that does not say that it is of this content is not taken for one."""
    films.put(A)
    films.deliver()
    first, second = films.manifest.thumbnails[:2]
    body, stored, *_ = films.stored[BUCKET][second.key]
    metadata = dict(stored.metadata) | {SOURCE_ETAG_METADATA: "of another content"} if is_marked else {}
    films.stored[BUCKET][first.key] = (body, films.describe(body, metadata), None, None, None)
    films.deliver()
    assert read(films.stored[BUCKET][first.key][0]) == (FILMS.index(A), first.at_ms)


@pytest.mark.parametrize(
    "key",
    [
        "videos/../../thumbnails/x.mp4",
        "../x.mp4",
        "videos/./x.mp4",
        "//x.mp4",
        "videos/%2e%2e/x.mp4",
        "videos/\N{RIGHT-TO-LEFT OVERRIDE}x.mp4",
        "videos/x.mp4/manifest.json.mp4",
        "videos/x.mp4/0123456789abcdef/preview.webp.mp4",
    ],
)
def test_key_stays_in_its_folder(films, key):
    """Everything that is made of a key lies under the output prefix and that key, and only that is deleted."""
    films.upload(BUCKET, KEY, A)
    films.deliver()
    earlier = dict(films.stored[BUCKET])
    films.upload(BUCKET, key, A)
    films.deliver(Upload(BUCKET, key))
    new_keys = films.stored[BUCKET].keys() - earlier.keys() - {key}
    assert len(new_keys) > 3
    assert all(new_key.startswith(f"thumbnails/{key}/") for new_key in new_keys)
    del films.stored[BUCKET][key]
    films.deliver(Removal(BUCKET, key))
    assert films.stored[BUCKET] == earlier


def test_huge_listing(films):
    """100,000 objects of other videos below a video's folder are passed over."""
    films.put(A)
    for number in range(100_000):
        films.stored[BUCKET][f"{LAYOUT.folder}{number:06d}.mp4/manifest.json"] = (
            b"",
            films.stored[BUCKET][KEY][1],
            None,
            None,
            None,
        )
    assert isinstance(films.deliver(), Made)
    films.remove()
    assert isinstance(films.deliver(), Removed)
    assert len(films.stored[BUCKET]) == 100_000


def test_names_of_ours_alone():
    """Names that look like ours and are not are none."""
    layout = Layout.of("thumbnails/", KEY)
    for name in (
        "manifest.json.bak",
        "poster.jpg/x",
        "0123456789abcdef/x.jpg",
        "poster.gif",
        "",
        "b.mp4/manifest.json",
    ):
        assert not layout.owns(layout.folder + name)


# ---------------------------------------------------------------- other accounts


@pytest.mark.parametrize("kind", ["record", "call"])
def test_other_account(root, cloud, bucket, kind):
    """An event cannot make the function touch a bucket of another account."""
    body = json.loads(json.dumps(event(root, "created-put")).replace("1250000000", "1259999999"))
    if kind == "call":
        body = {"bucket": "examplebucket-1259999999", "keys": [FILM]}
    cloud.clear_calls()
    with contextlib.suppress(BadEvent):  # where it is refused as a whole
        (record,) = handler.main_handler(body, CONTEXT)["records"]
        assert record["code"] == "OtherAccount"
    assert cloud.calls == ()


# ---------------------------------------------------------------- pictures


def png_that_claims(width, height):
    """Return a small PNG whose header claims this size."""

    def chunk(name, content):
        return len(content).to_bytes(4, "big") + name + content + zlib.crc32(name + content).to_bytes(4, "big")

    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + b"\x08\x02\x00\x00\x00"
    data = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(9400, 9400), (100_000, 100_000), (65_535, 2_000)])
def test_picture_bomb(size):
    """A picture's header is measured before anything is decoded."""
    shot = Shot(0, 320, 0, "png", "exactframe", "auto")
    with pytest.raises(BadFrame):
        check_frame(png_that_claims(*size), shot, key=KEY)


def test_many_scans():
    """A JPEG of very many scans is refused before it is decoded."""
    body = io.BytesIO()
    Image.new("RGB", (64, 64), (200, 30, 90)).save(body, "JPEG", progressive=True)
    file = body.getvalue()
    scan = file[file.rindex(b"\xff\xda") : -2]
    shot = Shot(0, 0, 0, "jpg", "exactframe", "auto")
    with pytest.raises(BadFrame):
        check_frame(file[:-2] + scan * 3000 + b"\xff\xd9", shot, key=KEY)


def test_property_7_inside_its_memory():
    """Memory held at one time is bounded by the function's limit, whatever the number of shots and sizes."""
    settings = Settings.from_environment({"SNAPSHOT_SIZES": "1920x0,1280x0,640x0", "SNAPSHOT_TIMES": "20x"})
    cost = estimate_bytes(3840, 2160, "jpg", settings)
    for limit_mb in (128, 256, 512):
        files, rendering = budgets_of(free_bytes(limit_mb))
        assert files.total_bytes + rendering.total_bytes <= limit_mb * MIB
        total = 0
        while rendering.try_acquire(cost):
            total += cost
        assert total <= max(rendering.total_bytes, cost)
    assert cost < 64 * MIB


def test_nothing_to_do_for_a_stranger(films):
    """An event of a key that never was costs three looks and nothing else."""
    assert isinstance(films.deliver(Removal(BUCKET, "videos/never.mp4")), Skipped)
    assert sorted(operation for operation, _, _ in films.log) == ["GetBucket", "GetObject", "HeadObject"]
