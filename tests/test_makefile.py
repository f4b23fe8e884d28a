import os
import subprocess

import pytest


@pytest.mark.parametrize("name", ["film.mp4", "$HOME.mp4", "`id` $(id) $$.mp4", 'it\'s "quoted" & 100%.mp4'])
def test_a_films_name_reaches_the_demo_as_it_is_typed(root, tmp_path, name):
    (tmp_path / "ready").touch()
    made = subprocess.run(
        ["make", "--silent", "demo", f"VIDEO={name}", "OUT=o$ut", "RUN=echo", f"VENV={tmp_path}"],
        cwd=root,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    assert made.stdout == f"-m emulator.demo --out o$ut -- {name}\n"
