import gc
import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from emulator.cloud import Cloud
from emulator.faults.injector import Fault
from emulator.http.messages import Response
from emulator.scf.function import Function
from emulator.scf.triggers import Trigger
from tests.emulator.conftest import sdk_of
from tests.emulator.plain import Plain

ROOT = Path(__file__).resolve().parents[2]

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


def test_upload_to_function(watched, sdk, bucket, film):
    """An upload calls the function, which acts with its role's credentials."""
    sdk.put_object(bucket, film, "videos/电影 1+.mp4", ContentType="video/mp4")
    watched.scf.drain(60)
    assert watched.scf.dead_letters == ()
    entries = sdk.get_object(bucket, "told.json")
    assert entries["x-cos-meta-type"] == "image/jpeg"
    record = json.loads(entries["Body"].get_raw_stream().read())
    assert record["key"] == "/1250000000/examplebucket/videos/电影 1+.mp4"
    assert (record["size"], record["meta"]["Content-Type"]) == (len(film), "video/mp4")
    by_role = [(call.operation, call.status) for call in watched.calls if call.principal == "role"]
    assert by_role == [("GetSnapshot", 200), ("PutObject", 200)]


def test_policy_binds_function(watched, sdk, bucket, film):
    """A function cannot do what the policy of roles does not allow."""
    allowed = {"effect": "allow", "action": "name/cos:*", "resource": "*"}
    watched.set_policy({"version": "2.0", "statement": [allowed]})
    sdk.put_object(bucket, film, "videos/a.mp4")
    watched.scf.drain(60)
    assert [call.status for call in watched.calls if call.operation == "GetSnapshot"] == [403]
    assert len(watched.scf.dead_letters) == 1
    assert [item.key for item in watched.objects()] == ["videos/a.mp4"]


def test_fault_meets_function(watched, sdk, bucket, film):
    """A fault applies to the function's requests as to any other."""
    watched.faults.add(Fault(operation="GetSnapshot"))
    sdk.put_object(bucket, film, "videos/a.mp4")
    watched.scf.drain(60)
    assert [item.target.key for item in watched.faults.events] == ["videos/a.mp4"]


# Several of them, fresh ones, and none


def test_clear(cloud, sdk, bucket, tmp_path):
    """Clearing brings back the cloud as it began, at the same address."""
    (tmp_path / "handler.py").write_text("def main_handler(event, context): return 1\n")
    sdk.put_object(bucket, b"x", "a")
    sdk.create_bucket("new-1250000000")
    cloud.set_policy({"version": "2.0", "statement": {"effect": "deny", "action": "*", "resource": "*"}})
    cloud.unbind(bucket)
    cloud.faults.add(Fault(method="OPTIONS"))
    cloud.scf.create(Function("teller", tmp_path))
    keys, endpoint = cloud.credentials.issue("run", 60), cloud.endpoint
    cloud.clear()
    assert cloud.buckets == ("examplebucket-1250000000", "second-1250000000")
    assert list(cloud.objects()) == []
    assert (cloud.policy, cloud.calls, cloud.events, cloud.faults.faults, cloud.scf.functions) == (None, (), (), (), ())
    assert cloud.is_bound(bucket)
    assert cloud.credentials.find(keys.secret_id) is None
    assert cloud.endpoint == endpoint
    sdk.put_object(bucket, b"x", "a")


def test_two_clouds(cloud, sdk, bucket):
    """Two clouds in one process share nothing."""
    sdk.put_object(bucket, b"here", "a")
    with Cloud(buckets=(bucket,)) as other:
        other_client = sdk_of(other)
        other_client.put_object(bucket, b"there", "a")
        other_client.put_object(bucket, b"only there", "b")
        other.faults.add(Fault(operation="GetBucket"))
        other.unbind(bucket)
        with Plain(cloud) as stranger:
            stranger.connection.close()
            stranger.connection.port = other.port
            assert stranger("GET", "a").code == "InvalidAccessKeyId"
    assert sdk.get_object(bucket, "a")["Body"].get_raw_stream().read() == b"here"
    assert [item["Key"] for item in sdk.list_objects(bucket)["Contents"]] == ["a"]
    assert cloud.is_bound(bucket)


def test_clouds_leave_nothing():
    """Ten clouds come and go and leave no thread and no open file."""
    files = Path("/proc/self/fd")
    threads, earlier = set(threading.enumerate()), len(list(files.iterdir()))
    for _ in range(10):
        with Cloud() as cloud, Plain(cloud) as plain:
            assert plain("PUT", "a", body=b"x" * 6_000_000).status == 200
    gc.collect()
    assert set(threading.enumerate()) <= threads
    assert len(list(files.iterdir())) <= earlier


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"buckets": ()}, "at least one bucket"),
        ({"buckets": ("a-1250000000", "b-1259999999")}, "the same appid"),
        ({"buckets": ("UPPER-1250000000",)}, "NAME-APPID"),
        ({"buckets": ("examplebucket",)}, "NAME-APPID"),
        ({"unbound": ("absent-1250000000",)}, "absent-1250000000"),
        ({"policy": {"version": "1.0"}}, "2.0"),
    ],
    ids=["none", "two accounts", "upper case", "no appid", "unbound", "policy"],
)
def test_wrong_options(options, says):
    """A cloud that cannot be is refused and leaves no thread."""
    earlier = set(threading.enumerate())
    with pytest.raises(ValueError, match=says):
        Cloud(**options)
    assert set(threading.enumerate()) <= earlier


def test_on_call(film):
    """`on_call` gets each request as it ends."""
    entries = []
    with Cloud(on_call=entries.append) as cloud:
        sdk_of(cloud).put_object(cloud.buckets[0], b"x", "a")
        assert tuple(entries) == cloud.calls
    assert (entries[0].operation, entries[0].key, entries[0].status) == ("PutObject", "a", 200)


# The cloud's own address


def test_summary(cloud, plain, bucket):
    """The summary names address, region, buckets and control paths."""
    cloud.unbind(bucket)
    result = plain.admin("GET", "/_emulator/").json
    assert (result["endpoint"], result["region"]) == (cloud.endpoint, cloud.region)
    assert result["buckets"] == {bucket: {"media_processing": False}, "second-1250000000": {"media_processing": True}}
    assert {"faults", "calls", "objects", "log", "dead-letters", "policy", "bind", "unbind"} <= set(result["paths"])


def test_lists(cloud, plain, sdk, bucket):
    """Requests and objects are listed over HTTP, and requests can be forgotten."""
    sdk.put_object(bucket, b"hello", "视频/a")
    (call,) = plain.admin("GET", "/_emulator/calls").json
    assert (call["operation"], call["key"], call["status"], call["principal"]) == ("PutObject", "视频/a", 200, "root")
    (listed,) = plain.admin("GET", "/_emulator/objects").json
    assert (listed["bucket"], listed["key"], listed["size_bytes"]) == (bucket, "视频/a", 5)
    assert plain.admin("DELETE", "/_emulator/calls").status == 200
    assert cloud.calls == ()


def test_log_and_dead_letters(cloud, plain, bucket, sdk, tmp_path):
    """The platform's log and its dead letters are listed over HTTP."""
    (tmp_path / "handler.py").write_text("def main_handler(event, context): raise OSError('no')\n")
    cloud.scf.create(Function("failing", tmp_path, retry_num=0))
    cloud.scf.add_trigger(Trigger("failing", bucket))
    sdk.put_object(bucket, b"x", "a")
    cloud.scf.drain(60)
    assert plain.admin("GET", "/_emulator/log").json
    assert len(plain.admin("GET", "/_emulator/dead-letters").json) == 1


def test_no_secret(cloud, plain, role, bucket):
    """No control path shows a secret, a signature or a token."""
    role.put_object(bucket, b"x", "a")
    text = "".join(
        plain.admin("GET", f"/_emulator/{path}").body.decode() for path in ("", "calls", "objects", "log", "faults")
    )
    secrets = [cloud.secret_key, cloud.secret_id, "q-signature", "q-ak", "token"]
    assert not [secret for secret in secrets if secret in text]


def test_object_path(cloud, plain, sdk, bucket):
    """An object is shown unsigned to this machine alone, and never runs as a page."""
    sdk.put_object(bucket, b"<script>alert(1)</script>", "a b.html", ContentType="text/html")
    reply = plain.admin("GET", f"/_emulator/object?bucket={bucket}&key=a%20b.html")
    assert (reply.status, reply.body, reply.headers["Content-Type"]) == (200, b"<script>alert(1)</script>", "text/html")
    assert reply.headers["Content-Security-Policy"].startswith("sandbox")
    assert plain.admin("GET", f"/_emulator/object?bucket={bucket}&key=absent").status == 404
    part = {"Host": "localhost", "Range": "bytes=0-7"}
    assert plain.raw("GET", f"/_emulator/object?bucket={bucket}&key=a%20b.html", headers=part).body == b"<script>"
    assert plain.raw("GET", "/_emulator/calls", headers={"Host": "rebound.example.com"}).status == 400


def test_keys_like_control_paths(plain):
    """Keys may look like the cloud's own paths."""
    assert plain("PUT", "_emulator/calls", body=b"mine").status == 200
    assert plain("GET", "_emulator/calls").body == b"mine"


@pytest.mark.parametrize(("method", "path"), [("GET", "absent"), ("POST", "calls"), ("PUT", "faults")])
def test_unknown_path(plain, method, path):
    """A control path that does not exist is 404 and says so."""
    reply = plain.admin(method, f"/_emulator/{path}", {} if method != "GET" else None)
    assert (reply.status, "error" in reply.json) == (404, True)


def test_clear_over_http(cloud, plain, sdk, bucket):
    """The cloud is cleared over HTTP."""
    sdk.put_object(bucket, b"x", "a")
    assert plain.admin("POST", "/_emulator/clear", {}).status == 200
    assert list(cloud.objects()) == []


def test_index_page(cloud, plain):
    """The root of the cloud's own address lists its control paths and is no call of COS."""
    reply = plain.admin("GET", "/")
    assert (reply.status, reply.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert cloud.endpoint in reply.body.decode()
    assert all(f"/_emulator/{name}" in reply.body.decode() for name in ("faults", "calls", "objects", "log"))
    assert cloud.calls == ()


def test_mounted_pages():
    """A page handler from outside answers unsigned requests at the own address, and only those it takes."""

    def pages(request):
        return Response.of(200, request.path.encode()) if request.path in {"/", "/mine.css"} else None

    with Cloud(pages=pages) as cloud, Plain(cloud) as plain:
        assert [plain.admin("GET", path).body for path in ("/", "/mine.css")] == [b"/", b"/mine.css"]
        assert plain.admin("GET", "/_emulator/").json["endpoint"] == cloud.endpoint
        assert plain("PUT", "mine.css", body=b"x").status == 200
        assert plain("GET", "mine.css").body == b"x"
        plain.host = "127.0.0.1"
        assert b"<Name>examplebucket-1250000000</Name>" in plain("GET").body


# Starting

LOADED_LATER = ("av", "numpy", "PIL", "pydantic")


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_light_start():
    """The cloud starts, and stores and reads objects, without loading decoders or validators, in under 80 MiB."""
    script = f"""
import json, sys
from pathlib import Path
from emulator.cloud import Cloud
with Cloud() as cloud:
    from tests.emulator.plain import Plain
    with Plain(cloud) as plain:
        assert plain("PUT", "a", body=b"x" * 100_000).status == 200
        assert plain("GET", "a").status == 200
    loaded = [name for name in {LOADED_LATER!r} if name in sys.modules]
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print(json.dumps([loaded, int(peak.split()[1]) // 1024]))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    loaded, peak_mib = json.loads(done.stdout)
    assert loaded == []
    assert peak_mib < 80
