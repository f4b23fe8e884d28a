"""What a deployment does when the cloud takes its time or fails half-way; by a fake that answers as told."""

import pytest

from ops.deployment import Function, wanted
from ops.diff import Step
from ops.errors import CloudError
from ops.steps import MOST_LOOKS, Deployer, Target


class Fake:
    """A cloud in which GetFunction finds the statuses given, one a look, and CreateFunction fails so often."""

    def __init__(self, *statuses, no_role=0):
        self._statuses, self._no_role = list(statuses), no_role
        self.asked = []
        self.stored = set()

    def scf(self, action, **parameters):
        self.asked.append(action)
        if action == "CreateFunction" and self._no_role:
            self._no_role -= 1
            raise CloudError("no role", remedy="wait", code="ResourceNotFound.Role")
        if action == "GetFunction":
            status = self._statuses.pop(0) if len(self._statuses) > 1 else self._statuses[0]
            return {"Status": status, "Description": ""}
        return {}

    def cam(self, action, **parameters):
        raise AssertionError

    def put(self, bucket, key, content):
        self.stored.add(key)

    def delete(self, bucket, key):
        self.stored.discard(key)


TARGET = Target("snapshot", "default", "snapshot-run", "examplebucket-1250000000", "snapshot-ops/snapshot.zip")


@pytest.fixture
def function(stack) -> Function:
    return wanted(stack, "0" * 64).function


def _do(fake, verb, function):
    pauses = []
    deployer = Deployer(fake, target=TARGET, code=b"zip", pause=pauses.append)
    try:
        deployer.do([Step(verb, "snapshot", function)], lambda _: None)
    finally:
        assert fake.stored == set(), "the code is not left lying in the bucket"
    return len(pauses)


def test_it_waits_until_a_change_is_done(function):
    assert _do(Fake("Creating", "Creating", "Active"), "create function", function) == 2


def test_a_role_that_scf_does_not_see_yet_is_waited_for(function):
    fake = Fake("Active", no_role=3)
    assert _do(fake, "create function", function) == 3
    assert fake.asked.count("CreateFunction") == 4


def test_a_role_that_never_appears_is_given_up(function):
    with pytest.raises(CloudError) as raised:
        _do(Fake("Active", no_role=1000), "create function", function)
    assert raised.value.code == "ResourceNotFound.Role"


@pytest.mark.parametrize(
    ("verb", "status"),
    [
        ("create function", "CreateFailed"),
        ("change code", "UpdateFailed"),
        ("change configuration", "UpdateFailed"),
    ],
)
def test_a_change_that_failed_is_an_error_that_says_where_to_look(function, verb, status):
    with pytest.raises(CloudError, match=f"it is {status}") as raised:
        _do(Fake(status), verb, function)
    assert "deployment log" in raised.value.remedy


def test_a_change_that_never_ends_is_given_up(function):
    with pytest.raises(CloudError, match="has not finished the change of snapshot in 300 s") as raised:
        _do(Fake("Updating"), "change configuration", function)
    assert "run again" in raised.value.remedy
    assert MOST_LOOKS == 150


def test_the_hash_of_the_code_is_written_only_after_the_code(function):
    fake = Fake("Active")
    _do(fake, "change code", function)
    assert fake.asked == ["UpdateFunctionCode", "GetFunction", "UpdateFunctionConfiguration", "GetFunction"]
