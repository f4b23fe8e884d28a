"""Calls of a function, its log, its retries and its asynchronous runs, as SCF's API has them.

Sources: SCF API 2018-04-16, Invoke, InvokeFunction, GetFunctionLogs, GetRequestStatus, GetFunctionEventInvokeConfig,
UpdateFunctionEventInvokeConfig, GetAsyncEventStatus, ListAsyncEvents (read 2026-11-22 and 2026-11-25). The two entries
of RetryConfig, in no stated order: tencent-component-toolkit's async.test (read 2026-11-25).
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Literal, TypeAlias, TypeVar

from emulator.control.describe import local_time
from emulator.control.errors import ApiError
from emulator.control.functions import Functions, page_of
from emulator.control.parameters import Actions, Parameters, Response
from emulator.scf import limits, status
from emulator.scf.log import Record, reports
from emulator.scf.platform import Platform
from emulator.scf.runner import Result
from emulator.scf.status import InvocationRefused

_R = TypeVar("_R")
RetryOrder: TypeAlias = Literal["default first", "432 first"]

_MIB = 1024 * 1024
# The API: "Log: at most 4 KB, the end of it"
_MAX_LOG_BYTES = 4096
_RETURN_CODES = ("is0", "not0", "TimeLimitExceeded", "ResourceLimitExceeded", "UserCodeException")
_RETURN_STATUS: Mapping[str, Callable[[int], bool]] = {
    "is0": lambda code: code == status.OK,
    "not0": lambda code: code != status.OK,
    "TimeLimitExceeded": lambda code: code == status.TIMED_OUT,
    "ResourceLimitExceeded": lambda code: code in {status.OVER_LIMIT, status.OUT_OF_MEMORY},
    "UserCodeException": lambda code: code == status.USER_CODE,
}


class InvocationCalls:
    """The calls that run a function or read about its runs. `retry_order` is the order of the RetryConfig entries."""

    def __init__(self, platform: Platform, functions: Functions, retry_order: RetryOrder) -> None:
        self._platform, self._functions, self._retry_order = platform, functions, retry_order
        self.actions: Actions = {
            "Invoke": self._invoke,
            "InvokeFunction": self._invoke_function,
            "GetFunctionLogs": self._logs,
            "GetRequestStatus": self._request_status,
            "GetFunctionEventInvokeConfig": self._get_retries,
            "UpdateFunctionEventInvokeConfig": self._update_retries,
            "GetAsyncEventStatus": self._async_status,
            "ListAsyncEvents": self._async_events,
        }

    def _invoke(self, parameters: Parameters) -> Response:
        function = self._functions.find(parameters)
        kind = parameters.choice("InvocationType", ("RequestResponse", "Event")) or "RequestResponse"
        log_type = parameters.choice("LogType", ("None", "Tail")) or "None"
        self._functions.check_qualifier(parameters, function.name)
        parameters.text("RoutingKey")
        event = _event(parameters.text("ClientContext"))
        parameters.reject_unknown()
        if kind == "Event":
            request_id = self._run(lambda: self._platform.invoke_async(function.name, event))
            return {"Result": _result(request_id)}
        result = self._run(lambda: self._platform.invoke(function.name, event))
        return {"Result": _describe_result(result, log="\n".join(result.log) if log_type == "Tail" else "")}

    def _invoke_function(self, parameters: Parameters) -> Response:
        function = self._functions.find(parameters)
        log_type = parameters.choice("LogType", ("None", "Tail")) or "None"
        self._functions.check_qualifier(parameters, function.name)
        parameters.text("RoutingKey")
        event = _event(parameters.text("Event"))
        parameters.reject_unknown()
        result = self._run(lambda: self._platform.invoke(function.name, event))
        return {"Result": _describe_result(result, log="\n".join(result.log) if log_type == "Tail" else "")}

    def _run(self, call: Callable[[], _R]) -> _R:
        try:
            return call()
        except InvocationRefused as error:
            raise ApiError(f"InvalidParameterValue.{error.code}", error.message) from error

    def _logs(self, parameters: Parameters) -> Response:
        function = self._functions.find(parameters)
        offset, size = page_of(parameters)
        order = parameters.choice("Order", ("asc", "desc")) or "desc"
        order_by = parameters.choice("OrderBy", ("function_name", "duration", "mem_usage", "start_time"))
        log_filter = parameters.nested("Filter")
        return_code = log_filter.choice("RetCode", _RETURN_CODES) if log_filter else None
        self._functions.check_qualifier(parameters, function.name)
        request_id = parameters.text("FunctionRequestId")
        start, end = parameters.text("StartTime"), parameters.text("EndTime")
        parameters.plain("SearchContext")
        parameters.reject_unknown()
        entries = [
            entry
            for entry in _invocations(self._platform.log, function.name)
            if (not request_id or entry["RequestId"] == request_id)
            and (not return_code or _RETURN_STATUS[return_code](int(str(entry["RetCode"]))))
            and (not start or str(entry["StartTime"]) >= start)
            and (not end or str(entry["StartTime"]) <= end)
        ]
        field = {"duration": "Duration", "mem_usage": "MemUsage", "function_name": "FunctionName"}.get(
            order_by or "", "StartTime"
        )
        # oldest first as they stand in the log, so that a stable sort keeps the order of equal times
        entries.sort(key=lambda entry: entry[field])  # type: ignore[arg-type, return-value]  # of one type each
        if order == "desc":
            entries.reverse()
        page = [
            {**entry, "RetCode": 0 if entry["RetCode"] == status.OK else 1} for entry in entries[offset : offset + size]
        ]
        return {"TotalCount": len(entries), "Data": page, "SearchContext": None}

    def _request_status(self, parameters: Parameters) -> Response:
        function, request_id = self._functions.find(parameters), parameters.required("FunctionRequestId")
        for name in ("StartTime", "EndTime"):
            parameters.text(name)
        parameters.reject_unknown()
        names = ("FunctionName", "RetMsg", "RequestId", "StartTime", "RetCode", "Duration", "MemUsage", "RetryNum")
        entries = [
            {name: entry[name] for name in names}
            for entry in _invocations(self._platform.log, function.name)
            if entry["RequestId"] == request_id
        ]
        return {"TotalCount": len(entries), "Data": entries}

    def _get_retries(self, parameters: Parameters) -> Response:
        function = self._functions.find(parameters)
        self._functions.check_qualifier(parameters, function.name)
        parameters.reject_unknown()
        interval_s = function.retry_interval_s
        entries = [
            {"ErrorCode": ["default"], "RetryNum": function.retry_num, "RetryInterval": interval_s},
            {"ErrorCode": ["432"], "RetryNum": -1, "RetryInterval": interval_s},
        ]
        if self._retry_order == "432 first":
            entries.reverse()
        return {"AsyncTriggerConfig": {"RetryConfig": entries, "MsgTTL": function.msg_ttl_s}}

    def _update_retries(self, parameters: Parameters) -> Response:
        function, config = self._functions.find(parameters), parameters.nested("AsyncTriggerConfig")
        entries = (config.objects("RetryConfig") or []) if config else []
        numbers = [entry.integer("RetryNum") for entry in entries]
        max_age_s = config.integer("MsgTTL") if config else None
        self._functions.check_qualifier(parameters, function.name)
        parameters.reject_unknown()
        if max_age_s is None or len(numbers) != 1 or numbers[0] is None:
            raise ApiError("InvalidParameterValue.AsyncTriggerConfig", "one RetryConfig with RetryNum, and MsgTTL")
        if numbers[0] not in limits.RETRIES:
            raise ApiError("LimitExceeded.RetryNum", f"RetryNum is 0 to {limits.RETRIES[-1]}")
        if not limits.MIN_MESSAGE_AGE_S <= max_age_s <= limits.MAX_MESSAGE_AGE_S:
            accepted = f"{limits.MIN_MESSAGE_AGE_S} to {limits.MAX_MESSAGE_AGE_S} seconds"
            raise ApiError("LimitExceeded.MsgTTL", f"MsgTTL is {accepted}")
        self._platform.update(replace(function, retry_num=numbers[0], msg_ttl_s=max_age_s))
        return {}

    def _async_status(self, parameters: Parameters) -> Response:
        request_id = parameters.required("InvokeRequestId")
        parameters.reject_unknown()
        run = self._platform.async_run(request_id)
        if run is None:
            raise ApiError("ResourceNotFound.AsyncEvent", "no function with AsyncRunEnable was called by that id")
        return {"Result": {"Status": run.status, "StatusCode": run.status_code, "InvokeRequestId": request_id}}

    def _async_events(self, parameters: Parameters) -> Response:
        function = self._functions.find(parameters)
        offset, size = page_of(parameters)
        self._functions.check_qualifier(parameters, function.name)
        states = parameters.texts("Status")
        request_id = parameters.text("InvokeRequestId")
        parameters.reject_unknown()
        entries = [
            {"InvokeRequestId": run.request_id, "InvokeType": "SCF", "Qualifier": "$LATEST", "Status": run.status}
            for run in self._platform.async_runs(function.name)
            if (not states or run.status in states) and (not request_id or run.request_id == request_id)
        ]
        return {"TotalCount": len(entries), "EventList": entries[offset : offset + size]}


def _event(text: str | None) -> Mapping[str, object]:
    if not text:
        return {}
    try:
        event = json.loads(text)
    except ValueError as error:
        raise ApiError("InvalidParameterValue.Param", "the event is not JSON") from error
    if not isinstance(event, dict):
        raise ApiError("InvalidParameterValue.Param", "the event is a JSON object")
    return event


def _describe_result(result: Result, *, log: str) -> dict[str, object]:
    value = "" if result.error is not None else json.dumps(result.return_value, ensure_ascii=False)
    return _result(
        result.request_id,
        Log=log.encode()[-_MAX_LOG_BYTES:].decode(errors="ignore"),
        RetMsg=json.dumps(dict(result.error), ensure_ascii=False) if result.error else value,
        ErrMsg=str(result.error["errorMessage"]) if result.error else "",
        InvokeResult=0 if result.status_code == status.OK else 1,
        Duration=float(result.duration_ms),
        BillDuration=result.billed_ms,
        MemUsage=result.memory_peak_bytes,
    )


def _result(request_id: str, **fields: object) -> dict[str, object]:
    empty = {"Log": "", "RetMsg": "", "ErrMsg": "", "InvokeResult": 0, "Duration": 0, "BillDuration": 0, "MemUsage": 0}
    return {"FunctionRequestId": request_id, **empty, **fields}


def _invocations(records: tuple[Record, ...], function: str) -> list[dict[str, object]]:
    """Return an entry for each invocation of a function, oldest first: its report, with its lines as Log."""
    lines: dict[tuple[object, object], list[str]] = {}
    returned: dict[tuple[object, object], str] = {}
    for record in records:
        run, message = _run_of(record), str(record["SCF_Message"])
        lines.setdefault(run, []).append(message)
        if record["SCF_Type"] == "Platform" and "SCF_BilledDuration" not in record:
            returned[run] = message.rpartition(" RetMsg: ")[2]
    return [
        {
            "FunctionName": function,
            "RequestId": report["SCF_RequestId"],
            "StartTime": local_time(int(str(report["SCF_StartTime"])) / 1000),
            "RetCode": report["SCF_StatusCode"],
            "RetMsg": returned.get(_run_of(report), ""),
            "InvokeFinished": 1,
            "Duration": report["SCF_Duration"],
            "BillDuration": report["SCF_BilledDuration"],
            "MemUsage": report["SCF_MemUsage"],
            "Log": "\n".join(lines[_run_of(report)]),
            "Level": report["SCF_Level"],
            "Source": "",
            "RetryNum": report["SCF_RetryNum"],
        }
        for report in reports(records)
        if report["SCF_FunctionName"] == function
    ]


def _run_of(record: Record) -> tuple[object, object]:
    return record["SCF_RequestId"], record["SCF_RetryNum"]
