"""Checks of the deployed function itself, and of the fate of events that it fails.

Sources: SCF's function status, error types and retry policies, dead letter queue (read 2026-11-22).
"""

import json

from ops.counting import plural
from ops.deploy.plan import AttachPolicy, ChangePolicy, ChangeTrust, CreatePolicy, CreateRole, MarkRole, plan_deployment
from ops.deploy.resources import Function, desired_state
from ops.doctor.finding import Finding
from ops.doctor.inventory import Inventory
from ops.errors import OpsError

_SHORT_TTL_S = 3600
_MAX_SHOWN = 300  # characters of an error
_WRONG_PYTHON = (
    "The package is built for the Python of `runtime:` in serverless.yml; build and deploy it again. A local cloud runs"
    " functions under its own Python unless it is started with --python."
)
_DEPLOY = "Run `python -m ops deploy`."
_RIGHTS = (CreateRole, MarkRole, ChangeTrust, CreatePolicy, ChangePolicy, AttachPolicy)


def check_function(inventory: Inventory) -> list[Finding]:
    """Check that the function exists, is ready, and is what serverless.yml describes."""
    function, stack = inventory.remote.function, inventory.stack
    if function is None:
        return [
            Finding(
                "function",
                "error",
                f"there is no function {stack.name} in {stack.region}",
                "Uploaded videos are not processed until it is deployed.",
                _DEPLOY,
            )
        ]
    if function.status != "Active":
        return [
            Finding(
                "function",
                "error",
                f"{function.name} is {function.status}, not Active",
                "During a change, or after one that failed, the function may not run or may run old code.",
                "Wait a minute. If that does not help, the console says why. Then run `python -m ops deploy` again.",
            )
        ]
    if inventory.lost_buckets:
        return [Finding("function", "ok", f"{function.name} is Active; not compared with serverless.yml, see bucket")]
    return [_compare(function, _differences(inventory, function))]


def _compare(function: Function, differences: str) -> Finding:
    if not differences:
        return Finding("function", "ok", f"{function.name} is Active and as serverless.yml describes it")
    if not function.is_ours:
        return Finding(
            "function",
            "warning",
            f"{function.name} was made by another tool and differs from serverless.yml; to do: {differences}",
            "`python -m ops deploy` does not touch what it did not make.",
            "Deploy with that tool again, choose another name, or take it over: `python -m ops deploy --adopt`.",
        )
    return Finding(
        "function",
        "warning",
        f"{function.name} differs from serverless.yml; to do: {differences}",
        "Somebody changed the function by hand, or the file was changed and not deployed.",
        "See what differs with `python -m ops deploy --dry-run`, then deploy or correct the file.",
    )


def _differences(inventory: Inventory, function: Function) -> str:
    """Return the steps that a deployment would take. Of another tool's function: without those about rights."""
    try:
        desired = desired_state(inventory.stack, function.code)
        plan = plan_deployment(desired, inventory.remote, package_key="", adopt=True)
    except OpsError as error:
        return error.problem
    steps = [step for step in plan.steps if function.is_ours or not isinstance(step, _RIGHTS)]
    return ", ".join(dict.fromkeys(step.verb for step in steps))


def check_invocations(inventory: Inventory) -> list[Finding]:
    """Check that the last invocations succeeded."""
    if inventory.remote.function is None:
        return []
    entries = inventory.last_invocations
    if entries is None:
        return [Finding("invocations", "ok", "the log cannot be read by the API; see it in the SCF console")]
    failed = [entry for entry in entries if entry.code != 0]
    if not failed:
        return [
            Finding(
                "invocations",
                "ok",
                f"the last {plural(len(entries), 'invocation')} succeeded" if entries else "none so far",
            )
        ]
    is_newest = entries[0].code != 0
    error = _last_line(failed[0].result)
    remedy = _WRONG_PYTHON if error.startswith(("ImportError", "ModuleNotFoundError")) else "Correct what it names."
    return [
        Finding(
            "invocations",
            "error" if is_newest else "note",
            f"{len(failed)} of the last {len(entries)} failed, {'also the newest' if is_newest else 'not the newest'}:"
            f" {error}",
            "The videos of these events have no pictures, unless a retry succeeded.",
            f"{remedy} SCF repeats the event twice; after that `python -m ops backfill` finds the videos without a"
            " manifest.",
        )
    ]


def _last_line(result: str) -> str:
    """Return the line of a failed invocation's result that names the error: the last of its traceback."""
    try:
        document = json.loads(result)
    except ValueError:
        document = None
    if isinstance(document, dict):
        result = str(document.get("stackTrace") or document.get("errorMessage") or result)
    lines = result.strip().splitlines() or ["no message"]
    return lines[-1].strip()[:_MAX_SHOWN]


def check_async_run(inventory: Inventory) -> list[Finding]:
    """Check that the function runs in the mode that its callers need: triggers one, a CI workflow the other."""
    function = inventory.remote.function
    if function is None:
        return []
    if function.async_run:
        return [
            Finding(
                "asyncRunEnable",
                "warning",
                "it is true: a CI workflow can call the function, but SCF does not repeat a failed invocation",
                "An upload whose invocation fails gets no thumbnails, and no dead letter is kept.",
                "If triggers start the function, set asyncRunEnable: false, run `python -m ops deploy --destroy` and"
                " deploy again. If a workflow does, leave it.",
            )
        ]
    return [Finding("asyncRunEnable", "ok", "false, as triggers need it; a CI workflow could not call the function")]


def check_retries(inventory: Inventory) -> list[Finding]:
    """Check that a failure that passes by itself is repeated."""
    retry, function = inventory.remote.retry, inventory.remote.function
    if retry is None or (function is not None and function.async_run):
        return []
    if retry.retries == 0:
        return [
            Finding(
                "retries",
                "warning",
                "a failed invocation is never repeated",
                "If the network fails for a second, that video gets no thumbnails.",
                f"Set retryNum: 2 in serverless.yml. {_DEPLOY}",
            )
        ]
    if retry.message_ttl_s < _SHORT_TTL_S:
        return [
            Finding(
                "retries",
                "warning",
                f"an event waits {retry.message_ttl_s} s at most",
                "When many videos are uploaded at once, events wait. An event that waits too long is lost.",
                f"Set msgTTL: 21600 in serverless.yml. {_DEPLOY}",
            )
        ]
    minutes = retry.message_ttl_s // 60
    return [
        Finding(
            "retries",
            "ok",
            f"a failed invocation is repeated {plural(retry.retries, 'time')}; events wait {minutes} minutes",
        )
    ]


def check_dead_letter(inventory: Inventory) -> list[Finding]:
    """Check that an event that failed in every delivery is kept somewhere."""
    function, named = inventory.remote.function, inventory.stack.dead_letter
    if function is None:
        return []
    if function.dead_letter is not None:
        return [Finding("dead letter", "ok", str(function.dead_letter))]
    reason = "An event that failed in every delivery is lost; only the log shows that video."
    if named is not None:
        problem = f"serverless.yml names {named}, but the deployed function has no dead letter queue"
        return [Finding("dead letter", "warning", problem, reason, _DEPLOY)]
    return [
        Finding(
            "dead letter",
            "note",
            "there is no dead letter queue",
            reason,
            "Create a CMQ queue in the region and name it under deadLetter in serverless.yml.",
        )
    ]
