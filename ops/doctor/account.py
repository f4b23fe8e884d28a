"""Checks of the account: credentials, region, buckets, media processing, CORS; and a probe.

Sources: CI's bucket binding and media processing, COS's CORS, the price list of CI (read 2026-11-22).
"""

from ops.cloud.refusals import explain
from ops.counting import plural
from ops.doctor.finding import Finding
from ops.doctor.inventory import Inventory
from ops.errors import CloudError

PROBE_COST = "one media info and one snapshot, together about 0.00003 USD"

_PROBE_REMEDIES = {
    "AccessDenied": "Allow these credentials ci:GenerateSnapshot and ci:GenerateMediaInfo on the bucket.",
    "InvalidArgument": "The object is not a video, or has no picture at its start. Try another one.",
}


def check_credentials(inventory: Inventory) -> list[Finding]:
    """Check that the credentials are accepted, and belong to the account that owns the bucket."""
    if inventory.appid != inventory.stack.appid:
        return [
            Finding(
                "credentials",
                "error",
                f"they belong to the account with appid {inventory.appid}, the bucket to {inventory.stack.appid}",
                "They can neither read nor deploy anything in the bucket's account.",
                "Use the credentials of that account, or correct the bucket's name in serverless.yml.",
            )
        ]
    return [Finding("credentials", "ok", f"accepted, account {inventory.appid}")]


def check_region(inventory: Inventory) -> list[Finding]:
    """Check that SCF answers in the region."""
    functions = plural(len(inventory.functions), "function")
    return [Finding("region", "ok", f"SCF answers in {inventory.stack.region}, which has {functions} of yours")]


def check_buckets(inventory: Inventory) -> list[Finding]:
    """Check that the buckets exist. One that does not is the root of much else, which is then not reported."""
    findings = []
    for bucket in inventory.stack.buckets:
        if inventory.has_bucket(bucket):
            findings.append(Finding("bucket", "ok", f"{bucket} exists"))
            continue
        findings.append(
            Finding(
                "bucket",
                "error",
                f"there is no bucket {bucket} in {inventory.stack.region}",
                "It must be in the function's region. Media processing, rights and triggers of this bucket were"
                " not checked.",
                "Correct its name in serverless.yml, or create it in that region.",
            )
        )
    return findings


def check_media_processing(inventory: Inventory) -> list[Finding]:
    """Check that CI may work on the source buckets."""
    findings = []
    for bucket in inventory.stack.source_buckets:
        if bucket in inventory.lost_buckets:
            continue
        if inventory.media_processing_is_on(bucket):
            findings.append(Finding("media processing", "ok", f"on for {bucket}"))
            continue
        findings.append(
            Finding(
                "media processing",
                "error",
                f"{bucket} is not bound to Cloud Infinite (CI), or its media processing is off",
                "CI refuses each snapshot with MediaBucketUnBinded, and no video gets a picture.",
                "In the CI console (https://console.cloud.tencent.com/ci/bucket) bind the bucket, then enable media"
                " processing for it.",
            )
        )
    return findings


def check_cors(inventory: Inventory) -> list[Finding]:
    """Check that a page of another site may read what players read by script."""
    bucket = inventory.stack.output_bucket
    if bucket in inventory.lost_buckets:
        return []
    if inventory.cors_allows_get(bucket):
        return [Finding("CORS", "ok", f"{bucket} can be read by pages of other sites")]
    return [
        Finding(
            "CORS",
            "note",
            f"{bucket} has no CORS rule that allows GET",
            "<img> and <video poster> work without it. Scripts of another site cannot read manifests, cues or"
            " playlists.",
            "If you need that: COS console, the bucket, Security Management, CORS; allow GET from your site's origin.",
        )
    ]


def check_probe(inventory: Inventory, key: str) -> list[Finding]:
    """Check that one media info and one snapshot of an object come back, with the operator's own credentials."""
    bucket = inventory.stack.triggers[0].bucket
    try:
        duration, kind, size_bytes = inventory.probe(bucket, key)
    except CloudError as error:
        return [
            Finding(
                "probe",
                "error",
                f"no snapshot of {key}: {error.code}",
                "The function would get the same answer, unless its role may do more than these credentials.",
                _PROBE_REMEDIES.get(error.code) or explain("CI", "probe", code=error.code, message="").remedy,
            )
        ]
    if not kind.startswith("image/") or not size_bytes:
        return [
            Finding(
                "probe",
                "error",
                f"the answer for {key} is not a picture but {kind or 'of no type'}, {size_bytes} bytes",
                "Perhaps a proxy answered instead of CI, or CI cannot read this video.",
                "Try another video. If that works, this one is broken or of a kind that CI cannot read.",
            )
        ]
    return [Finding("probe", "ok", f"{key} ({duration} s) returned {kind} of {size_bytes} bytes; cost: {PROBE_COST}")]
