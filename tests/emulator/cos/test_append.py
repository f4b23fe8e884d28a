"""Objects made by appending, and archived ones that are restored."""

import pytest
from qcloud_cos import CosServiceError


def refusal(call, *arguments, **options):
    with pytest.raises(CosServiceError) as raised:
        call(*arguments, **options)
    return raised.value.get_status_code(), raised.value.get_error_code()


def test_appending(sdk, bucket, cloud):
    """An object grows piece by piece, and says where the next one goes."""
    first = sdk.append_object(bucket, "log", 0, b"hello ", ContentType="text/x-log")
    assert first["x-cos-next-append-position"] == "6"
    second = sdk.append_object(bucket, "log", 6, b"world")
    assert second["x-cos-next-append-position"] == "11"
    result = sdk.get_object(bucket, "log")
    assert (result["Body"].get_raw_stream().read(), result["Content-Type"]) == (b"hello world", "text/x-log")
    assert result["x-cos-object-type"] == "appendable"
    assert [(event.event_name, event.size_bytes) for event in cloud.events] == [
        ("cos:ObjectCreated:Append", 6),
        ("cos:ObjectCreated:Append", 11),
    ]


def test_wrong_position(sdk, bucket):
    """A position that is not the object's length is refused, and nothing is stored."""
    assert refusal(sdk.append_object, bucket, "log", 1, b"x") == (409, "PositionNotEqualToLength")
    sdk.append_object(bucket, "log", 0, b"hello")
    assert refusal(sdk.append_object, bucket, "log", 0, b"x") == (409, "PositionNotEqualToLength")
    assert sdk.head_object(bucket, "log")["Content-Length"] == "5"


def test_other_objects(sdk, bucket, cloud):
    """An object that was put is not appended to, one that was appended to is not copied."""
    sdk.put_object(bucket, b"hello", "a")
    assert refusal(sdk.append_object, bucket, "a", 5, b"x") == (409, "ObjectNotAppendable")
    sdk.append_object(bucket, "log", 0, b"hello")
    source = {"Bucket": bucket, "Key": "log", "Region": cloud.region}
    assert refusal(sdk.copy_object, bucket, "copy", source)[0] == 403
    sdk.put_object(bucket, b"again", "log")
    assert "x-cos-object-type" not in sdk.head_object(bucket, "log")


def test_versions(sdk, bucket):
    """An appended object takes no part in versioning: it grows as the version null."""
    sdk.put_bucket_versioning(bucket, Status="Enabled")
    assert "x-cos-version-id" not in sdk.append_object(bucket, "log", 0, b"1234")
    sdk.append_object(bucket, "log", 4, b"5")
    (version,) = sdk.list_objects_versions(bucket)["Version"]
    assert (version["VersionId"], version["Size"]) == ("null", "5")


@pytest.mark.parametrize("position", ["", "-1", "one", "²"])
def test_no_position(plain, position):
    """A position is a whole number."""
    reply = plain("POST", "a", params={"append": "", "position": position}, body=b"x")
    assert (reply.status, reply.code) == (400, "InvalidArgument")


def test_restoring(sdk, plain, bucket, cloud):
    """An archived object can be read once it is restored, and says until when."""
    sdk.put_object(bucket, b"hello", "a", StorageClass="ARCHIVE")
    assert refusal(sdk.get_object, bucket, "a") == (403, "InvalidObjectState")
    request = {"Days": 3, "CASJobParameters": {"Tier": "Expedited"}}
    sdk.restore_object(bucket, "a", request)
    assert [call.status for call in cloud.calls if call.operation == "PostObjectRestore"] == [202]
    assert sdk.get_object(bucket, "a")["Body"].get_raw_stream().read() == b"hello"
    assert sdk.head_object(bucket, "a")["x-cos-restore"].startswith('ongoing-request="false", expiry-date="')
    assert sdk.head_object(bucket, "a")["x-cos-storage-class"] == "ARCHIVE"
    assert [event.event_name for event in cloud.events][1:] == ["cos:ObjectRestore:Post", "cos:ObjectRestore:Completed"]
    sdk.restore_object(bucket, "a", request)
    assert [call.status for call in cloud.calls if call.operation == "PostObjectRestore"] == [202, 200]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"<RestoreRequest><Days>0</Days></RestoreRequest>", 400, "MalformedXML"),
        (b"<RestoreRequest/>", 400, "MalformedXML"),
        (
            b"<RestoreRequest><Days>1</Days><CASJobParameters><Tier>Now</Tier></CASJobParameters></RestoreRequest>",
            400,
            "MalformedXML",
        ),
        (b"<RestoreRequest><Days>1</Days></RestoreRequest>", 403, "InvalidObjectState"),
    ],
    ids=["no days", "nothing", "no tier", "not archived"],
)
def test_no_restore(plain, body, status, code):
    """A request to restore says for how long, and is for archived objects."""
    plain("PUT", "a", body=b"x")
    reply = plain("POST", "a", params={"restore": ""}, body=body)
    assert (reply.status, reply.code) == (status, code)
