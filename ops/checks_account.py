"""Checks of what must be there before any function: keys, region, buckets, media processing, CORS; and a probe.

Must not know: how a fact is found, how a finding is shown.
Sources: CI's bucket binding and media processing, COS's CORS, the price list of CI (read 2026-11-22).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.errors import CloudError
from ops.finding import Finding

if TYPE_CHECKING:
    from ops.facts import Facts

PROBE_COST = "one media info and one snapshot, together about 0.00003 USD"


def check_keys(facts: Facts) -> list[Finding]:
    """Whether the keys are accepted, and are of the account that owns the bucket."""
    if facts.appid != facts.stack.appid:
        return [
            Finding(
                "keys",
                "error",
                f"they are of the account with appid {facts.appid}, the bucket is of {facts.stack.appid}",
                "Nothing of the bucket's account can be seen or deployed with them.",
                "Use the keys of that account, or mend the bucket's name in serverless.yml.",
            )
        ]
    return [Finding("keys", "ok", f"accepted, account {facts.appid}")]


def check_region(facts: Facts) -> list[Finding]:
    """Whether SCF answers in the region."""
    count = len(facts.functions)
    return [Finding("region", "ok", f"SCF answers in {facts.stack.region}, {count} function{'s' * (count != 1)} there")]


def check_buckets(facts: Facts) -> list[Finding]:
    """Whether the buckets are there."""
    findings = []
    for bucket in _buckets(facts):
        if facts.has_bucket(bucket):
            findings.append(Finding("bucket", "ok", f"{bucket} is there"))
            continue
        findings.append(
            Finding(
                "bucket",
                "error",
                f"there is no bucket {bucket} in {facts.stack.region}",
                "A trigger watches, and the function writes, buckets that exist in the function's own region.",
                "Create it there, or mend its name in serverless.yml.",
            )
        )
    return findings


def check_media_processing(facts: Facts) -> list[Finding]:
    """Whether CI may work on the source buckets."""
    findings = []
    for bucket in sorted({trigger.bucket for trigger in facts.stack.triggers}):
        if bucket in facts.media_buckets(bucket):
            findings.append(Finding("media processing", "ok", f"on for {bucket}"))
            continue
        findings.append(
            Finding(
                "media processing",
                "error",
                f"{bucket} is not bound to CI, or its media processing is off",
                "Each snapshot would be refused with MediaBucketUnBinded, and no video would get a picture.",
                "In the CI console bind the bucket (Bucket Management), then enable media processing for it.",
            )
        )
    return findings


def check_cors(facts: Facts) -> list[Finding]:
    """Whether a page of another site may fetch what players fetch by script."""
    bucket = facts.stack.output_bucket
    for rule in facts.cors_rules(bucket):
        methods = rule.get("AllowedMethod") or []
        if "GET" in (methods if isinstance(methods, list) else [methods]):
            return [Finding("CORS", "ok", f"{bucket} lets other sites GET")]
    return [
        Finding(
            "CORS",
            "note",
            f"{bucket} has no CORS rule that allows GET",
            "Plain <img> works without. A player on another site cannot fetch a storyboard or the manifest by script.",
            "If you need that: bucket, security, CORS; allow GET from your site's origin.",
        )
    ]


def check_probe(facts: Facts, key: str) -> list[Finding]:
    """One media info and one snapshot of a chosen object, with the operator's own keys."""
    bucket = facts.stack.triggers[0].bucket
    try:
        info = facts.cloud.cos("get_media_info", Bucket=bucket, Key=key)
        picture = facts.cloud.cos("get_snapshot", Bucket=bucket, Key=key, Time=0)
        body = picture["Body"].get_raw_stream().read()
    except CloudError as error:
        return [
            Finding(
                "probe",
                "error",
                f"no snapshot of {key}: {error.code}",
                "The function would get the same answer, unless its role may do more than these keys.",
                PROBE_REMEDIES.get(error.code, error.remedy),
            )
        ]
    kind = str(picture.get("Content-Type", ""))
    if not kind.startswith("image/") or not body:
        return [
            Finding(
                "probe",
                "error",
                f"the answer for {key} is no picture but {kind or 'of no type'}, {len(body)} bytes",
                "Something between here and CI answers in its place, or CI cannot read this video.",
                "Try another video; if that works, this one is broken or of a kind that CI does not know.",
            )
        ]
    seconds = str(info.get("MediaInfo", [{}])[0].get("Format", {}).get("Duration", "?"))
    return [Finding("probe", "ok", f"{key} ({seconds} s) gave {kind} of {len(body)} bytes; cost: {PROBE_COST}")]


PROBE_REMEDIES = {
    "NoSuchKey": "Choose a key that is in the bucket.",
    "MediaBucketUnBinded": "In the CI console bind the bucket, then enable media processing for it.",
    "AccessDenied": "Let these keys do ci:GenerateSnapshot and ci:GenerateMediaInfo on the bucket.",
    "InvalidArgument": "The object is no video, or has no picture at its first moment.",
}


def _buckets(facts: Facts) -> list[str]:
    return sorted({*(trigger.bucket for trigger in facts.stack.triggers), facts.stack.output_bucket})
