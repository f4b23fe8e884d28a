"""Checks of what the function is told: settings, variables, runtime and timeout.

Must not know: how a fact is found, how a finding is shown.
Sources: SCF's quota limits and environment variables (read 2026-11-22).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ops.finding import Finding
from ops.stack import environment_bytes
from ops.stackfile import ENVIRONMENT_BYTES
from snapshot.times import Evenly, Every

if TYPE_CHECKING:
    from ops.facts import Facts
    from snapshot.settings import Settings

RUNTIMES = ("Python3.9", "Python3.10")
"""What the documents name and the function can run on."""
FULL_BYTES = ENVIRONMENT_BYTES * 7 // 8
START_S, SHOT_S = 5, 3
"""A cold start with media info and manifest, and one snapshot with its upload, each taken generously."""
DEPLOY = "Run `python -m ops deploy`."


def check_settings(facts: Facts) -> list[Finding]:
    """Whether the function will accept its own settings."""
    settings, problems = facts.settings
    if settings is None:
        why = "With a wrong setting every invocation stops before it has done anything."
        return [
            Finding("settings", "error", f"a variable is wrong: {problem}", why, f"Mend it in serverless.yml. {DEPLOY}")
            for problem in problems
        ]
    return [Finding("settings", "ok", f"read, {len(settings.sizes)} size(s) as {settings.format}")]


def check_environment(facts: Facts) -> list[Finding]:
    """Whether the variables fit into what the platform gives."""
    function = facts.deployment.function
    size_bytes = environment_bytes(function.environment if function else facts.stack.environment)
    if size_bytes <= FULL_BYTES:
        return [Finding("environment", "ok", f"{size_bytes} of {ENVIRONMENT_BYTES} bytes")]
    return [
        Finding(
            "environment",
            "error" if size_bytes > ENVIRONMENT_BYTES else "warning",
            f"the variables take {size_bytes} of {ENVIRONMENT_BYTES} bytes",
            "SCF refuses a function whose variables take more than 4 KB.",
            "Leave out what is at its default.",
        )
    ]


def check_runtime(facts: Facts) -> list[Finding]:
    """Whether the Python is one that the documents name."""
    function = facts.deployment.function
    runtime = function.runtime if function else facts.stack.runtime
    if runtime in RUNTIMES:
        return [Finding("runtime", "ok", runtime)]
    return [
        Finding(
            "runtime",
            "warning",
            f"{runtime} is none that SCF's documents name ({', '.join(RUNTIMES)})",
            "The package is built for one version; another cannot load its compiled parts.",
            "Set runtime: Python3.10 in serverless.yml, build the package anew and deploy.",
        )
    ]


def check_timeout(facts: Facts) -> list[Finding]:
    """Whether one invocation can take as long as its shots need."""
    function, (settings, _) = facts.deployment.function, facts.settings
    timeout_s = function.timeout_s if function else facts.stack.timeout_s
    if settings is None:
        return []
    shots, needed_s = _shots(settings), _needed_s(settings)
    if timeout_s >= needed_s:
        return [Finding("timeout", "ok", f"{timeout_s} s for up to {shots} shots, {settings.concurrency} at once")]
    return [
        Finding(
            "timeout",
            "warning",
            f"{timeout_s} s may be too short for up to {shots} shots, {settings.concurrency} at once",
            "An invocation out of time is tried again from the start, twice, and then given up.",
            f"Set timeout to {min(900, needed_s)} or more, fewer SNAPSHOT_TIMES, or more SNAPSHOT_CONCURRENCY.",
        )
    ]


def _shots(settings: Settings) -> int:
    """The most shots one video can have; where a point repeats itself, only the paid calls bound them."""
    most = settings.max_calls - 1  # one call is for the length
    if any(isinstance(point, Every) for point in settings.times):
        return most
    return min(most, sum(point.count if isinstance(point, Evenly) else 1 for point in settings.times))


def _needed_s(settings: Settings) -> int:
    return START_S + math.ceil(_shots(settings) / settings.concurrency) * SHOT_S
