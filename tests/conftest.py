"""What every test has: where the tree is, and no skipping where everything a test needs is promised to be there."""

import os
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def root():
    return ROOT


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.skipped and os.environ.get("TESTS_NEVER_SKIP") and not may_skip(str(call.excinfo.value)):
        report.outcome = "failed"
        report.longrepr = f"skipped where nothing may be: {call.excinfo.value}"
    return report


def may_skip(reason):
    """Whether a reason to skip is one that holds on this machine, by TESTS_MAY_SKIP, a regular expression."""
    reasons = os.environ.get("TESTS_MAY_SKIP")
    return bool(reasons) and re.search(reasons, reason) is not None
