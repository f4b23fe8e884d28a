"""`python -m ops doctor`: checks everything that a working set-up needs, changes nothing, and says what to do."""

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from ops.cloud.client import connect
from ops.deploy.command import add_cloud_arguments, read_endpoints
from ops.doctor.account import (
    PROBE_COST,
    check_buckets,
    check_cors,
    check_credentials,
    check_media_processing,
    check_probe,
    check_region,
)
from ops.doctor.finding import Finding, as_json, as_text, worst
from ops.doctor.function import check_async_run, check_dead_letter, check_function, check_invocations, check_retries
from ops.doctor.inventory import Inventory
from ops.doctor.rights import check_policies, check_role
from ops.doctor.settings import check_environment, check_memory, check_runtime, check_settings, check_timeout
from ops.doctor.trigger import check_output, check_overlap, check_prefixes, check_removals, check_triggers
from ops.errors import CloudError, OpsError, StackError
from ops.progress import waiting
from ops.stack.stackfile import read_stack

Check = Callable[[Inventory], list[Finding]]

CHECKS: tuple[tuple[str, Check], ...] = (
    ("credentials", check_credentials),
    ("region", check_region),
    ("bucket", check_buckets),
    ("media processing", check_media_processing),
    ("function", check_function),
    ("role", check_role),
    ("policies", check_policies),
    ("trigger", check_triggers),
    ("removals", check_removals),
    ("prefix", check_prefixes),
    ("overlap", check_overlap),
    ("output", check_output),
    ("settings", check_settings),
    ("environment", check_environment),
    ("runtime", check_runtime),
    ("memory", check_memory),
    ("timeout", check_timeout),
    ("asyncRunEnable", check_async_run),
    ("retries", check_retries),
    ("dead letter", check_dead_letter),
    ("invocations", check_invocations),
    ("CORS", check_cors),
)
_ALSO = "; also not checked: "
_ESSENTIAL = ("credentials", "region")
"""Where one of these fails, nothing else can be read."""


def examine(inventory: Inventory, *, probe: str = "") -> list[Finding]:
    """Run all checks in order. One that cannot be made is a finding itself, and stops no other but the essential ones.

    What several checks cannot read for one and the same reason is reported once.
    """
    probing: tuple[tuple[str, Check], ...] = (("probe", partial(check_probe, key=probe)),)
    findings: list[Finding] = []
    failed: dict[tuple[str, str], int] = {}
    for name, check in (*CHECKS, *(probing if probe else ())):
        try:
            results = check(inventory)
        except CloudError as error:
            call = (error.code, error.problem.partition("\n")[0])  # what follows names the single request
            if call in failed:
                findings[failed[call]] = _also(findings[failed[call]], name)
                continue
            failed[call] = len(findings)
            results = [Finding(name, "error", error.problem, "This could not be checked.", error.remedy)]
        findings += results
        if name in _ESSENTIAL and any(finding.severity == "error" for finding in results):
            break
    return findings


def _also(finding: Finding, name: str) -> Finding:
    """Return the finding of a call that failed, with one more check that needed it."""
    also = ", " if _ALSO in finding.reason else _ALSO
    reason = f"{finding.reason.removesuffix('.')}{also}{name}."
    return Finding(finding.check, finding.severity, finding.problem, reason, finding.remedy)


def is_coloured(environment: Mapping[str, str], *, is_terminal: bool) -> bool:
    """Return whether to colour. Source: no-color.org, "when present and not an empty string" (read 2026-11-22)."""
    return is_terminal and not environment.get("NO_COLOR")


def main(arguments: Sequence[str]) -> int:
    """Check and report; return 0 with nothing to do, 1 with warnings, 2 with errors. Raises nothing."""
    parser = argparse.ArgumentParser(
        prog="python -m ops doctor", description="Check everything that a working set-up needs; changes nothing."
    )
    add_cloud_arguments(parser)
    parser.add_argument("--json", action="store_true", help="print JSON, for programs")
    parser.add_argument("--probe", default="", metavar="KEY", help=f"also try this video; costs {PROBE_COST}")
    chosen = parser.parse_args(arguments)
    with waiting("checking"):
        findings = _check(chosen)
    coloured = is_coloured(os.environ, is_terminal=sys.stdout.isatty())
    sys.stdout.write((as_json(findings) if chosen.json else as_text(findings, coloured=coloured)) + "\n")
    return worst(findings)


def _check(chosen: argparse.Namespace) -> list[Finding]:
    """Return the findings; where nothing can be checked, the reason is the one finding."""
    try:
        stack = read_stack(chosen.stack)
    except StackError as error:
        return [Finding("serverless.yml", "error", error.problem, "Nothing can be compared with it.", error.remedy)]
    try:
        endpoints = read_endpoints(chosen)
    except OpsError as error:
        reason = "The checks would look at another cloud than the one you mean."
        return [Finding("endpoint", "error", error.problem, reason, error.remedy)]
    try:
        cloud = connect(stack.region, endpoints)
    except OpsError as error:
        return [Finding("credentials", "error", error.problem, "Nothing can be read without them.", error.remedy)]
    return examine(Inventory(stack, cloud), probe=chosen.probe)
