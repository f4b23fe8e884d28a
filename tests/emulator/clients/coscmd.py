"""Run every command of coscmd, Tencent's command line for COS, against the local cloud."""

import os
import re
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from emulator.cloud import Cloud
from tests.emulator.clients.outcomes import Outcome
from tests.emulator.plain import Plain

NAME = "coscmd"
BUCKET = "examplebucket-1250000000"
SIDE_BY_SIDE = 6
LARGE = b"a" * (3 * 1024 * 1024 + 5)


def outcomes(program):
    """Return the outcome of each command of this coscmd, by name.

    coscmd waits a second before it ends, whatever it did, so that several run side by side, each in a cloud of its own.
    """
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        return list(pool.map(partial(_outcome, program), sorted(COMMANDS)))


def _outcome(program, name):
    with tempfile.TemporaryDirectory() as folder, Cloud(buckets=(BUCKET,)) as cloud:
        coscmd = _Shell(program, cloud, Path(folder))
        _config(coscmd)
        return coscmd.outcome(name)


class _Shell:
    """Runs commands in a folder of its own with a configuration of its own."""

    def __init__(self, program, cloud, folder):
        self.program, self.cloud, self.folder = program, cloud, folder
        self.environment = {"PATH": os.defpath, "HOME": str(folder), "http_proxy": cloud.endpoint, "LANG": "C.UTF-8"}

    def __call__(self, *arguments, bucket=BUCKET):
        config = ["-c", str(self.folder / "config"), "-l", str(self.folder / "log")]
        place = [] if arguments[0] == "config" else ["-b", bucket, "-r", self.cloud.region]
        done = subprocess.run(
            [self.program, *config, *place, *arguments],
            env=self.environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=120,
            input="y\ny\ny\n",
            check=False,
        )
        assert done.returncode == 0, (done.stdout + done.stderr)[-160:]
        return done.stdout + done.stderr

    def outcome(self, name):
        (self.folder / "small").write_bytes(b"hello")
        (self.folder / "large").write_bytes(LARGE)
        with Plain(self.cloud) as plain:
            plain("PUT", "a.txt", body=b"hello")
        try:
            COMMANDS[name](self)
        except AssertionError as error:
            return Outcome(name, "differs", re.sub(r"\s+", " ", str(error))[:160])
        return Outcome(name, "works")

    @property
    def keys(self):
        return [item.key for item in self.cloud.objects()]


def _config(coscmd):
    coscmd(
        *("config", "-a", coscmd.cloud.secret_id, "-s", coscmd.cloud.secret_key, "-b", BUCKET),
        *("-r", coscmd.cloud.region, "--do-not-use-ssl", "--retry", "1"),
    )


def _upload(coscmd):
    coscmd("upload", "large", "large")
    assert coscmd.cloud.store.open(BUCKET, "large").open().read() == LARGE
    (coscmd.folder / "tree" / "sub").mkdir(parents=True, exist_ok=True)
    (coscmd.folder / "tree" / "sub" / "x").write_bytes(b"x")
    coscmd("upload", "-r", "tree", "tree")
    assert "tree/sub/x" in coscmd.keys


def _download(coscmd):
    coscmd("upload", "large", "large")
    coscmd("download", "large", "down")
    assert (coscmd.folder / "down").read_bytes() == LARGE


def _delete(coscmd):
    coscmd("delete", "-f", "a.txt")
    assert coscmd.keys == []


def _copy(coscmd):
    coscmd("copy", f"{BUCKET}.cos.{coscmd.cloud.region}.myqcloud.com/a.txt", "b.txt")
    assert coscmd.keys == ["a.txt", "b.txt"]


def _move(coscmd):
    coscmd("move", f"{BUCKET}.cos.{coscmd.cloud.region}.myqcloud.com/a.txt", "b.txt")
    assert coscmd.keys == ["b.txt"]


def _list(coscmd):
    assert "a.txt" in coscmd("list")
    assert "a.txt" in coscmd("list", "-r", "-v")


def _parts(coscmd):
    coscmd.cloud.store.bucket(BUCKET).begin_upload("begun", coscmd.cloud.store.open(BUCKET, "a.txt").attributes)
    assert "begun" in coscmd("listparts")


def _abort(coscmd):
    _parts(coscmd)
    coscmd("abort")
    assert coscmd.cloud.store.bucket(BUCKET).uploads() == []


def _restore(coscmd):
    coscmd("upload", "small", "cold", "-H", '{"x-cos-storage-class": "ARCHIVE"}')
    coscmd("restore", "-d", "1", "-t", "Expedited", "cold")
    assert coscmd.cloud.store.open(BUCKET, "cold").restored_until is not None


def _sign(coscmd):
    assert "q-signature=" in coscmd("signurl", "a.txt") or "sign=" in coscmd("signurl", "a.txt")


def _buckets(coscmd):
    coscmd("createbucket", bucket="new-1250000000")
    assert "new-1250000000" in coscmd.cloud.buckets
    coscmd("deletebucket", bucket="new-1250000000")
    assert "new-1250000000" not in coscmd.cloud.buckets


def _object_acl(coscmd):
    coscmd("putobjectacl", "--grant-read", "100000000002", "a.txt")
    assert "READ" in coscmd("getobjectacl", "a.txt")


def _bucket_acl(coscmd):
    coscmd("putbucketacl", "--grant-read", "100000000002")
    assert "READ" in coscmd("getbucketacl")


def _versioning(coscmd):
    coscmd("putbucketversioning", "Enabled")
    assert "Enabled" in coscmd("getbucketversioning")


COMMANDS = {
    "abort": _abort,
    "config": _config,
    "copy": _copy,
    "createbucket": _buckets,
    "delete": _delete,
    "deletebucket": _buckets,
    "download": _download,
    "getbucketacl": _bucket_acl,
    "getbucketversioning": _versioning,
    "getobjectacl": _object_acl,
    "info": lambda coscmd: coscmd("info", "a.txt"),
    "list": _list,
    "listparts": _parts,
    "move": _move,
    "probe": lambda coscmd: coscmd("probe", "-n", "1", "-s", "1"),
    "putbucketacl": _bucket_acl,
    "putbucketversioning": _versioning,
    "putobjectacl": _object_acl,
    "restore": _restore,
    "signurl": _sign,
    "upload": _upload,
}
