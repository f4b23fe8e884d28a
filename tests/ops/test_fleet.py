"""Whole buckets: what is pruned, backfilled and replayed, against a local cloud."""

import json
from datetime import datetime, timedelta, timezone

import pytest

from emulator.films.film import make_film
from ops.__main__ import main
from ops.deploy.command import Deployment, DeployOptions
from ops.errors import OpsError
from ops.fleet.backfill import BackfillOptions, max_cost, run_backfill, select
from ops.fleet.command_line import Fleet
from ops.fleet.dispatch import CloudDispatcher, LocalDispatcher
from ops.fleet.prune import MARK, PruneOptions, Pruner, run_prune
from ops.fleet.replay import read_letters, run_replay
from tests.ops.cloud import BUCKET, emulated

NOW = PruneOptions(min_age=timedelta(0))


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    path = tmp_path_factory.mktemp("film") / "a.mp4"
    make_film(path, duration_s=1.0, size=(160, 90))
    return path.read_bytes()


@pytest.fixture
def local():
    with emulated() as local:
        yield local


@pytest.fixture
def fleet(local, stack, small_package):
    """A deployed function, and the arguments of its whole-bucket commands."""
    options = DeployOptions(stack, small_package)
    Deployment(options, local.client, say=lambda _: None, pause=lambda _: None).deploy()
    return Fleet(stack, local.client, stack.settings)


@pytest.fixture
def lines():
    return []


@pytest.fixture
def without_triggers(local, fleet):
    """The function deployed, and deaf to uploads: as before it was deployed."""
    for trigger in local.cloud.scf.triggers:
        local.cloud.scf.remove_trigger(trigger)
    return fleet


def _put(local, key, body, **options):
    local.cos.put_object(Bucket=BUCKET, Key=key, Body=body, **options)


def _drain(local):
    local.cloud.scf.drain(60)


# prune


EVERYTHING = {
    "SNAPSHOT_FORMAT": "jpg,webp",
    "SNAPSHOT_STORYBOARD": "2x",
    "SNAPSHOT_PREVIEW": "webp",
    "SNAPSHOT_PUBLIC_URL": "https://media.example.com",
}


@pytest.mark.parametrize("variables", [{}, EVERYTHING], ids=["by default", "every product"])
def test_prune_nothing(local, stack_with, small_package, film, lines, variables):
    """An object that a manifest names is no orphan, nor is the manifest; so the mark is what the function writes."""
    stack = stack_with(variables=variables)
    options = DeployOptions(stack, small_package)
    Deployment(options, local.client, say=lambda _: None, pause=lambda _: None).deploy()
    fleet = Fleet(stack, local.client, stack.settings)
    _put(local, "videos/a.mp4", film)
    _drain(local)
    stored = local.stored_keys()
    assert any(key.endswith("/manifest.json") for key in stored)
    for key in stored - {"videos/a.mp4"}:
        assert MARK in local.client.head_object(BUCKET, key), key
    assert run_prune(fleet, NOW, execute=True, say=lines.append) == 0
    assert local.stored_keys() == stored
    assert lines == [f"{BUCKET}: nothing to remove."]


@pytest.fixture
def orphaned(local, fleet, film):
    """A bucket with one complete video, two orphans of it, and objects that are not the function's."""
    _put(local, "videos/a.mp4", film)
    _drain(local)
    named = local.stored_keys()
    mark = {"Metadata": {MARK: "0"}}
    orphans = {
        "thumbnails/videos/a.mp4/0123456789abcdef/000000000-0x0.jpg",
        "thumbnails/videos/gone.mp4/0123456789abcdef/journal.json",
        "thumbnails/videos/gone.mp4/poster.png",
    }
    foreign = {"thumbnails/videos/a.mp4/mine.jpg", "thumbnails/logo.png"}
    outside = {"videos/marked.mp4x"}
    for key in orphans | outside:
        _put(local, key, b"x", **mark)
    for key in foreign:
        _put(local, key, b"x")
    return named | foreign | outside, orphans


def test_prune_is_dry(local, fleet, orphaned, lines):
    """Without --yes prune names the orphans and removes nothing."""
    rest, orphans = orphaned
    assert run_prune(fleet, NOW, execute=False, say=lines.append) == 3
    assert {line.split()[1] for line in lines if line.startswith("- ")} == orphans
    assert local.stored_keys() == rest | orphans
    assert "Nothing was removed. Add --yes to remove them." in lines[-1]


def test_prune(local, fleet, orphaned, lines):
    """Prune removes the function's own objects that no manifest names, and nothing else."""
    rest, _ = orphaned
    run_prune(fleet, NOW, execute=True, say=lines.append)
    assert local.stored_keys() == rest
    assert run_prune(fleet, NOW, execute=True, say=lines.append) == 0


def test_prune_young(local, fleet, orphaned, lines):
    """Objects that a delivery may be writing now are left alone."""
    assert run_prune(fleet, PruneOptions(), execute=True, say=lines.append) == 0


def test_prune_limit(local, fleet, orphaned, lines):
    """No more than the limit is removed, and the next run continues."""
    rest, _orphans = orphaned
    options = PruneOptions(min_age=timedelta(0), limit=2)
    assert run_prune(fleet, options, execute=True, say=lines.append) == 2
    assert len(local.stored_keys() - rest) == 1
    assert run_prune(fleet, options, execute=True, say=lines.append) == 1
    assert local.stored_keys() == rest


def test_prune_raced(local, fleet, orphaned):
    """An object that a manifest names by the time of the removal stays."""
    _rest, _orphans = orphaned
    pruner = Pruner(fleet, BUCKET, NOW, now=datetime.now(timezone.utc))
    orphans_found = pruner.find()
    named = "thumbnails/videos/gone.mp4/poster.png"
    manifest = {"source": {"key": "videos/gone.mp4", "etag": "e"}, "poster": {"key": named}}
    _put(local, "thumbnails/videos/gone.mp4/manifest.json", json.dumps(manifest).encode())
    assert pruner.remove(orphans_found) == 2
    assert named in local.stored_keys()


@pytest.mark.parametrize("body", [b"{", b" " * 2_000_000], ids=["no manifest", "too large"])
def test_prune_unreadable(local, fleet, orphaned, lines, body):
    """Below a manifest that cannot be read nothing is removed."""
    _rest, orphans = orphaned
    _put(local, "thumbnails/videos/gone.mp4/manifest.json", body)
    run_prune(fleet, NOW, execute=True, say=lines.append)
    assert {key for key in orphans if "gone.mp4" in key} <= local.stored_keys()


@pytest.mark.parametrize("is_emptied", [False, True], ids=["removed", "emptied"])
def test_prune_lost_sources(local, fleet, film, lines, is_emptied):
    """Pictures of videos that no longer exist, or are empty, are removed only on request."""
    _put(local, "videos/a.mp4", film)
    _drain(local)
    for trigger in local.cloud.scf.triggers:
        local.cloud.scf.remove_trigger(trigger)
    if is_emptied:
        _put(local, "videos/a.mp4", b"")
    else:
        local.client.delete_object(BUCKET, "videos/a.mp4")
    _drain(local)
    assert run_prune(fleet, NOW, execute=True, say=lines.append) == 0
    options = PruneOptions(min_age=timedelta(0), lost_sources=True)
    assert run_prune(fleet, options, execute=True, say=lines.append) > 2
    assert local.stored_keys() == ({"videos/a.mp4"} if is_emptied else set())


@pytest.mark.parametrize("prefix", ["thumbnails/", "thumbnails/videos/a", "thumbnails/videos/gone.mp4/"])
def test_prune_prefix(local, fleet, orphaned, lines, prefix):
    """A prefix narrows the output prefix: what does not begin with it stays."""
    _, orphans = orphaned
    options = PruneOptions(prefix=prefix, min_age=timedelta(0))
    run_prune(fleet, options, execute=True, say=lines.append)
    assert local.stored_keys() & orphans == {key for key in orphans if not key.startswith(prefix)}


@pytest.mark.parametrize("prefix", ["videos/film", "/thumbnails/videos", "Thumbnails/", "thumbnails", "t"])
def test_prune_prefix_refused(fleet, lines, prefix):
    """A prefix of videos, or of anything else that the function does not write, is refused with one that would do."""
    with pytest.raises(OpsError, match=f"--prefix {prefix} is outside the output prefix thumbnails/") as raised:
        run_prune(fleet, PruneOptions(prefix=prefix), execute=True, say=lines.append)
    assert f"Begin it with thumbnails/, as in thumbnails/{prefix.lstrip('/')}" in raised.value.remedy


# backfill


@pytest.fixture
def videos(local, without_triggers, film):
    for number in range(3):
        _put(local, f"videos/{number}.mp4", film)
    for key in ("videos/readme.txt", "videos/empty.mp4", "other/a.mp4"):
        _put(local, key, b"" if "empty" in key else b"x")
    return [f"videos/{number}.mp4" for number in range(3)]


def test_backfill_is_dry(local, without_triggers, videos, lines):
    """Without --yes backfill states the number of videos and their highest price."""
    assert run_backfill(without_triggers, BackfillOptions(), None, say=lines.append) == 0
    assert lines[0] == "3 videos to send; already with a manifest: 0."
    assert [line.strip() for line in lines[1:4]] == videos
    assert lines[4].startswith("Cost: at most 0.000495 USD for snapshots and media info, ")  # 3 x (4 + 6 + 1)
    assert lines[-1] == "Nothing was sent. Add --yes to send them."
    assert not any(key.startswith("thumbnails/") for key in local.stored_keys())


def test_backfill(local, without_triggers, videos, lines):
    """Every video without a manifest is handed to the function once, and then has one."""
    pauses = []
    dispatcher = CloudDispatcher(local.client, without_triggers.stack)
    options = BackfillOptions(per_minute=120)
    assert run_backfill(without_triggers, options, dispatcher, say=lines.append, pause=pauses.append) == 0
    _drain(local)
    assert pauses == [0.5, 0.5]
    for key in videos:
        assert local.manifest(key)["thumbnails"]
    selection = select(without_triggers, BackfillOptions())
    assert (selection.videos, selection.complete) == ((), 3)


def test_backfill_resumes(local, without_triggers, videos, lines):
    """The limit and --after cut the list, and a run that is stopped says where to continue."""
    first = select(without_triggers, BackfillOptions(limit=2))
    assert ([video.key for video in first.videos], first.is_cut) == (videos[:2], True)
    rest = select(without_triggers, BackfillOptions(after=videos[1]))
    assert [video.key for video in rest.videos] == videos[2:]

    class Stopped:
        def send(self, bucket, keys):
            if keys == [videos[1]]:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_backfill(without_triggers, BackfillOptions(), Stopped(), say=lines.append, pause=lambda _: None)
    assert lines[-1] == f"Stopped after {videos[0]}. Continue with --after '{videos[0]}'."


def test_backfill_local(local, without_triggers, videos, lines):
    """The function can be run on this machine instead, and a failure is named."""
    dispatcher = LocalDispatcher(without_triggers.stack, local.credentials, local.endpoints)
    options = BackfillOptions(limit=1)
    assert run_backfill(without_triggers, options, dispatcher, say=lines.append, pause=lambda _: None) == 0
    assert local.manifest(videos[0])["thumbnails"]
    local.cloud.unbind(BUCKET)
    options = BackfillOptions(limit=1, after=videos[0])
    assert run_backfill(without_triggers, options, dispatcher, say=lines.append, pause=lambda _: None) == 1
    assert any(line.startswith(f"{videos[1]}: ") and "MediaBucketUnBinded" in line for line in lines)
    assert local.credentials.secret_key not in "\n".join(lines)


def test_backfill_redo(local, without_triggers, videos, lines):
    """With redo the videos that have a manifest are counted and sent, and the rest is found by its key."""
    _put(local, f"thumbnails/{videos[0]}/manifest.json", b"{}")
    _put(local, f"thumbnails/{videos[1]}/manifest.json", b"{}")
    for options, line in (
        (BackfillOptions(), "1 video to send; already with a manifest: 2."),
        (BackfillOptions(redo=True), "3 videos to send; already with a manifest: 2."),
        (
            BackfillOptions(redo=True, limit=1),
            f"1 video to send; already with a manifest: 1. There are more: continue with --after '{videos[0]}'.",
        ),
    ):
        lines.clear()
        run_backfill(without_triggers, options, None, say=lines.append)
        assert lines[0] == line


def test_backfill_local_words(without_triggers, videos, lines):
    """Of a run on this machine no line says that something is sent."""

    class Taking:
        def send(self, bucket, keys):
            return None

    for dispatcher in (None, Taking()):
        options = BackfillOptions(is_local=True)
        run_backfill(without_triggers, options, dispatcher, say=lines.append, pause=lambda _: None)
    assert "3 videos worked on here, 0 failed. Run it again to see what is left." in lines
    assert not any("sent" in line or "send" in line or "SCF" in line for line in lines)


@pytest.mark.parametrize("prefix", ["", "v", "videos", "videos/", "videos/1"])
def test_backfill_prefix(without_triggers, videos, prefix):
    """A prefix narrows that of the triggers."""
    selection = select(without_triggers, BackfillOptions(prefix=prefix))
    assert [video.key for video in selection.videos] == [key for key in videos if key.startswith(prefix)]


@pytest.mark.parametrize("prefix", ["films/", "thumbnails/videos/", "/videos/", "Videos/"])
def test_backfill_prefix_refused(without_triggers, prefix):
    """A prefix below which no trigger lies is refused: nothing could be found there."""
    with pytest.raises(OpsError, match=f"--prefix {prefix} is outside the prefixes of the triggers: videos/"):
        select(without_triggers, BackfillOptions(prefix=prefix))


def test_max_cost(stack_with):
    """The price is that of every shot and one media info a video."""
    settings = stack_with(variables={"SNAPSHOT_TIMES": "1,2,3", "SNAPSHOT_POSTER_CANDIDATES": "0"}).settings
    assert str(max_cost(1000, settings)) == "0.060000"
    with_candidates = stack_with(variables={"SNAPSHOT_TIMES": "1,2,3", "SNAPSHOT_POSTER_CANDIDATES": "6"}).settings
    assert str(max_cost(1000, with_candidates)) == "0.150000"
    bounded = stack_with(variables={"SNAPSHOT_TIMES": "every:1", "SNAPSHOT_MAX_CALLS": "10"}).settings
    assert str(max_cost(1000, bounded)) == "0.150000"


# replay

RECORD = {
    "cos": {
        "cosSchemaVersion": "1.0",
        "cosObject": {
            "key": "/1250000000/examplebucket/videos/a.mp4", "size": 5, "vid": "", "meta": {},
            "url": "http://examplebucket-1250000000.cos.ap-guangzhou.myqcloud.com/videos/a.mp4",
        },
        "cosBucket": {"region": "gz", "name": "examplebucket", "appid": "1250000000"},
    },
    "event": {"eventName": "cos:ObjectCreated:Put", "eventTime": 1545205770},
}  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"Records": [RECORD]}),
        json.dumps([{"Records": [RECORD]}, {"Records": [RECORD]}]),
        json.dumps({"Records": [RECORD]}) + "\n\n" + json.dumps({"Records": [RECORD]}) + "\n",
        json.dumps({"msgBody": json.dumps({"RequestId": "x", "event": json.dumps({"Records": [RECORD]})})}),
        json.dumps({"bucket": BUCKET, "keys": ["videos/a.mp4"]}),
    ],
    ids=["event", "list", "lines", "texts in texts", "call by hand"],
)
def test_read_letters(text, fleet):
    """The keys of a dead letter are found in whatever it wraps the event, each once."""
    assert read_letters(text, fleet).keys == {BUCKET: ["videos/a.mp4"]}


def test_unusable_letters(fleet):
    """An event that cannot be replayed is named with the reason, and does not stop the rest."""
    foreign = json.loads(json.dumps(RECORD).replace("1250000000", "1259999999"))
    outside = json.loads(json.dumps(RECORD).replace("videos/", "other/"))
    letters = read_letters(json.dumps({"Records": [foreign, outside, RECORD]}), fleet)
    assert letters.keys == {BUCKET: ["videos/a.mp4"]}
    assert len(letters.unusable) == 2


def test_not_json(fleet):
    """A file that is not JSON is refused with the line."""
    with pytest.raises(OpsError, match="Line 2 is not JSON"):
        read_letters('{"Records": []}\nno\n', fleet)


def test_replay(local, without_triggers, film, lines):
    """Replayed events give what the first deliveries would have given; without --yes nothing is sent."""
    _put(local, "videos/a.mp4", film)
    letters = read_letters(json.dumps({"Records": [RECORD]}), without_triggers)
    assert run_replay(letters, None, say=lines.append) == 0
    assert lines[-1] == "Nothing was sent. Add --yes to send it."
    dispatcher = CloudDispatcher(local.client, without_triggers.stack)
    assert run_replay(letters, dispatcher, say=lines.append) == 0
    _drain(local)
    assert local.manifest("videos/a.mp4")["thumbnails"]


class Sent(list):
    """Takes every call, and remembers its keys."""

    def send(self, bucket, keys):
        self.extend(keys)


def test_replay_unusable(fleet, lines):
    """Unusable records count as failures, with and without a dispatcher, after the usable ones were sent."""
    foreign = json.loads(json.dumps(RECORD).replace("1250000000", "1259999999"))
    outside = json.loads(json.dumps(RECORD).replace("videos/", "other/"))
    sent = Sent()
    letters = read_letters(json.dumps({"Records": [foreign, outside, RECORD]}), fleet)
    assert run_replay(letters, None, say=lines.append) == 2
    assert run_replay(letters, sent, say=lines.append) == 2
    assert sent == ["videos/a.mp4"]
    assert lines[-1] == "1 object sent to the function; 2 records left out."


# commands


@pytest.fixture
def command(local, monkeypatch):
    """Run a command against the local cloud, and return its exit status."""
    for name, value in local.environment.items():
        monkeypatch.setenv(name, value)
    return lambda *arguments: main([*arguments, *local.arguments])


@pytest.mark.parametrize("confirmed", [[], ["--yes"]], ids=["dry", "yes"])
@pytest.mark.parametrize("text", ['{"a": 1}', "[]", "", "3", '{"msgBody": "no event"}'])
def test_replay_no_event(fleet, command, capsys, tmp_path, text, confirmed):
    """A file without an event is refused by its name, and the expected form is given."""
    path = tmp_path / "letters.json"
    path.write_text(text)
    assert command("replay", str(path), *confirmed) == 1
    error = capsys.readouterr().err
    assert f"No event was found in {path}." in error
    assert "an object with Records, ObjectInfo or keys" in error


@pytest.mark.parametrize(
    "name", ["bucket-elsewhere", "no-records", "records-not-a-list", "record-is-text", "no-extension"]
)
def test_replay_nothing_usable(fleet, command, capsys, root, name):
    """A file of which no record can be used ends with exit status 1."""
    assert command("replay", str(root / "events" / f"{name}.json"), "--yes") == 1
    assert capsys.readouterr().out.endswith("Nothing was sent: no record can be used.\n")


def test_replay_removal_of_other_settings(fleet):
    """The removal of a video that the settings do not take now is left out: a call by hand would skip its key."""
    other = json.dumps(RECORD).replace("videos/", "other/").replace("ObjectCreated:Put", "ObjectRemove:Delete")
    letters = read_letters(json.dumps({"Records": [json.loads(other)]}), fleet)
    assert letters.keys == {}
    assert letters.unusable == ("other/a.mp4: not under the input prefix videos/",)


def test_replay_workflow(fleet, command, capsys, root):
    """An event of a workflow that names its video only as upstream is found."""
    assert command("replay", str(root / "events" / "workflow-upstream-only.json")) == 0
    assert capsys.readouterr().out.startswith("1 object to replay")


@pytest.mark.parametrize("confirmed", [[], ["--yes"]], ids=["dry", "yes"])
@pytest.mark.parametrize("name", ["backfill", "replay"])
def test_function_missing(local, command, capsys, tmp_path, name, confirmed):
    """Where nothing is deployed nothing can be sent, and the dry run says so, too."""
    _put(local, "videos/a.mp4", b"x")
    (tmp_path / "letters.json").write_text(json.dumps({"Records": [RECORD]}))
    assert command(name, *([str(tmp_path / "letters.json")] if name == "replay" else []), *confirmed) == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err == "There is no function snapshot in ap-guangzhou.\n  Run `python -m ops deploy` first.\n"


def test_function_not_needed(local, command, capsys):
    """The function may be missing where it runs on this machine, and where only its objects are looked at."""
    _put(local, "videos/a.mp4", b"x")
    assert command("backfill", "--local") == 0
    assert "1 video to work on here" in capsys.readouterr().out
    assert command("prune") == 0


@pytest.mark.parametrize("name", ["backfill", "replay"])
def test_api_missing(local, monkeypatch, capsys, tmp_path, name):
    """A local cloud without an API takes no calls of the function; they would go to Tencent Cloud."""
    for variable, value in local.environment.items():
        monkeypatch.setenv(variable, value)
    (tmp_path / "letters.json").write_text(json.dumps({"Records": [RECORD]}))
    file = [str(tmp_path / "letters.json")] if name == "replay" else []
    assert main([name, *file, "--endpoint", local.endpoints.cos]) == 1
    assert "Only one address of the local cloud is set" in capsys.readouterr().err


def test_commands(local, fleet, film, monkeypatch, capsys, tmp_path):
    """Each command runs from the command line, and is dry without --yes."""
    for name, value in local.environment.items():
        monkeypatch.setenv(name, value)
    assert main(["backfill", *local.arguments]) == 0
    assert capsys.readouterr().out == "0 videos to send; already with a manifest: 0.\n"
    assert main(["prune", *local.arguments]) == 0
    assert capsys.readouterr().out == f"{BUCKET}: nothing to remove.\n"
    (tmp_path / "letters.json").write_text(json.dumps({"Records": [RECORD]}))
    assert main(["replay", str(tmp_path / "letters.json"), *local.arguments]) == 0
    assert "1 object to replay" in capsys.readouterr().out
    assert main(["replay", str(tmp_path / "none.json"), *local.arguments]) == 1
    assert "none.json" in capsys.readouterr().err
