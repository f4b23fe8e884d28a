"""Checks of the function's configuration: settings, variables, runtime, memory and timeout.

Sources: SCF's quota limits and environment variables (read 2026-11-22).
"""

import math

from ops.counting import plural
from ops.doctor.finding import Finding
from ops.doctor.inventory import Inventory
from ops.stack.stack import environment_bytes
from ops.stack.stackfile import MAX_ENVIRONMENT_BYTES, MEMORY_MB, unsafe_value
from snapshot.products.thumbnails import cost_bytes
from snapshot.settings import Settings
from snapshot.times import Evenly, Every

_RUNTIMES = ("Python3.9", "Python3.10")
"""Those of SCF's documents that the function can run on."""
_FULL_BYTES = MAX_ENVIRONMENT_BYTES * 7 // 8
_START_S, _SHOT_S = 5, 3
"""A cold start with media info and manifest, and one snapshot with its upload, each estimated generously."""
_MAX_TIMEOUT_S = 900
_UHD_PX = (3840, 2160)
_BASE_MB = 43 + 24  # the process, measured under Python 3.10 on 2026-11-25, and what the function keeps free
_BYTES_PER_MB = 1024 * 1024
_DEPLOY = "Run `python -m ops deploy`."


def check_settings(inventory: Inventory) -> list[Finding]:
    """Check that the function will accept its own settings."""
    settings, problems = inventory.settings
    if settings is None:
        reason = "With a wrong setting, every invocation stops before it does anything."
        remedy = f"Correct it in serverless.yml. {_DEPLOY}"
        return [Finding("settings", "error", f"a variable is wrong: {problem}", reason, remedy) for problem in problems]
    return [Finding("settings", "ok", f"valid, {plural(len(settings.sizes), 'size')} as {settings.format}")]


def check_environment(inventory: Inventory) -> list[Finding]:
    """Check that the platform can hold the variables and pass them on."""
    function = inventory.remote.function
    pairs = function.environment if function else inventory.stack.environment
    unsafe = [problem for name, value in pairs if (problem := unsafe_value(name, value))]
    if unsafe:
        reason = "Every invocation would fail, or use a value that nobody wrote."
        return [
            Finding("environment", "error", problem, reason, f"Correct it in serverless.yml. {_DEPLOY}")
            for problem in unsafe
        ]
    size_bytes = environment_bytes(pairs)
    if size_bytes <= _FULL_BYTES:
        return [Finding("environment", "ok", f"{size_bytes} of {MAX_ENVIRONMENT_BYTES} bytes")]
    return [
        Finding(
            "environment",
            "error" if size_bytes > MAX_ENVIRONMENT_BYTES else "warning",
            f"the variables take {size_bytes} of {MAX_ENVIRONMENT_BYTES} bytes",
            "SCF refuses a function whose variables take more than 4 KB.",
            "Remove the variables that have their default value.",
        )
    ]


def check_runtime(inventory: Inventory) -> list[Finding]:
    """Check that the Python version is one that the documents name."""
    function = inventory.remote.function
    runtime = function.runtime if function else inventory.stack.runtime
    if runtime in _RUNTIMES:
        return [Finding("runtime", "ok", runtime)]
    return [
        Finding(
            "runtime",
            "warning",
            f"{runtime} is not in SCF's documents, which name {', '.join(_RUNTIMES)}",
            "The package is built for one version; another cannot load its compiled parts.",
            "Set runtime: Python3.10 in serverless.yml, build the package again and deploy.",
        )
    ]


def check_memory(inventory: Inventory) -> list[Finding]:
    """Check that at least one picture of a 4K video fits into the memory, as the function itself estimates it."""
    function, (settings, _) = inventory.remote.function, inventory.settings
    memory_mb = function.memory_mb if function else inventory.stack.memory_mb
    if settings is None:
        return []
    source = "jpg" if "jpg" in settings.formats and "png" not in settings.formats else "png"
    cost = cost_bytes(*_UHD_PX, settings.sizes, settings.formats, fit=settings.fit, source_format=source)
    needed_mb = _BASE_MB + math.ceil(cost / _BYTES_PER_MB)
    if memory_mb >= needed_mb:
        return [Finding("memory", "ok", f"{memory_mb} MB; one 4K picture in these sizes needs about {needed_mb} MB")]
    enough = next((size_mb for size_mb in MEMORY_MB if size_mb >= needed_mb), MEMORY_MB[-1])
    return [
        Finding(
            "memory",
            "warning",
            f"{memory_mb} MB are too few for one 4K picture in these sizes and formats, about {needed_mb} MB",
            "Larger videos are captured smaller than asked for, and their manifests say so.",
            f"Set memorySize: {enough} in serverless.yml, or fewer or smaller SNAPSHOT_SIZES. {_DEPLOY}",
        )
    ]


def check_timeout(inventory: Inventory) -> list[Finding]:
    """Check that one invocation can take as long as its shots need."""
    function, (settings, _) = inventory.remote.function, inventory.settings
    timeout_s = function.timeout_s if function else inventory.stack.timeout_s
    if settings is None:
        return []
    shots, needed_s = max_shots(settings), _needed_s(settings)
    if timeout_s >= needed_s:
        return [Finding("timeout", "ok", f"{timeout_s} s for up to {shots} shots, {settings.concurrency} at once")]
    return [
        Finding(
            "timeout",
            "warning",
            f"{timeout_s} s may be too short for up to {shots} shots, {settings.concurrency} at once",
            "An invocation that runs out of time stores what it has; the retries continue from there, two at most.",
            f"Set timeout to {min(_MAX_TIMEOUT_S, needed_s)} or more, or set fewer SNAPSHOT_TIMES or a higher"
            " SNAPSHOT_CONCURRENCY.",
        )
    ]


def max_shots(settings: Settings) -> int:
    """Return the most shots one video can have; where a point repeats itself, only the paid calls limit them."""
    allowed = settings.max_calls - 1  # one call is for the length
    points = [*settings.times, *([] if settings.storyboard == "off" else [settings.storyboard])]
    if any(isinstance(point, (Every, str)) for point in points):
        return allowed
    planned = sum(point.count if isinstance(point, Evenly) else 1 for point in points)
    return min(allowed, planned + settings.poster_candidates)


def _needed_s(settings: Settings) -> int:
    return _START_S + math.ceil(max_shots(settings) / settings.concurrency) * _SHOT_S
