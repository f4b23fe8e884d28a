"""The results of `python -m benchmarks posters` -> the table of strategies in docs/posters.md."""

import json
from pathlib import Path

DOCUMENT = Path("docs/posters.md")
_RESULTS = Path("benchmarks/results/posters.json")
_HEAD = ["| strategy | bad, films | bad, clips | more paid calls for a video |", "| --- | ---: | ---: | ---: |"]


def render(root: Path) -> str:
    """Return the table, by the films that were not looked at while the score was set."""
    strategies = json.loads((root / _RESULTS).read_text(encoding="utf-8"))["strategies"]
    rows = [
        f"| {name} | {100 * figures['held back']['bad']:.0f}% | {100 * figures['clips']['bad']:.0f}% "
        f"| {figures['held back']['extra_calls']:.1f} |"
        for name, figures in strategies.items()
    ]
    return "\n".join([*_HEAD, *rows])
