import io
import runpy
import sys

import pytest


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def install(root, tmp_path):
    """requirements/install.py's `install`, with a pip that prints what is given and ends as is given."""
    module = runpy.run_path(str(root / "requirements" / "install.py"))
    (tmp_path / "list.txt").write_text("a==1\nb==2\n", "utf-8")

    def run(output, status=0):
        python = tmp_path / "python"
        (tmp_path / "output").write_text(output, "utf-8")
        python.write_text(f"#!/bin/sh\ncat {tmp_path / 'output'}\nexit {status}\n", "utf-8")
        python.chmod(0o755)
        module["install"](python, tmp_path / "list.txt")

    return run


OUTPUT = "WARNING: odd\nCollecting a==1\n  Downloading a\nCollecting b==2\nInstalling collected packages: a, b\n"


@pytest.mark.parametrize("stream", [Terminal(), io.StringIO()], ids=["terminal", "pipe"])
def test_progress(stream, install, monkeypatch):
    """A terminal sees the package that is being collected; a pipe sees nothing; pip's warnings are never shown."""
    monkeypatch.setattr(sys, "stderr", stream)
    install(OUTPUT)
    if stream.isatty():
        assert "package 2, b" in stream.getvalue()
        assert "unpacking 2 packages" in stream.getvalue()
    else:
        assert stream.getvalue() == ""
    assert "WARNING" not in stream.getvalue()


def test_failure(install):
    """Of pip's output, its errors alone are shown."""
    with pytest.raises(RuntimeError) as failure:
        install(OUTPUT + "ERROR: No matching distribution\n", status=1)
    assert "list.txt cannot be installed:\n  ERROR: No matching distribution" in str(failure.value)
    assert "WARNING" not in str(failure.value)


def test_broken_off(root, tmp_path, capsys):
    """An environment whose making broke off is made again."""
    module = runpy.run_path(str(root / "requirements" / "install.py"))
    (tmp_path / "venv" / "bin").mkdir(parents=True)
    (tmp_path / "venv" / "bin" / "python").symlink_to(sys.executable)
    assert module["main"]([str(tmp_path / "venv")]) == 0
    assert capsys.readouterr().out.startswith("Setting up ")
    assert (tmp_path / "venv" / "bin" / "pip").exists()
