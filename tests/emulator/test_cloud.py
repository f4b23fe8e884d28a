import json
import threading

import pytest

from emulator.cloud import Cloud
from emulator.faults import Fault
from emulator.scf.function import Function
from emulator.scf.triggers import Trigger
from tests.emulator.conftest import sdk_of
from tests.emulator.plain import Plain

# A function of its own, with the SDK in its hands: it stores what it was told beside the upload.
HANDLER = """
import json, os
from urllib.parse import urlsplit
from qcloud_cos import CosConfig, CosS3Client

def main_handler(event, context):
    record = event["Records"][0]
    address = urlsplit(os.environ["SNAPSHOT_ENDPOINT"])
    client = CosS3Client(CosConfig(
        Scheme="http", IP=address.hostname, Port=address.port, Region=os.environ["TENCENTCLOUD_REGION"],
        SecretId=os.environ["TENCENTCLOUD_SECRETID"], SecretKey=os.environ["TENCENTCLOUD_SECRETKEY"],
        Token=os.environ["TENCENTCLOUD_SESSIONTOKEN"]), retry=0)
    bucket = record["cos"]["cosBucket"]["name"] + "-" + record["cos"]["cosBucket"]["appid"]
    picture = client.get_snapshot(bucket, record["cos"]["cosObject"]["key"].split("/", 3)[3], 1)
    client.put_object(bucket, json.dumps(record["cos"]["cosObject"]).encode(), "told.json",
                      Metadata={"x-cos-meta-type": picture["Content-Type"]})
    return "told"
"""


@pytest.fixture
def watched(cloud, bucket, tmp_path):
    (tmp_path / "handler.py").write_text(HANDLER)
    environment = {"SNAPSHOT_ENDPOINT": cloud.endpoint}
    cloud.scf.create(Function("teller", tmp_path, environment=environment, timeout_s=30, retry_num=0))
    cloud.scf.add_trigger(Trigger("teller", bucket, prefix="videos/"))
    return cloud


def test_an_upload_calls_the_function_which_acts_with_its_roles_keys(watched, sdk, bucket, film):
    sdk.put_object(bucket, film, "videos/电影 1+.mp4", ContentType="video/mp4")
    watched.scf.drain(60)
    assert watched.scf.dead_letters == ()
    told = sdk.get_object(bucket, "told.json")
    assert told["x-cos-meta-type"] == "image/jpeg"
    record = json.loads(told["Body"].get_raw_stream().read())
    assert record["key"] == "/1250000000/examplebucket/videos/电影 1+.mp4"
    assert (record["size"], record["meta"]["Content-Type"]) == (len(film), "video/mp4")
    by_role = [(call.operation, call.status) for call in watched.calls if call.principal == "role"]
    assert by_role == [("GetSnapshot", 200), ("PutObject", 200)]


def test_what_the_policy_does_not_allow_the_function_cannot_do(watched, sdk, bucket, film):
    allowed = {"effect": "allow", "action": "name/cos:*", "resource": "*"}
    watched.set_policy({"version": "2.0", "statement": [allowed]})
    sdk.put_object(bucket, film, "videos/a.mp4")
    watched.scf.drain(60)
    assert [call.status for call in watched.calls if call.operation == "GetSnapshot"] == [403]
    assert len(watched.scf.dead_letters) == 1
    assert [each.key for each in watched.objects()] == ["videos/a.mp4"]


def test_a_fault_strikes_the_function_as_any_caller(watched, sdk, bucket, film):
    watched.faults.add(Fault(operation="GetSnapshot"))
    sdk.put_object(bucket, film, "videos/a.mp4")
    watched.scf.drain(60)
    assert [each.seen.key for each in watched.faults.fired] == ["videos/a.mp4"]


# Several of them, fresh ones, and none


def test_clearing_brings_back_the_first_day(cloud, sdk, bucket, tmp_path):
    (tmp_path / "handler.py").write_text("def main_handler(event, context): return 1\n")
    sdk.put_object(bucket, b"x", "a")
    sdk.create_bucket("new-1250000000")
    cloud.set_policy({"version": "2.0", "statement": {"effect": "deny", "action": "*", "resource": "*"}})
    cloud.unbind(bucket)
    cloud.faults.add(Fault(method="OPTIONS"))
    cloud.scf.create(Function("teller", tmp_path))
    keys, endpoint = cloud.keys.issue("run", 60), cloud.endpoint
    cloud.clear()
    assert cloud.buckets == ("examplebucket-1250000000", "second-1250000000")
    assert list(cloud.objects()) == []
    assert (cloud.policy, cloud.calls, cloud.events, cloud.faults.faults, cloud.scf.functions) == (None, (), (), (), ())
    assert cloud.is_bound(bucket)
    assert cloud.keys.find(keys.secret_id) is None
    assert cloud.endpoint == endpoint
    sdk.put_object(bucket, b"x", "a")


def test_two_clouds_side_by_side_know_nothing_of_each_other(cloud, sdk, bucket):
    sdk.put_object(bucket, b"here", "a")
    with Cloud(buckets=(bucket,)) as other:
        there = sdk_of(other)
        there.put_object(bucket, b"there", "a")
        there.put_object(bucket, b"only there", "b")
        other.faults.add(Fault(operation="GetBucket"))
        other.unbind(bucket)
        with Plain(cloud) as stranger:
            stranger.connection.close()
            stranger.connection.port = other.port
            assert stranger("GET", "a").code == "InvalidAccessKeyId"
    assert sdk.get_object(bucket, "a")["Body"].get_raw_stream().read() == b"here"
    assert [each["Key"] for each in sdk.list_objects(bucket)["Contents"]] == ["a"]
    assert cloud.is_bound(bucket)


def test_ten_clouds_come_and_go_and_leave_no_thread_and_no_object():
    from moto.s3.models import s3_backends

    before, accounts = set(threading.enumerate()), len(s3_backends)
    for _ in range(10):
        with Cloud() as cloud:
            sdk_of(cloud).put_object(cloud.buckets[0], b"x" * 6_000_000, "a")
    assert set(threading.enumerate()) <= before
    assert len(s3_backends) == accounts


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"buckets": ()}, "at least one bucket"),
        ({"buckets": ("a-1250000000", "b-1259999999")}, "one appid"),
        ({"buckets": ("UPPER-1250000000",)}, "NAME-APPID"),
        ({"buckets": ("examplebucket",)}, "NAME-APPID"),
        ({"unbound": ("absent-1250000000",)}, "absent-1250000000"),
        ({"policy": {"version": "1.0"}}, "2.0"),
    ],
    ids=["none", "two accounts", "upper case", "no appid", "unbound", "policy"],
)
def test_a_cloud_that_cannot_be_is_refused_and_leaves_no_thread(options, says):
    before = set(threading.enumerate())
    with pytest.raises(ValueError, match=says):
        Cloud(**options)
    assert set(threading.enumerate()) <= before


def test_each_call_is_told_as_it_ends(film):
    told = []
    with Cloud(on_call=told.append) as cloud:
        sdk_of(cloud).put_object(cloud.buckets[0], b"x", "a")
        assert tuple(told) == cloud.calls
    assert (told[0].operation, told[0].key, told[0].status) == ("PutObject", "a", 200)


# The cloud's own address


def test_the_summary_says_what_there_is(cloud, plain, bucket):
    cloud.unbind(bucket)
    found = plain.admin("GET", "/_emulator/").json
    assert (found["endpoint"], found["region"]) == (cloud.endpoint, cloud.region)
    assert found["buckets"] == {bucket: {"media_processing": False}, "second-1250000000": {"media_processing": True}}
    assert {"faults", "calls", "objects", "log", "dead-letters", "policy", "bind", "unbind"} <= set(found["paths"])


def test_calls_and_objects_are_listed(cloud, plain, sdk, bucket):
    sdk.put_object(bucket, b"hello", "视频/a")
    (call,) = plain.admin("GET", "/_emulator/calls").json
    assert (call["operation"], call["key"], call["status"], call["principal"]) == ("PutObject", "视频/a", 200, "root")
    (listed,) = plain.admin("GET", "/_emulator/objects").json
    assert (listed["bucket"], listed["key"], listed["size_bytes"]) == (bucket, "视频/a", 5)
    assert plain.admin("DELETE", "/_emulator/calls").status == 200
    assert cloud.calls == ()


def test_the_platforms_log_and_its_dead_letters_are_listed(cloud, plain, bucket, sdk, tmp_path):
    (tmp_path / "handler.py").write_text("def main_handler(event, context): raise OSError('no')\n")
    cloud.scf.create(Function("failing", tmp_path, retry_num=0))
    cloud.scf.add_trigger(Trigger("failing", bucket))
    sdk.put_object(bucket, b"x", "a")
    cloud.scf.drain(60)
    assert plain.admin("GET", "/_emulator/log").json
    assert len(plain.admin("GET", "/_emulator/dead-letters").json) == 1


def test_no_secret_is_shown(cloud, plain, role, bucket):
    role.put_object(bucket, b"x", "a")
    shown = "".join(
        plain.admin("GET", f"/_emulator/{path}").body.decode() for path in ("", "calls", "objects", "log", "faults")
    )
    secrets = [cloud.secret_key, cloud.secret_id, "q-signature", "q-ak", "token"]
    assert not [secret for secret in secrets if secret in shown]


def test_an_object_is_shown_without_a_signature_to_this_machine_alone(cloud, plain, sdk, bucket):
    sdk.put_object(bucket, b"<script>alert(1)</script>", "a b.html", ContentType="text/html")
    reply = plain.admin("GET", f"/_emulator/object?bucket={bucket}&key=a%20b.html")
    assert (reply.status, reply.body, reply.headers["Content-Type"]) == (200, b"<script>alert(1)</script>", "text/html")
    assert reply.headers["Content-Security-Policy"].startswith("sandbox")
    assert plain.admin("GET", f"/_emulator/object?bucket={bucket}&key=absent").status == 404
    part = {"Host": "localhost", "Range": "bytes=0-7"}
    assert plain.raw("GET", f"/_emulator/object?bucket={bucket}&key=a%20b.html", headers=part).body == b"<script>"
    assert plain.raw("GET", "/_emulator/calls", headers={"Host": "rebound.example.com"}).status == 400


def test_a_bucket_may_hold_keys_that_look_like_the_clouds_own(plain):
    assert plain("PUT", "_emulator/calls", body=b"mine").status == 200
    assert plain("GET", "_emulator/calls").body == b"mine"


@pytest.mark.parametrize(("method", "path"), [("GET", "absent"), ("POST", "calls"), ("PUT", "faults")])
def test_what_there_is_not_is_404(plain, method, path):
    reply = plain.admin(method, f"/_emulator/{path}", {} if method != "GET" else None)
    assert (reply.status, "error" in reply.json) == (404, True)


def test_clearing_by_http(cloud, plain, sdk, bucket):
    sdk.put_object(bucket, b"x", "a")
    assert plain.admin("POST", "/_emulator/clear", {}).status == 200
    assert list(cloud.objects()) == []


def test_the_page_is_at_the_root_of_the_clouds_own_address(cloud, plain):
    reply = plain.admin("GET", "/")
    assert (reply.status, reply.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert cloud.endpoint in reply.body.decode()
    assert cloud.calls == ()
