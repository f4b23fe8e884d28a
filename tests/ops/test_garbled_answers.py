"""Doctor and dry run over answers that are broken in every way: one declared error that names the call, or a result.

The answers of a real run against the local cloud are kept, and given again with one of them changed.
"""

import copy
import json
import random
import re
from collections import Counter

import pytest
import requests

from ops.deploy.command import Deployment, DeployOptions
from ops.doctor.command import examine
from ops.doctor.inventory import Inventory
from ops.errors import CloudError, OpsError
from tests.ops.cloud import BUCKET, emulated

WRONG = [None, "", "x", "{", 7, -1, 1e400, True, [], [None], ["x"], {}, {"x": "y"}, [[[[[]]]]]]
BODIES = [b"", b"\x00\xff", b"<html>login</html>", b"{}", b"[]", b"null", b"5", b'{"Response": null}',
          b'{"Response": []}', b'{"Response": {}}', b"<a/>", b"<a>", b"<a>" * 3000, b"[" * 100_000,
          b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>']  # fmt: skip
LIMIT = 400
"""How many changed answers are tried, of some thousand that there are; the seed is fixed."""


class Tape:
    """Keeps each answer by its request, and gives it again; one of them with another body."""

    def __init__(self, send):
        self._send = send
        self.answers = {}
        self.is_recording = True
        self.changed, self.body = None, b""

    def __call__(self, session, request, **options):
        name = self._name(request)
        if self.is_recording:
            response = self._send(session, request, **options)
            self.answers[name] = (response.status_code, dict(response.headers), response.content)
            return response
        status, headers, body = self.answers.get(name, (404, {}, b""))
        return _response(request, status, headers, self.body if name == self.changed else body)

    def _name(self, request):
        action = request.headers.get("X-TC-Action")
        if action:
            action = action.decode() if isinstance(action, bytes) else action
            return action, request.body if isinstance(request.body, bytes) else str(request.body).encode()
        return request.method, re.sub(r"q-[a-z-]+=[^&]*&?", "", request.url)


def _response(request, status, headers, body):
    response = requests.Response()
    response.status_code, response._content, response.request, response.url = status, body, request, request.url
    response.headers = requests.structures.CaseInsensitiveDict(headers)
    return response


@pytest.fixture(scope="module")
def recorded(request):
    """A client whose answers come from a tape, recorded from a whole set-up."""
    stack, package = request.getfixturevalue("module_stack"), request.getfixturevalue("small_package")
    original = requests.Session.send
    tape = Tape(original)
    with pytest.MonkeyPatch.context() as patch, emulated(queues=("lost",)) as local:
        options = DeployOptions(stack, package)
        Deployment(options, local.client, say=lambda _: None, pause=lambda _: None).deploy()
        local.cos.put_bucket_cors(
            Bucket=BUCKET,
            CORSConfiguration={
                "CORSRule": [{"AllowedOrigin": "*", "AllowedMethod": ["GET"], "AllowedHeader": "*"}],
            },
        )
        local.client.put_object(BUCKET, "snapshot-ops/snapshot.zip", b"left")
        patch.setattr(requests.Session, "send", lambda self, request, **options: tape(self, request, **options))  # noqa: PLW0108  # it has to become a method
        patch.setattr("time.sleep", lambda _: None)  # the SDK's pauses between its tries
        examine(Inventory(stack, local.client))
        Deployment(options, local.client, say=lambda _: None).deploy(execute=False)
        tape.is_recording = False
        yield tape, local.client, stack, options


@pytest.fixture(scope="module")
def module_stack():
    from ops.package.command import ROOT
    from ops.stack.stackfile import read_stack

    return read_stack(ROOT / "serverless.yml")


def _changes(body):
    """Yield other bodies in place of this one: whole ones, and this one with each part of it replaced."""
    yield from BODIES
    if not body.lstrip().startswith(b"{"):
        yield from (body[:at] for at in range(0, len(body), max(1, len(body) // 12)))
        for element in sorted(set(re.findall(rb"<(\w+)>", body))):
            yield re.sub(rb"<%s>.*?</%s>" % (element, element), b"", body, flags=re.DOTALL)
            yield re.sub(
                rb"<%s>.*?</%s>" % (element, element), b"<%s>x</%s>" % (element, element), body, flags=re.DOTALL
            )
        return
    document = json.loads(body)
    for path in _paths(document["Response"]):
        for value in WRONG:
            changed = copy.deepcopy(document)
            holder = changed["Response"]
            for name in path[:-1]:
                holder = holder[name]
            holder[path[-1]] = value
            yield json.dumps(changed).encode()


def _paths(node, at=()):
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for name, value in items:
        yield (*at, name)
        yield from _paths(value, (*at, name))


def _run(stack, options, client):
    """Examine and plan, and return the declared error; any other error is the test's to see."""
    try:
        examine(Inventory(stack, client))
        Deployment(options, client, say=lambda _: None).deploy(execute=False)
    except OpsError as error:
        return error
    return None


def test_garbled(recorded):
    """Whatever an answer holds, doctor reports and a dry run ends with a result or with a declared error."""
    tape, client, stack, options = recorded
    cases = [(name, body) for name, (_, _, answer) in tape.answers.items() for body in _changes(answer)]
    assert len(cases) > LIMIT
    assert {"GetFunction", "ListTriggers", "GetRole", "GetPolicy"} <= {name[0] for name, _ in cases}
    outcomes = Counter()
    for name, body in random.Random(9).sample(cases, LIMIT):
        tape.changed, tape.body = name, body
        error = _run(stack, options, client)
        outcomes[type(error)] += 1
        assert error is None or (error.remedy and len(str(error)) < 1000)
    tape.changed = None
    assert outcomes[CloudError] > 50
    assert outcomes[type(None)] > 50


@pytest.mark.parametrize(
    ("action", "change", "problem"),
    [
        ("GetFunction", lambda answer: answer.update(Environment={"Variables": [{"Value": "x"}]}), "Variables.0.Key"),
        ("GetFunction", lambda answer: answer.update(MemorySize="many"), "MemorySize"),
        ("ListTriggers", lambda answer: answer["Triggers"][0].update(TriggerDesc="no JSON"), "TriggerDesc of"),
        ("GetRole", lambda answer: answer["RoleInfo"].update(PolicyDocument="{"), "RoleInfo.PolicyDocument"),
        ("GetUserAppId", lambda answer: answer.pop("AppId"), "AppId"),
    ],
    ids=["no name", "no number", "no description", "no document", "no appid"],
)
def test_named(recorded, action, change, problem):
    """The error names the call, and the strange part of its answer."""
    tape, client, stack, _ = recorded
    name, body = next((name, body) for name, (_, _, body) in tape.answers.items() if name[0] == action)
    document = json.loads(body)
    change(document["Response"])
    tape.changed, tape.body = name, json.dumps(document).encode()
    findings = [finding for finding in examine(Inventory(stack, client)) if finding.severity == "error"]
    tape.changed = None
    assert len(findings) == 1
    assert action in findings[0].problem
    assert "the answer cannot be understood" in findings[0].problem
    assert problem in findings[0].problem
