"""A function -> its process's environment variables and its handler's context, as SCF words them.

Nothing of the host gets in but the folders in which its loader finds libraries.
Sources: the SCF documents "Environment Variables" and "How It Works", read 2026-11-22.
"""

import json
import os
from collections.abc import Mapping

from emulator.account import Account
from emulator.scf.function import Function
from emulator.scf.role import TemporaryCredentials

VERSION = "$LATEST"
_LOADER_VARIABLES = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


def process_variables(function: Function, account: Account) -> dict[str, str]:
    """Return every variable that stays the same for the life of an instance; credentials come with each invocation.

    The documented folders are those of the cloud's image; here they name the folders that stand in for them.
    """
    loader = {name: os.environ[name] for name in _LOADER_VARIABLES if name in os.environ}
    return (
        loader
        | dict(function.environment)
        | {
            "TENCENTCLOUD_RUNENV": "SCF",
            "TENCENTCLOUD_REGION": account.region,
            "TENCENTCLOUD_APPID": account.appid,
            "TENCENTCLOUD_UIN": account.uin,
            "TENCENTCLOUD_TZ": "UTC",
            "SCF_RUNTIME": function.runtime,
            "SCF_FUNCTIONNAME": function.name,
            "SCF_FUNCTIONVERSION": VERSION,
            "SCF_NAMESPACE": function.namespace,
            "_SCF_SERVER_PORT": "28902",
            "USER_CODE_ROOT": f"{function.code_dir.resolve()}/",
            "PYTHONPATH": f"{function.code_dir.resolve()}:/opt",
            "PYTHONDONTWRITEBYTECODE": "x",
            "PWD": str(function.code_dir.resolve()),
            "HOME": "/home/qcloud",
            "LOGNAME": "qcloud",
            "USER": "qcloud",
            "LANG": "en_US.UTF8",
            "LC_ALL": "en_US.UTF8",
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "SHELL": "/bin/bash",
            "TZ": "UTC",
        }
    )


def credential_variables(credentials: TemporaryCredentials | None) -> dict[str, str]:
    """Return the variables that change between invocations; without a run role there are none."""
    if credentials is None:
        return {}
    return {
        "TENCENTCLOUD_SECRETID": credentials.secret_id,
        "TENCENTCLOUD_SECRETKEY": credentials.secret_key,
        "TENCENTCLOUD_SESSIONTOKEN": credentials.token,
    }


def handler_context(function: Function, account: Account, request_id: str) -> Mapping[str, object]:
    """Return the second argument of the handler."""
    variables = {"SCF_NAMESPACE": function.namespace, **function.environment}
    return {
        "memory_limit_in_mb": function.memory_mb,
        "time_limit_in_ms": function.timeout_s * 1000,
        "request_id": request_id,
        "environment": json.dumps(variables, separators=(",", ":")),
        "environ": ";".join(f"{name}={value}" for name, value in variables.items()),
        "function_version": VERSION,
        "function_name": function.name,
        "namespace": function.namespace,
        "tencentcloud_region": account.region,
        "tencentcloud_appid": account.appid,
        "tencentcloud_uin": account.uin,
    }
