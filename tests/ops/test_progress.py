"""The line that says what a command waits for."""

import io
import threading

from ops.progress import waiting


class Terminal(io.StringIO):
    """A terminal that tells when something was written."""

    def __init__(self):
        super().__init__()
        self.written = threading.Event()

    def isatty(self):
        return True

    def write(self, text):
        written = super().write(text)
        self.written.set()
        return written


def test_pipe():
    """Nothing is written into a pipe or a file."""
    stream = io.StringIO()
    with waiting("working", stream=stream) as line:
        line.update("half")
    assert stream.getvalue() == ""


def test_terminal(monkeypatch):
    """On a terminal the line says what, how long and how far, and is gone at the end."""
    monkeypatch.setattr("ops.progress._QUIET_S", 0.0)
    stream, times = Terminal(), iter([0.0, 3.0, 3.0])
    with waiting("uploading", stream=stream, clock=lambda: next(times, 3.0)) as line:
        line.update("40%")
        assert stream.written.wait(10)
    assert "uploading: 3 s" in stream.getvalue()
    assert stream.getvalue().endswith("\r\x1b[K")


def test_quick():
    """A wait of less than two seconds writes nothing."""
    stream = Terminal()
    with waiting("working", stream=stream):
        pass
    assert stream.getvalue() == ""
