"""Results of checks as values, and their text and JSON."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ops.counting import plural

Severity = Literal["ok", "note", "warning", "error"]
_RANKS: dict[Severity, int] = {"ok": 0, "note": 0, "warning": 1, "error": 2}
"""The exit status that each severity makes."""
_LABELS: dict[Severity, tuple[str, str]] = {
    "ok": ("32", "ok     "),
    "note": ("36", "note   "),
    "warning": ("33", "warning"),
    "error": ("31", "error  "),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was checked. `reason` and `remedy` are empty where no problem was found."""

    check: str
    severity: Severity
    problem: str
    reason: str = ""
    remedy: str = ""


def worst(findings: Sequence[Finding]) -> int:
    """Return the exit status: 0 with nothing to do, 1 with warnings, 2 with errors."""
    return max((_RANKS[finding.severity] for finding in findings), default=0)


def as_text(findings: Sequence[Finding], *, coloured: bool) -> str:
    """Return the findings for people: one line each, with reason and remedy below where there is something to do."""
    lines = []
    for finding in findings:
        colour, word = _LABELS[finding.severity]
        label = f"\x1b[{colour}m{word}\x1b[0m" if coloured else word
        below = [part for part in (finding.reason, finding.remedy and f"-> {finding.remedy}") if part]
        block = "\n".join([f"{label}  {finding.check}: {finding.problem}", *below])
        lines.append(block.replace("\n", f"\n{' ' * 9}"))
    counts = [
        (severity, sum(finding.severity == severity for finding in findings))
        for severity in ("error", "warning", "note")
    ]
    summary = ", ".join(plural(count, severity) for severity, count in counts if count)
    return "\n".join([*lines, "", f"{plural(len(findings), 'check')}: {summary or 'no problem found'}."])


def as_json(findings: Sequence[Finding]) -> str:
    """Return the findings for programs: {"status", "findings": [{check, severity, what, why, remedy}]}."""
    entries = [
        {
            "check": finding.check,
            "severity": finding.severity,
            "what": finding.problem,
            "why": finding.reason,
            "remedy": finding.remedy,
        }
        for finding in findings
    ]
    return json.dumps({"status": worst(findings), "findings": entries}, indent=2)
