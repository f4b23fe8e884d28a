"""`python -m ops deploy`: creates or changes what serverless.yml describes; a second run changes nothing."""

import argparse
import hashlib
import os
import re
import sys
import time
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ops.cloud.client import CloudClient, connect
from ops.cloud.credentials import Endpoints
from ops.deploy.execute import BUSY, Executor, Target
from ops.deploy.plan import Plan, Step, plan_deployment, plan_removal, render
from ops.deploy.preflight import check_account, check_environment
from ops.deploy.remote import read_remote_state
from ops.deploy.resources import RemoteState, desired_state
from ops.errors import CloudError, OpsError
from ops.progress import waiting
from ops.stack.stack import Stack
from ops.stack.stackfile import read_stack
from snapshot.names import parse_bucket

_ROOT = Path(__file__).resolve().parents[2]
_CODE_PREFIX = "snapshot-ops/"
_NO_PACKAGE = "Build it first: `python -m ops package`."

Say = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class DeployOptions:
    """The stack and the package to deploy. `code_bucket` is empty for the first trigger's bucket."""

    stack: Stack
    package: Path
    code_bucket: str = ""
    adopt: bool = False

    def target(self, package: bytes) -> Target:
        """Return which function and role, and where its package is put: beside the videos, outside every prefix."""
        stack = self.stack
        bucket = self.code_bucket or stack.triggers[0].bucket
        key = f"{_CODE_PREFIX}{stack.name}-{hashlib.sha256(package).hexdigest()[:12]}.zip"
        return Target(stack.name, stack.namespace, stack.role, bucket, key)


class Deployment:
    """One run: reads what exists, makes a plan and, if told to, does it. `say` takes lines for people."""

    def __init__(
        self,
        options: DeployOptions,
        cloud: CloudClient,
        *,
        say: Say,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._options, self._cloud, self._say, self._pause = options, cloud, say, pause

    def deploy(self, *, execute: bool = True) -> Plan:
        """Create or change what serverless.yml describes, or only print the plan; return the plan.

        Raises:
            OpsError: it cannot be done, with what to do; what was done until then stays.
        """
        options, stack = self._options, self._options.stack
        package = read_package(options.package)
        target = options.target(package)
        check_account(self._cloud, stack)
        with waiting("looking at the account"):
            sentences = check_environment(self._cloud, stack, code_bucket=target.code_bucket)
            remote = self._read(target)
        executor = Executor(self._cloud, target=target, package=package, pause=self._pause)
        if remote.function is not None and remote.function.status in BUSY:
            remote = self._settle(executor, remote, target, execute=execute)
        desired = desired_state(stack, hashlib.sha256(package).hexdigest())
        plan = plan_deployment(desired, remote, package_key=target.package_key, adopt=options.adopt)
        if plan.steps or not execute:
            self._say(f"Found: {'; '.join(sentences)}.")
        self._print(plan, nothing="Nothing to change: everything is as serverless.yml describes it.")
        if execute:
            self._execute(executor, plan)
            if plan.steps:
                self._say(
                    "Next: `python -m ops doctor`, then `python -m ops try VIDEO` uploads a video and waits for it."
                )
        return plan

    def destroy(self, *, execute: bool = True, confirm: Callable[[], bool] = lambda: True) -> Plan:
        """Remove the resources that this program made, or only print the plan; return the plan.

        Raises:
            OpsError: it cannot be done or was not confirmed, with what to do; what was done until then stays.
        """
        stack = self._options.stack
        target = self._options.target(b"")
        check_account(self._cloud, stack)
        with waiting("looking at the account"):
            remote = self._read(target)
        executor = Executor(self._cloud, target=target, package=b"", pause=self._pause)
        if remote.function is not None and remote.function.status in BUSY:
            remote = self._settle(executor, remote, target, execute=execute)
        plan = plan_removal(remote, role=stack.role)
        self._print(plan, nothing="Nothing to remove: none of it exists.")
        if plan.steps:
            self._say(_what_stays(stack))
        if execute and plan.steps:
            if not confirm():
                raise OpsError("Nothing was removed.", remedy="Add --yes to remove it without a question.")
            self._execute(executor, plan)
        return plan

    def _read(self, target: Target) -> RemoteState:
        stack = self._options.stack
        remote = read_remote_state(self._cloud, name=stack.name, namespace=stack.namespace, role=stack.role)
        return replace(remote, packages=_leftover_packages(self._cloud, target))

    def _settle(self, executor: Executor, remote: RemoteState, target: Target, *, execute: bool) -> RemoteState:
        """Wait until another change of the function has ended. A dry run does not wait."""
        status = remote.function.status if remote.function else ""
        if not execute:
            self._say(f"! the function is {status}; another change is under way, and this plan may be out of date")
            return remote
        self._say(f"The function is {status}; waiting until that has ended.")
        executor.settle()
        return self._read(target)

    def _print(self, plan: Plan, *, nothing: str) -> None:
        if not plan.steps:
            self._say(nothing)
        for line in render(plan):
            self._say(line)

    def _execute(self, executor: Executor, plan: Plan) -> None:
        if not plan.steps:
            return
        done: list[Step] = []
        self._say("")

        def announce(step: Step) -> None:
            done.append(step)
            self._say(f"{step.verb}: {step.name} ...")

        try:
            executor.run(plan.steps, announce)
        except KeyboardInterrupt:
            if done:
                self._say(f"Interrupted during step {len(done)} of {len(plan.steps)}, {done[-1].verb} {done[-1].name}.")
            raise
        self._say("Done.")


def read_package(path: Path) -> bytes:
    """Return the zip that is to be sent.

    Raises:
        OpsError: there is none, or it is not one that `ops package` builds.
    """
    if not path.is_file():
        raise OpsError(f"There is no package at {path}.", remedy=_NO_PACKAGE)
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except zipfile.BadZipFile as error:
        raise OpsError(f"{path} is not a zip.", remedy=_NO_PACKAGE) from error
    if not {"handler.py", "snapshot/settings.py"} <= names:
        raise OpsError(f"{path} does not contain handler.py and snapshot/.", remedy=_NO_PACKAGE)
    return path.read_bytes()


def _leftover_packages(cloud: CloudClient, target: Target) -> tuple[str, ...]:
    """Return the keys of packages that a killed run left in the code bucket."""
    pattern = re.compile(rf"{re.escape(_CODE_PREFIX)}{re.escape(target.function)}(-[0-9a-f]{{12}})?\.zip")
    try:
        listed = list(cloud.list_objects(target.code_bucket, f"{_CODE_PREFIX}{target.function}"))
    except CloudError as error:
        if error.code in {"NoSuchBucket", "NotFound", "AccessDenied"}:
            return ()  # nothing can have been left where nothing could be put
        raise
    return tuple(sorted(entry.key for entry in listed if pattern.fullmatch(entry.key)))


def _what_stays(stack: Stack) -> str:
    """Return a sentence about what `--destroy` never touches."""
    prefix = stack.settings.output_prefix
    buckets = ", ".join(stack.output_buckets)
    return f"Not removed: all videos, and all thumbnails and manifests below {prefix} in {buckets}."


def add_cloud_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that every command with a cloud has."""
    parser.add_argument("--stack", type=Path, default=_ROOT / "serverless.yml", help="the file to read (%(default)s)")
    parser.add_argument(
        "--endpoint", default=os.environ.get("OPS_ENDPOINT", ""), metavar="URL",
        help="use a local cloud: http://127.0.0.1:PORT (or set OPS_ENDPOINT)",
    )  # fmt: skip
    parser.add_argument(
        "--api-endpoint", default=os.environ.get("OPS_API_ENDPOINT", ""), metavar="URL",
        help="its control plane, which has its own port (or set OPS_API_ENDPOINT)",
    )  # fmt: skip


def read_bucket(option: str, text: str) -> str:
    """Return the bucket that an option names; empty where the option is not given.

    Raises:
        OpsError: it is not a full name.
    """
    try:
        return parse_bucket(text)
    except ValueError as error:
        raise OpsError(
            f"{option} {text!r}: {error}",
            remedy="A bucket's full name is NAME-APPID, such as examplebucket-1250000000.",
        ) from error


def read_endpoints(arguments: argparse.Namespace) -> Endpoints:
    """Return where calls go, from those arguments.

    Raises:
        OpsError: an address is none, or only one of the two is set.
    """
    endpoints = Endpoints(api=arguments.api_endpoint, cos=arguments.endpoint)
    endpoints.require_both()
    return endpoints


def main(arguments: Sequence[str]) -> int:
    """Deploy or destroy, and print what was done.

    Raises:
        OpsError: it cannot be done, with what to do.
    """
    parser = argparse.ArgumentParser(
        prog="python -m ops deploy",
        description="Create or change what serverless.yml describes. A second run changes nothing.",
    )
    add_cloud_arguments(parser)
    parser.add_argument("--package", type=Path, default=_ROOT / "build" / "snapshot.zip", help="the zip (%(default)s)")
    parser.add_argument("--code-bucket", default="", metavar="NAME-APPID", help="the bucket to upload the zip to")
    parser.add_argument("--dry-run", action="store_true", help="print the plan and change nothing")
    parser.add_argument("--destroy", action="store_true", help="remove what this command made, and nothing else")
    parser.add_argument("--yes", action="store_true", help="let --destroy remove without asking")
    parser.add_argument(
        "--adopt", action="store_true", help="take over what already has these names; --destroy then removes it too"
    )
    chosen = parser.parse_args(arguments)
    stack = read_stack(chosen.stack)
    code_bucket = read_bucket("--code-bucket", chosen.code_bucket)
    options = DeployOptions(stack, chosen.package, code_bucket=code_bucket, adopt=chosen.adopt)
    cloud = connect(stack.region, read_endpoints(chosen))
    deployment = Deployment(options, cloud, say=lambda line: sys.stdout.write(f"{line}\n"))
    if chosen.destroy:
        deployment.destroy(execute=not chosen.dry_run, confirm=lambda: chosen.yes or _ask())
    else:
        deployment.deploy(execute=not chosen.dry_run)
    return 0


def _ask() -> bool:
    """Return whether the operator says yes. Ctrl-C is a no, and so is an input that is not a terminal."""
    if not sys.stdin.isatty():
        return False
    sys.stdout.write("Remove this? [y/N] ")
    sys.stdout.flush()
    try:
        return sys.stdin.readline().strip().lower() in {"y", "yes"}
    except KeyboardInterrupt:
        sys.stdout.write("\n")
        return False
