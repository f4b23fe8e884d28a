"""Triggers in the control plane, by the official SDK."""

import json
import time

import pytest
from tencentcloud.scf.v20180416.scf_client import ScfClient

from emulator.control.plane import ControlPlane
from tests.emulator.control.conftest import BUCKET, CODE, DESCRIBED, HOST, bind, client_of, error_code, sdk_of


def test_life_of_a_trigger(cloud, create, scf):
    """A trigger is created, listed, closed, opened and removed."""
    create()
    assert bind(scf, Enable="OPEN")["TriggerInfo"]["TriggerName"] == HOST
    named = {
        "FunctionName": "one",
        "Type": "cos",
        "TriggerName": HOST,
        "TriggerDesc": DESCRIBED,
        "Qualifier": "$DEFAULT",
    }
    scf("UpdateTriggerStatus", **named, Enable="CLOSE")
    (listed,) = scf("ListTriggers", FunctionName="one")["Triggers"]
    assert listed["Enable"] == 0
    assert json.loads(listed["TriggerDesc"]) == {**json.loads(DESCRIBED), "bucketUrl": HOST}
    assert cloud.scf.triggers[0].enabled is False
    scf("UpdateTriggerStatus", **named, Enable="OPEN")
    assert cloud.scf.triggers[0].enabled is True
    scf("DeleteTrigger", **named)
    assert cloud.scf.triggers == ()
    assert error_code(lambda: scf("DeleteTrigger", **named)) == "ResourceNotFound.Trigger"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"Type": "timer"}, "InvalidParameterValue.Type"),
        ({"TriggerName": BUCKET}, "InvalidParameterValue.TriggerName"),
        ({"TriggerName": HOST.replace("guangzhou", "beijing")}, "InvalidParameterValue.TriggerName"),
        ({"TriggerName": HOST.replace("examplebucket", "none")}, "ResourceNotFound.Cos"),
        ({"TriggerDesc": "{}"}, "InvalidParameterValue.TriggerDesc"),
        ({"TriggerDesc": DESCRIBED.replace(":{", ": {")}, "InvalidParameterValue.TriggerDesc"),
        ({"TriggerDesc": DESCRIBED.replace("Created:*", "Created:Rename")}, "InvalidParameterValue.TriggerDesc"),
        ({"TriggerDesc": DESCRIBED.replace('"Suffix":""', '"Suffix":"mp4"')}, "InvalidParameterValue.TriggerDesc"),
        ({"Enable": "YES"}, "InvalidParameterValue.Enable"),
        ({"Qualifier": "7"}, "ResourceNotFound.Qualifier"),
        ({"FunctionName": "none"}, "ResourceNotFound.Function"),
    ],
    ids=lambda value: str(value)[:60] if isinstance(value, dict) else "",
)
def test_refused_triggers(cloud, create, scf, changed, code):
    """A trigger that SCF would not take is refused with the API's own code."""
    create()
    assert error_code(lambda: bind(scf, **changed)) == code
    assert cloud.scf.triggers == ()


def test_overlap(create, scf):
    """A trigger that exists, or overlaps one, is refused."""
    create()
    bind(scf)
    assert error_code(lambda: bind(scf)) == "ResourceInUse.Trigger"
    inner = DESCRIBED.replace("videos/", "videos/new/")
    assert error_code(lambda: bind(scf, TriggerDesc=inner)) == "InvalidParameterValue.CosNotifyRuleConflict"


def test_eleventh_trigger(create, scf):
    """A function has at most ten triggers."""
    create()
    for number in range(10):
        bind(scf, TriggerDesc=DESCRIBED.replace("videos/", f"{number}/"))
    assert error_code(lambda: bind(scf)) == "LimitExceeded.Trigger"


def test_overlap_whatever_the_prefix_is_called(create, scf):
    """An overlapping trigger is a conflict even where its prefix reads like the sentence of another refusal."""
    create()
    bind(scf, TriggerDesc=DESCRIBED.replace("videos/", "at most/"))
    inner = DESCRIBED.replace("videos/", "at most/ten/")
    assert error_code(lambda: bind(scf, TriggerDesc=inner)) == "InvalidParameterValue.CosNotifyRuleConflict"


def test_names_in_a_list(cloud, cam):
    """A trigger is listed under the bucket's host or a generated name; TriggerDesc holds the host in either case."""
    names = {}
    for form in ("host", "generated"):
        with ControlPlane(cloud, now=time.time, trigger_names=form) as plane:
            client = client_of(ScfClient, plane, cloud.secret_id, cloud.secret_key)

            def call(action, client=client, **parameters):
                return client.call_json(action, parameters)["Response"]

            call("CreateFunction", FunctionName="one", Handler="handler.main_handler", Runtime="Python3.10",
                 Code={"ZipFile": CODE})  # fmt: skip
            for _ in range(2):
                call("GetFunction", FunctionName="one")
            names[form] = bind(call)["TriggerInfo"]["TriggerName"]
            (listed,) = call("ListTriggers", FunctionName="one")["Triggers"]
            (trigger,) = call("GetFunction", FunctionName="one")["Triggers"]
            assert listed == trigger
            assert listed["TriggerName"] == names[form]
            assert json.loads(listed["TriggerDesc"])["bucketUrl"] == HOST
            named = {name: listed[name] for name in ("TriggerName", "TriggerDesc", "Type")}
            call("DeleteTrigger", FunctionName="one", **named)
            assert cloud.scf.triggers == ()
            call("DeleteFunction", FunctionName="one")
    assert names["host"] == HOST
    assert names["generated"].startswith("cos_")


def test_leading_slash(cloud, create, scf):
    """A prefix that begins with a slash is accepted and never fires, as users of the cloud report."""
    create()
    bind(scf, TriggerDesc=DESCRIBED.replace("videos/", "/videos/"))
    sdk_of(cloud).put_object(BUCKET, b"x", "videos/a.mp4")
    cloud.scf.drain(10)
    assert cloud.scf.log == ()
