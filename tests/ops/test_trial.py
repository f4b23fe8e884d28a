"""One upload and the command's output, against a local cloud."""

import re
import subprocess

import pytest

from emulator.cloud import Cloud
from emulator.films.film import make_film
from emulator.scf.function import Function
from emulator.scf.triggers import Trigger
from ops.__main__ import main
from ops.cloud.client import CloudClient
from ops.cloud.credentials import Credentials, Endpoints
from ops.deploy.command import Deployment, DeployOptions
from ops.errors import OpsError
from ops.package.command import ROOT
from ops.trial.command import Trial, TrialOptions
from tests.ops.cloud import BUCKET, emulated


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    path = tmp_path_factory.mktemp("film") / "a film.mp4"
    make_film(path, duration_s=2.0, size=(160, 90))
    return path


@pytest.fixture
def local():
    with emulated() as local:
        yield local


@pytest.fixture
def deploy(local, small_package):
    def deploy(stack):
        options = DeployOptions(stack, small_package)
        Deployment(options, local.client, say=lambda _: None, pause=lambda _: None).deploy()

    return deploy


@pytest.fixture
def lines():
    return []


@pytest.fixture
def run(local, stack, lines):
    def run(video, *, stack=stack, **options):
        return Trial(TrialOptions(stack, video, **options), local.client, say=lines.append).run()

    return run


def test_private_bucket(run, deploy, stack, film, lines, tmp_path):
    """In a private bucket the poster's address is signed, says until when, and opens the poster."""
    deploy(stack)
    assert run(film) == 0
    text = "\n".join(lines)
    assert "-> videos/a film.mp4 in examplebucket-1250000000" in text
    assert "thumbnails/videos/a film.mp4/manifest.json" in text
    assert re.search(r"which is private\. This address opens it until \d\d:\d\d UTC", text)
    assert re.search(r'<video controls poster="http://\S+q-signature=\w+"', text)
    assert re.search(r"Cost: \d+ snapshots and 1 media info, 0\.0000\d+ USD", text)
    command = next(line for line in lines if line.startswith("On this machine: ")).removeprefix("On this machine: ")
    poster = tmp_path / "poster.jpg"
    subprocess.run(command.replace("poster.jpg '", f"{poster} '"), shell=True, check=True, capture_output=True)
    assert poster.read_bytes().startswith(b"\xff\xd8\xff")


def test_public_bucket(local, run, deploy, stack, film, lines):
    """In a public bucket the poster's address is plain."""
    local.cos.put_bucket_acl(Bucket=BUCKET, ACL="public-read")
    deploy(stack)
    assert run(film) == 0
    address = f"http://{BUCKET}.cos.ap-guangzhou.myqcloud.com/thumbnails/videos/a%20film.mp4/poster.jpg"
    assert f"Poster: {address} (public)" in lines
    assert f'On a page: <video controls poster="{address}" src="..."></video>' in lines


def test_failure_explained(local, run, deploy, stack, film, lines):
    """Where no manifest comes, doctor's findings and the function's own error are printed."""
    deploy(stack)
    (policy,) = local.plane.access.policies
    local.client.cam("DetachRolePolicy", PolicyId=policy.policy_id, DetachRoleName="snapshot-run")
    assert run(film, wait_s=3) == 1
    text = "\n".join(lines)
    assert "There is no manifest of this upload" in text
    assert "rights that the function needs are missing" in text
    assert "Log: http://127.0.0.1:" in text


def test_not_deployed(local, run, film):
    """Without a function nothing is uploaded."""
    with pytest.raises(OpsError, match="There is no function snapshot") as raised:
        run(film)
    assert "ops deploy" in raised.value.remedy
    assert local.stored_keys() == set()


@pytest.mark.parametrize(
    ("name", "key", "problem"),
    [
        ("none.mp4", "", "is not a file"),
        ("folder.mp4", "", "is a folder"),
        ("folder", "", "is a folder"),
        ("folder", "films/a.mp4", "is a folder"),
        ("none", "", "is not a file"),
        ("empty.txt", "", "has 0 bytes"),
        ("empty.mp4", "", "has 0 bytes"),
        ("a.txt", "", "The function would skip the key videos/a.txt: it takes only the extensions"),
        (
            "a.mp4",
            "films/a.mp4",
            "The function would skip the key films/a.mp4: it takes only keys that begin with videos/",
        ),
        ("a.mp4", "videos/there.mp4", "There is already an object videos/there.mp4"),
    ],
)
def test_refused(local, run, deploy, stack, tmp_path, name, key, problem):
    """A video that could not work is refused before the upload; the file is looked at before its key."""
    local.client.put_object(BUCKET, "videos/there.mp4", b"other")  # before there is a trigger
    deploy(stack)
    for folder in ("folder.mp4", "folder"):
        (tmp_path / folder).mkdir()
    for empty in ("empty.mp4", "empty.txt"):
        (tmp_path / empty).write_bytes(b"")
    for written in ("a.txt", "a.mp4"):
        (tmp_path / written).write_bytes(b"x")
    before = local.stored_keys()
    with pytest.raises(OpsError, match=re.escape(problem)):
        run(tmp_path / name, key=key)
    assert local.stored_keys() == before


def test_no_picture(run, deploy, stack, lines, tmp_path):
    """A file without a picture ends with the reasons, and exit status 1."""
    deploy(stack)
    (tmp_path / "text.mp4").write_bytes(b"not a video")
    assert run(tmp_path / "text.mp4", wait_s=30) == 1
    assert any(line.startswith("Made: 0 thumbnails") for line in lines)
    assert any(line.startswith("  missed") for line in lines)


def test_cloud_without_api(stack, film, lines):
    """A local cloud that runs the function without a control plane can be tried, too."""
    with Cloud(buckets=(BUCKET,), compressed_time=True) as cloud:
        environment = {**dict(stack.environment), "SNAPSHOT_ENDPOINT": cloud.endpoint}
        cloud.scf.create(Function("snapshot", ROOT, environment=environment))
        cloud.scf.add_trigger(Trigger("snapshot", BUCKET, prefix="videos/"))
        client = CloudClient(
            region=cloud.region,
            credentials=Credentials(cloud.secret_id, cloud.secret_key),
            endpoints=Endpoints(cos=cloud.endpoint),
        )
        assert Trial(TrialOptions(stack, film), client, say=lines.append).run() == 0
    assert any(line.startswith("Poster: ") for line in lines)


def test_command(local, deploy, stack, film, monkeypatch, capsys):
    """The command uploads the video and prints every step."""
    deploy(stack)
    for name, value in local.environment.items():
        monkeypatch.setenv(name, value)
    assert main(["try", str(film), *local.arguments]) == 0
    out = capsys.readouterr().out
    steps = ["Video: ", "Uploaded in ", "Manifest after ", "Made: ", "Poster: ", "On a page: ", "Cost: ", "Log: "]
    places = [out.index(step) for step in steps]
    assert places == sorted(places)
    assert local.credentials.secret_key not in out
    assert main(["try", str(film), *local.arguments]) == 1
    assert "There is already an object" in capsys.readouterr().err
    assert main(["try", str(film), "--overwrite", *local.arguments]) == 0
