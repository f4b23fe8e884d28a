"""Fixtures of the SCF tests: a folder with a handler, a counting issuer of credentials, a platform that is closed."""

import concurrent.futures
import itertools
import os
import textwrap
import time
from dataclasses import dataclass, field

import pytest

from emulator.account import Account
from emulator.scf.clock import Clock
from emulator.scf.function import Function
from emulator.scf.platform import Platform

BUCKET = "examplebucket-1250000000"


def writing_end(pipe):
    """The writing end of a named pipe, open once a handler has opened the other; fails where none comes."""
    with concurrent.futures.ThreadPoolExecutor(1) as aside:
        opening = aside.submit(pipe.open, "w")
        try:
            return opening.result(30)
        except concurrent.futures.TimeoutError:
            os.close(os.open(pipe, os.O_RDONLY | os.O_NONBLOCK))  # somebody has to, for the other to be let go
            opening.result().close()
            pytest.fail(f"no handler came to {pipe.name}")


@dataclass(frozen=True)
class NumberedKeys:
    secret_id: str
    secret_key: str
    token: str
    expires_at: float


@dataclass
class CountingIssuer:
    """Issues keys that can be told apart; `lifetime_s` caps what is requests for."""

    lifetime_s: int = 6 * 3600
    requests: list = field(default_factory=list)
    numbers: itertools.count = field(default_factory=lambda: itertools.count(1))

    def issue(self, role, lifetime_s):
        self.requests.append((role, lifetime_s))
        number = next(self.numbers)
        ends = time.time() + min(lifetime_s, self.lifetime_s)
        return NumberedKeys(f"AKIDnumber{number}", f"secretnumber{number}", f"tokennumber{number}", ends)


@pytest.fixture
def issuer():
    return CountingIssuer()


@pytest.fixture
def make_platform(issuer):
    """Make platforms on a compressed clock, unless told otherwise, and close them."""
    platforms = []

    def make(*, region="ap-guangzhou", **choices):
        facts = {"account": Account("1250000000", "100000000001", region), "credentials": issuer}
        platform = Platform(**{**facts, "clock": Clock(compressed=True), **choices})
        platforms.append(platform)
        return platform

    yield make
    for platform in platforms:
        platform.close()


@pytest.fixture
def platform(make_platform):
    return make_platform()


@pytest.fixture
def package(tmp_path):
    """Write handler.py, and more files by name, into a folder of their own."""
    numbers = itertools.count()

    def write(source, **modules):
        folder = tmp_path / f"code{next(numbers)}"
        folder.mkdir()
        for name, text in {"handler": source, **modules}.items():
            (folder / f"{name}.py").write_text(textwrap.dedent(text))
        return folder

    return write


@pytest.fixture
def deploy(platform, package):
    """Create a function from the source of its handler.py."""

    def create(source, *, name="demo", **choices):
        function = Function(name, package(source), **choices)
        platform.create(function)
        return function

    return create
