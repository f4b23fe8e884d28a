"""Arguments of the commands on whole buckets -> the stack, a client, and the deployed function's settings."""

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass

from ops.cloud.client import CloudClient, connect
from ops.cloud.credentials import Endpoints
from ops.deploy.command import add_cloud_arguments
from ops.doctor.inventory import Inventory
from ops.errors import OpsError
from ops.stack.stack import Stack
from ops.stack.stackfile import read_stack
from snapshot.settings import Settings

Say = Callable[[str], object]
MAX_LIMIT = 1_000_000
"""The most objects that one run may be told to take; it keeps them all in memory."""


@dataclass(frozen=True, slots=True)
class Fleet:
    """The stack, a client of its cloud, and the settings that the function works by."""

    stack: Stack
    cloud: CloudClient
    settings: Settings

    def output_bucket(self, source_bucket: str) -> str:
        """Return the bucket of the pictures of that bucket's videos."""
        return self.settings.output_bucket or source_bucket


def parser_of(name: str, description: str) -> argparse.ArgumentParser:
    """Return a parser with the arguments that all of these commands have."""
    parser = argparse.ArgumentParser(prog=f"python -m ops {name}", description=description)
    add_cloud_arguments(parser)
    parser.add_argument("--yes", action="store_true", help="do it; without this the command only says what it would do")
    return parser


def open_fleet(arguments: argparse.Namespace, *, needs_function: bool = False) -> Fleet:
    """Return the fleet that these arguments name. A local cloud without an API runs by serverless.yml's settings.

    Raises:
        OpsError: serverless.yml cannot be used, there are no credentials, the function has wrong settings, or none is
            deployed where the command needs it.
    """
    stack = read_stack(arguments.stack)
    endpoints = Endpoints(api=arguments.api_endpoint, cos=arguments.endpoint)
    if endpoints.api or needs_function:
        endpoints.require_both()
    cloud = connect(stack.region, endpoints)
    if endpoints.cos and not endpoints.api:
        return Fleet(stack, cloud, stack.settings)
    inventory = Inventory(stack, cloud)
    if needs_function:
        inventory.require_function()
    settings, problems = inventory.settings
    if settings is None:
        raise OpsError(
            f"The deployed function has wrong settings: {'; '.join(problems)}.",
            remedy="Correct them in serverless.yml and run `python -m ops deploy`.",
        )
    return Fleet(stack, cloud, settings)


def say(line: str) -> None:
    """Print one line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
