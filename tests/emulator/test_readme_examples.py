"""What emulator/README.md shows of faults can be typed as it stands."""

import os
import re
import shutil
import subprocess

import pytest

from emulator import effects
from emulator.effects import Reset
from emulator.faults import Fault
from tests.emulator.conformance import README

SECTION = README.read_text().partition("## What can be made to go wrong\n")[2].partition("\n## ")[0]


def blocks(language):
    found = re.findall(rf"```{language}\n(.*?)```", SECTION, re.DOTALL)
    assert found
    return found


def test_the_python_of_the_readme_runs(cloud):
    for block in blocks("python"):
        exec(compile(block, "emulator/README.md", "exec"), {"cloud": cloud})


@pytest.mark.skipif(shutil.which("curl") is None, reason="the examples are for curl: install it")
def test_the_curls_of_the_readme_set_list_and_clear_a_fault(cloud):
    (block,) = blocks("sh")
    add, show, clear = block.replace("\\\n", " ").strip().splitlines()

    def run(line):
        environment = {"ENDPOINT": cloud.endpoint, "PATH": os.defpath}
        return subprocess.run(line, shell=True, env=environment, capture_output=True, check=True).stdout

    run(add)
    assert cloud.faults.faults == (Fault(Reset("during"), operation="GetSnapshot", times=1),)
    assert b'"when": "during"' in run(show)
    run(clear)
    assert cloud.faults.faults == ()


def test_the_table_names_every_kind_of_fault_there_is():
    named = set(re.findall(r"^\| `(\w+)` \|", SECTION, re.MULTILINE))
    assert named == {kind.__name__.lower() for kind in effects.Effect.__args__}
