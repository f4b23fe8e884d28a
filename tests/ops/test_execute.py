"""How steps are done where the cloud takes its time or fails; over a fake cloud."""

from dataclasses import replace

import pytest

from ops.deploy.execute import MAX_POLLS, Executor, Target
from ops.deploy.plan import ChangeCode, ChangeConfiguration, CreateFunction, ReplaceTrigger, Step, UploadPackage
from ops.deploy.resources import Function, desired_state
from ops.errors import CloudError


class Fake:
    """A cloud in which GetFunction returns the given statuses in turn, and CreateFunction fails so often."""

    def __init__(self, *statuses, no_role=0):
        self._statuses, self._no_role = list(statuses), no_role
        self.actions = []
        self.stored = set()

    def scf(self, action, **parameters):
        self.actions.append(action)
        if action == "CreateFunction" and self._no_role:
            self._no_role -= 1
            raise CloudError("no role", remedy="wait", code="ResourceNotFound.Role")
        if action == "GetFunction":
            status = self._statuses.pop(0) if len(self._statuses) > 1 else self._statuses[0]
            return {"Status": status, "Description": ""}
        return {}

    def cam(self, action, **parameters):
        raise AssertionError

    def put_object(self, bucket, key, body):
        self.stored.add(key)
        return "etag"

    def delete_object(self, bucket, key):
        self.stored.discard(key)


TARGET = Target("snapshot", "default", "snapshot-run", "examplebucket-1250000000", "snapshot-ops/snapshot.zip")


@pytest.fixture
def function(stack) -> Function:
    return desired_state(stack, "0" * 64).function


UPLOAD = UploadPackage(name=TARGET.package_key, key=TARGET.package_key)


def _do(fake, kind, function):
    pauses = []
    executor = Executor(fake, target=TARGET, package=b"zip", pause=pauses.append)
    try:
        executor.run([UPLOAD, kind(name="snapshot", function=function)], lambda _: None)
    finally:
        assert fake.stored == set(), "the package is not left in the bucket"
    return len(pauses)


def test_waits(function):
    """A change is waited for."""
    assert _do(Fake("Creating", "Creating", "Active"), CreateFunction, function) == 2


def test_waits_for_role(function):
    """A role that SCF does not see yet is waited for."""
    fake = Fake("Active", no_role=3)
    assert _do(fake, CreateFunction, function) == 3
    assert fake.actions.count("CreateFunction") == 4


def test_role_never_appears(function):
    """A role that never appears ends the run."""
    with pytest.raises(CloudError) as raised:
        _do(Fake("Active", no_role=1000), CreateFunction, function)
    assert raised.value.code == "ResourceNotFound.Role"


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (CreateFunction, "CreateFailed"),
        (ChangeCode, "UpdateFailed"),
        (ChangeConfiguration, "UpdateFailed"),
    ],
)
def test_failed_change(function, kind, status):
    """A change that failed is an error that says where to read why."""
    with pytest.raises(CloudError, match=f"its status is {status}") as raised:
        _do(Fake(status), kind, function)
    assert "deployment log" in raised.value.remedy


def test_endless_change(function):
    """A change that never ends ends the run."""
    with pytest.raises(CloudError, match="has not finished the change of snapshot in 300 s") as raised:
        _do(Fake("Updating"), ChangeConfiguration, function)
    assert "run again" in raised.value.remedy
    assert MAX_POLLS == 150


def test_hash_after_code(function):
    """The hash of the code is written only after the code."""
    fake = Fake("Active")
    _do(fake, ChangeCode, function)
    assert fake.actions == ["UpdateFunctionCode", "GetFunction", "UpdateFunctionConfiguration", "GetFunction"]


@pytest.mark.parametrize("kind", Step.__args__, ids=[kind.verb for kind in Step.__args__])
def test_only_removals_remove(stack, function, kind):
    """No step removes anything but the ones that say so; replacing a trigger removes the one that it replaces."""
    desired = desired_state(stack, "0" * 64)
    (trigger, *_) = desired.triggers
    fields = {
        "role": desired.role, "policy": desired.policy, "function": function, "retry": desired.retry,
        "trigger": trigger, "old": trigger, "key": "snapshot-ops/x.zip",
    }  # fmt: skip
    names = kind.__dataclass_fields__
    step = kind(name="x", **{name: value for name, value in fields.items() if name in names})
    calls = []

    class Recorder(Fake):
        def __getattribute__(self, name):
            method = object.__getattribute__(self, name)
            if name in {"scf", "cam"}:
                return lambda action, **parameters: (calls.append(action), method(action, **parameters))[1]
            return method

        def cam(self, action, **parameters):
            return {"PolicyId": 7}

        def scf(self, action, **parameters):
            if action == "GetFunction" and "DeleteFunction" in calls:
                raise CloudError("gone", remedy="", code="ResourceNotFound.Function")
            return super().scf(action, **parameters)

    Executor(Recorder("Active"), target=TARGET, package=b"zip", pause=lambda _: None).run([step], lambda _: None)
    removing = [action for action in calls if action.startswith(("Delete", "Detach"))]
    assert bool(removing) == ((kind.sign == "-" and kind.verb != "remove package") or kind is ReplaceTrigger)


def test_failed_replacement(stack):
    """Where a trigger cannot be replaced, the old one is created again."""
    (trigger, *_) = stack.triggers
    other = replace(trigger, prefix="videos/new/")

    class Refusing(Fake):
        def scf(self, action, **parameters):
            self.actions.append((action, parameters["TriggerDesc"]))
            if action == "CreateTrigger" and "videos/new/" in parameters["TriggerDesc"]:
                raise CloudError("no", remedy="", code="LimitExceeded.Trigger")
            return {}

    fake = Refusing("Active")
    executor = Executor(fake, target=TARGET, package=b"", pause=lambda _: None)
    with pytest.raises(CloudError):
        executor.run([ReplaceTrigger(name="x", old=trigger, trigger=other)], lambda _: None)
    assert [action for action, _ in fake.actions] == ["DeleteTrigger", "CreateTrigger", "CreateTrigger"]
    assert "videos/new/" not in fake.actions[-1][1]
