from dataclasses import replace

import pytest

from emulator.scf.function import DeadLetterQueue, Function
from emulator.scf.limits import MAX_ASYNC_EVENT_BYTES
from emulator.scf.queue import AsyncQueue, DeliveryChaos, Message, encode

NOW_S = 1_000_000.0


@pytest.fixture
def function(tmp_path):
    return Function("demo", tmp_path)


def message(name="one", *, at_s=NOW_S, is_upload=True, **fields):
    return Message("demo", {"Records": [{"name": name}]}, name, at_s, at_s, is_upload, **fields)


def queue_of(*messages, **chaos):
    queue = AsyncQueue(DeliveryChaos(**chaos))
    for item in messages:
        assert queue.put(item) is None
    return queue


def taken(queue, at_s=NOW_S + 10_000):
    messages = []
    while (message := queue.take(at_s)) is not None:
        messages.append(message)
    return messages


def names(messages):
    return [record["name"] for item in messages for record in item.event["Records"]]


def test_order():
    """Messages come in the order they were put."""
    queue = queue_of(*(message(name) for name in "abc"))
    assert names(taken(queue)) == ["a", "b", "c"]
    assert len(queue) == 0


def test_not_before_due():
    """A message is not given before it is due."""
    queue = queue_of(message(at_s=NOW_S))
    assert queue.take(NOW_S - 1) is None
    assert queue.next_due_s() == NOW_S
    assert queue.take(NOW_S) is not None


def test_largest_event():
    """An event of 128 KB is taken, and one byte more is not."""
    frame = len(encode({"a": ""}))
    fits, over = ({"a": "x" * (MAX_ASYNC_EVENT_BYTES - frame + extra)} for extra in (0, 1))
    queue = AsyncQueue(DeliveryChaos())
    assert queue.put(replace(message(), event=fits)) is None
    assert queue.put(replace(message(), event=over)) == "event too large"


def test_full_queue():
    """A queue holds 100 000 messages and no more."""
    queue, waiting = AsyncQueue(DeliveryChaos()), message()
    queue._waiting = [(NOW_S, number, waiting) for number in range(99_999)]
    assert queue.put(waiting) is None
    assert queue.put(waiting) == "queue full"


def test_success(function):
    """A success is done with."""
    queue = AsyncQueue(DeliveryChaos())
    assert queue.settle(message(), function, 200, "", NOW_S) is None
    assert len(queue) == 0


@pytest.mark.parametrize("code", [407, 430, 433, 434, 437, 439, 450])
def test_failed_run(function, code):
    """A failed run comes again twice, a minute apart, and is then a dead letter."""
    queue = queue_of(message())
    now_s = NOW_S
    for retry_num in (0, 1):
        current = queue.take(now_s)
        assert current.retry_num == retry_num
        assert queue.settle(current, function, code, "why", now_s) is None
        assert queue.take(now_s + 59) is None
        now_s += 60
    letter = queue.settle(queue.take(now_s), function, code, "why", now_s)
    assert (letter.reason, letter.status_code, letter.error_message, letter.retry_num) == (
        "retries used up",
        code,
        "why",
        2,
    )
    assert (letter.request_id, letter.event, letter.at_s - letter.put_at_s) == ("one", message().event, 120)
    assert len(queue) == 0


@pytest.mark.parametrize("code", [432, 500])
def test_platform_fault(function, code):
    """A fault of the platform is tried again every minute for six hours."""
    queue = queue_of(message())
    now_s, tries, letter = NOW_S, 0, None
    while letter is None:
        current = queue.take(now_s)
        tries += 1
        letter = queue.settle(current, function, code, "busy", now_s)
        now_s += 60
    assert tries == 6 * 60 + 1
    assert (letter.reason, letter.status_code) == ("waited too long", code)


def test_faults_cost_no_retries(function):
    """Faults of the platform do not use up the retries of failed runs."""
    queue = queue_of(message())
    now_s = NOW_S
    for code in (500, 432, 430, 500, 430):
        assert queue.settle(queue.take(now_s), function, code, "", now_s) is None
        now_s += 60
    letter = queue.settle(queue.take(now_s), function, 430, "", now_s)
    assert (letter.reason, letter.retry_num) == ("retries used up", 5)


def test_too_old(function):
    """A failed run is not tried again once the message is too old."""
    short_lived = replace(function, msg_ttl_s=59)
    letter = queue_of().settle(message(), short_lived, 430, "", NOW_S)
    assert letter.reason == "waited too long"


def test_retries_of_the_function(function):
    """Number and distance of the retries are the function's."""
    changed = replace(function, retry_num=1, retry_interval_s=7)
    queue = queue_of(message())
    assert queue.settle(queue.take(NOW_S), changed, 430, "", NOW_S) is None
    assert queue.next_due_s() == NOW_S + 7
    assert queue.settle(queue.take(NOW_S + 7), changed, 430, "", NOW_S + 7).reason == "retries used up"


def test_queue_of_dead_letters(function):
    """A dead letter names the queue the function has for them."""
    named = replace(function, retry_num=0, dead_letter=DeadLetterQueue("lost", "CMQ-TOPIC"))
    assert queue_of().settle(message(), named, 430, "", NOW_S).queue == DeadLetterQueue("lost", "CMQ-TOPIC")
    assert queue_of().settle(message(), replace(function, retry_num=0), 430, "", NOW_S).queue is None


def test_function_gone():
    """A message for a function that is gone is a dead letter."""
    letter = queue_of().settle(message(), None, 435, "", NOW_S)
    assert (letter.reason, letter.status_code, letter.queue) == ("function gone", 435, None)


def test_events_are_not_printed(function):
    """No event shows where a message or a dead letter is printed."""
    letter = queue_of().settle(message("hush"), replace(function, retry_num=0), 430, "Traceback hush", NOW_S)
    assert "Records" not in repr(message()) + repr(letter)
    assert "Traceback" not in repr(letter)


# DeliveryChaos, only when it is asked for


def test_duplicate():
    """A duplicate has the same event and a request id of its own."""
    first, second = taken(queue_of(message(), duplicates=1.0))
    assert first.event == second.event
    assert first.request_id != second.request_id


def test_share_of_duplicates():
    """The share of duplicates is the share that was asked for."""
    queue = queue_of(*(message(str(number)) for number in range(400)), duplicates=0.25, seed=1)
    assert 460 <= len(queue) <= 540


def test_seeded_delays():
    """Delayed messages overtake each other the same way for the same seed."""

    def order(seed):
        return names(taken(queue_of(*(message(name) for name in "abcdefgh"), delay_up_to_s=60, seed=seed)))

    assert order(1) == order(1)
    assert order(1) != list("abcdefgh")
    assert sorted(order(1)) == list("abcdefgh")
    assert order(1) != order(2)


def test_longest_delay():
    """A delayed message is late by no more than the chaos says."""
    queue = queue_of(*(message(str(number)) for number in range(100)), delay_up_to_s=60)
    assert all(NOW_S <= item.due_at_s <= NOW_S + 60 for item in queue.messages())


def test_merging():
    """Waiting uploads come as the records of one event, up to the number that the chaos says."""
    merged = taken(queue_of(*(message(name) for name in "abcde"), merge_up_to=3))
    assert [names([item]) for item in merged] == [["a", "b", "c"], ["d", "e"]]
    assert merged[0].request_id == "a"


def test_only_fresh_uploads_merge():
    """Only uploads for the same function that were never tried are merged."""
    queue = queue_of(
        message("a"),
        replace(message("other"), function="other"),
        message("plain", is_upload=False),
        message("tried", retry_num=1),
        message("b"),
        merge_up_to=9,
    )
    assert sorted(map(names, ([item] for item in taken(queue)))) == [["a", "b"], ["other"], ["plain"], ["tried"]]


def test_largest_merged_event():
    """A merged event stays within 128 KB."""
    large = [replace(message(), event={"Records": [{"name": name * 50_000}]}) for name in "abc"]
    merged = taken(queue_of(*large, merge_up_to=3))
    assert [len(item.event["Records"]) for item in merged] == [2, 1]
    assert all(len(encode(item.event)) <= MAX_ASYNC_EVENT_BYTES for item in merged)


@pytest.mark.parametrize(("code", "queued"), [(430, 0), (433, 0), (432, 1), (500, 1)])
def test_asynchronous_execution(function, code, queued):
    """A run of a function with asynchronous execution that fails is dropped; a fault of the platform is retried."""
    queue = queue_of(message())
    current = queue.take(NOW_S)
    assert queue.settle(current, replace(function, async_run=True), code, "", NOW_S) is None
    assert len(queue) == queued
