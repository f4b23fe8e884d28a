"""The calls about versions, aliases, namespaces and the account's limits, as SCF's API has them.

Source: SCF API 2018-04-16, PublishVersion, ListVersionByFunction, ListAliases, GetAlias, ListNamespaces, GetAccount
(read 2026-11-25).
"""

from collections.abc import Callable

from emulator.control.describe import local_time
from emulator.control.errors import ApiError
from emulator.control.functions import NAMESPACE, Functions, check_namespace, page_of
from emulator.control.parameters import Actions, Parameters, Response
from emulator.control.versions import Versions
from emulator.scf import limits
from emulator.scf.function import Function
from emulator.scf.platform import Platform

_DEFAULT_ALIAS = "$DEFAULT"
_MAX_FUNCTIONS = 50


class VersionCalls:
    """The calls about versions, aliases, namespaces and the account."""

    def __init__(self, platform: Platform, functions: Functions, versions: Versions, now: Callable[[], float]) -> None:
        self._platform, self._functions, self._versions = platform, functions, versions
        self._began_s = now()
        self.actions: Actions = {
            "PublishVersion": self._publish,
            "ListVersionByFunction": self._list_versions,
            "ListAliases": self._list_aliases,
            "GetAlias": self._get_alias,
            "ListNamespaces": self._list_namespaces,
            "GetAccount": self._get_account,
        }

    def _publish(self, parameters: Parameters) -> Response:
        function, description = self._functions.find(parameters), parameters.text("Description") or ""
        parameters.reject_unknown()
        self._functions.require_active(function.name)
        version = self._versions.publish(function, description)
        return {
            "FunctionVersion": version.number,
            "CodeSize": self._functions.state(function.name).zip_bytes,
            "MemorySize": function.memory_mb,
            "Description": description,
            "Handler": function.handler,
            "Timeout": function.timeout_s,
            "Runtime": function.runtime,
            "Namespace": function.namespace,
        }

    def _list_versions(self, parameters: Parameters) -> Response:
        function = self._functions.find(parameters)
        offset, size = page_of(parameters)
        order = parameters.choice("Order", ("ASC", "DESC")) or "DESC"
        parameters.choice("OrderBy", ("AddTime", "ModTime"))
        parameters.reject_unknown()
        state = self._functions.state(function.name)
        entries = [
            _version("$LATEST", function.description, state.added_at_s, state.changed_at_s, state.status),
            *(_version(item.number, item.description, item.at_s, item.at_s, "Active")
              for item in self._versions.of(function.name)),
        ]  # fmt: skip
        entries.sort(key=lambda entry: (entry["AddTime"], entry["Version"]), reverse=order == "DESC")
        page = entries[offset : offset + size]
        return {
            "FunctionVersion": [entry["Version"] for entry in page],
            "Versions": page,
            "TotalCount": len(entries),
        }

    def _list_aliases(self, parameters: Parameters) -> Response:
        function, version = self._functions.find(parameters), parameters.text("FunctionVersion")
        # Offset and Limit are text in this call
        for name in ("Offset", "Limit"):
            text = parameters.text(name)
            if text is not None and not text.isdecimal():
                raise ApiError("InvalidParameterValue", f"{name} is a whole number")
        parameters.reject_unknown()
        aliases = [self._alias(function)] if version in {None, "", "$LATEST"} else []
        return {"Aliases": aliases, "TotalCount": len(aliases)}

    def _get_alias(self, parameters: Parameters) -> Response:
        function, name = self._functions.find(parameters), parameters.required("Name")
        parameters.reject_unknown()
        if name != _DEFAULT_ALIAS:
            raise ApiError("ResourceNotFound.Alias", f"the only alias here is {_DEFAULT_ALIAS}")
        return self._alias(function)

    def _alias(self, function: Function) -> dict[str, object]:
        state = self._functions.state(function.name)
        return {
            "FunctionVersion": "$LATEST",
            "Name": _DEFAULT_ALIAS,
            "RoutingConfig": None,
            "Description": "",
            "AddTime": local_time(state.added_at_s),
            "ModTime": local_time(state.added_at_s),
        }

    def _list_namespaces(self, parameters: Parameters) -> Response:
        offset, size = page_of(parameters)
        parameters.choice("Order", ("ASC", "DESC"))
        parameters.choice("Orderby", ("Name", "Updatetime"))
        keywords = [item.required("Value") for item in parameters.objects("SearchKey") or [] if item.required("Key")]
        parameters.reject_unknown()
        began = local_time(self._began_s)
        namespace = {"Name": NAMESPACE, "Description": "", "Type": "default", "AddTime": began, "ModTime": began}
        namespaces = [namespace] if all(keyword in NAMESPACE for keyword in keywords) else []
        return {"Namespaces": namespaces[offset : offset + size], "TotalCount": len(namespaces)}

    def _get_account(self, parameters: Parameters) -> Response:
        check_namespace(parameters)
        parameters.reject_unknown()
        functions = self._platform.functions
        region = self._platform.region
        is_large = region in limits.LARGE_REGIONS
        quota_mb = limits.LARGE_REGION_QUOTA_MB if is_large else limits.REGION_QUOTA_MB
        usage = {
            "Functions": [function.name for function in functions],
            "Namespace": NAMESPACE,
            "FunctionsCount": len(functions),
            "TotalConcurrencyMem": 0,
            "TotalAllocatedConcurrencyMem": 0,
            "TotalAllocatedProvisionedMem": 0,
        }
        limit = {
            "Namespace": NAMESPACE,
            "FunctionsCount": _MAX_FUNCTIONS,
            "Trigger": {"Cos": limits.MAX_TRIGGERS_PER_FUNCTION, "Total": limits.MAX_TRIGGERS_PER_FUNCTION},
            "TimeoutLimit": limits.TIMEOUT_S[-1],
            "InitTimeoutLimit": limits.INIT_TIMEOUT_S[-1],
            "RetryNumLimit": limits.RETRIES[-1],
            "MinMsgTTL": limits.MIN_MESSAGE_AGE_S,
            "MaxMsgTTL": limits.MAX_MESSAGE_AGE_S,
        }
        return {
            "AccountUsage": {
                "NamespacesCount": 1,
                "Namespace": [usage],
                "TotalConcurrencyMem": quota_mb,
                "TotalAllocatedConcurrencyMem": 0,
                "UserConcurrencyMemLimit": quota_mb,
            },
            "AccountLimit": {"NamespacesCount": 1, "Namespace": [limit]},
        }


def _version(number: str, description: str, added_at_s: float, changed_at_s: float, status: str) -> dict[str, str]:
    return {
        "Version": number,
        "Description": description,
        "AddTime": local_time(added_at_s),
        "ModTime": local_time(changed_at_s),
        "Status": status,
    }
