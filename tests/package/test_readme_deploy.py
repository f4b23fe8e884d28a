"""The README's section on deploying, followed word by word against the emulated cloud."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
from urllib.parse import urlsplit

import pytest
from qcloud_cos import CosConfig, CosS3Client

from emulator.films.film import make_film
from ops.package.command import MAX_BYTES
from tests.ops.cloud import BUCKET

MAX_S = 300


def _section(path, title):
    """Return a document's section of the second level."""
    match = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert match, f"{path.name} has no section {title}"
    return match[1]


@pytest.fixture(scope="module")
def section(root):
    """The section on deploying; its sub-sections are separated by ###."""
    return _section(root / "README.md", "Deploy")


def _commands(text):
    return re.findall(r"^    ((?:make|\.venv/bin/python) .*)$", text, re.MULTILINE)


@pytest.fixture
def shell(root, monkeypatch):
    """The shell that runs a command of the README: its words, in the project's folder, with this run's own Python."""
    for name in ("OPS_ENDPOINT", "OPS_API_ENDPOINT", "TENCENTCLOUD_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("VENV", sys.prefix)
    monkeypatch.setenv("MAKEFLAGS", f"--old-file={sys.prefix}/ready")

    def started(command):
        words = command.replace(".venv/bin/python", sys.executable)
        return subprocess.Popen(
            words,
            shell=True,
            cwd=root,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    return started


@pytest.fixture
def rehearsal(section, shell, python310, monkeypatch):
    """The cloud that the README's line starts, its variables set as that line sets them; yields its log of calls."""
    (line,) = re.findall(r"^    (eval .+)$", section.partition("### Rehearse it here\n")[2], re.MULTILINE)
    (stop,) = re.findall(r"^    (kill .+)$", section, re.MULTILINE)
    monkeypatch.setenv("PYTHON310", str(python310.path))
    with shell(f"bash -c '{line}; env -0'") as started:
        end = threading.Timer(MAX_S, os.killpg, (started.pid, signal.SIGKILL))
        end.start()
        environment = dict(entry.split("=", 1) for entry in started.stdout.read().split("\0") if entry)
        for name in environment.keys() - os.environ.keys():
            monkeypatch.setenv(name, environment[name])
        try:
            yield started.stderr
        finally:
            left = subprocess.run(f"{stop}; env -0", shell=True, check=True, capture_output=True, text=True).stdout
            assert "OPS_" not in left  # what is run next in that shell goes to Tencent Cloud
            started.stderr.read()  # until the cloud has ended
            end.cancel()


def _manifest_after_upload(calls, key, path):
    """Upload as any client would, and return the manifest, which is stored last."""
    endpoint = urlsplit(os.environ["OPS_ENDPOINT"])
    client = CosS3Client(
        CosConfig(
            Region=os.environ["TENCENTCLOUD_REGION"],
            SecretId=os.environ["TENCENTCLOUD_SECRET_ID"],
            SecretKey=os.environ["TENCENTCLOUD_SECRET_KEY"],
            Scheme="http",
            IP=endpoint.hostname,
            Port=endpoint.port,
        )
    )
    client.put_object(Bucket=BUCKET, Body=path.read_bytes(), Key=key)
    manifest_key = f"thumbnails/{key}/manifest.json"
    for line in calls:
        assert "ImportError" not in line, line
        if "PutObject" in line and f"{BUCKET}/{manifest_key}" in line:
            break
    else:
        pytest.fail("the cloud ended without a manifest")
    body = client.get_object(Bucket=BUCKET, Key=manifest_key)["Body"].get_raw_stream()
    return json.loads(body.read())


def test_commands(root, section, shell, rehearsal, wheels, tmp_path):
    """The README's commands deploy, check and remove the function."""
    deploying = _commands(section.partition("### ")[0])
    destroying = _commands(_section(root / "README.md", "Upgrade and uninstall"))
    assert [command.split()[-1] for command in deploying] == ["package", "--dry-run", "deploy", "doctor"]
    assert [command.split()[-1] for command in destroying] == ["--destroy"]
    make_film(tmp_path / "a.mp4", duration_s=2.0, size=(160, 90))

    def follow(command):
        with shell(command) as process:
            output, errors = process.communicate()
        assert process.returncode == 0, (command, output, errors)
        return output

    packaged, planned, deployed, examined = (follow(command) for command in deploying)
    assert re.search(r"sha256 [0-9a-f]{64}", packaged)
    assert "+ create function: snapshot" in planned
    assert "\nDone.\nNext: " in deployed
    assert "error" not in examined.rpartition("\n\n")[2]
    manifest = _manifest_after_upload(rehearsal, "videos/a.mp4", tmp_path / "a.mp4")
    assert [entry["at_ms"] for entry in manifest["thumbnails"]] == [500, 1000, 1500]
    assert follow(deploying[2]).startswith("Nothing to change")
    for command in destroying:
        assert follow(f"{command} --yes").endswith("Done.\n")
        assert follow(command).startswith("Nothing to remove")


def test_size_table(root, package, python310):
    """The size table in docs/deploy.md is that of the package."""
    section = _section(root / "docs" / "deploy.md", "Package")
    rows = re.findall(r"^\| ([\w-][\w -]*?) \| +([\d,]+) \|$", section, re.MULTILINE)
    written = {name: int(size.replace(",", "")) for name, size in rows if name != "all of it"}
    packed = {name: size / 1000 for name, _, size in package.parts}
    assert set(written) <= set(packed)
    assert set(written) >= {name for name, size in packed.items() if size >= 100}
    for name, size in written.items():
        assert size == pytest.approx(packed[name], rel=0.25), (
            f"{name}: run `make package` and bring the table up to date"
        )
    assert sum(written.values()) * 1000 < MAX_BYTES
