"""SCF's limits and the shapes of its names: each stands here once, for the platform and for its API.

Sources: the SCF documents "Quota Limits", "Environment Variables", "Async Execution" and the SCF API's CreateFunction,
read 2026-11-22 and 2026-11-25.
"""

import re

MIB = 1024 * 1024

FUNCTION_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,58}[A-Za-z0-9]")
# "the file name and function name start and end with a letter, 2 to 60 characters each"
HANDLER = re.compile(r"([A-Za-z][A-Za-z0-9_-]{0,58}[A-Za-z])\.[A-Za-z][A-Za-z0-9_-]{0,58}[A-Za-z]")
# "letters, digits, spaces, commas, line feeds and full stops; Chinese is supported"
DESCRIPTION = re.compile(r"[\w ,.\n]{0,1000}")
MAX_DESCRIPTION_LENGTH = 1000

# The key "must begin with a letter and can only contain alphanumeric characters and underscores".
VARIABLE_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9_]*")
# "the keys of reserved environment variables cannot be modified"
RESERVED_PREFIXES = ("SCF_", "QCLOUD_", "TENCENTCLOUD_", "TECENTCLOUD_")
MAX_ENVIRONMENT_BYTES = 4 * 1024

# The quota: "64, 128 MB-3072 MB, in steps of 128 MB"
MEMORY_MB = (64, *range(128, 3072 + 1, 128))
TIMEOUT_S = range(1, 900 + 1)
# "Async Execution": a function that runs asynchronously may take "up to 24 hours".
ASYNC_TIMEOUT_S = range(1, 24 * 3600 + 1)
# The API of CreateFunction and the deployment component both begin at 3 s.
INIT_TIMEOUT_S = range(3, 300 + 1)
# The dead letter has a "number of retries (0-2)"
RETRIES = range(2 + 1)
# "an async event can be retained in a queue for up to 6 hours"
MAX_MESSAGE_AGE_S = 6 * 3600
# The API of UpdateFunctionEventInvokeConfig: MsgTTL begins at 60 s.
MIN_MESSAGE_AGE_S = 60

MAX_SYNC_EVENT_BYTES = 6 * MIB
MAX_ASYNC_EVENT_BYTES = 128 * 1024
MAX_QUEUED_MESSAGES = 100_000

MAX_TRIGGERS_PER_FUNCTION = 10
MAX_RULES_PER_BUCKET = 10

# What all functions of a region may hold at once: 128,000 MB in the five large regions, 64,000 MB in the others.
LARGE_REGIONS = ("ap-guangzhou", "ap-shanghai", "ap-beijing", "ap-chengdu", "ap-hongkong")
LARGE_REGION_QUOTA_MB = 128_000
REGION_QUOTA_MB = 64_000


def environment_bytes(variables: dict[str, str]) -> int:
    """Return how much of the 4 KB the variables take, as `NAME=value`; the documents do not say what counts."""
    return sum(len(f"{name}={value}".encode()) for name, value in variables.items())
