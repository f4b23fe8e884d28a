import pytest

from emulator.cloud import Cloud
from studio import client as module
from tests.studio.conftest import BUCKET, client_of


@pytest.fixture(scope="module")
def cloud():
    """A cloud without a function."""
    with Cloud() as cloud:
        yield cloud


@pytest.mark.parametrize(
    ("size_bytes", "slices"),
    [(0, 0), (1000, 0), (1 << 20, 0), ((5 << 19) + 1, 3)],
    ids=["empty", "small", "one", "slices"],
)
def test_upload(size_bytes, slices, cloud, tmp_path, monkeypatch):
    """A file arrives whole, a large one in slices, and every byte is counted once."""
    monkeypatch.setattr(module, "SLICE_BYTES", 1 << 20)
    cloud.clear()
    content = bytes(range(256)) * (size_bytes // 256) + b"x" * (size_bytes % 256)
    (tmp_path / "file").write_bytes(content)
    counts = []
    client_of(cloud).upload(BUCKET, "a b/ü.bin", tmp_path / "file", advance=counts.append)
    client_of(cloud).download(BUCKET, "a b/ü.bin", tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == content
    assert sum(counts) == size_bytes
    assert [call.operation for call in cloud.calls].count("UploadPart") == slices


def test_interrupted(cloud, tmp_path, monkeypatch):
    """Ctrl-C during an upload reaches the caller at once: nothing is sent from another thread."""
    monkeypatch.setattr(module, "SLICE_BYTES", 1 << 20)
    (tmp_path / "file").write_bytes(bytes(3 << 20))

    def interrupt(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        client_of(cloud).upload(BUCKET, "file", tmp_path / "file", advance=interrupt)


def test_listing(cloud, tmp_path, monkeypatch):
    """Every key of a bucket is listed, over several pages."""
    monkeypatch.setattr(module, "_PAGE_KEYS", 2)
    cloud.clear()
    (tmp_path / "file").write_bytes(b"x")
    client = client_of(cloud)
    keys = [f"a b/{number}" for number in range(5)]
    for key in keys:
        client.upload(BUCKET, key, tmp_path / "file")
    assert list(client.list_keys(BUCKET)) == keys
