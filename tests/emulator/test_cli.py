"""`python -m emulator` as a process of its own."""

import base64
import io
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pytest
from qcloud_cos import CosConfig, CosS3Client
from tencentcloud.cam.v20190116.cam_client import CamClient
from tencentcloud.common.credential import Credential
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.scf.v20180416.scf_client import ScfClient

from emulator.__main__ import _read_policy
from emulator.scf.interpreter import find_interpreter

BUCKET = "examplebucket-1250000000"
UPLOAD = """
import json, sys
from qcloud_cos import CosConfig, CosS3Client
connection = json.loads(sys.argv[1])
host, _, port = connection["endpoint"].removeprefix("http://").partition(":")
client = CosS3Client(CosConfig(Scheme="http", IP=host, Port=int(port), Region=connection["region"],
                               SecretId=connection["secret_id"], SecretKey=connection["secret_key"]))
client.upload_file(connection["buckets"][0], "videos/a b+.mp4", sys.argv[2])
"""


class Running:
    """The emulator as a process: its first line, what it log since, and its end."""

    def __init__(self, root, *arguments):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "emulator", *arguments],
            cwd=root,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        )
        self.log = []
        self.reader = threading.Thread(target=self._read)
        self.reader.start()
        self.first = self.process.stdout.readline()

    def _read(self):
        self.log.extend(iter(self.process.stderr.readline, ""))

    def end(self, number=signal.SIGTERM):
        """The exit code, the rest of stdout, and stderr."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            code = self.process.wait(30)
        finally:
            self.process.kill()
            self.reader.join(30)
            rest = self.process.stdout.read()
            self.process.stdout.close()
            self.process.stderr.close()
        return code, rest, "".join(self.log)


@pytest.fixture
def run(root):
    running = []

    def start(*arguments):
        running.append(Running(root, *arguments))
        return running[-1]

    yield start
    for item in running:
        if not item.process.stdout.closed:
            item.end()


def client_of(connection):
    config = CosConfig(
        Scheme="http",
        IP="127.0.0.1",
        Port=int(connection["endpoint"].rpartition(":")[2]),
        Region=connection["region"],
        SecretId=connection["secret_id"],
        SecretKey=connection["secret_key"],
    )
    return CosS3Client(config, retry=0)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_serve_and_stop(run, number):
    """It prints how to reach it, serves, and ends cleanly."""
    emulator = run("--port", "0", "--bucket", BUCKET, "--bucket", "second-1250000000", "--region", "ap-beijing")
    connection = json.loads(emulator.first)
    assert set(connection) == {"endpoint", "region", "buckets", "secret_id", "secret_key"}
    assert (connection["region"], connection["buckets"]) == ("ap-beijing", [BUCKET, "second-1250000000"])
    client_of(connection).put_object(BUCKET, b"hello", "a")
    code, rest, log = emulator.end(number)
    assert (code, rest) == (0, "")
    assert "run roles may do everything: there is no --policy" in log
    assert f"200 root PutObject {BUCKET}/a" in log
    assert not [
        secret for secret in (connection["secret_key"], connection["secret_id"], "q-signature") if secret in log
    ]


def test_upload_from_another_process(run, root, film, tmp_path):
    """An upload from another process yields the manifest."""
    emulator = run("--port", "0", "--bucket", BUCKET, "--function", "--set", "SNAPSHOT_TIMES=0.5,50%")
    connection = json.loads(emulator.first)
    (tmp_path / "film.mp4").write_bytes(film)
    upload = [sys.executable, "-c", UPLOAD, json.dumps(connection), str(tmp_path / "film.mp4")]
    subprocess.run(upload, check=True, timeout=60)
    key = "thumbnails/videos/a b+.mp4/manifest.json"
    client, waited = client_of(connection), 0
    while not client.object_exists(BUCKET, key) and waited < 300:
        emulator.reader.join(0.2)  # ends at once should the emulator end
        waited += 1
    manifest = json.loads(client.get_object(BUCKET, key)["Body"].get_raw_stream().read())
    assert manifest["source"]["key"] == "videos/a b+.mp4"
    assert [item["at_ms"] for item in manifest["thumbnails"]] == [500, 1000]
    for item in manifest["thumbnails"]:
        assert client.head_object(BUCKET, item["key"])["Content-Length"] == str(item["size_bytes"])
    code, _, log = emulator.end()
    assert code == 0
    assert "role GetSnapshot" in log


@pytest.mark.parametrize(
    ("setting", "key", "words"),
    [
        (
            "SNAPSHOT_TIMES=abc",
            "videos/a.mp4",
            "function: 430: snapshot.errors.BadSettings: wrong settings: SNAPSHOT_TIMES",
        ),
        ("SNAPSHOT_TIMES=1", "v" * 846 + ".mp4", "KeyTooLong"),
    ],
    ids=["a wrong setting", "a key too long"],
)
def test_failures_are_logged(run, setting, key, words):
    """The failure of a function is logged."""
    emulator = run("--port", "0", "--bucket", BUCKET, "--function", "--set", setting)
    client_of(json.loads(emulator.first)).put_object(BUCKET, b"no film", key)
    waited = 0
    while words not in "".join(emulator.log) and waited < 300:
        emulator.reader.join(0.1)  # ends at once should the emulator end
        waited += 1
    assert words in emulator.end()[2]


def test_policy_and_unbound_bucket(run, tmp_path):
    """A policy and an unbound bucket are taken from the command line."""
    policy = {"version": "2.0", "statement": {"effect": "allow", "action": "ci:*", "resource": "*"}}
    (tmp_path / "policy.json").write_text(json.dumps(policy))
    emulator = run("--bucket", BUCKET, "--policy", str(tmp_path / "policy.json"), "--unbound", BUCKET)
    connection = json.loads(emulator.first)
    assert "MediaBucketList" not in client_of({**connection, "region": "ap-guangzhou"}).ci_get_media_bucket()
    assert "run roles may do what the policy allows" in emulator.end()[2]


@pytest.mark.parametrize(
    ("text", "words"),
    [(None, "No such file"), ("# Readme", "no JSON"), ("", "no JSON")],
    ids=["absent", "text", "empty"],
)
def test_unreadable_policy(tmp_path, text, words):
    """A policy that cannot be read is named, with the option and the form that is accepted."""
    path = tmp_path / "policy.md"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(
        ValueError, match=f"--policy {re.escape(str(path))}: .*{words}.*a CAM policy in JSON is accepted"
    ):
        _read_policy(path)


def api_client(kind, connection):
    profile = ClientProfile(httpProfile=HttpProfile(protocol="http", endpoint=connection["api_endpoint"][7:]))
    return kind(Credential(connection["secret_id"], connection["secret_key"]), connection["region"], profile)


def test_control(run):
    """With --control the first line has the API's endpoint too, and the official client is answered there."""
    emulator = run("--control", "--bucket", BUCKET, "--queue", "lost")
    connection = json.loads(emulator.first)
    answer = api_client(CamClient, connection).call_json("GetUserAppId", {})["Response"]
    assert answer["AppId"] == 1250000000
    assert emulator.end(signal.SIGINT)[0] == 0


@pytest.fixture(scope="module")
def python310():
    """A Python 3.10 of this machine, as SCF's newest runtime is."""
    installed = sorted(Path.home().glob(".pyenv/versions/3.10.*/bin/python"))
    for candidate in (os.environ.get("PYTHON310"), "python3.10", sys.executable, *map(str, installed)):
        interpreter = find_interpreter(candidate) if candidate else None
        if interpreter and interpreter.runtime == "Python3.10":
            return interpreter
    return pytest.fail("there is no Python 3.10 on this machine: set PYTHON310 to the path of one")


@pytest.mark.parametrize(("runtime", "warned"), [("Python3.6", True), ("Python3.10", False)])
def test_another_python_than_the_runtimes(run, python310, runtime, warned):
    """A function that is made for another Python than the one that runs it is warned of in a line of its own."""
    emulator = run("--control", "--bucket", BUCKET, "--python", str(python310.path))
    connection = json.loads(emulator.first)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("handler.py", "def main_handler(event, context): return 1\n")
    code = base64.b64encode(packed.getvalue()).decode()
    api_client(ScfClient, connection).call_json(
        "CreateFunction",
        {
            "FunctionName": "one",
            "Handler": "handler.main_handler",
            "Runtime": runtime,
            "Code": {"ZipFile": code},
        },
    )
    log = emulator.end()[2]
    assert (f"WARNING: one: the function is made for {runtime}" in log) is warned
    assert f"functions run under {python310.path} (3.10." in log


def tls_connection(port, context, host):
    return context.wrap_socket(socket.create_connection(("127.0.0.1", port), 10), server_hostname=host)


def test_tls(run):
    """With --tls both planes are served by https too, by a certificate that its CA file vouches for and no other."""
    emulator = run("--tls", "--control", "--bucket", BUCKET)
    connection = json.loads(emulator.first)
    port = int(connection["tls_endpoint"].rpartition(":")[2])
    hosts = {"127.0.0.1": port, f"{BUCKET}.cos.ap-guangzhou.myqcloud.com": port, "ci.ap-guangzhou.myqcloud.com": port}
    hosts["scf.tencentcloudapi.com"] = int(connection["tls_api_endpoint"].rpartition(":")[2])
    context = ssl.create_default_context(cafile=connection["ca_file"])
    for host, its_port in hosts.items():
        with tls_connection(its_port, context, host) as secure:
            assert secure.version() in {"TLSv1.2", "TLSv1.3"}
    with socket.create_connection(("127.0.0.1", port), 10) as plain, pytest.raises(ssl.SSLCertVerificationError):
        ssl.create_default_context().wrap_socket(plain, server_hostname="127.0.0.1")
    config = CosConfig(
        Scheme="https",
        IP="127.0.0.1",
        Port=port,
        Region=connection["region"],
        SecretId=connection["secret_id"],
        SecretKey=connection["secret_key"],
        VerifySSL=connection["ca_file"],
    )
    CosS3Client(config, retry=0).put_object(BUCKET, b"x" * 1_000_000, "a")
    assert client_of(connection).head_object(BUCKET, "a")["Content-Length"] == "1000000"


def test_stuck_handshake(run):
    """A client that never ends its handshake holds up nobody else, nor the end of the emulator."""
    emulator = run("--tls", "--bucket", BUCKET)
    connection = json.loads(emulator.first)
    port = int(connection["tls_endpoint"].rpartition(":")[2])
    context = ssl.create_default_context(cafile=connection["ca_file"])
    with socket.create_connection(("127.0.0.1", port), 10) as stuck:
        stuck.sendall(b"\x16\x03\x01")
        with tls_connection(port, context, "localhost") as secure:
            assert secure.version()
        assert emulator.end()[0] == 0


def test_env(root):
    """`eval "$(... --env &)"` sets what clients need, and the emulator runs on until it is ended by its PID."""
    script = f"""
    eval "$({sys.executable} -m emulator --control --env --bucket {BUCKET} 2>/dev/null &)"
    echo "$OPS_ENDPOINT $OPS_API_ENDPOINT $TENCENTCLOUD_SECRET_ID $TENCENTCLOUD_SECRET_KEY $TENCENTCLOUD_REGION"
    {sys.executable} -c 'import sys, urllib.request as u; print(u.urlopen(sys.argv[1] + "/").status)' "$OPS_ENDPOINT"
    kill "$EMULATOR_PID"
    """
    completed = subprocess.run(
        ["bash", "-c", script], cwd=root, capture_output=True, text=True, timeout=60, check=False
    )
    values, status = completed.stdout.splitlines()
    endpoint, api_endpoint, secret_id, secret_key, region = values.split(" ")
    assert endpoint.startswith("http://127.0.0.1:")
    assert api_endpoint.startswith("http://127.0.0.1:")
    assert (secret_id[:4], len(secret_key), region, status) == ("AKID", 32, "ap-guangzhou", "200")


WRONG = {
    "a bucket's name": (("--bucket", "UPPER"), "NAME-APPID"),
    "a setting": (("--set", "NAME"), "NAME=VALUE"),
    "a reserved setting": (("--function", "--set", "SCF_X=1"), "reserved"),
    "no policy": (("--policy", "absent.json"), "absent.json"),
    "an unbound bucket": (("--unbound", "absent-1250000000"), "absent-1250000000"),
    "a port": (("--port", "70000"), "a number from 0 to 65535"),
    "a python": (("--python", "no-such-python"), "'no-such-python' is not a Python that runs"),
    "a value that is split": (("--set", "A=b;c"), "holds ';' or '='"),
    "a folder without a handler": (("--function", "docs"), "there is no handler.py in docs"),
    "a bucket, with --control": (("--control", "--bucket", "no-appid"), "appid"),
}


@pytest.mark.parametrize(("arguments", "words"), WRONG.values(), ids=WRONG)
def test_wrong_arguments(run, arguments, words):
    """Wrong arguments are answered with one sentence and exit code 2."""
    emulator = run(*arguments)
    code, rest, log = emulator.end()
    assert (emulator.first, rest, code) == ("", "", 2)
    assert words in log
    assert "Traceback" not in log


def test_taken_port(run, running_cloud):
    """A port that is taken is named at once."""
    emulator = run("--port", str(running_cloud.port))
    code, _, log = emulator.end()
    assert (code, emulator.first) == (2, "")
    assert f"port {running_cloud.port}" in log
    assert "Traceback" not in log
