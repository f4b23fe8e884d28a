"""Call every public method of cos-python-sdk-v5 against the local cloud.

What should work has a scenario that checks what came. Everything else is called with arguments of the right shape and
has to be refused by name.
"""

import inspect
import json
import tempfile
from pathlib import Path

from qcloud_cos import CosConfig, CosS3Auth, CosS3Client, CosServiceError

from emulator.cloud import Cloud
from emulator.films.film import make_film
from emulator.scf.function import Function
from tests.emulator.clients.outcomes import Outcome

NAME = "cos-python-sdk-v5"
BUCKET = "examplebucket-1250000000"
OWNER = "qcs::cam::uin/100000000001:uin/100000000001"
FILM, TEXT = "videos/电影 1.mp4", "a.txt"
MIB = 1024 * 1024


def outcomes():
    """Return the outcome of each public method, by name."""
    with tempfile.TemporaryDirectory() as folder, Cloud(buckets=(BUCKET,)) as cloud:
        make_film(Path(folder) / "film.mp4", duration_s=2.0, size=(320, 180))
        client = client_of(cloud)
        _fill(client, cloud, Path(folder))
        return [_outcome(name, client, cloud, Path(folder)) for name in _methods()]


def client_of(cloud):
    """Return the SDK's client, aimed at the cloud as its README says."""
    config = CosConfig(
        Region=cloud.region,
        SecretId=cloud.secret_id,
        SecretKey=cloud.secret_key,
        Scheme="http",
        Proxies={"http": cloud.endpoint},
        Timeout=30,
    )
    return CosS3Client(config, retry=0)


def _methods():
    return sorted(name for name, _ in inspect.getmembers(CosS3Client, inspect.isfunction) if not name.startswith("_"))


def _fill(client, cloud, folder):
    cloud.clear()
    client.put_object(BUCKET, (folder / "film.mp4").read_bytes(), FILM)
    client.put_object(BUCKET, b"hello", TEXT)


def _outcome(name, client, cloud, folder):
    if name in SCENARIOS:
        _fill(client, cloud, folder)
    cloud.clear_calls()
    try:
        if name in SCENARIOS:
            SCENARIOS[name](client, cloud, folder)
            return Outcome(name, "works")
        method = getattr(client, name)
        method(**_arguments(method, folder))
    except CosServiceError as error:
        failure = f"{error.get_status_code()} {error.get_error_code()}"
    except Exception as error:  # noqa: BLE001  # the SDK trips over CI's errors, which have no Resource, in many ways
        failure = f"{type(error).__name__}: {error}"[:160]
    else:
        failure = "" if not cloud.calls else f"{cloud.calls[-1].status} to {cloud.calls[-1].operation or 'nothing'}"
    if name not in SCENARIOS:
        if not cloud.calls:
            return Outcome(name, "differs", failure) if failure else Outcome(name, "sends nothing")
        if {call.status for call in cloud.calls} == {501}:
            return Outcome(name, "refused by name")
    return Outcome(name, "differs", failure)


def _arguments(method, folder):
    """Arguments of the right shape: all that are required, and documents that are not."""
    (folder / "local").write_bytes(b"local")
    known = {
        "Bucket": BUCKET,
        "Key": TEXT,
        "Body": b"x",
        "LocalFilePath": str(folder / "local"),
        "DestImagePath": str(folder / "image"),
        "DestFilePath": str(folder / "file"),
        "Width": 100,
        "PoolConnections": 1,
        "PoolMaxSize": 1,
        "Method": "GET",
        "url": "http://examplebucket-1250000000.cos.ap-guangzhou.myqcloud.com/",
        "Url": "http://127.0.0.1/a.mp4",
        "Switch": "enabled",
        "UpdateState": "Active",
        "CompressType": "webp",
        "Type": "video" if method.__name__.startswith("ci_auditing") else "md5",
        "Rule": "imageMogr2/thumbnail/100x",
        "Cover": 0,
        "Expires": 3600,
        "DetectType": 1,
        "CallBack": "http://127.0.0.1/",
    }
    arguments = {}
    for parameter in inspect.signature(method).parameters.values():
        if parameter.kind in {parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL}:
            continue
        if parameter.default is parameter.empty or parameter.default == {}:
            arguments[parameter.name] = known.get(parameter.name, {"Any": "1"} if _is_document(parameter) else "x")
    if method.__name__.endswith("vod_playlist"):
        arguments |= {"StartTime": 1_700_000_000, "EndTime": 1_700_003_600}
        if "PlaylistName" in arguments:
            arguments["PlaylistName"] = "a.m3u8"
    if method.__name__.startswith("ci_put_object"):
        arguments["PicOperations"] = '{"is_pic_info": 1}'
    return arguments


def _is_document(parameter):
    endings = (
        "Configuration",
        "Config",
        "Conf",
        "Request",
        "Template",
        "Input",
        "Jobs",
        "JobBody",
        "Serialization",
        "Status",
    )
    return parameter.default == {} or parameter.name.endswith(endings)


# What should work


def _read(client, key, **options):
    return client.get_object(BUCKET, key, **options)["Body"].get_raw_stream().read()


def _put_object(client, cloud, folder):
    assert client.put_object(BUCKET, b"x", "b")["x-cos-hash-crc64ecma"]
    assert _read(client, "b") == b"x"


def _local_file(client, cloud, folder):
    (folder / "local").write_bytes(b"local")
    client.put_object_from_local_file(BUCKET, str(folder / "local"), "b", EnableMD5=True)
    assert _read(client, "b") == b"local"


def _upload_file(client, cloud, folder):
    (folder / "large").write_bytes(b"a" * (2 * MIB + 5))
    client.upload_file(BUCKET, "large", str(folder / "large"), PartSize=1, MAXThread=2, EnableMD5=True)
    assert client.head_object(BUCKET, "large")["Content-Length"] == str(2 * MIB + 5)


def _upload_buffer(client, cloud, folder):
    with (folder / "film.mp4").open("rb") as body:
        client.upload_file_from_buffer(BUCKET, "large", body, PartSize=1)
    assert _read(client, "large") == (folder / "film.mp4").read_bytes()


def _download_file(client, cloud, folder):
    client.download_file(BUCKET, FILM, str(folder / "down"), EnableCRC=True)
    assert (folder / "down").read_bytes() == (folder / "film.mp4").read_bytes()


def _get_object(client, cloud, folder):
    assert _read(client, TEXT, Range="bytes=1-2") == b"el"


def _head_object(client, cloud, folder):
    assert client.head_object(BUCKET, TEXT)["Content-Length"] == "5"


def _exists(client, cloud, folder):
    assert client.object_exists(BUCKET, TEXT)
    assert not client.object_exists(BUCKET, "absent")


def _bucket_exists(client, cloud, folder):
    assert client.bucket_exists(BUCKET)
    assert not client.bucket_exists("absent-1250000000")


def _delete_object(client, cloud, folder):
    client.delete_object(BUCKET, TEXT)
    assert not client.object_exists(BUCKET, TEXT)


def _delete_objects(client, cloud, folder):
    done = client.delete_objects(BUCKET, {"Object": [{"Key": TEXT}, {"Key": FILM}]})
    assert len(done["Deleted"]) == 2


def _source(cloud, key=TEXT):
    return {"Bucket": BUCKET, "Key": key, "Region": cloud.region}


def _copy_object(client, cloud, folder):
    client.copy_object(BUCKET, "b", _source(cloud))
    assert _read(client, "b") == b"hello"


def _copy(client, cloud, folder):
    client.copy(BUCKET, "b", _source(cloud))
    assert _read(client, "b") == b"hello"


def _storage_class(client, cloud, folder):
    client.change_object_storage_class(BUCKET, TEXT, "STANDARD_IA")
    assert client.head_object(BUCKET, TEXT)["x-cos-storage-class"] == "STANDARD_IA"


def _update_meta(client, cloud, folder):
    client.update_object_meta(BUCKET, TEXT, Metadata={"x-cos-meta-a": "b"})
    assert client.head_object(BUCKET, TEXT)["x-cos-meta-a"] == "b"


def _append(client, cloud, folder):
    assert client.append_object(BUCKET, "log", 0, b"1234")["x-cos-next-append-position"] == "4"


def _restore(client, cloud, folder):
    client.put_object(BUCKET, b"x", "cold", StorageClass="ARCHIVE")
    client.restore_object(BUCKET, "cold", {"Days": 1, "CASJobParameters": {"Tier": "Expedited"}})
    assert _read(client, "cold") == b"x"


def _object_acl(client, cloud, folder):
    client.put_object_acl(BUCKET, TEXT, ACL="public-read")
    assert client.get_object_acl(BUCKET, TEXT)["CannedACL"] == "public-read"


def _bucket_acl(client, cloud, folder):
    client.put_bucket_acl(BUCKET, ACL="public-read")
    assert client.get_bucket_acl(BUCKET)["CannedACL"] == "public-read"


TAGS = {"TagSet": {"Tag": [{"Key": "a", "Value": "b"}]}}


def _object_tags(client, cloud, folder):
    client.put_object_tagging(BUCKET, TEXT, TAGS)
    assert client.get_object_tagging(BUCKET, TEXT) == TAGS
    client.delete_object_tagging(BUCKET, TEXT)


def _bucket_tags(client, cloud, folder):
    client.put_bucket_tagging(BUCKET, TAGS)
    assert client.get_bucket_tagging(BUCKET) == TAGS
    client.delete_bucket_tagging(BUCKET)


def _multipart(client, cloud, folder):
    upload = client.create_multipart_upload(BUCKET, "b")["UploadId"]
    etags = [client.upload_part(BUCKET, "b", b"x" * MIB, 1, upload)["ETag"]]
    etags.append(client.upload_part_copy(BUCKET, "b", 2, upload, _source(cloud), CopySourceRange="bytes=0-1")["ETag"])
    assert len(client.list_parts(BUCKET, "b", upload)["Part"]) == 2
    assert client.list_multipart_uploads(BUCKET)["Upload"][0]["UploadId"] == upload
    parts = [{"PartNumber": number, "ETag": etag} for number, etag in enumerate(etags, 1)]
    client.complete_multipart_upload(BUCKET, "b", upload, {"Part": parts})
    assert client.head_object(BUCKET, "b")["Content-Length"] == str(MIB + 2)


def _abort(client, cloud, folder):
    upload = client.create_multipart_upload(BUCKET, "b")["UploadId"]
    client.abort_multipart_upload(BUCKET, "b", upload)
    assert "Upload" not in client.list_multipart_uploads(BUCKET)


def _list(client, cloud, folder):
    page = client.list_objects(BUCKET, Prefix="videos/", MaxKeys=1)
    assert [item["Key"] for item in page["Contents"]] == [FILM]


def _versions(client, cloud, folder):
    client.put_bucket_versioning(BUCKET, "Enabled")
    assert client.get_bucket_versioning(BUCKET)["Status"] == "Enabled"
    client.put_object(BUCKET, b"new", TEXT)
    assert len(client.list_objects_versions(BUCKET, Prefix=TEXT)["Version"]) == 2


def _buckets(client, cloud, folder):
    client.create_bucket("new-1250000000")
    assert client.head_bucket("new-1250000000")["x-cos-bucket-region"] == cloud.region
    assert client.get_bucket_location("new-1250000000")["LocationConstraint"] == cloud.region
    names = [item["Name"] for item in client.list_buckets(Region=cloud.region)["Buckets"]["Bucket"]]
    assert names == [BUCKET, "new-1250000000"]
    client.delete_bucket("new-1250000000")


def _cors(client, cloud, folder):
    rule = {"AllowedOrigin": ["*"], "AllowedMethod": ["GET"]}
    client.put_bucket_cors(BUCKET, {"CORSRule": [rule]})
    assert client.get_bucket_cors(BUCKET)["CORSRule"][0]["AllowedMethod"] == ["GET"]
    client.delete_bucket_cors(BUCKET)


def _lifecycle(client, cloud, folder):
    rule = {"ID": "a", "Filter": {"Prefix": "a"}, "Status": "Enabled", "Expiration": {"Days": "1"}}
    client.put_bucket_lifecycle(BUCKET, {"Rule": [rule]})
    assert client.get_bucket_lifecycle(BUCKET)["Rule"][0]["ID"] == "a"
    client.delete_bucket_lifecycle(BUCKET)


def _policy(client, cloud, folder):
    statement = {"Principal": {"qcs": [OWNER]}, "Effect": "allow", "Action": ["name/cos:GetObject"], "Resource": ["*"]}
    client.put_bucket_policy(BUCKET, {"version": "2.0", "Statement": [statement]})
    assert json.loads(client.get_bucket_policy(BUCKET)["Policy"])["Statement"] == [statement]
    client.delete_bucket_policy(BUCKET)


def _snapshot(client, cloud, folder):
    assert client.get_snapshot(BUCKET, FILM, 1)["Content-Type"] == "image/jpeg"


def _media_info(client, cloud, folder):
    assert "'Width': '320'" in str(client.get_media_info(BUCKET, FILM))


def _image_info(client, cloud, folder):
    picture = client.get_snapshot(BUCKET, FILM, 1)["Body"].get_raw_stream().read()
    client.put_object(BUCKET, picture, "a.jpg")
    _, info = client.ci_get_image_info(BUCKET, "a.jpg")
    assert json.loads(info)["width"] == "320"


def _media_bucket(client, cloud, folder):
    assert client.ci_get_media_bucket()["MediaBucketList"][0]["BucketId"] == BUCKET


def _ci_buckets(client, cloud, folder):
    assert client.ci_get_bucket(Path="/mediabucket")["MediaBucketList"][0]["BucketId"] == BUCKET


def _send_request(client, cloud, folder):
    auth = CosS3Auth(client.get_conf(), TEXT)
    url = client.get_conf().uri(bucket=BUCKET, path=TEXT)
    assert client.send_request("GET", url, BUCKET, auth=auth, headers={}).content == b"hello"


def _ci_process(client, cloud, folder):
    client.ci_process(BUCKET, FILM, "videoinfo")


def _workflow(client, cloud, folder):
    (folder / "handler.py").write_text("def main_handler(event, context): return 1\n")
    cloud.scf.create(Function("mine", folder, async_run=True, timeout_s=30))
    node = {"Type": "SCF", "Operation": {"SCF": {"Region": cloud.region, "FunctionName": "mine"}}}
    start = {"Type": "Start", "Input": {"QueueId": "p1", "ObjectPrefix": "videos/"}}
    topology = {"Dependencies": {"Start": "SCF_1", "SCF_1": "End"}, "Nodes": {"Start": start, "SCF_1": node}}
    body = {"MediaWorkflow": {"Name": "mine", "State": "Paused", "Topology": topology}}
    workflow_id = client.ci_create_workflow(BUCKET, body)["MediaWorkflow"]["WorkflowId"]
    body["MediaWorkflow"]["Name"] = "ours"
    client.ci_update_workflow(BUCKET, workflow_id, body)
    client.ci_update_workflow_state(BUCKET, workflow_id, "active")
    assert "ours" in str(client.ci_get_workflow(BUCKET))
    run = client.ci_trigger_workflow(BUCKET, workflow_id, FILM)["InstanceId"]
    cloud.scf.drain(timeout_s=60)
    assert "Success" in str(client.ci_get_workflowexecution(BUCKET, run))
    assert run in str(client.ci_list_workflowexecution(BUCKET, workflow_id))
    client.ci_update_workflow_state(BUCKET, workflow_id, "paused")
    client.ci_delete_workflow(BUCKET, workflow_id)


def _presigned(client, cloud, folder):
    import requests

    url = client.get_presigned_url(BUCKET, TEXT, "GET")
    assert requests.get(url, proxies={"http": cloud.endpoint}, timeout=10).content == b"hello"


def _presigned_download(client, cloud, folder):
    import requests

    url = client.get_presigned_download_url(BUCKET, TEXT)
    assert requests.get(url, proxies={"http": cloud.endpoint}, timeout=10).content == b"hello"


SCENARIOS = {
    "abort_multipart_upload": _abort,
    "append_object": _append,
    "bucket_exists": _bucket_exists,
    "change_object_storage_class": _storage_class,
    "ci_get_bucket": _ci_buckets,
    "ci_get_image_info": _image_info,
    "ci_get_media_bucket": _media_bucket,
    "ci_process": _ci_process,
    "ci_create_workflow": _workflow,
    "ci_delete_workflow": _workflow,
    "ci_get_workflow": _workflow,
    "ci_get_workflowexecution": _workflow,
    "ci_list_workflowexecution": _workflow,
    "ci_trigger_workflow": _workflow,
    "ci_update_workflow": _workflow,
    "ci_update_workflow_state": _workflow,
    "complete_multipart_upload": _multipart,
    "copy": _copy,
    "copy_object": _copy_object,
    "create_bucket": _buckets,
    "create_multipart_upload": _multipart,
    "delete_bucket": _buckets,
    "delete_bucket_cors": _cors,
    "delete_bucket_lifecycle": _lifecycle,
    "delete_bucket_policy": _policy,
    "delete_bucket_tagging": _bucket_tags,
    "delete_object": _delete_object,
    "delete_object_tagging": _object_tags,
    "delete_objects": _delete_objects,
    "download_file": _download_file,
    "get_bucket_acl": _bucket_acl,
    "get_bucket_cors": _cors,
    "get_bucket_lifecycle": _lifecycle,
    "get_bucket_location": _buckets,
    "get_bucket_policy": _policy,
    "get_bucket_tagging": _bucket_tags,
    "get_bucket_versioning": _versions,
    "get_media_info": _media_info,
    "get_object": _get_object,
    "get_object_acl": _object_acl,
    "get_object_tagging": _object_tags,
    "get_presigned_download_url": _presigned_download,
    "get_presigned_url": _presigned,
    "get_snapshot": _snapshot,
    "head_bucket": _buckets,
    "head_object": _head_object,
    "list_buckets": _buckets,
    "list_multipart_uploads": _multipart,
    "list_objects": _list,
    "list_objects_versions": _versions,
    "list_parts": _multipart,
    "object_exists": _exists,
    "put_bucket_acl": _bucket_acl,
    "put_bucket_cors": _cors,
    "put_bucket_lifecycle": _lifecycle,
    "put_bucket_policy": _policy,
    "put_bucket_tagging": _bucket_tags,
    "put_bucket_versioning": _versions,
    "put_object": _put_object,
    "put_object_acl": _object_acl,
    "put_object_from_local_file": _local_file,
    "put_object_tagging": _object_tags,
    "restore_object": _restore,
    "send_request": _send_request,
    "update_object_meta": _update_meta,
    "upload_file": _upload_file,
    "upload_file_from_buffer": _upload_buffer,
    "upload_part": _multipart,
    "upload_part_copy": _multipart,
}
