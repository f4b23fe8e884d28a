"""Versions: listed in order and in pages, read, deleted, suspended."""

from xml.etree.ElementTree import fromstring

import pytest
from qcloud_cos import CosServiceError


@pytest.fixture
def history(sdk, bucket):
    """An object of two versions and a delete marker, and one of three; their versions by key, newest first."""
    sdk.put_bucket_versioning(bucket, Status="Enabled")
    versions = {
        key: [sdk.put_object(bucket, b"x" * number, key)["x-cos-version-id"] for number in range(1, count + 1)]
        for key, count in (("a", 2), ("folder/b", 3))
    }
    versions["a"].append(sdk.delete_object(bucket, "a")["x-cos-version-id"])
    return {key: ids[::-1] for key, ids in versions.items()}


def test_listing(plain, history):
    """Every version is listed, the newest of a key first, with delete markers and which is current."""
    root = fromstring(plain("GET", params={"versions": ""}).body)
    assert root.tag == "ListVersionsResult"
    result = [
        (item.tag, item.findtext("Key"), item.findtext("VersionId"), item.findtext("IsLatest"), item.findtext("Size"))
        for item in root
        if item.tag in {"Version", "DeleteMarker"}
    ]
    assert result == [
        ("DeleteMarker", "a", history["a"][0], "true", None),
        ("Version", "a", history["a"][1], "false", "2"),
        ("Version", "a", history["a"][2], "false", "1"),
        ("Version", "folder/b", history["folder/b"][0], "true", "3"),
        ("Version", "folder/b", history["folder/b"][1], "false", "2"),
        ("Version", "folder/b", history["folder/b"][2], "false", "1"),
    ]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 6])
def test_pages(sdk, bucket, history, size):
    """Pages follow each other without gap or repetition."""
    result, markers = [], {}
    while True:
        page = sdk.list_objects_versions(bucket, MaxKeys=size, **markers)
        listed = [*page.get("Version", []), *page.get("DeleteMarker", [])]
        assert 0 < len(listed) <= size
        result += [(item["Key"], item["VersionId"]) for item in listed]
        if page["IsTruncated"] == "false":
            break
        markers = {"KeyMarker": page["NextKeyMarker"], "VersionIdMarker": page["NextVersionIdMarker"] or ""}
    assert sorted(result) == sorted((key, version) for key, ids in history.items() for version in ids)


def test_prefix_and_folders(sdk, bucket, history):
    """A prefix narrows a listing of versions, a delimiter folds it."""
    page = sdk.list_objects_versions(bucket, Prefix="folder/")
    assert {item["Key"] for item in page["Version"]} == {"folder/b"}
    page = sdk.list_objects_versions(bucket, Delimiter="/")
    assert [item["Prefix"] for item in page["CommonPrefixes"]] == ["folder/"]
    assert {item["Key"] for item in page["Version"]} == {"a"}


def test_unversioned(sdk, bucket):
    """The only version in a bucket without versioning is called null."""
    sdk.put_object(bucket, b"x", "a")
    (version,) = sdk.list_objects_versions(bucket)["Version"]
    assert (version["VersionId"], version["IsLatest"]) == ("null", "true")
    assert sdk.get_object(bucket, "a", VersionId="null")["Body"].get_raw_stream().read() == b"x"


def test_deleting_the_marker(sdk, bucket, history):
    """An object whose delete marker is deleted is back."""
    done = sdk.delete_object(bucket, "a", VersionId=history["a"][0])
    assert done["x-cos-delete-marker"] == "true"
    assert sdk.head_object(bucket, "a")["x-cos-version-id"] == history["a"][1]


def test_deleting_a_version(sdk, bucket, history):
    """A version that is deleted is gone, the others stay; the newest that is left is the current one."""
    sdk.delete_object(bucket, "folder/b", VersionId=history["folder/b"][0])
    assert sdk.get_object(bucket, "folder/b")["Body"].get_raw_stream().read() == b"xx"
    with pytest.raises(CosServiceError):
        sdk.head_object(bucket, "folder/b", VersionId=history["folder/b"][0])


def test_suspended(sdk, bucket, history):
    """Suspended, new objects replace the version null and old versions stay."""
    sdk.put_bucket_versioning(bucket, Status="Suspended")
    for body in (b"1", b"2"):
        assert "x-cos-version-id" not in sdk.put_object(bucket, body, "folder/b")
    versions = [item["VersionId"] for item in sdk.list_objects_versions(bucket, Prefix="folder/")["Version"]]
    assert versions == ["null", *history["folder/b"]]


def test_several_deleted(sdk, bucket, history, cloud):
    """Deleting several takes versions, says what became a marker, and publishes each."""
    earlier = len(cloud.events)
    expected = {"Object": [{"Key": "a", "VersionId": history["a"][2]}, {"Key": "folder/b"}]}
    first, second = sdk.delete_objects(bucket, expected)["Deleted"]
    assert (first["Key"], first["VersionId"]) == ("a", history["a"][2])
    assert (second["Key"], second["DeleteMarker"]) == ("folder/b", "true")
    assert [(event.event_name, event.version_id) for event in cloud.events[earlier:]] == [
        ("cos:ObjectRemove:Delete", history["a"][2]),
        ("cos:ObjectRemove:DeleteMarkerCreated", second["DeleteMarkerVersionId"]),
    ]


def test_empty_version(plain):
    """An empty versionId asks for none: coscli sends one with every download and copy."""
    plain("PUT", "a", body=b"x")
    assert plain("GET", "a", params={"versionId": ""}).body == b"x"
    assert plain("HEAD", "a", params={"versionId": ""}).status == 200


def test_bucket_with_versions(sdk, bucket, history):
    """A bucket that holds nothing but old versions is not empty."""
    sdk.delete_object(bucket, "folder/b")
    with pytest.raises(CosServiceError) as raised:
        sdk.delete_bucket(bucket)
    assert raised.value.get_error_code() == "BucketNotEmpty"


def test_marker_without_key(plain):
    """A marker of a version goes with one of a key."""
    reply = plain("GET", params={"versions": "", "version-id-marker": "x"})
    assert (reply.status, reply.code) == (400, "InvalidArgument")
