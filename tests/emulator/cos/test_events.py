"""The events that COS publishes."""

import pytest
from qcloud_cos import CosServiceError

MIB = 1024 * 1024


def names(cloud):
    return [(event.event_name, event.key, event.size_bytes) for event in cloud.events]


def test_upload(cloud, sdk, bucket):
    """An upload publishes bucket, key, size, headers and sender."""
    sdk.put_object(bucket, b"hello", "视频/a b+.mp4", ContentType="video/mp4", Metadata={"x-cos-meta-a": "b"})
    (event,) = cloud.events
    assert names(cloud) == [("cos:ObjectCreated:Put", "视频/a b+.mp4", 5)]
    assert event.bucket == bucket
    assert event.headers["Content-Type"] == "video/mp4"
    assert event.headers["x-cos-meta-a"] == "b"
    assert event.request_id == cloud.calls[-1].request_id
    assert event.source_ip == "127.0.0.1"
    assert event.authorization.startswith("q-sign-algorithm=sha1&q-ak=")
    assert event.version_id == ""


def test_copy(cloud, sdk, bucket):
    """A copy publishes its own event."""
    sdk.put_object(bucket, b"hello", "a", Metadata={"x-cos-meta-a": "b"})
    sdk.copy_object(bucket, "b", {"Bucket": bucket, "Key": "a", "Region": cloud.region})
    assert names(cloud)[1:] == [("cos:ObjectCreated:Copy", "b", 5)]
    assert cloud.events[1].headers["x-cos-meta-a"] == "b"


def test_completed_upload(cloud, sdk, bucket):
    """An upload in parts is published once, when it is complete."""
    upload = sdk.create_multipart_upload(bucket, "a")
    parts = [
        {"PartNumber": number, "ETag": sdk.upload_part(bucket, "a", body, number, upload["UploadId"])["ETag"]}
        for number, body in ((1, b"x" * MIB), (2, b"y"))
    ]
    assert cloud.events == ()
    sdk.complete_multipart_upload(bucket, "a", upload["UploadId"], {"Part": parts})
    assert names(cloud) == [("cos:ObjectCreated:CompleteMultipartUpload", "a", MIB + 1)]


def test_form(cloud, plain):
    """A form publishes its own event."""
    from tests.emulator.cos.test_post_form import Form

    assert Form(plain)().status == 204
    assert names(cloud) == [("cos:ObjectCreated:Post", "videos/a.mp4", 5)]


def test_deletions(cloud, sdk, bucket):
    """A deletion is published, and each of several."""
    for key in ("a", "b", "c"):
        sdk.put_object(bucket, b"x", key)
    sdk.delete_object(bucket, "a")
    sdk.delete_objects(bucket, {"Object": [{"Key": "b"}, {"Key": "c"}, {"Key": "absent"}]})
    assert names(cloud)[3:] == [("cos:ObjectRemove:Delete", key, 0) for key in ("a", "b", "c")]


def test_delete_marker(cloud, sdk, bucket):
    """A delete marker and a deleted version are published under their names."""
    sdk.put_bucket_versioning(bucket, Status="Enabled")
    version = sdk.put_object(bucket, b"x", "a")["x-cos-version-id"]
    assert cloud.events[-1].version_id == version
    marker = sdk.delete_object(bucket, "a")["x-cos-version-id"]
    assert (cloud.events[-1].event_name, cloud.events[-1].version_id) == (
        "cos:ObjectRemove:DeleteMarkerCreated",
        marker,
    )
    sdk.delete_object(bucket, "a", VersionId=version)
    event = cloud.events[-1]
    assert (event.event_name, event.version_id) == ("cos:ObjectRemove:Delete", version)


def test_nothing_changed(cloud, sdk, bucket, plain):
    """A request that changes nothing is not published."""
    sdk.delete_object(bucket, "absent")
    with pytest.raises(CosServiceError):
        sdk.put_object(bucket, b"x", "x" * 851)
    plain("PUT", "a", body=b"x", headers={"Content-MD5": "XUFAKrxLKna5cZ2REBfFkg=="})
    plain("PUT", "a", body=b"x", signed=False)
    sdk.list_objects(bucket)
    assert cloud.events == ()
