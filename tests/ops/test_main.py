"""The command line of all commands: what it advises where a command could not be run or was stopped."""

import re
import subprocess
import sys

import pytest

from ops.__main__ import main
from ops.package.command import ROOT


@pytest.mark.parametrize(
    ("arguments", "advice"),
    [
        (["package"], " Run `python -m ops package` again: it continues with what is left."),
        (["deploy", "--destroy"], " Run `python -m ops deploy --destroy` again: it continues with what is left."),
        (["prune", "--yes"], " Run `python -m ops prune --yes` again: it continues with what is left."),
        (["backfill", "--after", "a b"], " Run `python -m ops backfill --after 'a b'` again: it continues with what"),
        (["verify", "--yes"], " Run `python -m ops verify --yes` again."),
        (["try", "film.mp4"], ""),
        (["replay", "letters.json"], ""),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_interrupted(monkeypatch, capsys, arguments, advice):
    """After Ctrl-C the command to run again is the one that was typed, with its arguments."""

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("ops.__main__._run", interrupted)
    assert main(arguments) == 130
    printed = capsys.readouterr().err
    assert printed.startswith(f"\nStopped.{advice}")
    assert advice or printed == "\nStopped.\n"


@pytest.mark.parametrize("command", ["policy", "deploy", "try", "backfill", "replay", "prune", "verify", "doctor"])
def test_missing_package(command):
    """Where a package is missing, the remedy is the target of the Makefile that installs requirements/ops.txt."""
    code = "import sys; sys.modules['pydantic'] = None; from ops.__main__ import main; sys.exit(main(sys.argv[1:]))"
    done = subprocess.run([sys.executable, "-c", code, command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    problem, remedy = done.stderr.splitlines()
    assert problem.startswith(f"{command} needs the package pydantic")
    (target,) = re.findall(r"`make (\w+)`", remedy)
    assert re.search(rf"^{target}: \$\(VENV\)/ready-ops ", (ROOT / "Makefile").read_text(), re.MULTILINE)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("wrong", "the appid is missing at its end"),
        ("mine-1250000000.cos.ap-guangzhou.myqcloud.com", "did you mean mine-1250000000?"),
        ("Mine_1250000000", "it is no name of a bucket"),
    ],
)
@pytest.mark.parametrize(("command", "option"), [("verify", "--bucket"), ("deploy", "--code-bucket")])
def test_wrong_bucket(monkeypatch, capsys, command, option, name, problem):
    """A bucket's name that is not a full one is refused before any call, with the option."""
    monkeypatch.setenv("TENCENTCLOUD_SECRET_ID", "AKIDx")
    monkeypatch.setenv("TENCENTCLOUD_SECRET_KEY", "y")
    assert (
        main([command, option, name, "--endpoint", "http://127.0.0.1:9", "--api-endpoint", "http://127.0.0.1:9"]) == 1
    )
    printed, remedy = capsys.readouterr().err.splitlines()
    assert printed == f"{option} {name!r}: {problem}"
    assert "NAME-APPID" in remedy
