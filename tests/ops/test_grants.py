"""Rights that the rules of a policy allow."""

import pytest

from ops.doctor.grants import allows, is_wide

OBJECT = "qcs::cos:ap-guangzhou:uid/1250000000:examplebucket-1250000000/videos/a.mp4"


def _rule(effect="allow", action="name/cos:GetObject", resource="*", **fields):
    return {"effect": effect, "action": action, "resource": resource, **fields}


@pytest.mark.parametrize(
    ("rules", "allowed"),
    [
        ([], False),
        ([_rule()], True),
        ([_rule(action=["name/cos:PutObject"])], False),
        ([_rule(action=["name/cos:PutObject", "name/cos:GetObject"])], True),
        ([_rule(action="cos:getobject")], True),
        ([_rule(action="name/cos:Get*")], True),
        ([_rule(action="*")], True),
        ([_rule(resource=[OBJECT.replace("a.mp4", "*")])], True),
        ([_rule(resource=[OBJECT.replace("videos", "films")])], False),
        ([_rule(), _rule(effect="deny")], False),
        ([_rule(effect="deny"), _rule()], False),
        ([_rule(), _rule(effect="deny", action="name/cos:PutObject")], True),
        ([_rule(condition={"ip_equal": {}})], False),
        ([_rule(), _rule(effect="deny", condition={"ip_equal": {}})], False),
    ],
    ids=[
        "nothing said", "everything", "another action", "one of two", "another spelling", "a wildcard", "all actions",
        "a prefix", "another prefix", "deny after", "deny before", "another denied", "a condition", "denied at times",
    ],
)  # fmt: skip
def test_allows(rules, allowed):
    """Deny wins over allow, and no statement means no."""
    assert allows(rules, "name/cos:GetObject", OBJECT) is allowed


def test_is_wide():
    """A statement is wide where it allows all actions of a service or all resources."""
    assert is_wide(_rule(action=["name/cos:*"], resource=[OBJECT]))
    assert is_wide(_rule(resource="*"))
    assert not is_wide(_rule(resource=[OBJECT]))
    assert not is_wide(_rule(effect="deny"))
