"""Calls, logs, retries and asynchronous runs in the control plane, by the official SDK."""

import json
import time

import pytest
from tencentcloud.scf.v20180416.scf_client import ScfClient

from emulator.control.plane import ControlPlane
from tests.emulator.control.conftest import client_of, error_code, zip_of


@pytest.mark.parametrize(
    ("config", "code"),
    [
        ({"RetryConfig": [{"RetryNum": 3}], "MsgTTL": 600}, "LimitExceeded.RetryNum"),
        ({"RetryConfig": [{"RetryNum": 1}], "MsgTTL": 30}, "LimitExceeded.MsgTTL"),
        ({"RetryConfig": [{"RetryNum": 1}], "MsgTTL": 21601}, "LimitExceeded.MsgTTL"),
        ({"RetryConfig": [], "MsgTTL": 600}, "InvalidParameterValue.AsyncTriggerConfig"),
        ({"RetryConfig": [{"RetryNum": 1}]}, "InvalidParameterValue.AsyncTriggerConfig"),
        (None, "InvalidParameterValue.AsyncTriggerConfig"),
    ],
    ids=str,
)
def test_retry_limits(create, scf, config, code):
    """RetryNum and MsgTTL have limits; what is within them is stored."""
    create()
    parameters = {} if config is None else {"AsyncTriggerConfig": config}
    assert error_code(lambda: scf("UpdateFunctionEventInvokeConfig", FunctionName="one", **parameters)) == code
    good = {"RetryConfig": [{"RetryNum": 0}], "MsgTTL": 60}
    scf("UpdateFunctionEventInvokeConfig", FunctionName="one", AsyncTriggerConfig=good)
    response = scf("GetFunctionEventInvokeConfig", FunctionName="one")["AsyncTriggerConfig"]
    assert response["MsgTTL"] == 60
    assert [(entry["ErrorCode"], entry["RetryNum"]) for entry in response["RetryConfig"]] == [
        (["default"], 0),
        (["432"], -1),
    ]


def test_two_retry_entries_in_either_order(cloud, create, scf):
    """GetFunctionEventInvokeConfig has an entry for 432 beside the default one, in either order."""
    create()
    codes = {}
    for order in ("default first", "432 first"):
        with ControlPlane(cloud, now=time.time, retry_order=order) as plane:
            client = client_of(ScfClient, plane, cloud.secret_id, cloud.secret_key)
            answer = client.call_json("GetFunctionEventInvokeConfig", {"FunctionName": "one"})["Response"]
            codes[order] = [entry["ErrorCode"] for entry in answer["AsyncTriggerConfig"]["RetryConfig"]]
    assert codes == {"default first": [["default"], ["432"]], "432 first": [["432"], ["default"]]}


SPEAKS = zip_of(
    handler="""
def main_handler(event, context):
    print("hello", event.get("name"))
    if event.get("fail"):
        raise ValueError("on purpose")
    return {"name": event.get("name"), "keys": event.get("keys", [])}
"""
)


def test_invoke(create, typed):
    """Invoke waits for the function and answers with its return value and its output."""
    create(Code={"ZipFile": SPEAKS})
    result = typed("Invoke", FunctionName="one", ClientContext='{"name": "影片"}', LogType="Tail").Result
    assert json.loads(result.RetMsg) == {"name": "影片", "keys": []}
    assert (result.InvokeResult, result.ErrMsg, result.Log) == (0, "", "hello 影片")
    assert result.MemUsage > 0
    assert result.BillDuration >= 1
    assert typed("Invoke", FunctionName="one").Result.Log == ""


def test_replay_by_hand(create, typed):
    """A function can be called with a list of keys, as a replay does."""
    create(Code={"ZipFile": SPEAKS})
    result = typed("InvokeFunction", FunctionName="one", Event=json.dumps({"keys": ["videos/a.mp4"]})).Result
    assert json.loads(result.RetMsg)["keys"] == ["videos/a.mp4"]


def test_invoke_that_fails(create, typed):
    """A function's exception is in the result; the call itself succeeds."""
    create(Code={"ZipFile": SPEAKS})
    result = typed("Invoke", FunctionName="one", ClientContext='{"fail": true}').Result
    assert (result.InvokeResult, result.ErrMsg) == (1, "user code exception caught")
    assert "ValueError: on purpose" in json.loads(result.RetMsg)["stackTrace"]


def test_invoke_in_the_background(cloud, create, typed):
    """An invocation of type Event is queued; its log can be read by its request id."""
    create(Code={"ZipFile": SPEAKS})
    request_id = typed(
        "Invoke", FunctionName="one", InvocationType="Event", ClientContext='{"name": "later"}'
    ).Result.FunctionRequestId
    cloud.scf.drain(30)
    (entry,) = typed("GetFunctionLogs", FunctionName="one", FunctionRequestId=request_id).Data
    assert (entry.RetCode, entry.InvokeFinished, entry.RetryNum) == (0, 1, 0)
    assert "hello later" in entry.Log
    assert json.loads(entry.RetMsg) == {"name": "later", "keys": []}


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"ClientContext": "no json"}, "InvalidParameterValue.Param"),
        ({"ClientContext": "[1]"}, "InvalidParameterValue.Param"),
        ({"InvocationType": "DryRun"}, "InvalidParameterValue.InvocationType"),
        ({"Qualifier": "9"}, "ResourceNotFound.Qualifier"),
        ({"FunctionName": "none"}, "ResourceNotFound.Function"),
        (
            {"InvocationType": "Event", "ClientContext": json.dumps({"a": "x" * 200_000})},
            "InvalidParameterValue.RequestTooLarge",
        ),
    ],
    ids=["no json", "no object", "type", "qualifier", "function", "too large"],
)
def test_refused_invocations(create, scf, parameters, code):
    """A call that SCF would not take is refused with the API's own code."""
    create()
    assert error_code(lambda: scf("Invoke", **{"FunctionName": "one", **parameters})) == code


def test_logs(create, typed):
    """GetFunctionLogs lists invocations, newest first, by result, page and order."""
    cloud_calls = ['{"name": "a"}', '{"fail": true}', '{"name": "b"}']
    create(Code={"ZipFile": SPEAKS})
    ids = [typed("Invoke", FunctionName="one", ClientContext=text).Result.FunctionRequestId for text in cloud_calls]

    def listed(**parameters):
        return [entry.RequestId for entry in typed("GetFunctionLogs", FunctionName="one", **parameters).Data]

    assert set(listed()) == set(ids)
    assert listed(Filter={"RetCode": "not0"}) == [ids[1]]
    assert listed(Filter={"RetCode": "UserCodeException"}) == [ids[1]]
    assert set(listed(Filter={"RetCode": "is0"})) == {ids[0], ids[2]}
    assert listed(Order="asc", OrderBy="start_time") == listed(Order="desc", OrderBy="start_time")[::-1]
    assert len(listed(Limit=1, Offset=1)) == 1
    assert typed("GetFunctionLogs", FunctionName="one", Limit=1).TotalCount == 3
    assert listed(EndTime="2020-01-01 00:00:00") == []
    assert typed("GetRequestStatus", FunctionName="one", FunctionRequestId=ids[0]).TotalCount == 1


def test_asynchronous_execution(cloud, create, typed):
    """A run of a function with AsyncRunEnable is tracked by its request id; one that fails is not tried again."""
    create(Code={"ZipFile": SPEAKS}, AsyncRunEnable="TRUE")
    ids = [
        typed("Invoke", FunctionName="one", InvocationType="Event", ClientContext=text).Result.FunctionRequestId
        for text in ('{"name": "a"}', '{"fail": true}')
    ]
    cloud.scf.drain(30)
    states = [typed("GetAsyncEventStatus", InvokeRequestId=request_id).Result for request_id in ids]
    assert [(state.Status, state.StatusCode) for state in states] == [("FINISHED", 200), ("FAILED", 430)]
    assert cloud.scf.dead_letters == ()
    assert typed("GetFunctionLogs", FunctionName="one").TotalCount == 2
    listed = typed("ListAsyncEvents", FunctionName="one", Status=["FAILED"]).EventList
    assert [event.InvokeRequestId for event in listed] == [ids[1]]
    assert error_code(lambda: typed("GetAsyncEventStatus", InvokeRequestId="none")) == "ResourceNotFound.AsyncEvent"
