"""Whatever happens to a key, in whatever order its events come and wherever a delivery is ended: the output is right.

The properties that the function keeps, each with the test that is named after it:

    1 converges            test_property_1_converges, and the histories by hand below it
    2 deletes are mirrored test_property_2_deletes_are_mirrored
    3 nothing paid twice   test_property_3_nothing_paid_twice (test_paid_calls.py)
    4 no false success     test_property_4_no_false_success, and every cell of test_fault_matrix.py
    5 no loop              test_property_5_no_loop (test_loops.py)
    6 inside its time      test_property_6_inside_its_time (test_paid_calls.py)
    7 inside its memory    test_property_7_inside_its_memory (test_distance.py), and benchmarks/
    8 keeps its distance   test_property_8_keeps_its_distance (test_distance.py)
    9 backs off            test_property_9_backs_off (test_paid_calls.py)

Bugs that were planted in the function, one at a time, and the first test that failed:

    the manifest is deleted last                      test_property_4_no_false_success
    no inspection after the manifest                  test_property_1_converges
    no look at the source between snapshot and put    test_property_1_converges
    a source is known by its ETag alone               test_overwritten_and_back
    no look at the source before the manifest         test_no_picture_of_another_content
    no look at the source before the journal          test_learned_of_another_content
    no look at the source before deletes              test_head_before_delete
    replaced generations are left                     test_property_1_converges
    a removal's event makes nothing                   test_removal_killed_after_its_deletes
    stored pictures of any content are reused         test_planted_thumbnail (test_distance.py)
    the generation's name leaves the mode out         test_changed_settings (test_pipeline.py)
    calls of a round that was started over are lost   test_started_over (test_paid_calls.py)
    no journal                                        test_property_3_nothing_paid_twice
    paid calls begin however late it is               test_property_6_inside_its_time
    retries without a budget                          test_property_9_backs_off
    what a manifest names is not looked for           test_old_delivery_finishes_last
    a poster's moment is captured at any price        test_max_calls (test_paid_calls.py)
    what the function writes may be a source          test_pictures_are_no_sources (test_loops.py)
"""

import pytest

from snapshot.errors import CloudUnavailable
from snapshot.events import Removal, Upload
from snapshot.layout import Layout
from snapshot.manifest import parse_manifest
from snapshot.outcomes import Failed, Made, Removed, Unchanged
from snapshot.settings import Settings
from tests.snapshot.fakes import FakeFilm
from tests.snapshot.histories import BUCKET, FILMS, KEYS, Delivery, History, PaintedCloud, read

KEY = KEYS[0]
LAYOUT = Layout.of("thumbnails/", KEY)
A, B = FILMS[:2]
SOUND = FakeFilm(6000, has_picture=False)
MANY = 60  # histories of each kind; a few thousand were run by hand


class Cloud(PaintedCloud):
    """A bucket whose deliveries are run call by call."""

    def start(self, record=None, **settings):
        environ = {f"SNAPSHOT_{name.upper()}": value for name, value in settings.items()}
        return Delivery(self, (record or Upload(BUCKET, KEY),), Settings.from_environment(environ))

    def deliver(self, record=None, **settings):
        """Run one delivery whole, and return its outcome."""
        return finish(self.start(record, **settings))

    def put(self, film, **metadata):
        return self.upload(BUCKET, KEY, film, **metadata)

    def remove(self):
        self.stored[BUCKET].pop(KEY, None)

    @property
    def output(self):
        return {key for key in self.stored[BUCKET] if LAYOUT.owns(key)}

    @property
    def manifest(self):
        return parse_manifest(self.stored[BUCKET].get(LAYOUT.manifest, (None,))[0])

    def shown(self):
        """Return which film each picture of the manifest shows, the poster's too."""
        files = [*self.manifest.thumbnails, *self.manifest.poster.files]
        return {FILMS[read(self.stored[BUCKET][entry.key][0])[0]] for entry in files}


def run_to(delivery, name, ending="", *, times=1):
    """Let a delivery run until it is about to make such a call for the `times`th time."""
    for _ in range(times):
        delivery.step()
        while not delivery.is_over and not (delivery.pending[0] == name and delivery.pending[1].endswith(ending)):
            delivery.step()
    assert not delivery.is_over
    return delivery


def finish(delivery):
    while not delivery.is_over:
        delivery.step()
    if delivery.error:
        raise delivery.error
    return delivery.outcomes[-1] if delivery.outcomes else None


def kill(delivery):
    """End a delivery before its next call."""
    delivery.kill_before = True
    finish(delivery)


@pytest.fixture
def cloud():
    return Cloud()


def assert_right(cloud, film):
    """The manifest is of this film, everything it names shows it, and nothing else is there."""
    assert cloud.manifest.source.etag == cloud.stored[BUCKET][KEY][1].etag
    assert cloud.shown() == {film}
    files = [*cloud.manifest.thumbnails, *cloud.manifest.poster.files]
    assert cloud.output == {LAYOUT.manifest, *(entry.key for entry in files)}


# ---------------------------------------------------------------- by chance


@pytest.mark.parametrize("first", range(0, MANY, 20))
def test_property_1_converges(first):
    """Whatever people do while two deliveries run side by side and are ended at any call, the end is right."""
    for seed in range(first, first + 20):
        history = History(seed).run()
        assert history.problems == [], (seed, history.trace[-40:])


@pytest.mark.parametrize("first", range(0, MANY, 20))
def test_property_4_no_false_success(first):
    """With one delivery at a time no manifest ever names what is missing or shows something else, at no moment."""
    for seed in range(first, first + 20):
        history = History(seed, side_by_side=False, kills=True, fault_share=0.05).run()
        assert history.problems == [], (seed, history.trace[-40:])


def test_same_seed(cloud):
    """A history is the same each time, so that one that fails can be looked at."""
    assert History(5).run().trace == History(5).run().trace


# ---------------------------------------------------------------- by hand


@pytest.mark.parametrize(
    ("call", "times"),
    [
        *((call, times) for call in ("head", "snapshot", "put", "delete") for times in (1, 2, 4)),
        *((call, times) for call in ("get", "list") for times in (1, 2)),
        ("media_info", 1),
    ],
)
def test_old_delivery_finishes_last(cloud, call, times):
    """An overwritten video's delivery that stood still at any call and goes on last leaves the newer video's output."""
    cloud.put(B)
    cloud.deliver()
    cloud.put(A)
    old = run_to(cloud.start(), call, times=times)
    cloud.put(B)
    cloud.deliver()
    finish(old)
    assert_right(cloud, B)


def test_overwritten_and_back(cloud):
    """Overwritten and back while its pictures are taken: what was taken in between is not stored."""
    cloud.put(A)
    delivery = run_to(cloud.start(), "snapshot")
    cloud.put(B)
    run_to(delivery, "snapshot", times=2)
    cloud.put(A)
    assert isinstance(finish(delivery), Made)
    assert_right(cloud, A)


@pytest.mark.parametrize("lost_heads", [0, 1], ids=["HEAD answers", "HEAD fails"])
def test_learned_of_another_content(cloud, lost_heads):
    """Facts that a broken-off delivery learned of one content are not believed of the other."""
    cloud.put(A)
    delivery = run_to(cloud.start(), "media_info")
    cloud.put(B)
    run_to(delivery, "snapshot")
    for operation, count in (("GetSnapshot", 20), ("HeadObject", lost_heads)):
        cloud.failures[operation] = [
            CloudUnavailable("later", operation=operation, key=KEY, code="SlowDown", status=503) for _ in range(count)
        ]
    assert isinstance(finish(delivery), Failed)
    cloud.failures.clear()
    cloud.put(A)
    cloud.deliver()
    assert cloud.manifest.source.duration_ms == A.duration_ms
    assert_right(cloud, A)


def test_no_picture_of_another_content(cloud):
    """A video is not called one without a picture because of a content that came in between."""
    cloud.put(A)
    delivery = run_to(cloud.start(), "media_info")
    cloud.put(SOUND)
    delivery.step()
    cloud.put(A)
    finish(delivery)
    assert_right(cloud, A)


def test_no_picture_and_killed(cloud):
    """Nor where the delivery was ended as it stored its manifest."""
    cloud.put(A)
    delivery = run_to(cloud.start(), "media_info")
    cloud.put(SOUND)
    while not delivery.is_over and not (delivery.pending[0] == "put" and delivery.pending[1] == LAYOUT.manifest):
        delivery.step()
    if not delivery.is_over:
        delivery.kill_after = True
        finish(delivery)
    cloud.put(A)
    cloud.deliver()
    assert_right(cloud, A)


def test_same_content_other_times(cloud):
    """The same content uploaded again with other time points wins over the delivery of the former upload."""
    cloud.put(A, snapshot_times="1")
    old = run_to(cloud.start(), "media_info")
    cloud.put(A, snapshot_times="2,3")
    cloud.deliver()
    finish(old)
    assert [entry.at_ms for entry in cloud.manifest.thumbnails] == [2000, 3000]
    assert_right(cloud, A)


def test_nonsense_for_times(cloud):
    """An overwritten video whose new metadata cannot be read does not keep the old manifest."""
    cloud.put(A, snapshot_times="1")
    cloud.deliver()
    cloud.put(B, snapshot_times="soon")
    cloud.deliver()
    assert_right(cloud, B)
    assert "soon" in cloud.manifest.notes[0]


def test_removal_killed_after_its_deletes(cloud):
    """A removal that deleted what was made of a new upload meanwhile, and was ended then, is made good by its retry."""
    cloud.put(A)
    cloud.deliver()
    cloud.remove()
    removal = run_to(cloud.start(Removal(BUCKET, KEY)), "delete")
    cloud.put(A)
    assert isinstance(cloud.deliver(), Unchanged)
    while removal.pending[0] == "delete":
        removal.step()
    kill(removal)
    assert cloud.manifest is None
    cloud.deliver(Removal(BUCKET, KEY))
    assert_right(cloud, A)


def test_head_before_delete(cloud):
    """A video that is there again just before its output would be deleted keeps it."""
    cloud.put(A)
    cloud.deliver()
    cloud.remove()
    removal = run_to(cloud.start(Removal(BUCKET, KEY)), "head", KEY, times=2)
    cloud.put(A)
    cloud.log.clear()
    finish(removal)
    assert not any(operation == "DeleteObject" for operation, _, _ in cloud.log)
    assert_right(cloud, A)


def test_sweep_killed_after_its_deletes(cloud):
    """A sweep that hit the pictures of a content that came back, and was ended then, is made good by its retry."""
    cloud.put(A)
    cloud.deliver()
    cloud.put(B)
    sweep = run_to(cloud.start(), "delete")
    cloud.put(A)
    cloud.deliver()
    while sweep.pending[0] == "delete":
        sweep.step()
    kill(sweep)
    cloud.deliver()
    assert_right(cloud, A)


def test_restored(cloud):
    """A restored object's event is one of a creation: the manifest that could not be made before is made."""
    cloud.put(A)
    first = run_to(cloud.start(), "media_info")
    first.is_faulty = True
    assert isinstance(finish(first), Failed)
    assert isinstance(cloud.deliver(), Made)


def test_format_without_stored_picture(cloud):
    """The best moment among those that lie there may have no picture in the format that is wanted now."""
    cloud.put(A, snapshot_times="1,2,3")
    cloud.deliver()
    cloud.put(A, snapshot_times="0.25")
    cloud.deliver(format="png")
    cloud.put(A, snapshot_times="1,2,3")
    cloud.deliver(format="png")
    assert_right(cloud, A)


def test_tile_of_a_stored_moment(cloud):
    """A stored picture of a moment that is no longer asked for is not described again because a tile is made of it."""
    cloud.put(A, snapshot_times="0.5,1,1.5,2.5,3.5")
    cloud.deliver(on_replace="keep")
    cloud.put(A, snapshot_times="1")
    cloud.deliver(on_replace="keep", storyboard="4x", storyboard_tile="64")
    assert [entry.at_ms for entry in cloud.manifest.thumbnails] == [1000]


@pytest.mark.parametrize("setting", ["remove", "keep"])
def test_property_2_deletes_are_mirrored(cloud, setting):
    """A deleted video's output goes, whichever event tells of it; with SNAPSHOT_ON_DELETE=keep it stays."""
    for record in (Removal(BUCKET, KEY), Upload(BUCKET, KEY)):
        cloud.put(A)
        cloud.deliver(on_delete=setting)
        before = cloud.output
        cloud.remove()
        outcome = cloud.deliver(record, on_delete=setting)
        assert cloud.output == (before if setting == "keep" else set())
        assert isinstance(outcome, Removed) == (setting == "remove")


@pytest.mark.parametrize("calls", range(0, 24, 3))
def test_deleted_at_any_call(cloud, calls):
    """A video that is deleted while a delivery is at any call leaves nothing, once both events are through."""
    cloud.put(A)
    delivery = cloud.start()
    for _ in range(calls):
        if not delivery.is_over:
            delivery.step()
    cloud.remove()
    removal = cloud.start(Removal(BUCKET, KEY))
    finish(removal)
    finish(delivery)
    assert cloud.output == set()


def test_manifest_goes_first(cloud):
    """Of a deleted video's output the manifest goes first, before any picture that it names."""
    cloud.put(A)
    cloud.deliver()
    cloud.remove()
    cloud.log.clear()
    cloud.deliver()
    deleted = [key for operation, _, key in cloud.log if operation == "DeleteObject"]
    assert deleted[0] == LAYOUT.manifest
    assert len(deleted) > 1


@pytest.mark.parametrize("kill_after", [False, True], ids=["before", "after"])
def test_killed_at_every_call(kill_after):
    """A delivery that was ended before or after any one of its calls is made good by the next one."""
    calls = 0
    while True:
        cloud = Cloud()
        cloud.put(B)
        cloud.deliver()
        cloud.put(A)
        delivery = cloud.start()
        for _ in range(calls + 1):
            if not delivery.is_over:
                delivery.step()
        if delivery.is_over:
            break
        delivery.kill_before, delivery.kill_after = not kill_after, kill_after
        finish(delivery)
        assert not isinstance(cloud.deliver(), Failed)
        assert_right(cloud, A)
        calls += 1
    assert calls > 20


def test_other_bucket_of_the_same_output(cloud):
    """A video is not taken for made because one of the same key in another bucket was."""
    other = "other-1250000000"
    cloud.stored[other] = {}
    cloud.put(A)
    cloud.upload(other, KEY, A)
    cloud.deliver(output_bucket=BUCKET)
    assert isinstance(cloud.deliver(Upload(other, KEY), output_bucket=BUCKET), Made)
    assert cloud.manifest.source.bucket == other
