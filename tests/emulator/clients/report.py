"""Count outcomes by client and operation: works, refused by name, differs.

    python -m tests.emulator.clients.report            writes docs/conformance-clients.md
    python -m tests.emulator.clients.report --install  installs the clients of other registries first

The browser's SDK needs Chromium too.

Clients that are not part of the tests' own packages are looked for in FOLDER (`EMULATOR_CLIENTS`, or
`.clients` at the project's root); the versions stand here.
"""

import json
import logging
import os
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

from emulator.cloud import Cloud
from emulator.films.film import make_film
from tests.emulator.clients import browser_sdk, coscmd, python_sdk
from tests.emulator.clients.outcomes import BUCKETS, RESULTS, Outcome

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs" / "conformance-clients.md"
FOLDER = Path(os.environ.get("EMULATOR_CLIENTS", ROOT / ".clients"))
NODE_SDK, NODE_SDK_VERSION = "cos-nodejs-sdk-v5", "3.0.0"
COSCMD_VERSION = "1.9.0.6"
COSCMD = FOLDER / "coscmd" / "bin" / "coscmd"

# Why an operation differs; a row that differs without one fails the test.
EXPLANATIONS = {
    (python_sdk.NAME, "get_bucket_meta"): "asks for eight settings at once, of which five are refused by name",
    (browser_sdk.NAME, "getService"): "names no bucket, and CORS rules belong to one: none lets a page send it",
    (browser_sdk.NAME, "optionsObject"): "a page may not send OPTIONS: no CORS rule can name that method",
    (browser_sdk.NAME, "putBucket"): "a bucket that is not there yet has no CORS rules that let a page make it",
}
_HEAD = """# Tencent's own clients

Each public operation of these clients, unmodified, is called against the local cloud. For the operations that a
function's developer needs, a scenario checks the response. Every other operation is called with plausible arguments
and has to be refused by name (501 NotImplemented, "... is not here"), never treated as a plain GET, PUT or DELETE.
"Sends nothing": the client needs no request. The SDK for browsers runs in Chromium, in a page of another origin that
may do whatever a bucket's CORS rules can allow. Made by `python -m tests.emulator.clients.report`; a test checks it.

Not on this page: coscli and the SDK for Go, which the package registries of Python, Node and Debian do not offer, and
clients of the S3 protocol such as boto3, which the local cloud refuses by name.
"""


def run_all():
    """Return the outcomes of every client that can be run here, by (name, version)."""
    reply = {(python_sdk.NAME, version(python_sdk.NAME)): python_sdk.outcomes()}
    if is_here(NODE_SDK, NODE_SDK_VERSION):
        reply[NODE_SDK, NODE_SDK_VERSION] = node_outcomes()
    if is_here(browser_sdk.NAME, browser_sdk.VERSION) and browser_sdk.CHROMIUM:
        reply[browser_sdk.NAME, browser_sdk.VERSION] = browser_outcomes()
    if COSCMD.exists():
        reply[coscmd.NAME, COSCMD_VERSION] = coscmd.outcomes(str(COSCMD))
    return reply


def is_here(package, number):
    """Return whether this package of npm was installed, in the version that the page is about."""
    description = FOLDER / "node_modules" / package / "package.json"
    return description.exists() and json.loads(description.read_text())["version"] == number


def node_outcomes():
    """Return the outcome of each method of Node's SDK."""
    with tempfile.TemporaryDirectory() as folder, Cloud(buckets=BUCKETS) as cloud:
        film = Path(folder) / "film.mp4"
        make_film(film, duration_s=2.0, size=(320, 180))
        environment = {
            **os.environ,
            "ENDPOINT": cloud.endpoint,
            "REGION": cloud.region,
            "SECRET_ID": cloud.secret_id,
            "SECRET_KEY": cloud.secret_key,
            "FILM": str(film),
        }
        script = Path(__file__).with_name("node_sdk.mjs")
        done = subprocess.run(
            ["node", str(script), str(FOLDER)], env=environment, capture_output=True, text=True, timeout=300, check=True
        )
    return [Outcome(**json.loads(line)) for line in done.stdout.splitlines() if line.startswith("{")]


def browser_outcomes():
    """Return the outcome of each method of the browser's SDK."""
    return browser_sdk.outcomes(FOLDER / "node_modules" / browser_sdk.NAME / "dist" / f"{browser_sdk.NAME}.js")


def write(reply):
    """Return the page."""
    lines = [_HEAD, f"| client | version | operations | {' | '.join(RESULTS)} |", "| --- " * (3 + len(RESULTS)) + "|"]
    for (client, number), outcomes in reply.items():
        counts = [sum(outcome.result == result for outcome in outcomes) for result in RESULTS]
        lines.append(f"| {client} | {number} | {len(outcomes)} | {' | '.join(map(str, counts))} |")
    lines += ["", "## What differs", "", "| client | operation | why |", "| --- | --- | --- |"]
    for (client, _), outcomes in reply.items():
        for outcome in outcomes:
            if outcome.result == "differs":
                reason = EXPLANATIONS.get((client, outcome.operation), outcome.detail)
                lines.append(f"| {client} | `{outcome.operation}` | {reason} |")
    for (client, number), outcomes in reply.items():
        lines += ["", *section(client, number, outcomes)]
    return "\n".join(lines) + "\n"


def section(client, number, outcomes):
    """Return the lines of the page about one client."""
    lines = [f"## {client} {number}", ""]
    for result in RESULTS:
        names = [f"`{outcome.operation}`" for outcome in outcomes if outcome.result == result]
        if names:
            lines += [f"{result.capitalize()}: {', '.join(names)}.", ""]
    return lines[:-1]


def install():
    """Install the clients of other registries into FOLDER, in the versions that the page is about."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    packages = [f"{NODE_SDK}@{NODE_SDK_VERSION}", f"{browser_sdk.NAME}@{browser_sdk.VERSION}"]
    npm = ["npm", "install", "--prefix", str(FOLDER), "--no-audit", "--no-fund", "--ignore-scripts"]
    subprocess.run([*npm, *packages], check=True)
    subprocess.run([sys.executable, "-m", "venv", str(FOLDER / "coscmd")], check=True)
    pip = FOLDER / "coscmd" / "bin" / "pip"
    subprocess.run([str(pip), "install", "-q", f"coscmd=={COSCMD_VERSION}"], check=True)


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)  # SDKs log each refusal
    if "--install" in sys.argv:
        install()
    PAGE.write_text(write(run_all()), encoding="utf-8")
