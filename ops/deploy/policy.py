"""Settings -> the least policy that the run role needs, and the trust policy that lets SCF assume the role.

What the function does, and the action each needs:

    HEAD of the source              name/cos:HeadObject      on the source's prefix
    media info, snapshots           ci:GenerateMediaInfo, ci:GenerateSnapshot   on the source's prefix
      CI reading it for the caller  name/cos:GetObject       on the source's prefix
    GET of manifest and journal     name/cos:GetObject       on the output prefix
    HEAD of stored thumbnails       name/cos:HeadObject      on the output prefix
    PUT of thumbnails, manifest     name/cos:PutObject       on the output prefix
    DELETE of what is out of date   name/cos:DeleteObject    on the output prefix
    LIST of stored thumbnails       name/cos:GetBucket       on the output bucket
    being told "there is none"      name/cos:GetBucket       on both buckets

DELETE is granted where the settings let the function remove anything. Two others the documents leave open, and the
strict reading is granted: whether CI asks COS for the caller's right to read the source, and whether a caller who may
not list is told that an object is absent (404) or nothing (403). A first upload has no manifest yet, so everything
depends on the second.

Source: CAM, "authorization granularity" of COS and CI; CI policies with a path prefix; the principal of SCF's roles
(read 2026-11-22).
"""

import argparse
import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypedDict

from ops.stack.stack import Stack
from ops.stack.stackfile import read_stack

_SERVICE = "scf.qcloud.com"
_STACK = Path(__file__).resolve().parents[2] / "serverless.yml"


class Statement(TypedDict):
    """One rule of a policy, in CAM's words."""

    effect: str
    action: list[str]
    resource: list[str]


class PolicyDocument(TypedDict):
    """A policy document of version 2.0, in CAM's words."""

    version: str
    statement: list[Statement]


def run_policy(stack: Stack) -> PolicyDocument:
    """Return the policy with the rights that the function uses, and no others."""
    sources = sorted({(trigger.bucket, _narrower(trigger.prefix, stack)) for trigger in stack.triggers})
    prefix = stack.settings.output_prefix
    outputs = [_cos(stack, bucket, prefix) for bucket in stack.output_buckets]
    writes = ["name/cos:GetObject", "name/cos:HeadObject", "name/cos:PutObject"]
    if "remove" in {stack.settings.on_delete, stack.settings.on_replace}:
        writes.append("name/cos:DeleteObject")
    return PolicyDocument(
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
            _allow(writes, outputs),
            _allow(["name/cos:GetBucket"], (_cos(stack, bucket, "") for bucket in stack.buckets)),
        ],
    )


def trust_policy() -> dict[str, object]:
    """Return the trust policy: SCF alone may assume the role."""
    statement = {"action": "name/sts:AssumeRole", "effect": "allow", "principal": {"service": _SERVICE}}
    return {"version": "2.0", "statement": [statement]}


def as_text(document: object) -> str:
    """Return a document as the API takes and the plan compares it: compact, with sorted names."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"))


def _narrower(prefix: str, stack: Stack) -> str:
    """Return the longer of the trigger's prefix and SNAPSHOT_INPUT_PREFIX, of which one begins with the other."""
    return max(prefix, stack.settings.input_prefix, key=len)


def _allow(actions: list[str], resources: Iterable[str]) -> Statement:
    return Statement(effect="allow", action=actions, resource=list(resources))


def _cos(stack: Stack, bucket: str, prefix: str) -> str:
    return f"qcs::cos:{stack.region}:uid/{stack.appid}:{bucket}/{prefix}*"


def _ci(stack: Stack, bucket: str, prefix: str) -> str:
    return f"qcs::ci:{stack.region}:uid/{stack.appid}:bucket/{bucket}/{prefix}*"


def main(arguments: Sequence[str]) -> int:
    """Print both documents, or one of them as JSON to be pasted.

    Raises:
        StackError: serverless.yml cannot be used.
    """
    parser = argparse.ArgumentParser(
        prog="python -m ops policy", description="Print the smallest policy for the run role, and who may assume it."
    )
    parser.add_argument("--stack", type=Path, default=_STACK, help="the file to read (%(default)s)")
    parser.add_argument("--only", choices=("policy", "trust"), help="print only this document, as JSON")
    chosen = parser.parse_args(arguments)
    stack = read_stack(chosen.stack)
    policy, trust = (json.dumps(document, indent=2) for document in (run_policy(stack), trust_policy()))
    if chosen.only:
        sys.stdout.write((policy if chosen.only == "policy" else trust) + "\n")
        return 0
    sys.stdout.write(
        f"The policy of the role {stack.role}: what the function may do.\n\n{policy}\n\n"
        f"Its trust policy: SCF may assume the role.\n\n{trust}\n"
    )
    return 0
