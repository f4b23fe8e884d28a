"""docs/conformance-clients.md says what the clients do, and nothing on it is left unexplained."""

import shutil
from importlib.metadata import version

import pytest

from tests.emulator.clients import browser_sdk, coscmd, python_sdk, report

HINT = "install it with `python -m tests.emulator.clients.report --install`"


def held(client, number, outcomes):
    """Check that the page says this of a client, and explains each difference."""
    unexplained = [
        outcome
        for outcome in outcomes
        if outcome.result == "differs" and (client, outcome.operation) not in report.EXPLANATIONS
    ]
    assert unexplained == []
    page = report.PAGE.read_text(encoding="utf-8")
    assert "\n".join(report.section(client, number, outcomes)) in page


def test_python_sdk():
    """Every method of cos-python-sdk-v5 works or is refused by name, as the page says."""
    held(python_sdk.NAME, version(python_sdk.NAME), python_sdk.outcomes())


@pytest.mark.skipif(
    not shutil.which("node") or not report.is_here(report.NODE_SDK, report.NODE_SDK_VERSION),
    reason=f"no Node SDK: {HINT}",
)
def test_node_sdk():
    """Every method of cos-nodejs-sdk-v5 works or is refused by name, as the page says."""
    held(report.NODE_SDK, report.NODE_SDK_VERSION, report.node_outcomes())


@pytest.mark.skipif(not browser_sdk.CHROMIUM, reason="no Chromium on this machine")
@pytest.mark.skipif(not report.is_here(browser_sdk.NAME, browser_sdk.VERSION), reason=f"no SDK for browsers: {HINT}")
def test_browser_sdk():
    """Every method of cos-js-sdk-v5 works in a page or is refused by name, as the page of the docs says."""
    held(browser_sdk.NAME, browser_sdk.VERSION, report.browser_outcomes())


@pytest.mark.skipif(not report.COSCMD.exists(), reason=f"no coscmd: {HINT}")
def test_coscmd():
    """Every command of coscmd works, as the page says."""
    held(coscmd.NAME, report.COSCMD_VERSION, coscmd.outcomes(str(report.COSCMD)))


def test_explanations():
    """Each explanation is of an operation that the page lists as different."""
    page = report.PAGE.read_text(encoding="utf-8")
    assert all(
        f"| {client} | `{operation}` | {reason} |" in page
        for (client, operation), reason in report.EXPLANATIONS.items()
    )
