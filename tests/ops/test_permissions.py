"""The least policy, enforced by the emulator: with it everything works, and without any one part of it nothing does."""

import json

import pytest
from qcloud_cos import CosConfig, CosS3Client

from emulator.cloud import Cloud
from emulator.films.film import make_film
from emulator.scf.function import Function
from ops.deploy.policy import run_policy
from ops.package.command import ROOT
from ops.stack.stackfile import read_stack

BUCKET = "examplebucket-1250000000"
PICTURES = "pictures-1250000000"
STACK = read_stack(ROOT / "serverless.yml")
POLICY = run_policy(STACK)
OF_LATER_DELIVERIES = {("name/cos:HeadObject", "thumbnails/*"), ("name/cos:DeleteObject", "thumbnails/*")}
"""What a first delivery does not need: looking at what an earlier one stored, and removing it."""
GRANTS = [
    (rule, action, resource)
    for rule, statement in enumerate(POLICY["statement"])
    for action in statement["action"]
    for resource in statement["resource"]
    if (action, resource.rpartition(f"{BUCKET}/")[2]) not in OF_LATER_DELIVERIES
]
ENVIRONMENT = {**dict(STACK.environment), "SNAPSHOT_TIMES": "0", "SNAPSHOT_SIZES": "160x0"}


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    path = tmp_path_factory.mktemp("film") / "a.mp4"
    make_film(path, duration_s=1.0, size=(160, 90), fade_in_s=0.2)
    return path.read_bytes()


@pytest.fixture(scope="module")
def cloud():
    with Cloud(buckets=(BUCKET, PICTURES)) as cloud:
        yield cloud


@pytest.fixture(scope="module")
def client(cloud):
    host, port = cloud.endpoint.removeprefix("http://").split(":")
    config = CosConfig(
        Region=cloud.region,
        SecretId=cloud.secret_id,
        SecretKey=cloud.secret_key,
        Scheme="http",
        IP=host,
        Port=int(port),
    )
    return CosS3Client(config)


@pytest.fixture(scope="module")
def function(cloud):
    name = "snapshot"
    environment = {**ENVIRONMENT, "SNAPSHOT_ENDPOINT": cloud.endpoint}
    cloud.scf.create(Function(name, ROOT, environment=environment, role=STACK.role))
    return name


def _event(bucket, key, size):
    name, _, appid = bucket.rpartition("-")
    return {
        "Records": [
            {
                "cos": {
                    "cosSchemaVersion": "1.0",
                    "cosObject": {"key": f"/{appid}/{name}/{key}", "size": size, "meta": {}, "vid": ""},
                    "cosBucket": {"region": "gz", "name": name, "appid": appid},
                },
                "event": {"eventName": "cos:ObjectCreated:*", "eventTime": 1545205770},
            }
        ]
    }


@pytest.fixture
def run(cloud, client, function, film, request):
    """Upload the film under a key of the test's own, call the function under a policy; (result, refused calls)."""

    def run(policy, key=None, *, upload=True):
        key = key or f"videos/{abs(hash(request.node.name))}.mp4"
        if upload:
            client.put_object(Bucket=BUCKET, Body=film, Key=key)
        cloud.set_policy(policy)
        cloud.clear_calls()
        result = cloud.scf.invoke(function, _event(BUCKET, key, len(film)))
        refused = {call.operation for call in cloud.calls if call.principal == "role" and call.status == 403}
        return result, refused

    yield run
    cloud.set_policy(None)


def test_policy_is_enough(cloud, run):
    """With the least policy no call is refused."""
    result, refused = run(POLICY, "videos/2026/Ferien Tag 1, 早上/a+b.mp4")
    assert result.status_code == 200, result.log
    assert refused == set()
    (record,) = result.return_value["records"]
    assert record["outcome"] == "made"
    written = {stored.key.rpartition("/")[2] for stored in cloud.objects() if "a+b.mp4/" in stored.key}
    assert {"manifest.json", "poster.jpg"} <= written


def test_policy_on_redelivery(run):
    """With the least policy a second delivery and a lost source are no errors."""
    run(POLICY, "videos/again.mp4")
    redelivered, refused = run(POLICY, "videos/again.mp4", upload=False)
    assert (redelivered.return_value["records"][0]["outcome"], refused) == ("unchanged", set())
    skipped, refused = run(POLICY, "videos/never-was.mp4", upload=False)
    assert (skipped.return_value["records"][0]["outcome"], refused) == ("skipped", set())


FAILS = {
    ("name/cos:HeadObject", "videos/*"): {"HeadObject"},
    ("name/cos:GetObject", "videos/*"): {"GetMediaInfo"},
    ("ci:GenerateMediaInfo", "videos/*"): {"GetMediaInfo"},
    ("ci:GenerateSnapshot", "videos/*"): {"GetSnapshot"},
    ("name/cos:GetObject", "thumbnails/*"): {"GetObject"},
    ("name/cos:PutObject", "thumbnails/*"): {"PutObject"},
    ("name/cos:GetBucket", "*"): {"GetObject"},
}


@pytest.mark.parametrize(
    ("rule", "action", "resource"),
    GRANTS,
    ids=[f"{action} on {resource.split('/', 2)[2]}" for _, action, resource in GRANTS],
)
def test_each_grant_is_needed(run, rule, action, resource):
    """Without any one grant the matching call is refused and the invocation fails."""
    poorer = json.loads(json.dumps(POLICY))
    statement = poorer["statement"][rule]
    assert len(statement["resource"]) == 1
    statement["action"].remove(action)
    if not statement["action"]:
        poorer["statement"].remove(statement)
    result, refused = run(poorer)
    assert refused >= FAILS[action, resource.rpartition(f"{BUCKET}/")[2]]
    assert result.status_code == 430
    assert "BatchIncomplete" in str(result.error)
    repaired, refused = run(POLICY, upload=False)
    assert (repaired.status_code, refused) == (200, set()), "once corrected, the same event succeeds"


@pytest.mark.parametrize(
    ("setting", "key", "refused"),
    [
        ({"SNAPSHOT_OUTPUT_PREFIX": "elsewhere/"}, "videos/w1.mp4", {"GetObject"}),
        ({"SNAPSHOT_OUTPUT_BUCKET": PICTURES}, "videos/w2.mp4", {"GetObject"}),
        ({"SNAPSHOT_INPUT_PREFIX": ""}, "films/w3.mp4", {"HeadObject"}),
    ],
    ids=["another output prefix", "another output bucket", "a source outside the prefix"],
)
def test_settings_beyond_policy(cloud, run, function, setting, key, refused):
    """Settings that need more than the policy allows are refused."""
    (deployed,) = cloud.scf.functions
    environment = {**deployed.environment, **setting}
    cloud.scf.update(Function(function, ROOT, environment=environment, role=STACK.role))
    try:
        result, refusals = run(POLICY, key)
        assert result.status_code == 430
        assert refusals >= refused
    finally:
        cloud.scf.update(deployed)


def test_policy_for_output_bucket(cloud, run, function, stack_with):
    """The policy for an output bucket of its own is enough."""
    stack = stack_with(variables={"SNAPSHOT_OUTPUT_BUCKET": PICTURES, "SNAPSHOT_OUTPUT_PREFIX": "t/"})
    (deployed,) = cloud.scf.functions
    environment = {**deployed.environment, "SNAPSHOT_OUTPUT_BUCKET": PICTURES, "SNAPSHOT_OUTPUT_PREFIX": "t/"}
    cloud.scf.update(Function(function, ROOT, environment=environment, role=STACK.role))
    try:
        result, refused = run(run_policy(stack), "videos/own.mp4")
        assert (result.status_code, refused) == (200, set())
    finally:
        cloud.scf.update(deployed)
    assert any(stored.bucket == PICTURES and stored.key.startswith("t/videos/own.mp4/") for stored in cloud.objects())


@pytest.mark.parametrize(
    ("action", "operation"),
    [("name/cos:HeadObject", "HeadObject"), ("name/cos:DeleteObject", "DeleteObject")],
)
def test_grant_of_later_deliveries(client, run, film, action, operation):
    """Without the right to read or remove an earlier delivery's objects, an overwritten video fails."""
    assert (action, "thumbnails/*") in OF_LATER_DELIVERIES
    key = f"videos/overwritten-{operation}.mp4"
    run(POLICY, key)
    client.put_object(Bucket=BUCKET, Body=film + b"\0" * 8, Key=key)
    poorer = json.loads(json.dumps(POLICY))
    for statement in poorer["statement"]:
        if any("thumbnails/" in resource for resource in statement["resource"]):
            statement["action"].remove(action)
    result, refused = run(poorer, key, upload=False)
    assert operation in refused
    assert result.status_code == 430
    repaired, refused = run(POLICY, key, upload=False)
    assert (repaired.status_code, refused) == (200, set())
