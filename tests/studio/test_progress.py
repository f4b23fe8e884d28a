import io
import os
import subprocess
import sys

import pytest

from studio import progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize("stream", [Terminal(), io.StringIO()], ids=["terminal", "pipe"])
def test_bar(stream, monkeypatch):
    """A terminal sees the step and how far it is; a pipe sees nothing."""
    monkeypatch.setattr(progress, "_DELAY_S", 0)
    monkeypatch.setattr(sys, "stderr", stream)
    with progress.show_progress("uploading", total=2000, unit="B") as advance:
        advance(500)
        advance(1500)
    if stream.isatty():
        assert "uploading" in stream.getvalue()
        assert "2.00k" in stream.getvalue()
    else:
        assert stream.getvalue() == ""


def test_short_step(monkeypatch):
    """A step that is over soon shows nothing even on a terminal."""
    monkeypatch.setattr(sys, "stderr", Terminal())
    with progress.show_progress("uploading", total=1, unit="B") as advance:
        advance(1)
    assert sys.stderr.getvalue().strip() == ""


def test_real_terminal(root):
    """A terminal that says it has no rows and no columns sees the bar, too."""
    script = (
        "from studio import progress; progress._DELAY_S = 0\n"
        "with progress.show_progress('making a film', total=9, unit='frame') as advance: advance(9)"
    )
    ours, theirs = os.openpty()
    try:
        subprocess.run([sys.executable, "-c", script], cwd=root, stderr=theirs, check=True, timeout=60)
        assert b"making a film" in os.read(ours, 10_000)
    finally:
        os.close(ours)
        os.close(theirs)
