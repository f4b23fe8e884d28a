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

from emulator.film import make_film
from ops.package import AIM_BYTES
from tests.ops.cloud import BUCKET

LONGEST_S = 300
TOLD = {
    "OPS_ENDPOINT": "endpoint",
    "OPS_API_ENDPOINT": "api_endpoint",
    "TENCENTCLOUD_SECRET_ID": "secret_id",
    "TENCENTCLOUD_SECRET_KEY": "secret_key",
}
"""Which variable the README says takes which part of the first line."""


@pytest.fixture(scope="module")
def section(root):
    text = (root / "README.md").read_text(encoding="utf-8")
    found = re.search(r"^## Deploy\n(.*?)(?=^## )", text, re.MULTILINE | re.DOTALL)
    if found is None:
        pytest.skip("README.md has no section Deploy")
    return found[1]


def _commands(text):
    return re.findall(r"^    ((?:make|\.venv/bin/python) .*)$", text, re.MULTILINE)


@pytest.fixture
def shell(root, monkeypatch):
    """What a command of the README is given to: its words, in the project's folder, with this run's own Python."""
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
    """The cloud that the README starts, told to the shell as it says: its first line, and what it tells of calls."""
    (command,) = _commands(section.partition("### Rehearse it here\n")[2].partition("### ")[0])
    monkeypatch.setenv("PYTHON310", str(python310.path))
    with shell(f"exec {command}") as cloud:
        end = threading.Timer(LONGEST_S, os.killpg, (cloud.pid, signal.SIGKILL))
        end.start()
        try:
            reach = json.loads(cloud.stdout.readline())
            for variable, name in TOLD.items():
                assert f"`{name}`" in section
                monkeypatch.setenv(variable, reach[name])
            yield reach, cloud.stderr
        finally:
            end.cancel()
            cloud.send_signal(signal.SIGINT)
            assert cloud.wait(30) == 0


def _manifest_after_upload(reach, told, key, path):
    """As any client would. The manifest is stored last."""
    at = urlsplit(reach["endpoint"])
    client = CosS3Client(
        CosConfig(
            Region=reach["region"], SecretId=reach["secret_id"], SecretKey=reach["secret_key"], Scheme="http",
            IP=at.hostname, Port=at.port,
        )
    )  # fmt: skip
    client.put_object(Bucket=BUCKET, Body=path.read_bytes(), Key=key)
    stored = f"{BUCKET}/thumbnails/{key}/manifest.json"
    assert any("PutObject" in line and stored in line for line in told), "the function ended without a manifest"
    body = client.get_object(Bucket=BUCKET, Key=f"thumbnails/{key}/manifest.json")["Body"].get_raw_stream()
    return json.loads(body.read())


def test_its_commands_deploy_examine_and_take_away(section, shell, rehearsal, wheels, tmp_path):
    deploying, destroying = (_commands(part) for part in section.partition("### ")[0].split("`--destroy`"))
    assert [command.split()[-1] for command in deploying] == ["package", "--dry-run", "deploy", "doctor"]
    assert [command.split()[-1] for command in destroying] == ["--destroy"]
    make_film(tmp_path / "a.mp4", duration_s=2.0, size=(160, 90))

    def follow(command):
        with shell(command) as done:
            said, failed = done.communicate()
        assert done.returncode == 0, (command, said, failed)
        return said

    said = [follow(command) for command in deploying]
    assert re.search(r"sha256 [0-9a-f]{64}", said[0])
    assert "+ create function: snapshot" in said[1]
    assert said[2].endswith("Done.\n")
    assert "error" not in said[3].rpartition("\n\n")[2]
    manifest = _manifest_after_upload(*rehearsal, "videos/a.mp4", tmp_path / "a.mp4")
    assert [entry["at_ms"] for entry in manifest["thumbnails"]] == [500, 1000, 1500]
    assert follow(deploying[2]).startswith("Nothing to change")
    for command in destroying:
        assert follow(command).endswith("Done.\n")
        assert follow(command).startswith("Nothing to remove")


def test_its_size_report_is_that_of_the_package(section, package, python310):
    rows = re.findall(r"^\| ([\w-][\w -]*?) \| +([\d,]+) \|$", section, re.MULTILINE)
    said = {name: int(size.replace(",", "")) for name, size in rows if name != "all of it"}
    packed = {name: size / 1000 for name, _, size in package.parts}
    assert set(said) <= set(packed)
    assert set(said) >= {name for name, size in packed.items() if size >= 100}
    for name, size in said.items():
        assert size == pytest.approx(packed[name], rel=0.25), (
            f"{name}: run `make package` and bring the table up to date"
        )
    assert sum(said.values()) * 1000 < AIM_BYTES
