import io
from concurrent.futures import ThreadPoolExecutor

import pytest
from qcloud_cos import CosServiceError

MIB = 1024 * 1024


def refusal(call, *arguments, **options):
    with pytest.raises(CosServiceError) as raised:
        call(*arguments, **options)
    return raised.value.get_status_code(), raised.value.get_error_code()


@pytest.fixture
def started(sdk, bucket):
    return sdk.create_multipart_upload(bucket, "视频/a b+.mp4", ContentType="video/mp4")


def complete(sdk, started, *parts):
    listed = {"Part": [{"PartNumber": number, "ETag": etag} for number, etag in parts]}
    return sdk.complete_multipart_upload(started["Bucket"], started["Key"], started["UploadId"], listed)


def test_parts_to_object(sdk, bucket, started, cloud):
    """Parts become one object with the upload's metadata."""
    assert (started["Bucket"], started["Key"]) == (bucket, "视频/a b+.mp4")
    parts = [
        (number, sdk.upload_part(bucket, started["Key"], body, number, started["UploadId"])["ETag"])
        for number, body in ((1, b"a" * MIB), (2, b"b" * 10))
    ]
    listed = sdk.list_parts(bucket, started["Key"], started["UploadId"])
    assert [(part["PartNumber"], part["Size"]) for part in listed["Part"]] == [("1", str(MIB)), ("2", "10")]
    assert [item["Key"] for item in sdk.list_multipart_uploads(bucket)["Upload"]] == [started["Key"]]
    done = complete(sdk, started, *parts)
    assert (done["Bucket"], done["Key"]) == (bucket, started["Key"])
    assert done["Location"].startswith(f"http://{bucket}.cos.{cloud.region}.myqcloud.com/%E8%A7%86")
    result = sdk.get_object(bucket, started["Key"])
    assert (result["ETag"], result["Content-Type"]) == (done["ETag"], "video/mp4")
    assert result["Body"].get_raw_stream().read() == b"a" * MIB + b"b" * 10
    assert "Upload" not in sdk.list_multipart_uploads(bucket)


def test_sdk_upload_file(sdk, bucket, tmp_path):
    """The SDK's own upload in parts becomes one object."""
    body = bytes(range(256)) * 4096 * 3 + b"end"
    (tmp_path / "film").write_bytes(body)
    sdk.upload_file(bucket, "a.mp4", str(tmp_path / "film"), PartSize=1, MAXThread=3)
    assert sdk.get_object(bucket, "a.mp4")["Body"].get_raw_stream().read() == body


def test_part_replaced(sdk, bucket, started):
    """A part that is uploaded again replaces the first."""
    sdk.upload_part(bucket, started["Key"], b"first", 1, started["UploadId"])
    etag = sdk.upload_part(bucket, started["Key"], b"second", 1, started["UploadId"])["ETag"]
    complete(sdk, started, (1, etag))
    assert sdk.get_object(bucket, started["Key"])["Body"].get_raw_stream().read() == b"second"


def test_part_copied(sdk, bucket, started, cloud):
    """A part is copied from a range of another object."""
    sdk.put_object(bucket, b"0123456789", "source")
    source = {"Bucket": bucket, "Key": "source", "Region": cloud.region}
    part = sdk.upload_part_copy(bucket, started["Key"], 1, started["UploadId"], source, CopySourceRange="bytes=2-5")
    complete(sdk, started, (1, part["ETag"]))
    assert sdk.get_object(bucket, started["Key"])["Body"].get_raw_stream().read() == b"2345"


@pytest.mark.parametrize("span", ["bytes=2-10", "bytes=5-2", "2-5", "bytes=-2"])
def test_copy_range(sdk, bucket, started, cloud, span):
    """A range that the source does not have is refused."""
    sdk.put_object(bucket, b"0123456789", "source")
    source = {"Bucket": bucket, "Key": "source", "Region": cloud.region}
    result = refusal(sdk.upload_part_copy, bucket, started["Key"], 1, started["UploadId"], source, CopySourceRange=span)
    assert result == (416, "InvalidRange")


def test_abort(sdk, bucket, started):
    """An aborted upload is gone."""
    sdk.upload_part(bucket, started["Key"], b"first", 1, started["UploadId"])
    sdk.abort_multipart_upload(bucket, started["Key"], started["UploadId"])
    assert refusal(sdk.list_parts, bucket, started["Key"], started["UploadId"]) == (404, "NoSuchUpload")
    assert refusal(sdk.head_object, bucket, started["Key"])[0] == 404


@pytest.mark.parametrize("number", ["0", "10001", "one", "", "1.5", "²"])
def test_part_number(plain, started, number):
    """A part's number is 1 to 10000."""
    params = {"partNumber": number, "uploadId": started["UploadId"]}
    reply = plain("PUT", started["Key"], params=params, body=b"x")
    assert (reply.status, reply.code) == (400, "InvalidArgument")


def test_upload_of_one_key(sdk, bucket, started):
    """An upload belongs to one key."""
    assert refusal(sdk.upload_part, bucket, "another", b"x", 1, started["UploadId"]) == (404, "NoSuchUpload")
    assert refusal(sdk.upload_part, bucket, started["Key"], b"x", 1, "unknown") == (404, "NoSuchUpload")


def test_small_part(sdk, bucket, started):
    """Only the last part may be small."""
    etags = [sdk.upload_part(bucket, started["Key"], b"x", n, started["UploadId"])["ETag"] for n in (1, 2)]
    assert refusal(complete, sdk, started, (1, etags[0]), (2, etags[1])) == (400, "EntityTooSmall")


def test_named_parts(sdk, bucket, started):
    """Parts are completed by number and ETag, in order."""
    body = b"x" * MIB
    etags = [sdk.upload_part(bucket, started["Key"], body, n, started["UploadId"])["ETag"] for n in (1, 2)]
    assert refusal(complete, sdk, started, (1, '"0000"')) == (400, "InvalidPart")
    assert refusal(complete, sdk, started, (3, etags[0])) == (400, "InvalidPart")
    assert refusal(complete, sdk, started, (2, etags[1]), (1, etags[0])) == (400, "InvalidPartOrder")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"hello",
        b"<CompleteMultipartUpload/>",
        b"<CompleteMultipartUpload><Part><ETag>a</ETag></Part></CompleteMultipartUpload>",
        b"<CompleteMultipartUpload><Part><PartNumber>a</PartNumber><ETag>a</ETag></Part></CompleteMultipartUpload>",
    ],
    ids=["empty", "no XML", "no part", "no number", "a letter"],
)
def test_malformed_list(plain, started, body):
    """A list of parts that cannot be read is refused."""
    reply = plain("POST", started["Key"], params={"uploadId": started["UploadId"]}, body=body)
    assert (reply.status, reply.code) == (400, "MalformedXML")


def test_part_md5(plain, started):
    """A part is checked against its Content-MD5."""
    params = {"partNumber": "1", "uploadId": started["UploadId"]}
    reply = plain("PUT", started["Key"], params=params, body=b"x", headers={"Content-MD5": "XUFAKrxLKna5cZ2REBfFkg=="})
    assert (reply.status, reply.code) == (400, "BadDigest")


def test_sdk_stream(sdk, bucket):
    """The SDK uploads a stream in parts."""
    body = b"z" * (2 * MIB + 5)
    sdk.upload_file_from_buffer(bucket, "streamed", io.BytesIO(body), PartSize=1)
    assert sdk.head_object(bucket, "streamed")["Content-Length"] == str(len(body))


def test_pages_of_uploads(sdk, bucket):
    """Uploads are listed in pages without gap or repetition, with when they were begun."""
    started = [(key, sdk.create_multipart_upload(bucket, key)["UploadId"]) for key in ("a", "a", "b", "folder/c")]
    result, markers = [], {}
    while True:
        page = sdk.list_multipart_uploads(bucket, MaxUploads=1, **markers)
        (upload,) = page["Upload"]
        assert upload["Initiated"] > "2026"
        result.append((upload["Key"], upload["UploadId"]))
        if page["IsTruncated"] == "false":
            break
        markers = {"KeyMarker": page["NextKeyMarker"], "UploadIdMarker": page["NextUploadIdMarker"]}
    assert sorted(result) == sorted(started)
    page = sdk.list_multipart_uploads(bucket, Prefix="folder/")
    assert [upload["Key"] for upload in page["Upload"]] == ["folder/c"]
    page = sdk.list_multipart_uploads(bucket, Delimiter="/")
    assert [item["Prefix"] for item in page["CommonPrefixes"]] == ["folder/"]


def test_pages_of_parts(sdk, plain, bucket, started):
    """Parts are listed in pages under the root that the document names."""
    for number in (1, 2, 5):
        sdk.upload_part(bucket, started["Key"], b"x", number, started["UploadId"])
    page = sdk.list_parts(bucket, started["Key"], started["UploadId"], MaxParts=2)
    assert ([part["PartNumber"] for part in page["Part"]], page["IsTruncated"]) == (["1", "2"], "true")
    page = sdk.list_parts(bucket, started["Key"], started["UploadId"], PartNumberMarker=page["NextPartNumberMarker"])
    assert ([part["PartNumber"] for part in page["Part"]], page["IsTruncated"]) == (["5"], "false")
    assert b"<ListPartsResult>" in plain("GET", started["Key"], params={"uploadId": started["UploadId"]}).body


def test_completed_twice(sdk, bucket, started):
    """An upload that was completed is there no more."""
    etag = sdk.upload_part(bucket, started["Key"], b"x", 1, started["UploadId"])["ETag"]
    complete(sdk, started, (1, etag))
    assert refusal(complete, sdk, started, (1, etag)) == (404, "NoSuchUpload")


def test_attributes_of_an_upload(sdk, plain, bucket):
    """The object gets the class, metadata and list of access of the upload's start."""
    started = sdk.create_multipart_upload(
        bucket, "a", StorageClass="STANDARD_IA", Metadata={"x-cos-meta-a": "b"}, ACL="public-read"
    )
    etag = sdk.upload_part(bucket, "a", b"x", 1, started["UploadId"])["ETag"]
    complete(sdk, started, (1, etag))
    reply = plain("GET", "a", signed=False)
    assert (reply.status, reply.headers["x-cos-storage-class"], reply.headers["x-cos-meta-a"]) == (
        200,
        "STANDARD_IA",
        "b",
    )


def test_refused_completion(plain, sdk, bucket):
    """An upload whose completion is refused can still be completed."""
    started = sdk.create_multipart_upload(bucket, "a")
    etag = sdk.upload_part(bucket, "a", b"new", 1, started["UploadId"])["ETag"]
    sdk.put_object(bucket, b"old", "a")
    body = (
        f"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>{etag}</ETag></Part></CompleteMultipartUpload>"
    )
    headers = {"x-cos-forbid-overwrite": "true"}
    reply = plain("POST", "a", params={"uploadId": started["UploadId"]}, body=body.encode(), headers=headers)
    assert (reply.status, reply.code, plain("GET", "a").body) == (409, "FileAlreadyExists", b"old")
    complete(sdk, started, (1, etag))
    assert plain("GET", "a").body == b"new"


def test_completed_at_once(sdk, bucket, cloud):
    """Of several requests that complete an upload at once, one is stored and published."""
    started = sdk.create_multipart_upload(bucket, "a")
    etag = sdk.upload_part(bucket, "a", b"x", 1, started["UploadId"])["ETag"]

    def attempt(_):
        try:
            complete(sdk, started, (1, etag))
        except CosServiceError as error:
            return error.get_error_code()
        return "stored"

    with ThreadPoolExecutor(8) as pool:
        outcomes = sorted(pool.map(attempt, range(8)))
    assert outcomes == [*["NoSuchUpload"] * 7, "stored"]
    assert len(cloud.events) == 1
