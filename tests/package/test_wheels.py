"""The lock, the wheels it names, and each way in which they cannot be had."""

import hashlib
import os
import zipfile
from dataclasses import replace

import pytest

from ops.errors import PackageError
from ops.package.command import ROOT
from ops.package.wheels import fetch_wheels, read_pins

NO_INDEX = {
    "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
    "PIP_RETRIES": "0",
    "PIP_TIMEOUT": "1",
    "PIP_CONFIG_FILE": os.devnull,
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An index of our own: a folder with one pure wheel, and pip told to look nowhere else."""
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    wheel = shelf / "tiny-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("tiny.py", "")
        archive.writestr("tiny-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
        archive.writestr("tiny-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr("tiny-1.0.dist-info/RECORD", "")
    for name in list(os.environ):
        if name.startswith("PIP_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(shelf))
    return tmp_path


def _lock(folder, text):
    path = folder / "requirements.txt"
    path.write_text(text)
    return path


def _sum(folder):
    return hashlib.sha256((folder / "shelf" / "tiny-1.0-py3-none-any.whl").read_bytes()).hexdigest()


def test_lock_is_complete():
    """The lock pins what requirements.in asks for, and all that this needs."""
    pins = {pin.name: pin for pin in read_pins(ROOT / "requirements.txt")}
    requirements = {
        line.partition("#")[0].strip()
        for line in (ROOT / "ops" / "requirements.in").read_text().splitlines()
        if line.partition("#")[0].strip()
    }
    named = {requirement.partition("==")[0] for requirement in requirements}
    assert named == {"certifi", "cos-python-sdk-v5", "crcmod-plus", "pillow", "pydantic"}
    for requirement in requirements:
        name, _, version = requirement.partition("==")
        assert pins[name].version == version or not version
    assert {"requests", "urllib3", "pydantic-core", "xmltodict", "six", "certifi", "idna"} <= set(pins)
    assert "crcmod" not in pins


def test_lock_names_no_index():
    """The lock names no index."""
    text = (ROOT / "requirements.txt").read_text()
    assert "://" not in text
    assert "index-url" not in text
    assert "find-links" not in text


def test_lock_is_installed():
    """The tests run with the locked versions."""
    from importlib.metadata import version

    wrong = [
        pin.name
        for pin in read_pins(ROOT / "requirements.txt")
        if pin.name != "crcmod-plus" and version(pin.name) != pin.version
    ]
    assert wrong == []


def test_cache(folder, monkeypatch):
    """A wheel is downloaded once."""
    lock = _lock(folder, f"tiny==1.0 \\\n    --hash=sha256:{_sum(folder)}\n")
    first = fetch_wheels(lock, version="3.10", cache=folder / "cache")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder / "nowhere"))
    assert fetch_wheels(lock, version="3.10", cache=folder / "cache") == first
    assert first[0].path.name == "tiny-1.0-py3-none-any.whl"


def test_spoilt_cache(folder):
    """A file in the cache is hashed again before it is used."""
    lock = _lock(folder, f"tiny==1.0 --hash=sha256:{_sum(folder)}\n")
    (wheel,) = fetch_wheels(lock, version="3.10", cache=folder / "cache")
    good = wheel.path.read_bytes()
    wheel.path.write_bytes(b"spoilt")
    (refetched,) = fetch_wheels(lock, version="3.10", cache=folder / "cache")
    assert refetched.path.read_bytes() == good


def test_wrong_hash(folder):
    """A file that is not the locked one is refused."""
    lock = _lock(folder, f"tiny==1.0 --hash=sha256:{'0' * 64}\n")
    with pytest.raises(PackageError, match="not the expected one") as raised:
        fetch_wheels(lock, version="3.10", cache=folder / "cache")
    assert "Do not use it" in raised.value.remedy


def test_no_wheel(folder):
    """A release without a wheel for the target is named."""
    shelf = folder / "shelf"
    (shelf / "tiny-1.0-py3-none-any.whl").rename(shelf / "tiny-1.0-cp310-cp310-manylinux_2_28_x86_64.whl")
    lock = _lock(folder, f"tiny==1.0 --hash=sha256:{'0' * 64}\n")
    with pytest.raises(PackageError, match=r"no wheel of tiny==1\.0 for Python 3\.10 on glibc 2\.17"):
        fetch_wheels(lock, version="3.10", cache=folder / "cache")


def test_no_index(folder, monkeypatch):
    """An index that pip may not use is named as the cause."""
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder / "nothing"))
    lock = _lock(folder, f"tiny==1.0 --hash=sha256:{'0' * 64}\n")
    with pytest.raises(PackageError, match=r"pip is set to use no package index.* no wheel of tiny==1\.0") as raised:
        fetch_wheels(lock, version="3.10", cache=folder / "cache")
    assert "PIP_NO_INDEX" in raised.value.remedy


def test_no_network(folder, monkeypatch):
    """A missing network is named as the cause."""
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    for name, value in NO_INDEX.items():
        monkeypatch.setenv(name, value)
    lock = _lock(folder, f"tiny==1.0 --hash=sha256:{'0' * 64}\n")
    with pytest.raises(PackageError, match="package index could not be reached"):
        fetch_wheels(lock, version="3.10", cache=folder / "cache")


@pytest.mark.parametrize(
    "line",
    ["tiny", "tiny>=1", "tiny==1.0", "tiny==1.0 ; python_version < '3.11' --hash=sha256:" + "0" * 64],
    ids=["bare", "range", "no hash", "marker"],
)
def test_not_a_pin(tmp_path, line):
    """A line that is not a pin for every platform is shown."""
    with pytest.raises(PackageError, match="not a pin with hashes"):
        read_pins(_lock(tmp_path, line + "\n"))


def test_read_pins(tmp_path):
    """A pin is read with all its hashes."""
    (pin,) = read_pins(
        _lock(tmp_path, f"# made\nTiny==1.0 \\\n  --hash=sha256:{'a' * 64} \\\n  --hash=sha256:{'b' * 64}\n")
    )
    assert replace(pin, sha256=frozenset()) == replace(pin, name="tiny", version="1.0", sha256=frozenset())
    assert pin.sha256 == {"a" * 64, "b" * 64}
