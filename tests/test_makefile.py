import os
import re
import subprocess
import sys

import pytest


@pytest.fixture
def make(root, tmp_path):
    """Runs make with a set-up that is done, and programs that are only named."""
    for stamp in ("ready", "ready-ops", "ready-test", "ready-check"):
        (tmp_path / stamp).touch()

    def run(*arguments, done=True):
        set_up = ["RUN=echo", f"VENV={tmp_path}"] if done else [f"VENV={tmp_path / 'new'}"]
        return subprocess.run(
            ["make", "--silent", *arguments, *set_up],
            cwd=root,
            env={"PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.mark.parametrize("name", ["film.mp4", "$HOME.mp4", "`id` $(id) $$.mp4", 'it\'s "quoted" & 100%.mp4'])
def test_names_as_typed(name, make):
    """A video's name reaches the demo as it is typed."""
    assert make("demo", f"VIDEO={name}", "OUT=o$ut").stdout == f"-m studio demo --out o$ut -- {name}\n"


def test_port(make):
    """PORT reaches the live page."""
    assert make("serve", "PORT=8123").stdout == "-m studio serve --port 8123\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["demo", "video=a.mp4"], "no variable video. Variables are VIDEO OUT PORT"),
        (["demo", "TIMES=6x"], "no variable TIMES. .* SNAPSHOT_TIMES"),
        (["demo", "a.mp4"], 'no target "a.mp4". .* make demo VIDEO=film.mp4'),
        (["dmeo"], 'no target "dmeo".'),
    ],
    ids=["lower-case", "without-prefix", "a-file", "misspelt"],
)
def test_unknown_words(arguments, sentence, make):
    """A variable or goal that does not exist is named, and nothing runs."""
    run = make(*arguments)
    assert (run.returncode, run.stdout) == (2, "")
    assert re.search(sentence, run.stderr)


def test_settings_are_variables(make):
    """Settings of the function may be given as variables of make."""
    assert make("demo", "SNAPSHOT_TIMES=6x").returncode == 0


def test_help(make, root):
    """`make help` names every target and its purpose."""
    output = make("help").stdout
    targets = re.search(r"^TARGETS := (.*)$", (root / "Makefile").read_text("utf-8"), re.MULTILINE)[1].split()
    assert len(targets) > 5
    assert [name for name in targets if not re.search(rf"^  {name} +\w", output, re.MULTILINE)] == []


@pytest.mark.parametrize(
    ("python", "sentence"),
    [("/nonexistent", "There is no /nonexistent"), ("old", r"old is Python 3\.9; 3\.10 or newer")],
    ids=["absent", "too-old"],
)
def test_wrong_python(python, sentence, make, tmp_path):
    """A Python that cannot be used is named before anything is made."""
    if python == "old":
        old = tmp_path / "old"
        # Python's own answer, as if it were of version 3.9.
        says = f"import sys; sys.version_info = (3, 9, 1); sys.executable = {str(old)!r}; exec(sys.argv[2])"
        old.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{says}" "$@"\n', "utf-8")
        old.chmod(0o755)
        python = str(old)
    run = make("demo", f"PYTHON={python}", done=False)
    assert run.returncode == 2
    assert re.search(sentence, run.stderr)
    assert not (tmp_path / "new").exists()


def test_set_up_that_fails(make, tmp_path):
    """A folder that cannot be made is named with the reason, without a traceback."""
    (tmp_path / "new").write_text("a file", "utf-8")
    run = make("demo", f"PYTHON={sys.executable}", done=False)
    assert run.returncode == 2
    assert re.search(r"set-up: .*new cannot be written: ", run.stderr)
    assert "Traceback" not in run.stderr
