"""What every test has: where the tree is, a cloud to be invoked in, and no skipping where all it needs is promised."""

import os
import re
import time
from pathlib import Path

import pytest

from tests.invoking import BUCKET

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def root():
    return ROOT


@pytest.fixture(scope="module")
def the_cloud():
    from emulator.cloud import Cloud

    with Cloud(buckets=(BUCKET,)) as cloud:
        yield cloud


@pytest.fixture
def cloud(the_cloud, monkeypatch):
    """A fresh cloud, and the environment that a function in it finds: its run role's keys, and how it is reached."""
    the_cloud.clear()
    keys = the_cloud.keys.issue("runrole", 3600)
    for name in [name for name in os.environ if name.startswith(("SNAPSHOT_", "TENCENTCLOUD_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TENCENTCLOUD_REGION", the_cloud.region)
    monkeypatch.setenv("TENCENTCLOUD_SECRETID", keys.secret_id)
    monkeypatch.setenv("TENCENTCLOUD_SECRETKEY", keys.secret_key)
    monkeypatch.setenv("TENCENTCLOUD_SESSIONTOKEN", keys.token)
    monkeypatch.setenv("SNAPSHOT_ENDPOINT", the_cloud.endpoint)
    return the_cloud


@pytest.fixture
def bucket(cloud):
    """The bucket as its owner sees it: root keys, the same door."""
    from snapshot.bucket import Bucket
    from snapshot.cos import Door

    with Door(
        region=cloud.region,
        secret_id=cloud.secret_id,
        secret_key=cloud.secret_key,
        token="",
        deadline=time.monotonic() + 600,
        endpoint=cloud.endpoint,
    ) as door:
        yield Bucket(door, BUCKET)


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
