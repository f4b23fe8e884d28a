"""logs.py: one line of JSON for each change of state."""

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
def _restore_logging():
    root = logging.getLogger(ROOT)
    saved = root.handlers[:], root.level, root.propagate
    yield
    root.handlers[:], root.level, root.propagate = saved


def logged(log, request_id="f03dc946-3df4-45a0-8e54-000000000000"):
    with redirect_stdout(io.StringIO()) as out:
        to_stdout(request_id)
        log()
    text = out.getvalue()
    assert text == "" or text.endswith("\n")
    return [json.loads(line) for line in text.split("\n")[:-1]]


def test_one_line():
    """A fact is one JSON object on one line, with time, level, name, request id and its fields."""
    (line,) = logged(lambda: fact(logger, "frame.captured", key="视频/a\nb.mp4", at_ms=1500))
    assert line.pop("time").endswith("Z")
    assert line == {
        "level": "info",
        "what": "frame.captured",
        "request_id": "f03dc946-3df4-45a0-8e54-000000000000",
        "key": "视频/a\nb.mp4",
        "at_ms": 1500,
    }


def test_no_platform_fields():
    """No field of a line is one of the platform's, SCF_*."""
    (line,) = logged(lambda: fact(logger, "x", key="a"))
    assert not [name for name in line if name.upper().startswith("SCF_")]


@pytest.mark.parametrize("key", ["a\ud800.mp4", "🎬.mp4", "a\u2028b", "\x1b[2J", '"\\', ""], ids=ascii)
def test_any_key(key):
    """Any object key can be logged and read back."""
    (line,) = logged(lambda: fact(logger, "x", key=key))
    assert line["key"] == key


@pytest.mark.parametrize("key", ["a\ud800.mp4", "🎬.mp4"], ids=ascii)
def test_utf8_stream(key):
    """Any object key can be written to a stream in UTF-8."""
    raw = io.BytesIO()
    with redirect_stdout(io.TextIOWrapper(raw, encoding="utf-8", write_through=True)):
        to_stdout("r")
        fact(logger, "x", key=key)
        sys.stdout.flush()
        assert json.loads(raw.getvalue().decode())["key"] == key


def test_unknown_type():
    """A value that JSON does not know is written as text."""
    (line,) = logged(lambda: fact(logger, "x", when=ValueError, keys={1: {2}}))
    assert line["when"] == "<class 'ValueError'>"
    assert line["keys"] == {"1": "{2}"}


@pytest.mark.parametrize("level", ["warning", "error"])
def test_level(level):
    """A line has the level that it was logged with."""
    (line,) = logged(lambda: fact(logger, "x", level=getattr(logging, level.upper())))
    assert line["level"] == level


def test_foreign_handler():
    """A handler of the root logger, as SCF sets one, does not print a line a second time."""
    records = []

    class Listener(logging.Handler):
        def emit(self, record):
            records.append(record)

    listener = Listener()
    logging.getLogger().addHandler(listener)
    try:
        assert len(logged(lambda: fact(logger, "x"))) == 1
    finally:
        logging.getLogger().removeHandler(listener)
    assert records == []


def test_debug_is_left_out():
    """Lines of level DEBUG are not printed."""
    assert logged(lambda: fact(logger, "x", level=logging.DEBUG)) == []


def test_other_loggers():
    """Other libraries' lines, which can hold signatures, are not printed."""
    assert logged(lambda: logging.getLogger("qcloud_cos").error("http://host/?sign=hunter2")) == []


def test_exception():
    """An exception is logged with its type and place; its message, which can hold anything, is not."""

    def break_something():
        try:
            int("hunter2")
        except ValueError:
            logger.exception("record.broke")

    (line,) = logged(break_something)
    assert (line["what"], line["level"], line["raised"]) == ("record.broke", "error", "ValueError")
    assert line["stack"][-1].startswith("test_logs.py:")
    assert line["stack"][-1].endswith(" break_something")
    assert "hunter2" not in json.dumps(line)


def test_stack_has_no_folders():
    """A stack names files without their folders."""

    def break_something():
        try:
            json.loads("{")
        except ValueError:
            logger.exception("x")

    (line,) = logged(break_something)
    assert not [step for step in line["stack"] if "/" in step]
    assert [step.partition(":")[0] for step in line["stack"]][:2] == ["test_logs.py", "__init__.py"]


def test_time():
    """The time is UTC with whole milliseconds, never rounded up."""
    record = logging.LogRecord("snapshot.x", logging.INFO, "x.py", 1, "x", None, None)
    record.created, record.msecs = 1_795_338_000.9996, 999.6

    (line,) = logged(lambda: logging.getLogger(ROOT).handle(record))
    assert line["time"] == "2026-11-22T09:00:00.999Z"


ELSEWHERE = """
import logging
from snapshot.logs import to_stdout
to_stdout("r")
record = logging.LogRecord("snapshot.x", logging.INFO, "x.py", 1, "x", None, None)
record.created = 1_795_338_000
logging.getLogger("snapshot").handle(record)
"""


def test_time_zone(root):
    """The time is UTC whatever the time zone of the machine."""
    environ = {**os.environ, "TZ": "EAST-8"}
    process = subprocess.run([sys.executable, "-c", ELSEWHERE], cwd=root, env=environ, capture_output=True, check=True)
    assert json.loads(process.stdout)["time"].startswith("2026-11-22T09:00:00.")


def test_next_invocation():
    """After the next set-up lines have the new request id, and are printed once."""

    def twice():
        fact(logger, "one")
        to_stdout("second")
        fact(logger, "two")

    assert [(line["what"], line["request_id"]) for line in logged(twice, "first")] == [
        ("one", "first"),
        ("two", "second"),
    ]


def test_threads():
    """Lines that several threads log at the same time stay whole."""

    def from_all():
        start = threading.Barrier(8)

        def log(name):
            start.wait(10)
            for number in range(50):
                fact(logger, "x", thread=name, number=number, padding="p" * 500)

        threads = [threading.Thread(target=log, args=(name,)) for name in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)

    lines = logged(from_all)
    assert {(line["thread"], line["number"]) for line in lines} == {
        (name, number) for name in range(8) for number in range(50)
    }
    assert len(lines) == 400
