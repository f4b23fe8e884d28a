import io
import json
import logging
import os
import subprocess
import sys
import threading
from contextlib import redirect_stdout

import pytest

from snapshot.logs import ROOT, fact, to_stdout

logger = logging.getLogger("snapshot.of_a_test")


@pytest.fixture(autouse=True)
def _leave_the_log_as_it_was():
    root = logging.getLogger(ROOT)
    before = root.handlers[:], root.level, root.propagate
    yield
    root.handlers[:], root.level, root.propagate = before[0], before[1], before[2]


def said(speak, request_id="f03dc946-3df4-45a0-8e54-000000000000"):
    with redirect_stdout(io.StringIO()) as out:
        to_stdout(request_id)
        speak()
    text = out.getvalue()
    assert text == "" or text.endswith("\n")
    return [json.loads(line) for line in text.split("\n")[:-1]]


def test_a_fact_is_one_json_object_on_one_line():
    (line,) = said(lambda: fact(logger, "frame.captured", key="视频/a\nb.mp4", at_ms=1500))
    assert line.pop("time").endswith("Z")
    assert line == {
        "level": "info",
        "what": "frame.captured",
        "request_id": "f03dc946-3df4-45a0-8e54-000000000000",
        "key": "视频/a\nb.mp4",
        "at_ms": 1500,
    }


def test_the_first_level_has_no_field_that_is_the_platforms():
    (line,) = said(lambda: fact(logger, "x", key="a"))
    assert not [name for name in line if name.upper().startswith("SCF_")]


@pytest.mark.parametrize("key", ["a\ud800.mp4", "🎬.mp4", "a\u2028b", "\x1b[2J", '"\\', ""], ids=ascii)
def test_any_key_can_be_logged(key):
    (line,) = said(lambda: fact(logger, "x", key=key))
    assert line["key"] == key


@pytest.mark.parametrize("key", ["a\ud800.mp4", "🎬.mp4"], ids=ascii)
def test_any_key_reaches_a_stream_of_utf8(key):
    raw = io.BytesIO()
    with redirect_stdout(io.TextIOWrapper(raw, encoding="utf-8", write_through=True)):
        to_stdout("r")
        fact(logger, "x", key=key)
        sys.stdout.flush()
        assert json.loads(raw.getvalue().decode())["key"] == key


def test_a_fact_that_json_does_not_know_is_written_as_text():
    (line,) = said(lambda: fact(logger, "x", when=ValueError, keys={1: {2}}))
    assert line["when"] == "<class 'ValueError'>"
    assert line["keys"] == {"1": "{2}"}


@pytest.mark.parametrize("level", ["warning", "error"])
def test_a_fact_has_the_level_it_was_given(level):
    (line,) = said(lambda: fact(logger, "x", level=getattr(logging, level.upper())))
    assert line["level"] == level


def test_a_line_is_not_said_again_by_a_handler_of_others():
    heard = []

    class Listener(logging.Handler):
        def emit(self, record):
            heard.append(record)

    listener = Listener()
    logging.getLogger().addHandler(listener)
    try:
        assert len(said(lambda: fact(logger, "x"))) == 1
    finally:
        logging.getLogger().removeHandler(listener)
    assert heard == []


def test_details_are_left_out():
    assert said(lambda: fact(logger, "x", level=logging.DEBUG)) == []


def test_the_log_of_others_does_not_go_here():
    assert said(lambda: logging.getLogger("qcloud_cos").error("http://host/?sign=hunter2")) == []


def test_an_exception_is_named_and_placed_and_its_message_kept_back():
    def break_something():
        try:
            int("hunter2")
        except ValueError:
            logger.exception("record.broke")

    (line,) = said(break_something)
    assert (line["what"], line["level"], line["raised"]) == ("record.broke", "error", "ValueError")
    assert line["stack"][-1].startswith("test_logs.py:")
    assert line["stack"][-1].endswith(" break_something")
    assert "hunter2" not in json.dumps(line)


def test_a_path_of_the_machine_is_not_in_the_stack():
    def break_something():
        try:
            json.loads("{")
        except ValueError:
            logger.exception("x")

    (line,) = said(break_something)
    assert not [step for step in line["stack"] if "/" in step]
    assert [step.partition(":")[0] for step in line["stack"]][:2] == ["test_logs.py", "__init__.py"]


def test_the_time_is_utc_to_the_millisecond():
    record = logging.LogRecord("snapshot.x", logging.INFO, "x.py", 1, "x", None, None)
    record.created, record.msecs = 1_795_338_000.9996, 999.6

    (line,) = said(lambda: logging.getLogger(ROOT).handle(record))
    assert line["time"] == "2026-11-22T09:00:00.999Z"


ELSEWHERE = """
import logging
from snapshot.logs import to_stdout
to_stdout("r")
record = logging.LogRecord("snapshot.x", logging.INFO, "x.py", 1, "x", None, None)
record.created = 1_795_338_000
logging.getLogger("snapshot").handle(record)
"""


def test_the_time_is_utc_wherever_the_machine_stands(root):
    environ = {**os.environ, "TZ": "EAST-8"}
    ran = subprocess.run([sys.executable, "-c", ELSEWHERE], cwd=root, env=environ, capture_output=True, check=True)
    assert json.loads(ran.stdout)["time"].startswith("2026-11-22T09:00:00.")


def test_each_invocation_has_its_own_request_id_and_says_things_once():
    def twice():
        fact(logger, "one")
        to_stdout("second")
        fact(logger, "two")

    assert [(line["what"], line["request_id"]) for line in said(twice, "first")] == [
        ("one", "first"),
        ("two", "second"),
    ]


def test_lines_of_several_threads_do_not_mingle():
    def from_all():
        start = threading.Barrier(8)

        def speak(name):
            start.wait(10)
            for number in range(50):
                fact(logger, "x", who=name, number=number, padding="p" * 500)

        threads = [threading.Thread(target=speak, args=(name,)) for name in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)

    lines = said(from_all)
    assert {(line["who"], line["number"]) for line in lines} == {
        (name, number) for name in range(8) for number in range(50)
    }
    assert len(lines) == 400
