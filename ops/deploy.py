"""`python -m ops deploy`: what serverless.yml wants, made so in the cloud; a second run changes nothing.

Must not know: how a step is done.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ops.deployment import wanted
from ops.diff import as_lines, plan_changes, plan_removal
from ops.errors import CloudError, OpsError
from ops.found import find_deployment
from ops.stackfile import read_stack
from ops.steps import BUSY, Deployer, Target
from ops.tencent import Endpoints, connect

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ops.diff import Plan, Step
    from ops.stack import Stack
    from ops.tencent import Tencent

ROOT = Path(__file__).resolve().parent.parent
CODE_FOLDER = "snapshot-ops/"
NO_PACKAGE = "Build it first: `python -m ops package`."


@dataclass(frozen=True, slots=True)
class Wish:
    """What the operator asked for."""

    stack: Stack
    package: Path
    code_bucket: str = ""
    is_dry: bool = False
    destroy: bool = False
    adopt: bool = False

    @property
    def target(self) -> Target:
        """Which function and role, and where its code is put: beside the videos, outside every prefix in use."""
        stack = self.stack
        bucket = self.code_bucket or stack.triggers[0].bucket
        return Target(stack.name, stack.namespace, stack.role, bucket, f"{CODE_FOLDER}{stack.name}.zip")


def deploy(
    wish: Wish, cloud: Tencent, *, say: Callable[[str], object], pause: Callable[[float], None] = time.sleep
) -> Plan:
    """Do what was asked for, or say only what would be done; the plan either way.

    Raises OpsError with what to do; what was done until then stays, and a next run goes on from there.
    """
    code = b"" if wish.destroy else read_package(wish.package)
    stack = wish.stack
    check_account(cloud, stack)
    deployer = Deployer(cloud, target=wish.target, code=code, pause=pause)
    found = find_deployment(cloud, name=stack.name, namespace=stack.namespace, role=stack.role)
    if found.function and found.function.status in BUSY and not wish.is_dry:
        say(f"The function is {found.function.status}; waiting until that is done.")
        deployer.settle()
        found = find_deployment(cloud, name=stack.name, namespace=stack.namespace, role=stack.role)
    if wish.destroy:
        plan = plan_removal(found, named=stack.role)
    else:
        plan = plan_changes(wanted(stack, hashlib.sha256(code).hexdigest()), found, adopt=wish.adopt)
    if wish.destroy and not plan.steps and not plan.notes:
        say("Nothing to remove: none of it is there.")
        return plan
    for line in as_lines(plan):
        say(line)
    if not wish.is_dry and plan.steps:
        say("")
        deployer.do(plan.steps, lambda step: say(_doing(step)))
        say("Done.")
    return plan


def read_package(path: Path) -> bytes:
    """The zip to be sent. Raises OpsError where it is not one that `ops package` builds."""
    if not path.is_file():
        raise OpsError(f"There is no package at {path}.", remedy=NO_PACKAGE)
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except zipfile.BadZipFile as error:
        raise OpsError(f"{path} is no zip.", remedy=NO_PACKAGE) from error
    if not {"handler.py", "snapshot/settings.py"} <= names:
        raise OpsError(f"{path} holds no handler.py with its snapshot/.", remedy=NO_PACKAGE)
    return path.read_bytes()


def check_account(cloud: Tencent, stack: Stack) -> None:
    """Raises CloudError where the keys belong to another account than the buckets, or to nobody."""
    appid = str(cloud.cam("GetUserAppId")["AppId"])
    if appid != stack.appid:
        raise CloudError(
            f"The keys belong to the account with appid {appid}, the bucket of the trigger to {stack.appid}.",
            remedy="Use the keys of that account, or mend the bucket's name in serverless.yml.",
            code="OtherAccount",
        )


def _doing(step: Step) -> str:
    return f"{step.verb}: {step.name} ..."


def add_cloud_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments that every command with a cloud has."""
    parser.add_argument("--stack", type=Path, default=ROOT / "serverless.yml", help="the file to read (%(default)s)")
    parser.add_argument(
        "--endpoint", default=os.environ.get("OPS_ENDPOINT", ""), metavar="URL",
        help="an emulator, http://127.0.0.1:PORT (or OPS_ENDPOINT)",
    )  # fmt: skip
    parser.add_argument(
        "--api-endpoint", default=os.environ.get("OPS_API_ENDPOINT", ""), metavar="URL",
        help="its control plane, on a port of its own (or OPS_API_ENDPOINT)",
    )  # fmt: skip


def endpoints_of(chosen: argparse.Namespace) -> Endpoints:
    """Where to go, from those arguments. Raises OpsError."""
    return Endpoints(api=chosen.api_endpoint, cos=chosen.endpoint)


def main(arguments: Sequence[str]) -> int:
    """Deploy and say what was done. Raises OpsError."""
    parser = argparse.ArgumentParser(
        prog="python -m ops deploy", description="Make the cloud what serverless.yml says; again: no change."
    )
    add_cloud_arguments(parser)
    parser.add_argument("--package", type=Path, default=ROOT / "build" / "snapshot.zip", help="the zip (%(default)s)")
    parser.add_argument("--code-bucket", default="", metavar="NAME-APPID", help="where the zip waits for SCF")
    parser.add_argument("--dry-run", action="store_true", help="say what would be done, and touch nothing")
    parser.add_argument("--destroy", action="store_true", help="take away what this command made, and nothing else")
    parser.add_argument(
        "--adopt", action="store_true", help="take over what has these names already; --destroy takes it away, too"
    )
    chosen = parser.parse_args(arguments)
    stack = read_stack(chosen.stack)
    wish = Wish(
        stack=stack,
        package=chosen.package,
        code_bucket=chosen.code_bucket,
        is_dry=chosen.dry_run,
        destroy=chosen.destroy,
        adopt=chosen.adopt,
    )
    cloud = connect(stack.region, endpoints_of(chosen))
    deploy(wish, cloud, say=lambda line: sys.stdout.write(f"{line}\n"))
    return 0
