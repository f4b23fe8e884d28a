"""The package as SCF would have it: laid out where nothing can be written, under a real Python 3.10 alone."""

import io
import json
import os
import subprocess
import zipfile

import pytest
from PIL import Image
from qcloud_cos import CosConfig, CosS3Client

from emulator.cloud import Cloud
from emulator.films.film import make_film, read_stripes
from emulator.scf.function import Function
from emulator.scf.triggers import Trigger
from ops.deploy.policy import run_policy
from ops.package.command import ROOT
from ops.stack.stackfile import read_stack

BUCKET = "examplebucket-1250000000"
STACK = read_stack(ROOT / "serverless.yml")


@pytest.fixture(scope="module")
def unpacked(package, tmp_path_factory):
    folder = tmp_path_factory.mktemp("var") / "user"
    with zipfile.ZipFile(package.path) as archive:
        archive.extractall(folder)
    for path in [*folder.rglob("*"), folder]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    yield folder
    for path in [folder, *folder.rglob("*")]:
        if path.is_dir():
            path.chmod(0o755)


@pytest.fixture
def cloud():
    with Cloud(buckets=(BUCKET,), policy=run_policy(STACK), compressed_time=True) as cloud:
        yield cloud


def _client(cloud):
    host, port = cloud.endpoint.removeprefix("http://").split(":")
    return CosS3Client(
        CosConfig(
            Region=cloud.region,
            SecretId=cloud.secret_id,
            SecretKey=cloud.secret_key,
            Scheme="http",
            IP=host,
            Port=int(port),
        )
    )


@pytest.mark.parametrize("pictures", ["jpg", "png", "webp", "avif"])
def test_upload(cloud, unpacked, python310, tmp_path, pictures):
    """An upload becomes thumbnails under the runtime's own Python."""
    make_film(tmp_path / "a.mp4", duration_s=4.0, size=(320, 180))
    environment = {
        **dict(STACK.environment),
        "SNAPSHOT_FORMAT": pictures,
        "SNAPSHOT_SIZES": "320x0,160x0",
        "SNAPSHOT_ENDPOINT": cloud.endpoint,
    }
    cloud.scf.create(
        Function(
            "snapshot",
            unpacked,
            python=python310.path,
            isolated=True,
            role=STACK.role,
            memory_mb=STACK.memory_mb,
            timeout_s=STACK.timeout_s,
            environment=environment,
        )
    )
    cloud.scf.add_trigger(Trigger("snapshot", BUCKET, prefix="videos/"))
    client = _client(cloud)
    client.put_object(Bucket=BUCKET, Body=(tmp_path / "a.mp4").read_bytes(), Key="videos/a.mp4")
    cloud.scf.drain(60)
    assert cloud.scf.dead_letters == (), cloud.scf.log
    answer = client.get_object(Bucket=BUCKET, Key="thumbnails/videos/a.mp4/manifest.json")
    manifest = json.loads(answer["Body"].get_raw_stream().read())
    assert manifest["missed"] == []
    assert [entry["at_ms"] for entry in manifest["thumbnails"][::2]] == [1000, 2000, 3000]
    for entry in manifest["thumbnails"]:
        body = client.get_object(Bucket=BUCKET, Key=entry["key"])["Body"].get_raw_stream().read()
        assert len(body) == entry["size_bytes"]
        assert read_stripes(Image.open(io.BytesIO(body))) == entry["at_ms"]


def test_imports_compile_nothing(unpacked, python310):
    """All imports find their bytecode."""
    program = """
import sys
sys.path.insert(0, sys.argv[1])
import importlib._bootstrap_external as loading
compiled = []
loading.SourceLoader.source_to_code = lambda self, data, path, **_: compiled.append(path) or compile(data, path, "exec")
import handler
print(compiled, len([name for name in sys.modules if name.startswith(("snapshot", "qcloud_cos", "pydantic", "PIL"))]))
"""
    done = subprocess.run(
        [python310.path, "-I", "-S", "-c", program, unpacked],
        capture_output=True, text=True, check=False, env={"PYTHONDONTWRITEBYTECODE": "x", "PATH": os.environ["PATH"]},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    compiled, _, modules = done.stdout.strip().rpartition(" ")
    assert compiled == "[]"
    assert int(modules) > 50


def test_exclusions_are_unused(unpacked, python310):
    """Nothing that the function imports needs a file that is excluded."""
    program = """
import sys
sys.path.insert(0, sys.argv[1])
import handler, importlib, pkgutil, snapshot
for module in pkgutil.walk_packages(snapshot.__path__, "snapshot."):
    importlib.import_module(module.name)
from PIL import features
print([name for name in ("jpg", "zlib", "webp", "avif") if not features.check(name)])
print([name for name in sys.modules if getattr(sys.modules[name], "__file__", None)
       and not sys.modules[name].__file__.startswith((sys.argv[1], sys.base_prefix))])
"""
    done = subprocess.run(
        [python310.path, "-I", "-S", "-W", "error", "-c", program, unpacked],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["[]", "[]"]
