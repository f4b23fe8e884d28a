"""Checks before the first change: account, buckets, media processing, other functions' triggers.

It only reads. A wrong name in serverless.yml must be found here, while what is deployed still works.
"""

from typing import Any, Protocol

from ops.cloud.account import bucket_exists, media_processing_is_on, other_cos_triggers, read_appid
from ops.errors import CloudError, OpsError
from ops.stack.stack import Stack


class Reader(Protocol):
    """The calls that are made here."""

    def scf(self, action: str, **parameters: object) -> dict[str, Any]:
        """Call SCF."""

    def cam(self, action: str, **parameters: object) -> dict[str, Any]:
        """Call CAM."""

    def cos(self, method: str, **parameters: object) -> Any:  # noqa: ANN401  # the SDK's methods return many types
        """Call COS or CI."""


def check_account(cloud: Reader, stack: Stack) -> None:
    """Check that the credentials belong to the account of the buckets.

    Raises:
        CloudError: they belong to another account, or to none.
    """
    appid = read_appid(cloud)
    if appid != stack.appid:
        raise CloudError(
            f"The credentials belong to the account with appid {appid}, the trigger's bucket to {stack.appid}.",
            remedy="Use the credentials of that account, or correct the bucket's name in serverless.yml.",
            code="OtherAccount",
        )


def check_environment(cloud: Reader, stack: Stack, *, code_bucket: str) -> list[str]:
    """Check the buckets and their media processing, and return the results as sentences.

    Raises:
        CloudError: a call was refused.
        OpsError: something is missing; names all of it, and says that nothing was changed.
    """
    results: list[str] = []
    problems: list[str] = []
    for bucket in sorted({*stack.buckets, code_bucket}):
        if not bucket_exists(cloud, bucket):
            place = "serverless.yml" if bucket in stack.buckets else "--code-bucket"
            problems.append(f"there is no bucket {bucket} in {stack.region}: create it, or correct its name in {place}")
        elif bucket not in stack.source_buckets:
            results.append(f"bucket {bucket} exists")
        elif media_processing_is_on(cloud, bucket):
            results.append(f"bucket {bucket} exists, media processing is on")
        else:
            problems.append(
                f"media processing is off for {bucket}: in the CI console bind the bucket, then enable media processing"
            )
    problems += _conflicts(cloud, stack)
    if problems:
        raise OpsError(
            "Nothing was changed, because the function could not work:\n"
            + "\n".join(f"  - {problem}" for problem in problems),
            remedy="Correct that and run again.",
        )
    return results


def _conflicts(cloud: Reader, stack: Stack) -> list[str]:
    return [
        f"the function {name} listens to the same uploads ({other}): COS allows no overlapping prefixes; choose another"
        " prefix, or remove its trigger"
        for name, other in other_cos_triggers(cloud, name=stack.name, namespace=stack.namespace)
        if any(other.overlaps(trigger) for trigger in stack.triggers)
    ]
