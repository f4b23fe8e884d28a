"""The package is built once a run, whatever the number of workers; wheels are kept where `make package` keeps them."""

import fcntl
import os
from pathlib import Path

import pytest

from ops.interpreter import find_interpreter
from ops.package import ROOT, build_package


@pytest.fixture(scope="session")
def python310():
    found = find_interpreter("3.10", environment=os.environ)
    if found is None:
        pytest.skip("no Python 3.10 on this machine: set PYTHON310 to run what SCF would run")
    return found


@pytest.fixture(scope="session")
def build(tmp_path_factory):
    """Build anew from a project folder, one at a time over all workers: pip writes into one folder."""
    gate = tmp_path_factory.getbasetemp().parent / "package.lock"

    def build(root: Path = ROOT, *, out: Path, **options):
        with gate.open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            return build_package(root, out, cache=ROOT / "build" / "wheels", **options)

    return build


@pytest.fixture(scope="session")
def package(build, tmp_path_factory):
    return build(out=tmp_path_factory.mktemp("package") / "snapshot.zip")
