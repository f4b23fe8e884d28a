"""A CI workflow whose nodes are functions, made and read by the official client at the real host names."""

import json
import textwrap

import pytest
from qcloud_cos import CosConfig, CosS3Client
from qcloud_cos.cos_exception import CosServiceError

from emulator.scf.function import Function

HANDLER = """
import json
def main_handler(event, context):
    print(json.dumps({"event": event}))
    if event["ObjectInfo"]["Object"].endswith("bad.mp4"):
        raise ValueError("on purpose")
"""


def body(*, nodes=("tracked",), name="thumbnails", state="Active", prefix="videos/", filters=None, kind="SCF"):
    names = [f"{kind}_{number}" for number in range(len(nodes))]
    chain = dict(zip(["Start", *names], [*names, "End"], strict=True))
    functions = {
        node: {"Type": kind, "Operation": {"SCF": {"Region": "ap-guangzhou", "FunctionName": function}}}
        for node, function in zip(names, nodes, strict=True)
    }
    parameters = {"QueueId": "p1", "ObjectPrefix": prefix, **({"ExtFilter": filters} if filters else {})}
    topology = {"Dependencies": chain, "Nodes": {"Start": {"Type": "Start", "Input": parameters}, **functions}}
    return {"MediaWorkflow": {"Name": name, "State": state, "Topology": topology}}


@pytest.fixture
def functions(cloud, tmp_path):
    """Two functions with asynchronous execution and one without."""
    (tmp_path / "handler.py").write_text(textwrap.dedent(HANDLER))
    for name, async_run in (("tracked", True), ("second", True), ("plain", False)):
        cloud.scf.create(Function(name, tmp_path, async_run=async_run, timeout_s=30))


@pytest.fixture
def ci(cloud, functions):
    """The official client; a proxy lets it use the cloud's real host names."""
    config = CosConfig(
        Region=cloud.region,
        SecretId=cloud.secret_id,
        SecretKey=cloud.secret_key,
        Scheme="http",
        Proxies={"http": cloud.endpoint},
    )
    return CosS3Client(config, retry=0)


def events(cloud):
    printed = [json.loads(record["SCF_Message"]) for record in cloud.scf.log if record["SCF_Type"] == "Custom"]
    return [(line["event"]["ObjectInfo"]["Object"], line["event"]) for line in printed]


def executions(ci, bucket, workflow_id):
    answer = ci.ci_list_workflowexecution(bucket, workflow_id)
    listed = answer.get("WorkflowExecutionList", [])
    return {run["Object"]: run["State"] for run in (listed if isinstance(listed, list) else [listed])}


def test_upload_calls_functions(cloud, ci, bucket):
    """An upload calls the functions of a matching workflow with the object's place; a run that fails is not retried."""
    workflow_id = ci.ci_create_workflow(bucket, body(nodes=("tracked", "second")))["MediaWorkflow"]["WorkflowId"]
    for key in ("videos/a b.mp4", "other/b.mp4", "videos/bad.mp4"):
        ci.put_object(bucket, b"x", key)
    cloud.scf.drain(60)
    called = events(cloud)
    assert sorted(key for key, _ in called) == ["videos/a b.mp4"] * 2 + ["videos/bad.mp4"] * 2
    place = {"BucketId": bucket, "Region": "ap-guangzhou", "Object": "videos/a b.mp4"}
    assert dict(called)["videos/a b.mp4"] == {"ObjectInfo": place, "Upstream": place}
    assert executions(ci, bucket, workflow_id) == {"videos/a b.mp4": "Success", "videos/bad.mp4": "Failed"}
    assert cloud.scf.dead_letters == ()


def test_only_asynchronous_functions(ci, bucket):
    """A function without asynchronous execution cannot be called by a workflow, nor one that does not exist."""
    for name, words in (("plain", "asyncRunEnable"), ("absent", "there is no function absent")):
        with pytest.raises(CosServiceError) as raised:
            ci.ci_create_workflow(bucket, body(nodes=(name,)))
        assert words in raised.value.get_origin_msg()


def test_life_of_a_workflow(cloud, ci, bucket):
    """A workflow is listed, paused, edited, activated, run by hand and deleted; an active one cannot be edited."""
    workflow_id = ci.ci_create_workflow(bucket, body())["MediaWorkflow"]["WorkflowId"]
    for call in (
        lambda: ci.ci_update_workflow(bucket, workflow_id, body(prefix="films/")),
        lambda: ci.ci_delete_workflow(bucket, workflow_id),
        lambda: ci.ci_create_workflow(bucket, body()),
        lambda: ci.ci_trigger_workflow(bucket, workflow_id, "absent.mp4"),
    ):
        with pytest.raises(CosServiceError):
            call()
    ci.ci_update_workflow_state(bucket, workflow_id, "paused")
    ci.put_object(bucket, b"x", "videos/while-paused.mp4")
    ci.ci_update_workflow(bucket, workflow_id, body(prefix="films/"))
    (listed,) = ci.ci_get_workflow(bucket, Ids=workflow_id)["MediaWorkflowList"]
    assert (listed["Name"], listed["State"]) == ("thumbnails", "Active")
    ci.put_object(bucket, b"x", "films/a.mp4")
    run_id = ci.ci_trigger_workflow(bucket, workflow_id, "videos/while-paused.mp4")["InstanceId"]
    cloud.scf.drain(60)
    assert sorted(key for key, _ in events(cloud)) == ["films/a.mp4", "videos/while-paused.mp4"]
    (run,) = ci.ci_get_workflowexecution(bucket, run_id)["WorkflowExecution"]
    assert (run["State"], run["Object"]) == ("Success", "videos/while-paused.mp4")
    ci.ci_update_workflow_state(bucket, workflow_id, "paused")
    ci.ci_delete_workflow(bucket, workflow_id)
    assert "MediaWorkflowList" not in ci.ci_get_workflow(bucket)


@pytest.mark.parametrize(
    ("filters", "called"),
    [
        ({"State": "On", "Video": "true"}, ["videos/a.MP4"]),
        ({"State": "On", "Custom": "true", "CustomExts": "txt/raw"}, ["videos/b.txt"]),
        ({"State": "On", "AllFile": "true"}, ["videos/a.MP4", "videos/b.txt"]),
        ({"State": "Off", "Video": "true"}, ["videos/a.MP4", "videos/b.txt"]),
    ],
    ids=["video", "custom", "all", "off"],
)
def test_extensions(cloud, ci, bucket, filters, called):
    """A filter of extensions lets through what it names, in capitals or not."""
    ci.ci_create_workflow(bucket, body(filters=filters))
    for key in ("videos/a.MP4", "videos/b.txt"):
        ci.put_object(bucket, b"x", key)
    cloud.scf.drain(60)
    assert sorted(key for key, _ in events(cloud)) == called


def test_removal_starts_nothing(cloud, ci, bucket):
    """Only uploads start a workflow."""
    ci.put_object(bucket, b"x", "videos/a.mp4")
    ci.ci_create_workflow(bucket, body())
    ci.delete_object(bucket, "videos/a.mp4")
    cloud.scf.drain(10)
    assert events(cloud) == []


def _without(part):
    document = body()
    del document["MediaWorkflow"]["Topology"]["Nodes"][part]
    return document


@pytest.mark.parametrize(
    ("document", "status", "words"),
    [
        (body(kind="Snapshot"), 501, "Snapshot"),
        (body(name="a b"), 400, "Name"),
        (body(state="Sleeping"), 400, "State"),
        (_without("Start"), 400, "Start"),
        (_without("SCF_0"), 400, "SCF_0"),
        (body(filters={"State": "On"}), 400, "ExtFilter"),
        (body(filters={"State": "On", "Image": "true"}), 501, "Image"),
        ({"MediaWorkflow": {"Name": "a"}}, 400, "Topology"),
    ],
    ids=["node", "name", "state", "no start", "no node", "empty filter", "images", "no topology"],
)
def test_refused_documents(ci, bucket, document, status, words):
    """A document that is not in order is refused with the part that is wrong; a node that is not here by its name."""
    with pytest.raises(CosServiceError) as raised:
        ci.ci_create_workflow(bucket, document)
    assert raised.value.get_status_code() == status
    assert words in raised.value.get_origin_msg()


def test_unbound_bucket(cloud, ci, bucket):
    """A bucket without media processing has no workflows, and its uploads start none."""
    ci.ci_create_workflow(bucket, body())
    cloud.unbind(bucket)
    ci.put_object(bucket, b"x", "videos/a.mp4")
    cloud.scf.drain(10)
    assert events(cloud) == []
    with pytest.raises(CosServiceError) as raised:
        ci.ci_get_workflow(bucket)
    assert "MediaBucketUnBinded" in raised.value.get_origin_msg()


def test_function_of_this_repository(cloud, ci, bucket, root, film):
    """An upload becomes thumbnails and a manifest by way of a workflow, without any trigger."""
    settings = {"SNAPSHOT_ENDPOINT": cloud.endpoint, "SNAPSHOT_TIMES": "0.5,1"}
    cloud.scf.create(Function("snapshot", root, async_run=True, timeout_s=60, environment=settings))
    workflow_id = ci.ci_create_workflow(bucket, body(nodes=("snapshot",)))["MediaWorkflow"]["WorkflowId"]
    ci.put_object(bucket, film, "videos/a.mp4")
    cloud.scf.drain(120)
    assert executions(ci, bucket, workflow_id) == {"videos/a.mp4": "Success"}, cloud.scf.log
    manifest = json.loads(ci.get_object(bucket, "thumbnails/videos/a.mp4/manifest.json")["Body"].read(1 << 20))
    assert [entry["at_ms"] for entry in manifest["thumbnails"]] == [500, 1000]
