"""Roles and policies in the control plane, by the official SDK."""

import pytest

from tests.emulator.control.conftest import NO_TRUST, POLICY, TRUST, error_code


def test_policies_reach_the_data_plane(cloud, create, cam, scf):
    """The policies attached to a function's role are what the function may do, from the change on."""
    create()
    assert cloud.policy is not None
    assert not cloud.policy.allows("ci:GenerateSnapshot", "qcs::ci:ap-guangzhou:uid/1250000000:bucket/x/y")
    number = cam("CreatePolicy", PolicyName="p", PolicyDocument=POLICY)["PolicyId"]
    cam("AttachRolePolicy", PolicyId=number, AttachRoleName="run")
    assert cloud.policy.allows("ci:GenerateSnapshot", "qcs::ci:ap-guangzhou:uid/1250000000:bucket/x/y")
    cam("UpdatePolicy", PolicyId=number, PolicyDocument=POLICY.replace("ci:*", "ci:GenerateMediaInfo"))
    assert not cloud.policy.allows("ci:GenerateSnapshot", "qcs::ci:ap-guangzhou:uid/1250000000:bucket/x/y")
    cam("DetachRolePolicy", PolicyId=number, DetachRoleName="run")
    assert not cloud.policy.allows("ci:GenerateMediaInfo", "qcs::ci:ap-guangzhou:uid/1250000000:bucket/x/y")


def test_life_of_roles_and_policies(cam):
    """Roles and policies are made, changed, attached, detached and deleted."""
    cam("CreateRole", RoleName="run", PolicyDocument=TRUST, Description="a")
    cam("UpdateRoleDescription", RoleName="run", Description="b")
    cam("UpdateAssumeRolePolicy", RoleName="run", PolicyDocument=NO_TRUST)
    role = cam("GetRole", RoleName="run")["RoleInfo"]
    assert (role["Description"], role["PolicyDocument"]) == ("b", NO_TRUST)
    number = cam("CreatePolicy", PolicyName="p-one", PolicyDocument=POLICY, Description="c")["PolicyId"]
    assert cam("GetPolicy", PolicyId=number)["PolicyDocument"] == POLICY
    assert [entry["PolicyName"] for entry in cam("ListPolicies", Keyword="p-", Scope="Local")["List"]] == ["p-one"]
    assert cam("ListPolicies", Keyword="other", Scope="Local")["TotalNum"] == 0
    cam("AttachRolePolicy", PolicyId=number, AttachRoleName="run")
    (attached,) = cam("ListAttachedRolePolicies", RoleName="run", Page=1, Rp=10)["List"]
    assert (attached["PolicyId"], attached["PolicyType"]) == (number, "User")
    assert error_code(lambda: cam("DeleteRole", RoleName="run")) == "FailedOperation"
    assert error_code(lambda: cam("DeletePolicy", PolicyId=[number])) == "FailedOperation"
    cam("DetachRolePolicy", PolicyId=number, DetachRoleName="run")
    cam("DeletePolicy", PolicyId=[number])
    cam("DeleteRole", RoleName="run")
    assert error_code(lambda: cam("GetRole", RoleName="run")) == "InvalidParameter.RoleNotExist"
    assert error_code(lambda: cam("GetPolicy", PolicyId=number)) == "ResourceNotFound.PolicyIdNotFound"


@pytest.mark.parametrize(
    ("action", "parameters", "code"),
    [
        ("CreateRole", {"RoleName": "a b", "PolicyDocument": TRUST}, "InvalidParameter.RoleNameError"),
        ("CreateRole", {"RoleName": "a"}, "MissingParameter"),
        ("CreateRole", {"RoleName": "a", "PolicyDocument": "{}"}, "InvalidParameter.PolicyDocumentError"),
        ("CreateRole", {"RoleName": "a", "PolicyDocument": POLICY}, "InvalidParameter.PolicyDocumentError"),
        ("CreateRole", {"RoleName": "taken", "PolicyDocument": TRUST}, "InvalidParameter.RoleNameInUse"),
        ("CreatePolicy", {"PolicyName": "a b", "PolicyDocument": POLICY}, "InvalidParameter.PolicyNameError"),
        ("CreatePolicy", {"PolicyName": "a", "PolicyDocument": "no"}, "InvalidParameter.PolicyDocumentError"),
        (
            "CreatePolicy",
            {"PolicyName": "a", "PolicyDocument": '{"version":"1"}'},
            "InvalidParameter.PolicyDocumentError",
        ),
        ("CreatePolicy", {"PolicyName": "taken", "PolicyDocument": POLICY}, "FailedOperation.PolicyNameInUse"),
        ("AttachRolePolicy", {"PolicyId": 1, "AttachRoleName": "taken"}, "ResourceNotFound.PolicyIdNotFound"),
        ("AttachRolePolicy", {"PolicyId": 1, "AttachRoleName": "none"}, "InvalidParameter.RoleNotExist"),
        ("ListAttachedRolePolicies", {"RoleName": "taken"}, "MissingParameter"),
        ("ListPolicies", {"Rp": 201}, "InvalidParameter.ParamError"),
        ("DeletePolicy", {"PolicyId": []}, "MissingParameter"),
        ("GetRole", {"RoleName": "none"}, "InvalidParameter.RoleNotExist"),
    ],
    ids=lambda value: str(value)[:50] if isinstance(value, (dict, str)) else "",
)
def test_refused_by_cam(cam, action, parameters, code):
    """CAM refuses what it would not take, with the API's own code."""
    cam("CreateRole", RoleName="taken", PolicyDocument=TRUST)
    cam("CreatePolicy", PolicyName="taken", PolicyDocument=POLICY)
    assert error_code(lambda: cam(action, **parameters)) == code


def test_calls_are_recorded(plane, cam):
    """The control plane keeps each call with the code it was answered with."""
    cam("GetUserAppId")
    assert error_code(lambda: cam("GetRole", RoleName="none"))
    assert [(call.service, call.action, call.code) for call in plane.calls] == [
        ("cam", "GetUserAppId", ""),
        ("cam", "GetRole", "InvalidParameter.RoleNotExist"),
    ]
