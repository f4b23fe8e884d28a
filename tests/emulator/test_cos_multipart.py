import io

import pytest
from qcloud_cos import CosServiceError

MIB = 1024 * 1024


def refusal(call, *arguments, **more):
    with pytest.raises(CosServiceError) as caught:
        call(*arguments, **more)
    return caught.value.get_status_code(), caught.value.get_error_code()


@pytest.fixture
def begun(sdk, bucket):
    return sdk.create_multipart_upload(bucket, "视频/a b+.mp4", ContentType="video/mp4")


def complete(sdk, begun, *parts):
    listed = {"Part": [{"PartNumber": number, "ETag": etag} for number, etag in parts]}
    return sdk.complete_multipart_upload(begun["Bucket"], begun["Key"], begun["UploadId"], listed)


def test_parts_become_one_object(sdk, bucket, begun, cloud):
    assert (begun["Bucket"], begun["Key"]) == (bucket, "视频/a b+.mp4")
    parts = [
        (number, sdk.upload_part(bucket, begun["Key"], body, number, begun["UploadId"])["ETag"])
        for number, body in ((1, b"a" * MIB), (2, b"b" * 10))
    ]
    listed = sdk.list_parts(bucket, begun["Key"], begun["UploadId"])
    assert [(part["PartNumber"], part["Size"]) for part in listed["Part"]] == [("1", str(MIB)), ("2", "10")]
    assert [each["Key"] for each in sdk.list_multipart_uploads(bucket)["Upload"]] == [begun["Key"]]
    done = complete(sdk, begun, *parts)
    assert (done["Bucket"], done["Key"]) == (bucket, begun["Key"])
    assert done["Location"].startswith(f"http://{bucket}.cos.{cloud.region}.myqcloud.com/%E8%A7%86")
    found = sdk.get_object(bucket, begun["Key"])
    assert (found["ETag"], found["Content-Type"]) == (done["ETag"], "video/mp4")
    assert found["Body"].get_raw_stream().read() == b"a" * MIB + b"b" * 10
    assert "Upload" not in sdk.list_multipart_uploads(bucket)


def test_the_sdks_own_upload_in_parts_is_one_object(sdk, bucket, tmp_path):
    body = bytes(range(256)) * 4096 * 3 + b"end"
    (tmp_path / "film").write_bytes(body)
    sdk.upload_file(bucket, "a.mp4", str(tmp_path / "film"), PartSize=1, MAXThread=3)
    assert sdk.get_object(bucket, "a.mp4")["Body"].get_raw_stream().read() == body


def test_a_part_is_uploaded_again(sdk, bucket, begun):
    sdk.upload_part(bucket, begun["Key"], b"first", 1, begun["UploadId"])
    etag = sdk.upload_part(bucket, begun["Key"], b"second", 1, begun["UploadId"])["ETag"]
    complete(sdk, begun, (1, etag))
    assert sdk.get_object(bucket, begun["Key"])["Body"].get_raw_stream().read() == b"second"


def test_a_part_is_copied_from_a_range(sdk, bucket, begun, cloud):
    sdk.put_object(bucket, b"0123456789", "source")
    source = {"Bucket": bucket, "Key": "source", "Region": cloud.region}
    part = sdk.upload_part_copy(bucket, begun["Key"], 1, begun["UploadId"], source, CopySourceRange="bytes=2-5")
    complete(sdk, begun, (1, part["ETag"]))
    assert sdk.get_object(bucket, begun["Key"])["Body"].get_raw_stream().read() == b"2345"


@pytest.mark.parametrize("span", ["bytes=2-10", "bytes=5-2", "2-5", "bytes=-2"])
def test_a_range_that_the_source_does_not_have_is_refused(sdk, bucket, begun, cloud, span):
    sdk.put_object(bucket, b"0123456789", "source")
    source = {"Bucket": bucket, "Key": "source", "Region": cloud.region}
    found = refusal(sdk.upload_part_copy, bucket, begun["Key"], 1, begun["UploadId"], source, CopySourceRange=span)
    assert found == (416, "InvalidRange")


def test_an_upload_given_up_is_gone(sdk, bucket, begun):
    sdk.upload_part(bucket, begun["Key"], b"first", 1, begun["UploadId"])
    sdk.abort_multipart_upload(bucket, begun["Key"], begun["UploadId"])
    assert refusal(sdk.list_parts, bucket, begun["Key"], begun["UploadId"]) == (404, "NoSuchUpload")
    assert refusal(sdk.head_object, bucket, begun["Key"])[0] == 404


@pytest.mark.parametrize("number", ["0", "10001", "one", "", "1.5", "²"])
def test_a_parts_number_is_1_to_10000(plain, begun, number):
    params = {"partNumber": number, "uploadId": begun["UploadId"]}
    reply = plain("PUT", begun["Key"], params=params, body=b"x")
    assert (reply.status, reply.code) == (400, "InvalidArgument")


def test_an_upload_is_of_one_key(sdk, bucket, begun):
    assert refusal(sdk.upload_part, bucket, "another", b"x", 1, begun["UploadId"]) == (404, "NoSuchUpload")
    assert refusal(sdk.upload_part, bucket, begun["Key"], b"x", 1, "unknown") == (404, "NoSuchUpload")


def test_a_small_part_is_only_the_last(sdk, bucket, begun):
    etags = [sdk.upload_part(bucket, begun["Key"], b"x", n, begun["UploadId"])["ETag"] for n in (1, 2)]
    assert refusal(complete, sdk, begun, (1, etags[0]), (2, etags[1])) == (400, "EntityTooSmall")


def test_parts_are_named_as_they_are_and_in_order(sdk, bucket, begun):
    body = b"x" * MIB
    etags = [sdk.upload_part(bucket, begun["Key"], body, n, begun["UploadId"])["ETag"] for n in (1, 2)]
    assert refusal(complete, sdk, begun, (1, '"0000"')) == (400, "InvalidPart")
    assert refusal(complete, sdk, begun, (3, etags[0])) == (400, "InvalidPart")
    assert refusal(complete, sdk, begun, (2, etags[1]), (1, etags[0])) == (400, "InvalidPartOrder")


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
def test_a_list_of_parts_that_is_none_is_refused(plain, begun, body):
    reply = plain("POST", begun["Key"], params={"uploadId": begun["UploadId"]}, body=body)
    assert (reply.status, reply.code) == (400, "MalformedXML")


def test_a_part_is_held_to_its_md5(plain, begun):
    params = {"partNumber": "1", "uploadId": begun["UploadId"]}
    reply = plain("PUT", begun["Key"], params=params, body=b"x", headers={"Content-MD5": "XUFAKrxLKna5cZ2REBfFkg=="})
    assert (reply.status, reply.code) == (400, "BadDigest")


def test_a_stream_is_uploaded_in_parts(sdk, bucket):
    body = b"z" * (2 * MIB + 5)
    sdk.upload_file_from_buffer(bucket, "streamed", io.BytesIO(body), PartSize=1)
    assert sdk.head_object(bucket, "streamed")["Content-Length"] == str(len(body))
