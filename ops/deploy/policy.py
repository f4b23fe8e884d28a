"""Settings -> the least policy that a run role needs, and the trust policy that lets SCF take the role.

What the function does, and the action each needs:

    HEAD of the source              name/cos:HeadObject      on the source's prefix
    media info, snapshots           ci:GenerateMediaInfo, ci:GenerateSnapshot   on the source's prefix
      CI reading it for the caller  name/cos:GetObject       on the source's prefix
    GET of the manifest             name/cos:GetObject       on the output's prefix
    PUT of thumbnails, manifest     name/cos:PutObject       on the output's prefix
    being told "there is none"      name/cos:GetBucket       on both buckets

Two of them the documents leave open, and the strict reading is granted: whether CI asks COS for the caller's right
to read the source, and whether one who may not list is told that an object is absent (404) or nothing (403). A
first upload has no manifest yet, so everything hangs on the second.

Must not know: the cloud. Every function here is a pure maker of documents.
Source: CAM, "authorization granularity" of COS and CI; CI policies with a path prefix; the principal of SCF's roles
(read 2026-11-22).
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from ops.stackfile import read_stack

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ops.stack import Stack

SERVICE = "scf.qcloud.com"
STACK = Path(__file__).resolve().parent.parent / "serverless.yml"


class Statement(TypedDict):
    """One rule of a policy, in CAM's words."""

    effect: str
    action: list[str]
    resource: list[str]


class Policy(TypedDict):
    """A policy document of version 2.0, in CAM's words."""

    version: str
    statement: list[Statement]


def run_policy(stack: Stack) -> Policy:
    """What the function may do, and nothing more."""
    sources = sorted({(trigger.bucket, _narrower(trigger.prefix, stack)) for trigger in stack.triggers})
    outputs = sorted({stack.settings.output_bucket or trigger.bucket for trigger in stack.triggers})
    prefix = stack.settings.output_prefix
    buckets = sorted({bucket for bucket, _ in sources} | set(outputs))
    return Policy(
        version="2.0",
        statement=[
            _allow(
                ["name/cos:GetObject", "name/cos:HeadObject"],
                (_cos(stack, bucket, start) for bucket, start in sources),
            ),
            _allow(
                ["ci:GenerateMediaInfo", "ci:GenerateSnapshot"],
                (_ci(stack, bucket, start) for bucket, start in sources),
            ),
            _allow(["name/cos:GetObject", "name/cos:PutObject"], (_cos(stack, bucket, prefix) for bucket in outputs)),
            _allow(["name/cos:GetBucket"], (_cos(stack, bucket, "") for bucket in buckets)),
        ],
    )


def trust_policy() -> dict[str, object]:
    """Who may take the role: SCF."""
    statement = {"action": "name/sts:AssumeRole", "effect": "allow", "principal": {"service": SERVICE}}
    return {"version": "2.0", "statement": [statement]}


def as_text(document: object) -> str:
    """A document as the API takes and the plan compares it: compact, with sorted names."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"))


def _narrower(prefix: str, stack: Stack) -> str:
    """Of the trigger's prefix and SNAPSHOT_INPUT_PREFIX, one of which begins with the other, the longer."""
    return max(prefix, stack.settings.input_prefix, key=len)


def _allow(actions: list[str], resources: Iterable[str]) -> Statement:
    return Statement(effect="allow", action=actions, resource=list(resources))


def _cos(stack: Stack, bucket: str, prefix: str) -> str:
    return f"qcs::cos:{stack.region}:uid/{stack.appid}:{bucket}/{prefix}*"


def _ci(stack: Stack, bucket: str, prefix: str) -> str:
    return f"qcs::ci:{stack.region}:uid/{stack.appid}:bucket/{bucket}/{prefix}*"


def main(arguments: Sequence[str]) -> int:
    """Print both documents, or one of them as JSON to be pasted. Raises StackError."""
    parser = argparse.ArgumentParser(
        prog="python -m ops policy", description="Print the least policy of the run role, and who may take it."
    )
    parser.add_argument("--stack", type=Path, default=STACK, help="the file to read (%(default)s)")
    parser.add_argument("--only", choices=("policy", "trust"), help="one document alone, as JSON")
    wanted = parser.parse_args(arguments)
    stack = read_stack(wanted.stack)
    policy, trust = (json.dumps(one, indent=2) for one in (run_policy(stack), trust_policy()))
    if wanted.only:
        sys.stdout.write((policy if wanted.only == "policy" else trust) + "\n")
        return 0
    sys.stdout.write(
        f"The policy of the role {stack.role}: what the function may do.\n\n{policy}\n\n"
        f"Its trust policy: SCF may take the role.\n\n{trust}\n"
    )
    return 0
