"""What a check found: how bad it is, what it is, why that matters and what to do. Values and their rendering.

Must not know: the cloud, and how anything was found.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

Severity = Literal["ok", "note", "warning", "error"]
RANKS: dict[Severity, int] = {"ok": 0, "note": 0, "warning": 1, "error": 2}
"""The exit status that each severity makes."""
SHOWN: dict[Severity, tuple[str, str]] = {
    "ok": ("32", "ok     "),
    "note": ("36", "note   "),
    "warning": ("33", "warning"),
    "error": ("31", "error  "),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `why` and `remedy` are empty where all is well."""

    check: str
    severity: Severity
    what: str
    why: str = ""
    remedy: str = ""


def worst(findings: Sequence[Finding]) -> int:
    """The exit status: 0 with nothing to do, 1 with warnings, 2 with errors."""
    return max((RANKS[one.severity] for one in findings), default=0)


def as_text(findings: Sequence[Finding], *, coloured: bool) -> str:
    """For people: one line each, with reason and remedy below where there is something to do."""
    lines = []
    for one in findings:
        colour, word = SHOWN[one.severity]
        label = f"\x1b[{colour}m{word}\x1b[0m" if coloured else word
        said = [part for part in (one.why, one.remedy and f"-> {one.remedy}") if part]
        lines.append("\n".join([f"{label}  {one.check}: {one.what}", *said]).replace("\n", f"\n{' ' * 9}"))
    counts = [
        (severity, sum(one.severity == severity for one in findings)) for severity in ("error", "warning", "note")
    ]
    found = ", ".join(f"{count} {severity}{'s' if count > 1 else ''}" for severity, count in counts if count)
    return "\n".join([*lines, "", f"{len(findings)} looked at: {found or 'all is well'}."])


def as_json(findings: Sequence[Finding]) -> str:
    """For programs: {"status", "findings": [{check, severity, what, why, remedy}]}."""
    return json.dumps({"status": worst(findings), "findings": [asdict(one) for one in findings]}, indent=2)
