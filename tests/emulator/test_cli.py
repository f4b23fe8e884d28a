"""`python -m emulator` as a process of its own."""

import json
import os
import signal
import subprocess
import sys
import threading

import pytest
from qcloud_cos import CosConfig, CosS3Client

BUCKET = "examplebucket-1250000000"
UPLOAD = """
import json, sys
from qcloud_cos import CosConfig, CosS3Client
reach = json.loads(sys.argv[1])
host, _, port = reach["endpoint"].removeprefix("http://").partition(":")
client = CosS3Client(CosConfig(Scheme="http", IP=host, Port=int(port), Region=reach["region"],
                               SecretId=reach["secret_id"], SecretKey=reach["secret_key"]))
client.upload_file(reach["buckets"][0], "videos/a b+.mp4", sys.argv[2])
"""


class Running:
    """The emulator as a process: its first line, what it said since, and its end."""

    def __init__(self, root, *arguments):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "emulator", *arguments],
            cwd=root,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        )
        self.said = []
        self.reader = threading.Thread(target=self._read)
        self.reader.start()
        self.first = self.process.stdout.readline()

    def _read(self):
        self.said.extend(iter(self.process.stderr.readline, ""))

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
        return code, rest, "".join(self.said)


@pytest.fixture
def run(root):
    running = []

    def start(*arguments):
        running.append(Running(root, *arguments))
        return running[-1]

    yield start
    for each in running:
        if not each.process.stdout.closed:
            each.end()


def client_of(reach):
    config = CosConfig(
        Scheme="http",
        IP="127.0.0.1",
        Port=int(reach["endpoint"].rpartition(":")[2]),
        Region=reach["region"],
        SecretId=reach["secret_id"],
        SecretKey=reach["secret_key"],
    )
    return CosS3Client(config, retry=0)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_it_says_how_to_reach_it_serves_and_ends_cleanly(run, number):
    emulator = run("--port", "0", "--bucket", BUCKET, "--bucket", "second-1250000000", "--region", "ap-beijing")
    reach = json.loads(emulator.first)
    assert set(reach) == {"endpoint", "region", "buckets", "secret_id", "secret_key"}
    assert (reach["region"], reach["buckets"]) == ("ap-beijing", [BUCKET, "second-1250000000"])
    client_of(reach).put_object(BUCKET, b"hello", "a")
    code, rest, said = emulator.end(number)
    assert (code, rest) == (0, "")
    assert "run roles may do everything: there is no --policy" in said
    assert f"200 root PutObject {BUCKET}/a" in said
    assert not [secret for secret in (reach["secret_key"], reach["secret_id"], "q-signature") if secret in said]


def test_an_upload_from_another_process_yields_the_manifest(run, root, film, tmp_path):
    emulator = run("--port", "0", "--bucket", BUCKET, "--function", "--set", "SNAPSHOT_TIMES=0.5,50%")
    reach = json.loads(emulator.first)
    (tmp_path / "film.mp4").write_bytes(film)
    upload = [sys.executable, "-c", UPLOAD, json.dumps(reach), str(tmp_path / "film.mp4")]
    subprocess.run(upload, check=True, timeout=60)
    key = "thumbnails/videos/a b+.mp4/manifest.json"
    client, waited = client_of(reach), 0
    while not client.object_exists(BUCKET, key) and waited < 300:
        emulator.reader.join(0.2)  # ends at once should the emulator end
        waited += 1
    manifest = json.loads(client.get_object(BUCKET, key)["Body"].get_raw_stream().read())
    assert manifest["source"]["key"] == "videos/a b+.mp4"
    assert [each["at_ms"] for each in manifest["thumbnails"]] == [500, 1000]
    for each in manifest["thumbnails"]:
        assert client.head_object(BUCKET, each["key"])["Content-Length"] == str(each["size_bytes"])
    code, _, said = emulator.end()
    assert code == 0
    assert "role GetSnapshot" in said


@pytest.mark.parametrize(
    ("setting", "key", "says"),
    [
        (
            "SNAPSHOT_TIMES=abc",
            "videos/a.mp4",
            "snapshot: 430: snapshot.errors.BadSettings: wrong settings: SNAPSHOT_TIMES",
        ),
        ("SNAPSHOT_TIMES=1", "v" * 846 + ".mp4", "KeyTooLong"),
    ],
    ids=["a wrong setting", "a key too long"],
)
def test_what_the_function_failed_at_is_said(run, setting, key, says):
    emulator = run("--port", "0", "--bucket", BUCKET, "--function", "--set", setting)
    client_of(json.loads(emulator.first)).put_object(BUCKET, b"no film", key)
    waited = 0
    while says not in "".join(emulator.said) and waited < 300:
        emulator.reader.join(0.1)  # ends at once should the emulator end
        waited += 1
    assert says in emulator.end()[2]


def test_a_policy_and_an_unbound_bucket_are_taken_from_the_command_line(run, tmp_path):
    policy = {"version": "2.0", "statement": {"effect": "allow", "action": "ci:*", "resource": "*"}}
    (tmp_path / "policy.json").write_text(json.dumps(policy))
    emulator = run("--bucket", BUCKET, "--policy", str(tmp_path / "policy.json"), "--unbound", BUCKET)
    reach = json.loads(emulator.first)
    assert "MediaBucketList" not in client_of({**reach, "region": "ap-guangzhou"}).ci_get_media_bucket()
    assert "run roles may do what the policy allows" in emulator.end()[2]


WRONG = {
    "a bucket's name": (("--bucket", "UPPER"), "NAME-APPID"),
    "a setting": (("--set", "NAME"), "NAME=VALUE"),
    "a reserved setting": (("--function", "--set", "SCF_X=1"), "reserved"),
    "no policy": (("--policy", "absent.json"), "absent.json"),
    "an unbound bucket": (("--unbound", "absent-1250000000"), "absent-1250000000"),
    "a port": (("--port", "70000"), "between 0 and 65535"),
}


@pytest.mark.parametrize(("arguments", "says"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_said_in_one_sentence_and_ends_with_2(run, arguments, says):
    emulator = run(*arguments)
    code, rest, said = emulator.end()
    assert (emulator.first, rest, code) == ("", "", 2)
    assert says in said
    assert "Traceback" not in said


def test_a_taken_port_is_said_at_once(run, running_cloud):
    emulator = run("--port", str(running_cloud.port))
    code, _, said = emulator.end()
    assert (code, emulator.first) == (2, "")
    assert f"port {running_cloud.port}" in said
    assert "Traceback" not in said
