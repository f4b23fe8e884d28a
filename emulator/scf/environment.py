"""What the function's process is given: environment variables and context, as SCF words them.

It must not know how the process is run. Nothing of the host gets in but where its loader finds libraries.
Sources: the SCF documents "Environment Variables" and "How It Works", read 2026-11-22.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from emulator.scf.function import Function
from emulator.scf.role import TemporaryKeys

VERSION: Final = "$LATEST"
_LOADER: Final = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


@dataclass(frozen=True, slots=True)
class Account:
    """Whose functions these are, and where they run."""

    region: str
    appid: str
    uin: str


def environment(function: Function, account: Account) -> dict[str, str]:
    """Give every variable that stays the same for the life of an instance; keys come with each invocation.

    The documented folders are those of the cloud's image; here they name the folders that stand in for them.
    """
    loader = {name: os.environ[name] for name in _LOADER if name in os.environ}
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


def key_variables(keys: TemporaryKeys | None) -> dict[str, str]:
    """Give the variables that change between invocations; without a run role there are none."""
    if keys is None:
        return {}
    return {
        "TENCENTCLOUD_SECRETID": keys.secret_id,
        "TENCENTCLOUD_SECRETKEY": keys.secret_key,
        "TENCENTCLOUD_SESSIONTOKEN": keys.token,
    }


def context(function: Function, account: Account, request_id: str) -> Mapping[str, object]:
    """Give the second argument of the handler."""
    return {
        "memory_limit_in_mb": function.memory_mb,
        "time_limit_in_ms": function.timeout_s * 1000,
        "request_id": request_id,
        "environment": json.dumps({"SCF_NAMESPACE": function.namespace, **function.environment}, separators=(",", ":")),
        "environ": ";".join(
            f"{name}={value}" for name, value in {"SCF_NAMESPACE": function.namespace, **function.environment}.items()
        ),
        "function_version": VERSION,
        "function_name": function.name,
        "namespace": function.namespace,
        "tencentcloud_region": account.region,
        "tencentcloud_appid": account.appid,
        "tencentcloud_uin": account.uin,
    }
