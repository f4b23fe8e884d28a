"""The README's section on deploying, followed word by word against the emulated cloud."""

import os
import re
import subprocess
import sys

import pytest

from emulator.film import make_film
from ops.package import AIM_BYTES
from tests.ops.cloud import BUCKET, emulated


@pytest.fixture(scope="module")
def section(root):
    text = (root / "README.md").read_text(encoding="utf-8")
    found = re.search(r"^## Deploy\n(.*?)(?=^## )", text, re.MULTILINE | re.DOTALL)
    if found is None:
        pytest.skip("README.md has no section Deploy")
    return found[1]


def _commands(text):
    return re.findall(r"^    ((?:make|\.venv/bin/python) .*)$", text, re.MULTILINE)


def test_its_commands_deploy_examine_and_take_away(section, root, python310, wheels, tmp_path):
    deploying, destroying = (_commands(part) for part in section.partition("### ")[0].split("`--destroy`"))
    assert [command.split()[-1] for command in deploying] == ["package", "--dry-run", "deploy", "doctor"]
    assert [command.split()[-1] for command in destroying] == ["--destroy"]
    make_film(tmp_path / "a.mp4", duration_s=2.0, size=(160, 90))
    with emulated(looks=1, python=python310.path, isolated=True) as both:
        environment = {
            **os.environ,
            **both.environment,
            "OPS_ENDPOINT": both.endpoints.cos,
            "OPS_API_ENDPOINT": both.endpoints.api,
            "VENV": sys.prefix,
            "MAKEFLAGS": f"--old-file={sys.prefix}/ready",
        }

        def follow(command):
            words = command.replace(".venv/bin/python", sys.executable)
            done = subprocess.run(
                words, shell=True, cwd=root, env=environment, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, (command, done.stdout, done.stderr)
            return done.stdout

        said = [follow(command) for command in deploying]
        assert re.search(r"sha256 [0-9a-f]{64}", said[0])
        assert "+ create function: snapshot" in said[1]
        assert said[2].endswith("Done.\n")
        assert "error" not in said[3].rpartition("\n\n")[2]
        both.client.put_object(Bucket=BUCKET, Body=(tmp_path / "a.mp4").read_bytes(), Key="videos/a.mp4")
        both.cloud.scf.drain(60)
        assert [entry["at_ms"] for entry in both.manifest("videos/a.mp4")["thumbnails"]] == [500, 1000, 1500]
        for command in destroying:
            follow(command)
        assert both.cloud.scf.functions == both.plane.access.roles == both.plane.access.policies == ()


def test_its_size_report_is_that_of_the_package(section, package):
    rows = re.findall(r"^\| ([\w-][\w -]*?) \| +([\d,]+) \|$", section, re.MULTILINE)
    said = {name: int(size.replace(",", "")) for name, size in rows if name != "all of it"}
    packed = {name: size / 1000 for name, _, size in package.parts}
    assert set(said) <= set(packed)
    assert set(said) >= {name for name, size in packed.items() if size >= 100}
    for name, size in said.items():
        assert size == pytest.approx(packed[name], rel=0.25), (
            f"{name}: run `make package` and bring the table up to date"
        )
    assert sum(said.values()) * 1000 < AIM_BYTES
