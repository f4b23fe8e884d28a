"""The package is built once a run, whatever the number of workers; wheels are kept where `make package` keeps them."""

import fcntl
import os
import pickle

import pytest

from ops.package.command import ROOT, build_package
from ops.package.interpreter import find_interpreter
from ops.package.wheels import fetch_wheels


@pytest.fixture(scope="session")
def python310():
    interpreter = find_interpreter("3.10", environment=os.environ)
    if interpreter is None:
        pytest.skip("no Python 3.10 on this machine: set PYTHON310 to run what SCF would run")
    return interpreter


def _shared(factory):
    """Return a folder that all workers of this run share, and no other run."""
    base = factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session")
def wheels(tmp_path_factory):
    """The folder that holds every wheel; filled by one worker while the others wait, for pip writes into it."""
    cache = ROOT / "build" / "wheels"
    with (_shared(tmp_path_factory) / "wheels.lock").open("w") as gate:
        fcntl.flock(gate, fcntl.LOCK_EX)
        fetch_wheels(ROOT / "requirements.txt", version="3.10", cache=cache)
    return cache


@pytest.fixture(scope="session")
def package(wheels, tmp_path_factory):
    """The package of this very tree, built once for all workers."""
    shared = _shared(tmp_path_factory) / "package"
    shared.mkdir(exist_ok=True)
    described = shared / "package.pickle"
    with (shared / "package.lock").open("w") as gate:
        fcntl.flock(gate, fcntl.LOCK_EX)
        if not described.exists():
            described.write_bytes(pickle.dumps(build_package(ROOT, shared / "snapshot.zip", cache=wheels)))
    return pickle.loads(described.read_bytes())
