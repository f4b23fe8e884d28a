"""What emulator/README.md shows of functions and faults can be typed as it stands."""

import os
import re
import shutil
import subprocess

import pytest

from emulator import effects
from emulator.effects import Reset
from emulator.faults import Fault
from tests.emulator.conformance import README

OWN_FUNCTION, FAULTS = "A function of your own", "What can be made to go wrong"


def section(title):
    found = README.read_text().partition(f"## {title}\n")[2].partition("\n## ")[0]
    assert found
    return found


def blocks(title, language):
    found = re.findall(rf"```{language}\n(.*?)```", section(title), re.DOTALL)
    assert found
    return found


def test_a_function_of_ones_own_is_called_by_an_upload(cloud, plain, tmp_path, monkeypatch):
    (tmp_path / "my-function").mkdir()
    (tmp_path / "my-function" / "index.py").write_text("def main_handler(event, context):\n    print('called')\n")
    monkeypatch.chdir(tmp_path)
    for block in blocks(OWN_FUNCTION, "python"):
        exec(compile(block, "emulator/README.md", "exec"), {"cloud": cloud})
    plain("PUT", "elsewhere/a.mp4", body=b"")
    plain("PUT", "videos/a.mp4", body=b"")
    cloud.scf.drain(timeout_s=60)
    assert [record["SCF_Message"] for record in cloud.scf.log if record["SCF_Type"] == "Custom"] == ["called"]


def test_the_python_for_faults_runs(cloud):
    for block in blocks(FAULTS, "python"):
        exec(compile(block, "emulator/README.md", "exec"), {"cloud": cloud})


@pytest.mark.skipif(shutil.which("curl") is None, reason="the examples are for curl: install it")
def test_the_curls_for_faults_set_list_and_clear_a_fault(cloud):
    (block,) = blocks(FAULTS, "sh")
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
    named = set(re.findall(r"^\| `(\w+)` \|", section(FAULTS), re.MULTILINE))
    assert named == {kind.__name__.lower() for kind in effects.Effect.__args__}
