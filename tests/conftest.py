"""Fixtures for every test: the folder of the tree, a cloud with the function's environment, and a bucket in it."""

import os
import re
import signal
from pathlib import Path

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as examples

from tests.snapshot.invoking import BUCKET

ROOT = Path(__file__).parent.parent

# The same examples in every run, and none that fails because the machine is slow.
examples.register_profile(
    "same", derandomize=True, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
examples.load_profile("same")

# A program that a shell starts in the background ignores Ctrl-C, and so would what the tests start and interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


# The tests of these files run one after another in one worker: what they set up is costly, and two browsers at once
# are too much for a small machine.
GROUPS = {
    "tests/players/test_players.py": "browser",
    "tests/studio/test_browser.py": "browser",
    "tests/studio/test_page.py": "browser",
    "tests/studio/test_screenshots.py": "browser",
    "tests/emulator/clients/test_clients.py": "browser",
    "tests/emulator/test_distribution.py": "distribution",
    "tests/emulator/cos/test_against_moto.py": "moto",
    "tests/package/test_image.py": "image",
    "tests/test_words.py": "words",
}


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers():
    """Return the workers of `-n auto`: a third of a test's time it waits for programs and servers."""
    return (os.cpu_count() or 1) * 3 // 2


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Return the scheduler that keeps the files of a group together and hands out all other tests one by one."""
    from xdist.scheduler import LoadScopeScheduling

    class Groups(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            return GROUPS.get(nodeid.partition("::")[0], nodeid)

    return Groups(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config):
    """Run a test that failed once more where TESTS_RERUN is set: of so many tests, and no more."""
    if most := os.environ.get("TESTS_RERUN"):
        config.option.reruns, config.option.reruns_delay, config.option.max_suite_reruns = 1, 5, int(most)


@pytest.fixture(scope="session")
def root():
    return ROOT


@pytest.fixture(scope="module")
def module_cloud():
    """One cloud for all tests of a module; starting one takes a while."""
    from emulator.cloud import Cloud

    with Cloud(buckets=(BUCKET,)) as cloud:
        yield cloud


@pytest.fixture
def cloud(module_cloud, monkeypatch):
    """An empty cloud, and the environment that SCF gives a function in it: region, and the run role's credentials."""
    module_cloud.clear()
    credentials = module_cloud.credentials.issue("runrole", 3600)
    for name in [name for name in os.environ if name.startswith(("SNAPSHOT_", "TENCENTCLOUD_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TENCENTCLOUD_REGION", module_cloud.region)
    monkeypatch.setenv("TENCENTCLOUD_SECRETID", credentials.secret_id)
    monkeypatch.setenv("TENCENTCLOUD_SECRETKEY", credentials.secret_key)
    monkeypatch.setenv("TENCENTCLOUD_SESSIONTOKEN", credentials.token)
    monkeypatch.setenv("SNAPSHOT_ENDPOINT", module_cloud.endpoint)
    return module_cloud


@pytest.fixture
def bucket(cloud):
    """The bucket through the function's own client, with the credentials of the account's owner."""
    from snapshot.deadline import Deadline
    from snapshot.tencent.bucket import Bucket
    from snapshot.tencent.client import CosClient

    with CosClient(
        region=cloud.region,
        secret_id=cloud.secret_id,
        secret_key=cloud.secret_key,
        token="",
        deadline=Deadline.after(600),
        endpoint=cloud.endpoint,
    ) as client:
        yield Bucket(client, BUCKET)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Fail a test that was skipped, where TESTS_NEVER_SKIP is set and the reason is not allowed."""
    report = yield
    if report.skipped and os.environ.get("TESTS_NEVER_SKIP") and not may_skip(str(call.excinfo.value)):
        report.outcome = "failed"
        report.longrepr = f"skipped, but TESTS_NEVER_SKIP is set: {call.excinfo.value}"
    return report


def may_skip(reason):
    """Return whether TESTS_MAY_SKIP, a regular expression, allows this reason to skip."""
    reasons = os.environ.get("TESTS_MAY_SKIP")
    return bool(reasons) and re.search(reasons, reason) is not None
