"""The image-based function: its context, its server, and the function on that newer Python and Pillow."""

import io
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from PIL import Image
from qcloud_cos import CosConfig, CosS3Client

from emulator.cloud import Cloud
from emulator.films.film import make_film, read_stripes
from ops.errors import PackageError
from ops.package.command import ROOT, write_image_context
from ops.package.image.server import read_context
from ops.package.wheels import read_pins

BUCKET = "examplebucket-1250000000"
IMAGE = ROOT / "ops" / "package" / "image"


@pytest.fixture(scope="module")
def context(tmp_path_factory):
    folder = tmp_path_factory.mktemp("image") / "context"
    write_image_context(ROOT, folder)
    return folder


@pytest.fixture(scope="module")
def python313(tmp_path_factory):
    """A Python 3.13 with the image's dependencies."""
    named = os.environ.get("PYTHON313")
    installed = sorted(Path.home().glob(".pyenv/versions/3.13*/bin/python3.13"), reverse=True)
    interpreter = named or shutil.which("python3.13") or (str(installed[0]) if installed else None)
    if interpreter is None or subprocess.run([interpreter, "-c", ""], check=False, capture_output=True).returncode:
        interpreter = str(installed[0]) if installed else None
    if interpreter is None:
        pytest.skip("no Python 3.13 on this machine: set PYTHON313 to run what the image would run")
    folder = tmp_path_factory.mktemp("venv")
    subprocess.run([interpreter, "-m", "venv", folder], check=True, capture_output=True)
    python = folder / "bin" / "python"
    command = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    command += ["--no-compile", "--no-deps", "--require-hashes", "--only-binary", ":all:"]
    subprocess.run([*command, "-r", IMAGE / "requirements.txt"], check=True)
    return python


def test_context(context):
    """The context holds the function, the server, a lock and a Dockerfile that copies them and nothing else."""
    tops = {path.name for path in context.iterdir()}
    assert tops == {"Dockerfile", "requirements.txt", "server.py", "handler.py", "snapshot"}
    text = (context / "Dockerfile").read_text()
    copied = {name for line in re.findall(r"^COPY (.*) \S+$", text, re.MULTILINE) for name in line.split()}
    assert copied == tops - {"Dockerfile"}
    modules = {path.relative_to(ROOT) for path in (ROOT / "snapshot").rglob("*.py")}
    assert {path.relative_to(context) for path in (context / "snapshot").rglob("*") if path.is_file()} == modules
    assert "--require-hashes" in text
    assert "USER nobody" in text


def test_context_is_replaced(context, tmp_path):
    """An earlier context is replaced, and nothing else is."""
    folder = tmp_path / "again"
    write_image_context(ROOT, folder)
    (folder / "stale.py").write_text("")
    write_image_context(ROOT, folder)
    assert not (folder / "stale.py").exists()
    (tmp_path / "mine").mkdir()
    with pytest.raises(PackageError, match="holds no Dockerfile of this command"):
        write_image_context(ROOT, tmp_path / "mine")


def test_lock():
    """The image's lock has the same packages as the zip's, and a newer Pillow."""
    image = {pin.name: pin.version for pin in read_pins(IMAGE / "requirements.txt")}
    package = {pin.name: pin.version for pin in read_pins(ROOT / "requirements.txt")}
    assert set(image) == set(package)
    assert int(image["pillow"].partition(".")[0]) > int(package["pillow"].partition(".")[0])


@pytest.mark.parametrize(
    ("headers", "limits"),
    [
        ({"x-scf-timeout": "120", "x-scf-memory": "512"}, {"time_limit_in_ms": 120_000, "memory_limit_in_mb": 512}),
        ({"x-scf-timeout": "120000"}, {"time_limit_in_ms": 120_000}),
        ({"x-scf-timeout": "soon"}, {}),
    ],
    ids=["seconds", "milliseconds", "no number"],
)
def test_context_of_a_call(headers, limits):
    """Time and memory limits come from the headers, whatever unit the time has."""
    context = read_context({"x-scf-request-id": "r-1", **headers})
    assert context["request_id"] == "r-1"
    assert {name: value for name, value in context.items() if "limit" in name} == limits


def _post(port, path, body, headers=()):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", body, dict(headers), method="POST")
    try:
        with urllib.request.urlopen(request, timeout=120) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


@pytest.fixture
def server(context, python313, request):
    """The server under the image's own Python, and the environment that the platform gives it."""
    with Cloud(buckets=(BUCKET,)) as cloud, socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
        free.close()
        environment = {"PORT": str(port), "SNAPSHOT_ENDPOINT": cloud.endpoint, "SNAPSHOT_INPUT_PREFIX": "videos/",
                       "PATH": os.environ["PATH"], "SNAPSHOT_SIZES": "320x0,160x0"}  # fmt: skip
        process = subprocess.Popen(
            [python313, "-W", "error", "server.py"], cwd=context, env=environment, stdout=subprocess.PIPE, text=True
        )
        try:
            for _ in range(200):
                try:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                except OSError:
                    time.sleep(0.05)
            yield cloud, port
        finally:
            process.terminate()
            process.communicate(timeout=30)


def test_upload(server, tmp_path):
    """An event by HTTP becomes thumbnails, under Python 3.13 and the newest Pillow; a wrong one is a failure."""
    cloud, port = server
    make_film(tmp_path / "a.mp4", duration_s=4.0, size=(320, 180))
    client = CosS3Client(CosConfig(Region=cloud.region, SecretId=cloud.secret_id, SecretKey=cloud.secret_key,
                                   Scheme="http", IP="127.0.0.1", Port=cloud.port))  # fmt: skip
    client.put_object(Bucket=BUCKET, Body=(tmp_path / "a.mp4").read_bytes(), Key="videos/a.mp4")
    headers = {
        "X-Scf-Request-Id": "r-1", "X-Scf-Region": cloud.region, "X-Scf-Appid": "1250000000",
        "X-Scf-Secret-Id": cloud.secret_id, "X-Scf-Secret-Key": cloud.secret_key, "X-Scf-Session-Token": "",
        "X-Scf-Timeout": "60", "X-Scf-Memory": "512", "Content-Type": "application/json",
    }  # fmt: skip
    event = json.dumps({"bucket": BUCKET, "keys": ["videos/a.mp4"]}).encode()
    status, answer = _post(port, "/event-invoke", event, headers.items())
    assert status == 200, answer
    assert [record["outcome"] for record in answer["records"]] == ["made"]
    body = client.get_object(Bucket=BUCKET, Key="thumbnails/videos/a.mp4/manifest.json")["Body"].get_raw_stream()
    manifest = json.load(body)
    assert len(manifest["thumbnails"]) == 6
    for entry in manifest["thumbnails"]:
        picture = client.get_object(Bucket=BUCKET, Key=entry["key"])["Body"].get_raw_stream().read()
        assert read_stripes(Image.open(io.BytesIO(picture))) == entry["at_ms"]
    cloud.unbind(BUCKET)
    client.put_object(Bucket=BUCKET, Body=(tmp_path / "a.mp4").read_bytes(), Key="videos/b.mp4")
    status, answer = _post(port, "/event-invoke", event.replace(b"a.mp4", b"b.mp4"), headers.items())
    assert status == 500
    assert "MediaBucketUnBinded" in answer["errorMessage"]
    assert cloud.secret_key not in json.dumps(answer)
    assert _post(port, "/event-invoke", b"{", headers.items())[0] == 500
    assert _post(port, "/other", b"{}")[0] == 400


def test_command(tmp_path):
    """The command writes the context where it is told to."""
    process = subprocess.run(
        [sys.executable, "-m", "ops", "package", "--image", "--out", tmp_path / "context"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    assert (tmp_path / "context" / "Dockerfile").is_file()
