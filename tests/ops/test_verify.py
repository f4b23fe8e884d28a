"""The check against one's own bucket: against the emulator it confirms, and sees each deviation that is planted."""

import json

import pytest

from emulator.faults.effects import ErrorResponse
from emulator.faults.injector import Fault
from ops.__main__ import main
from ops.deploy.command import Deployment, DeployOptions
from ops.errors import OpsError
from ops.fleet.command_line import Fleet
from ops.verify.command import Verification, read_points, turn
from ops.verify.exchange import Exchange
from ops.verify.films.make import make
from ops.verify.probes import GREY, MAX_PAID_CALLS, PROBES
from tests.ops.cloud import BUCKET, emulated


@pytest.fixture
def local():
    with emulated() as local:
        yield local


@pytest.fixture
def lines():
    return []


@pytest.fixture
def verification(local, stack):
    return Verification(Fleet(stack, local.client, stack.settings), BUCKET, pause=lambda _: None)


def test_points():
    """Every probe tries a point that stands in a table of emulator/README.md."""
    texts = [point.text for point in read_points()]
    assert len(texts) == len(set(texts)) > 30
    assert {probe.point for probe in PROBES} <= set(texts)


def test_confirms(local, verification, lines):
    """Against the emulator every point that is tried is confirmed, the rest is not tried, and nothing is left."""
    local.client.put_object(BUCKET, "videos/mine.txt", b"x")
    report = verification.run(say=lines.append)
    assert report.contradicted == 0, lines
    assert set(report.results) == {probe.point for probe in PROBES}
    assert len(report.results) + len(report.untried) == len(read_points())
    assert sum(line.startswith("confirmed: ") for line in lines) == len(PROBES)
    assert verification.exchange.paid_calls <= MAX_PAID_CALLS
    assert local.stored_keys() == {"videos/mine.txt"}


def test_real_event(local, stack, small_package, lines):
    """With a deployed function a real event with a difficult key is tried, and its output is removed, too."""
    options = DeployOptions(stack, small_package)
    Deployment(options, local.client, say=lambda _: None, pause=lambda _: None).deploy()
    fleet = Fleet(stack, local.client, stack.settings)
    verification = Verification(fleet, BUCKET, probes=())
    report = verification.run(say=lines.append)
    assert report.results["`cosObject.key`, `eventName`"].verdict == "confirmed", lines
    local.cloud.scf.drain(60)
    assert local.stored_keys() == set()


def test_broken_function(local, stack, small_package, lines):
    """A function that makes no manifest contradicts nothing: the point is not tried, and the doctor is named."""
    options = DeployOptions(stack, small_package)
    Deployment(options, local.client, say=lambda _: None, pause=lambda _: None).deploy()
    for trigger in local.cloud.scf.triggers:
        local.cloud.scf.remove_trigger(trigger)
    fleet = Fleet(stack, local.client, stack.settings)
    report = Verification(fleet, BUCKET, probes=(), pause=lambda _: None).run(say=lines.append)
    assert report.contradicted == 0
    (line,) = [line for line in lines if line.startswith("not tried: `cosObject.key`, `eventName`")]
    assert "no manifest came for videos/" in line
    assert "python -m ops doctor" in line
    assert local.stored_keys() == set()


@pytest.mark.parametrize(
    ("plant", "point"),
    [
        (lambda cloud: setattr(cloud, "media_info_form", "format only"), "how much of media info comes"),
        (
            lambda cloud: cloud.faults.add(Fault(ErrorResponse(404, "NoSuchKey"), operation="GetMediaInfo")),
            "rotation in media info",
        ),
        (
            lambda cloud: cloud.faults.add(Fault(ErrorResponse(500, "InternalError"), operation="GetSnapshot")),
            "a `time` at or past the end",
        ),
        (
            lambda cloud: cloud.faults.add(Fault(ErrorResponse(400, "InvalidArgument"), operation="GetSnapshot")),
            "width and height both above 0",
        ),
        (
            lambda cloud: cloud.faults.add(Fault(ErrorResponse(503, "SlowDown"), operation="GetSnapshot")),
            "what is a film",
        ),
    ],
    ids=["poor media info", "no rotation", "a failure past the end", "no both sides", "too busy"],
)
def test_contradicts(local, verification, lines, plant, point):
    """An assumption that does not hold is contradicted, with the answer that came."""
    plant(local.cloud)
    report = verification.run(say=lines.append)
    assert report.results[point].verdict == "contradicted"
    (line,) = [line for line in lines if line.startswith(f"contradicted: {point}\n")]
    assert "came: " in line


def test_cleans_up(local, stack):
    """Uploaded films are removed after Ctrl-C, too."""

    class Interrupting:
        point = "names and values"

        def run(self, exchange):
            raise KeyboardInterrupt

    verification = Verification(Fleet(stack, local.client, stack.settings), BUCKET, probes=[Interrupting()])
    with pytest.raises(KeyboardInterrupt):
        verification.run(say=lambda _: None)
    assert local.stored_keys() == set()


def test_unbound(local, verification):
    """A bucket without media processing is refused before anything is uploaded."""
    local.cloud.unbind(BUCKET)
    with pytest.raises(OpsError, match="Media processing is off"):
        verification.check()


def test_recording(local, verification, tmp_path):
    """A recording holds every answer and no credential, signature, bucket or request id."""
    verification.run(say=lambda _: None)
    text = verification.exchange.save(tmp_path).read_text(encoding="utf-8")
    exchanges = json.loads(text)["exchanges"]
    assert len(exchanges) > len(PROBES)
    assert {exchange["key"] for exchange in exchanges} >= {GREY}
    for secret in (local.credentials.secret_id, local.credentials.secret_key, "q-signature", "Authorization"):
        assert secret not in text
    assert "snapshot-ops/verify-" not in text


def test_recording_hides_the_account():
    """Bucket and appid of the account do not get into a recording."""

    class Sender:
        def send_raw(self, *_, **__):
            body = b"<Error><RequestId>abc</RequestId><Resource>mine-1259999999/snapshot-ops/v/x</Resource></Error>"
            return type("Response", (), {"status": 404, "headers": {"x-cos-request-id": "abc"}, "body": body})

    exchange = Exchange(Sender(), "mine-1259999999", "snapshot-ops/v/")
    exchange.get("x")
    assert "1259999999" not in json.dumps(exchange.recordings)
    assert "abc" not in json.dumps(exchange.recordings)


def test_films(tmp_path):
    """The films are those that their maker writes, by their visible properties."""
    make(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"grey.mp4", "sound.mp4"}
    film = (tmp_path / "grey.mp4").read_bytes()
    assert len(turn(film)) == len(film)
    assert turn(film) != film


def test_command(local, monkeypatch, capsys, tmp_path):
    """The command says what it costs, does nothing without --yes, and keeps a recording where it is told to."""
    for name, value in local.environment.items():
        monkeypatch.setenv(name, value)
    assert main(["verify", *local.arguments]) == 0
    out = capsys.readouterr().out
    assert "at most 0.0012 USD" in out
    assert "Nothing was sent" in out
    assert local.stored_keys() == set()
    assert main(["verify", "--yes", "--record", str(tmp_path), *local.arguments]) == 0
    out = capsys.readouterr().out
    assert f"{len(PROBES)} confirmed, 0 contradicted" in out
    assert (tmp_path / "recording.json").is_file()
    assert main(["verify", "--bucket", "none-1250000000", *local.arguments]) == 1


@pytest.mark.parametrize("options", [[], ["--yes"]], ids=["dry", "yes"])
@pytest.mark.parametrize(
    ("folder", "problem"),
    [
        ("file", "file is a file."),
        ("file/deeper", "file is a file."),
        ("folder", "recording.json is a folder."),
    ],
)
def test_wrong_record(local, monkeypatch, capsys, tmp_path, options, folder, problem):
    """A place that takes no recording is refused before anything is uploaded or paid for."""
    for name, value in local.environment.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "file").write_text("mine")
    (tmp_path / "folder" / "recording.json").mkdir(parents=True)
    place = str(tmp_path / folder)
    assert main(["verify", *options, "--record", place, *local.arguments]) == 1
    printed = capsys.readouterr()
    assert printed.err.startswith(f"--record {place}")
    assert printed.err.splitlines()[0].endswith(problem)
    assert "folder" in printed.err.splitlines()[1]
    assert local.cloud.calls == ()


def test_record_of_a_broken_run(local, monkeypatch, tmp_path):
    """Answers that were paid for are kept where a later call gets none."""
    for name, value in local.environment.items():
        monkeypatch.setenv(name, value)

    def broken(_):
        raise OpsError("There was no answer.", remedy="Run again.")

    monkeypatch.setattr("ops.verify.command.measure_latency", broken)
    assert main(["verify", "--yes", "--record", str(tmp_path / "new"), *local.arguments]) == 1
    exchanges = json.loads((tmp_path / "new" / "recording.json").read_text(encoding="utf-8"))["exchanges"]
    assert len(exchanges) > len(PROBES)
