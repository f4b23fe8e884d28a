"""The least policy, enforced by the emulator: with it everything works, and without any one part of it nothing does."""

import json

import pytest
from qcloud_cos import CosConfig, CosS3Client

from emulator.cloud import Cloud
from emulator.film import make_film
from emulator.scf.function import Function
from ops.package import ROOT
from ops.policy import run_policy
from ops.stackfile import read_stack

BUCKET = "examplebucket-1250000000"
PICTURES = "pictures-1250000000"
STACK = read_stack(ROOT / "serverless.yml")
POLICY = run_policy(STACK)
GRANTS = [
    (rule, action, resource)
    for rule, statement in enumerate(POLICY["statement"])
    for action in statement["action"]
    for resource in statement["resource"]
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


def test_with_it_everything_works(cloud, run):
    result, refused = run(POLICY, "videos/2026/Ferien Tag 1, 早上/a+b.mp4")
    assert result.status_code == 200, result.log
    assert refused == set()
    (record,) = result.return_value["records"]
    assert record["outcome"] == "made"
    written = {stored.key.rpartition("/")[2] for stored in cloud.objects() if "a+b.mp4/" in stored.key}
    assert {"manifest.json", "poster.jpg"} <= written


def test_with_it_a_second_delivery_and_a_source_that_is_gone_are_quiet(run):
    run(POLICY, "videos/again.mp4")
    again, refused = run(POLICY, "videos/again.mp4", upload=False)
    assert (again.return_value["records"][0]["outcome"], refused) == ("unchanged", set())
    gone, refused = run(POLICY, "videos/never-was.mp4", upload=False)
    assert (gone.return_value["records"][0]["outcome"], refused) == ("skipped", set())


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
def test_without_any_one_grant_the_matching_call_is_refused_and_the_invocation_fails(run, rule, action, resource):
    poorer = json.loads(json.dumps(POLICY))
    statement = poorer["statement"][rule]
    assert len(statement["resource"]) == 1
    statement["action"].remove(action)
    if not statement["action"]:
        poorer["statement"].remove(statement)
    result, refused = run(poorer)
    assert refused >= FAILS[action, resource.rpartition(f"{BUCKET}/")[2]]
    assert result.status_code == 430
    assert "Unfinished" in str(result.error)
    repaired, refused = run(POLICY, upload=False)
    assert (repaired.status_code, refused) == (200, set()), "once mended, the same event succeeds"


@pytest.mark.parametrize(
    ("setting", "key", "refused"),
    [
        ({"SNAPSHOT_OUTPUT_PREFIX": "elsewhere/"}, "videos/w1.mp4", {"GetObject"}),
        ({"SNAPSHOT_OUTPUT_BUCKET": PICTURES}, "videos/w2.mp4", {"GetObject"}),
        ({"SNAPSHOT_INPUT_PREFIX": ""}, "films/w3.mp4", {"HeadObject"}),
    ],
    ids=["another output prefix", "another output bucket", "a source outside the prefix"],
)
def test_settings_that_reach_wider_than_the_policy_are_refused(cloud, run, function, setting, key, refused):
    (before,) = cloud.scf.functions
    environment = {**before.environment, **setting}
    cloud.scf.update(Function(function, ROOT, environment=environment, role=STACK.role))
    try:
        result, seen = run(POLICY, key)
        assert result.status_code == 430
        assert seen >= refused
    finally:
        cloud.scf.update(before)


def test_the_policy_made_for_an_output_bucket_of_its_own_is_enough(cloud, run, function, stack_with):
    stack = stack_with(variables={"SNAPSHOT_OUTPUT_BUCKET": PICTURES, "SNAPSHOT_OUTPUT_PREFIX": "t/"})
    (before,) = cloud.scf.functions
    environment = {**before.environment, "SNAPSHOT_OUTPUT_BUCKET": PICTURES, "SNAPSHOT_OUTPUT_PREFIX": "t/"}
    cloud.scf.update(Function(function, ROOT, environment=environment, role=STACK.role))
    try:
        result, refused = run(run_policy(stack), "videos/own.mp4")
        assert (result.status_code, refused) == (200, set())
    finally:
        cloud.scf.update(before)
    assert any(stored.bucket == PICTURES and stored.key.startswith("t/videos/own.mp4/") for stored in cloud.objects())
