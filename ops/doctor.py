"""`python -m ops doctor`: looks at everything a working set-up needs, changes nothing, and says what to do.

Must not know: what is good or bad; the checks say that.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from ops import checks_account, checks_function, checks_rights, checks_settings, checks_trigger
from ops.deploy import add_cloud_arguments, endpoints_of
from ops.errors import CloudError, OpsError, StackError
from ops.facts import Facts
from ops.finding import Finding, as_json, as_text, worst
from ops.stackfile import read_stack
from ops.tencent import connect

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Check = Callable[[Facts], list[Finding]]

CHECKS: tuple[tuple[str, Check], ...] = (
    ("keys", checks_account.check_keys),
    ("region", checks_account.check_region),
    ("bucket", checks_account.check_buckets),
    ("media processing", checks_account.check_media_processing),
    ("function", checks_function.check_function),
    ("role", checks_rights.check_role),
    ("policies", checks_rights.check_policies),
    ("trigger", checks_trigger.check_triggers),
    ("overlap", checks_trigger.check_overlap),
    ("output", checks_trigger.check_output),
    ("settings", checks_settings.check_settings),
    ("environment", checks_settings.check_environment),
    ("runtime", checks_settings.check_runtime),
    ("timeout", checks_settings.check_timeout),
    ("retries", checks_function.check_retries),
    ("dead letter", checks_function.check_dead_letter),
    ("CORS", checks_account.check_cors),
)
ENDS_ALL = ("keys", "region")
"""Where one of these fails there is nothing more to be seen."""


def examine(facts: Facts, *, probe: str = "") -> list[Finding]:
    """Every check in turn. One that cannot be made is a finding itself; it stops no other but where keys fail."""
    probing: tuple[tuple[str, Check], ...] = (("probe", partial(checks_account.check_probe, key=probe)),)
    findings: list[Finding] = []
    for name, check in (*CHECKS, *(probing if probe else ())):
        try:
            found = check(facts)
        except CloudError as error:
            found = [Finding(name, "error", error.what, "It could not be looked at.", error.remedy)]
        findings += found
        if name in ENDS_ALL and any(one.severity == "error" for one in found):
            break
    return findings


def is_coloured(environment: Mapping[str, str], *, is_terminal: bool) -> bool:
    """Whether to colour. Source: no-color.org, "when present and not an empty string" (read 2026-11-22)."""
    return is_terminal and not environment.get("NO_COLOR")


def main(arguments: Sequence[str]) -> int:
    """Look and say; the exit status is 0 with nothing to do, 1 with warnings, 2 with errors. Raises nothing."""
    parser = argparse.ArgumentParser(
        prog="python -m ops doctor", description="Look at everything a working set-up needs; changes nothing."
    )
    add_cloud_arguments(parser)
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.add_argument(
        "--probe", default="", metavar="KEY", help=f"also try this video; costs {checks_account.PROBE_COST}"
    )
    chosen = parser.parse_args(arguments)
    findings = _look(chosen)
    coloured = is_coloured(os.environ, is_terminal=sys.stdout.isatty())
    sys.stdout.write((as_json(findings) if chosen.json else as_text(findings, coloured=coloured)) + "\n")
    return worst(findings)


def _look(chosen: argparse.Namespace) -> list[Finding]:
    """What is found; where nothing can be looked at, that is the one finding."""
    try:
        stack = read_stack(chosen.stack)
    except StackError as error:
        return [Finding("serverless.yml", "error", error.what, "Nothing can be compared with it.", error.remedy)]
    try:
        endpoints = endpoints_of(chosen)
    except OpsError as error:
        return [Finding("endpoint", "error", error.what, "Another cloud than the one you mean.", error.remedy)]
    try:
        cloud = connect(stack.region, endpoints)
    except OpsError as error:
        return [Finding("keys", "error", error.what, "Nothing can be seen without them.", error.remedy)]
    return examine(Facts(stack, cloud), probe=chosen.probe)
