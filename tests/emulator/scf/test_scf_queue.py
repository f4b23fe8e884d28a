from dataclasses import replace

import pytest

from emulator.scf.function import DeadLetterQueue, Function
from emulator.scf.queue import LARGEST_EVENT_BYTES, AsyncQueue, Disorder, Message, encode

NOW_S = 1_000_000.0


@pytest.fixture
def function(tmp_path):
    return Function("demo", tmp_path)


def message(name="one", *, at_s=NOW_S, is_upload=True, **more):
    return Message("demo", {"Records": [{"name": name}]}, name, at_s, at_s, is_upload, **more)


def queue_of(*messages, **disorder):
    queue = AsyncQueue(Disorder(**disorder))
    for each in messages:
        assert queue.put(each) is None
    return queue


def taken(queue, at_s=NOW_S + 10_000):
    found = []
    while (next_one := queue.take(at_s)) is not None:
        found.append(next_one)
    return found


def names(messages):
    return [record["name"] for each in messages for record in each.event["Records"]]


def test_messages_come_in_the_order_they_were_put():
    queue = queue_of(*(message(name) for name in "abc"))
    assert names(taken(queue)) == ["a", "b", "c"]
    assert len(queue) == 0


def test_a_message_is_not_given_before_it_is_due():
    queue = queue_of(message(at_s=NOW_S))
    assert queue.take(NOW_S - 1) is None
    assert queue.next_due_s() == NOW_S
    assert queue.take(NOW_S) is not None


def test_an_event_of_128_kb_is_taken_and_one_byte_more_is_not():
    frame = len(encode({"a": ""}))
    fits, over = ({"a": "x" * (LARGEST_EVENT_BYTES - frame + more)} for more in (0, 1))
    queue = AsyncQueue(Disorder())
    assert queue.put(replace(message(), event=fits)) is None
    assert queue.put(replace(message(), event=over)) == "event too large"


def test_a_queue_holds_100_000_messages_and_no_more():
    queue, one = AsyncQueue(Disorder()), message()
    queue._waiting = [(NOW_S, number, one) for number in range(99_999)]
    assert queue.put(one) is None
    assert queue.put(one) == "queue full"


def test_a_success_is_done_with(function):
    queue = AsyncQueue(Disorder())
    assert queue.settle(message(), function, 200, "", NOW_S) is None
    assert len(queue) == 0


@pytest.mark.parametrize("code", [407, 430, 433, 434, 437, 439, 450])
def test_a_failed_run_comes_again_twice_a_minute_apart_and_is_then_a_dead_letter(function, code):
    queue = queue_of(message())
    now_s = NOW_S
    for retry_num in (0, 1):
        current = queue.take(now_s)
        assert current.retry_num == retry_num
        assert queue.settle(current, function, code, "why", now_s) is None
        assert queue.take(now_s + 59) is None
        now_s += 60
    lost = queue.settle(queue.take(now_s), function, code, "why", now_s)
    assert (lost.reason, lost.status_code, lost.error_message, lost.retry_num) == ("retries used up", code, "why", 2)
    assert (lost.request_id, lost.event, lost.at_s - lost.put_at_s) == ("one", message().event, 120)
    assert len(queue) == 0


@pytest.mark.parametrize("code", [432, 500])
def test_a_fault_of_the_platform_is_tried_again_every_minute_for_six_hours(function, code):
    queue = queue_of(message())
    now_s, tries, lost = NOW_S, 0, None
    while lost is None:
        current = queue.take(now_s)
        tries += 1
        lost = queue.settle(current, function, code, "busy", now_s)
        now_s += 60
    assert tries == 6 * 60 + 1
    assert (lost.reason, lost.status_code) == ("waited too long", code)


def test_faults_of_the_platform_do_not_use_up_the_retries_of_failed_runs(function):
    queue = queue_of(message())
    now_s = NOW_S
    for code in (500, 432, 430, 500, 430):
        assert queue.settle(queue.take(now_s), function, code, "", now_s) is None
        now_s += 60
    lost = queue.settle(queue.take(now_s), function, 430, "", now_s)
    assert (lost.reason, lost.retry_num) == ("retries used up", 5)


def test_a_failed_run_is_not_tried_again_once_the_message_is_too_old(function):
    short_lived = replace(function, msg_ttl_s=59)
    lost = queue_of().settle(message(), short_lived, 430, "", NOW_S)
    assert lost.reason == "waited too long"


def test_number_and_distance_of_the_retries_are_the_functions(function):
    own = replace(function, retry_num=1, retry_interval_s=7)
    queue = queue_of(message())
    assert queue.settle(queue.take(NOW_S), own, 430, "", NOW_S) is None
    assert queue.next_due_s() == NOW_S + 7
    assert queue.settle(queue.take(NOW_S + 7), own, 430, "", NOW_S + 7).reason == "retries used up"


def test_a_dead_letter_names_the_queue_the_function_has_for_them(function):
    named = replace(function, retry_num=0, dead_letter=DeadLetterQueue("lost", "CMQ-TOPIC"))
    assert queue_of().settle(message(), named, 430, "", NOW_S).queue == DeadLetterQueue("lost", "CMQ-TOPIC")
    assert queue_of().settle(message(), replace(function, retry_num=0), 430, "", NOW_S).queue is None


def test_a_message_for_a_function_that_is_gone_is_a_dead_letter():
    lost = queue_of().settle(message(), None, 435, "", NOW_S)
    assert (lost.reason, lost.status_code, lost.queue) == ("function gone", 435, None)


def test_no_event_shows_where_a_message_or_a_dead_letter_is_printed(function):
    lost = queue_of().settle(message("hush"), replace(function, retry_num=0), 430, "Traceback hush", NOW_S)
    assert "Records" not in repr(message()) + repr(lost)
    assert "Traceback" not in repr(lost)


# Disorder, only when it is asked for


def test_a_duplicate_has_the_same_event_and_a_request_id_of_its_own():
    first, second = taken(queue_of(message(), duplicates=1.0))
    assert first.event == second.event
    assert first.request_id != second.request_id


def test_the_share_of_duplicates_is_the_share_that_was_asked_for():
    queue = queue_of(*(message(str(number)) for number in range(400)), duplicates=0.25, seed=1)
    assert 460 <= len(queue) <= 540


def test_messages_held_back_overtake_each_other_the_same_way_for_the_same_seed():
    def order(seed):
        return names(taken(queue_of(*(message(name) for name in "abcdefgh"), delay_up_to_s=60, seed=seed)))

    assert order(1) == order(1)
    assert order(1) != list("abcdefgh")
    assert sorted(order(1)) == list("abcdefgh")
    assert order(1) != order(2)


def test_a_held_back_message_is_late_by_no_more_than_was_asked_for():
    queue = queue_of(*(message(str(number)) for number in range(100)), delay_up_to_s=60)
    assert all(NOW_S <= each.due_at_s <= NOW_S + 60 for each in queue.messages())


def test_waiting_uploads_come_as_the_records_of_one_event_up_to_the_number_asked_for():
    merged = taken(queue_of(*(message(name) for name in "abcde"), merge_up_to=3))
    assert [names([each]) for each in merged] == [["a", "b", "c"], ["d", "e"]]
    assert merged[0].request_id == "a"


def test_only_uploads_for_the_same_function_that_were_never_tried_are_merged():
    queue = queue_of(
        message("a"),
        replace(message("other"), function="other"),
        message("plain", is_upload=False),
        message("tried", retry_num=1),
        message("b"),
        merge_up_to=9,
    )
    assert sorted(map(names, ([each] for each in taken(queue)))) == [["a", "b"], ["other"], ["plain"], ["tried"]]


def test_a_merged_event_stays_within_128_kb():
    large = [replace(message(), event={"Records": [{"name": name * 50_000}]}) for name in "abc"]
    merged = taken(queue_of(*large, merge_up_to=3))
    assert [len(each.event["Records"]) for each in merged] == [2, 1]
    assert all(len(encode(each.event)) <= LARGEST_EVENT_BYTES for each in merged)
