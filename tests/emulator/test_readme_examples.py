"""The examples of emulator/README.md run as they stand."""

import os
import re
import shutil
import subprocess

import pytest

from emulator.faults.effects import ResetPeer
from emulator.faults.injector import Fault
from emulator.faults.wire import KINDS
from tests.emulator.conformance import README

OWN_FUNCTION, FAULTS = "A function of your own", "Faults on demand"


def section(title):
    result = README.read_text().partition(f"## {title}\n")[2].partition("\n## ")[0]
    assert result
    return result


def blocks(title, language):
    result = re.findall(rf"```{language}\n(.*?)```", section(title), re.DOTALL)
    assert result
    return result


def test_own_function(cloud, plain, tmp_path, monkeypatch):
    """The README's own function is called by an upload."""
    (tmp_path / "my-function").mkdir()
    (tmp_path / "my-function" / "index.py").write_text("def main_handler(event, context):\n    print('called')\n")
    monkeypatch.chdir(tmp_path)
    for block in blocks(OWN_FUNCTION, "python"):
        exec(compile(block, "emulator/README.md", "exec"), {"cloud": cloud})
    plain("PUT", "elsewhere/a.mp4", body=b"")
    plain("PUT", "videos/a.mp4", body=b"")
    cloud.scf.drain(timeout_s=60)
    assert [record["SCF_Message"] for record in cloud.scf.log if record["SCF_Type"] == "Custom"] == ["called"]


def test_python_faults(cloud):
    """The README's Python for faults runs."""
    for block in blocks(FAULTS, "python"):
        exec(compile(block, "emulator/README.md", "exec"), {"cloud": cloud})


@pytest.mark.skipif(shutil.which("curl") is None, reason="the examples are for curl: install it")
def test_curl_faults(cloud):
    """The README's curl lines set, list and clear a fault."""
    (block,) = blocks(FAULTS, "sh")
    add, show, clear = block.replace("\\\n", " ").strip().splitlines()

    def run(line):
        environment = {"ENDPOINT": cloud.endpoint, "PATH": os.defpath}
        return subprocess.run(line, shell=True, env=environment, capture_output=True, check=True).stdout

    run(add)
    assert cloud.faults.faults == (Fault(ResetPeer("during"), operation="GetSnapshot", times=1),)
    assert b'"when": "during"' in run(show)
    run(clear)
    assert cloud.faults.faults == ()


def test_fault_table():
    """The README's table names every kind of fault."""
    named = set(re.findall(r"^\| `(\w+)` \|", section(FAULTS), re.MULTILINE))
    assert named == KINDS
