"""The store against moto's S3, a well-kept store of another make: COS and S3 agree in all that is compared here.

The same operations, drawn at random from a fixed seed, go to both; every response has to be the same in what the two
protocols share: status, bytes, ETag, lengths, ranges, conditions, order and pages of listings, uploads in parts.
"""

import io
import logging
import random

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from moto import mock_aws
from qcloud_cos.cos_exception import CosServiceError

KEYS = ["a", "a/b", "a/b/c.mp4", "a b+c%.mp4", "视频/猫.mp4", "z", "zz/1", "zz/2", "zz/10"]
MIB = 1024 * 1024


@pytest.fixture
def s3(monkeypatch):
    """A bucket in moto's S3, in this process."""
    monkeypatch.setattr("moto.s3.models.S3_UPLOAD_PART_MIN_SIZE", MIB)  # COS takes parts from 1 MB on, S3 from 5 MB on
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    logging.getLogger("botocore").setLevel(logging.WARNING)
    with mock_aws():
        # Checksums of S3's own would make requests of another kind than COS knows.
        config = Config(request_checksum_calculation="when_required", response_checksum_validation="when_required")
        client = boto3.client("s3", region_name="us-east-1", config=config)
        client.create_bucket(Bucket="bucket")
        yield S3(client)


class S3:
    """S3's operations, each told as plain values."""

    def __init__(self, client):
        self.client, self.named = client, {"Bucket": "bucket"}

    def call(self, name, **parameters):
        try:
            return getattr(self.client, name)(**self.named, **parameters)
        except ClientError as error:
            return error.response["ResponseMetadata"]["HTTPStatusCode"]

    def put(self, key, body):
        return etag_of(self.call("put_object", Key=key, Body=body))

    def get(self, key, **conditions):
        response = self.call("get_object", Key=key, **conditions)
        if isinstance(response, int):
            return response
        return response["ResponseMetadata"]["HTTPStatusCode"], response["Body"].read(), etag_of(response)

    def head(self, key):
        response = self.call("head_object", Key=key)
        return response if isinstance(response, int) else (response["ContentLength"], etag_of(response))

    def copy(self, key, source):
        response = self.call("copy_object", Key=key, CopySource={"Bucket": "bucket", "Key": source})
        return response if isinstance(response, int) else etag_of(response["CopyObjectResult"])

    def delete(self, key):
        self.call("delete_object", Key=key)

    def delete_several(self, keys):
        response = self.call("delete_objects", Delete={"Objects": [{"Key": key} for key in keys]})
        return sorted(entry["Key"] for entry in response["Deleted"])

    def list(self, prefix, delimiter, marker, limit):
        page = self.call("list_objects", Prefix=prefix, Delimiter=delimiter, Marker=marker, MaxKeys=limit)
        return (
            [(entry["Key"], entry["Size"], etag_of(entry)) for entry in page.get("Contents", [])],
            [entry["Prefix"] for entry in page.get("CommonPrefixes", [])],
            page["IsTruncated"],
        )

    def upload(self, key, parts):
        upload = self.call("create_multipart_upload", Key=key)["UploadId"]
        etags = [
            etag_of(self.call("upload_part", Key=key, UploadId=upload, PartNumber=number, Body=body))
            for number, body in enumerate(parts, start=1)
        ]
        numbered = [{"PartNumber": number, "ETag": etag} for number, etag in enumerate(etags, start=1)]
        return etag_of(
            self.call("complete_multipart_upload", Key=key, UploadId=upload, MultipartUpload={"Parts": numbered})
        )


class Cos(S3):
    """The same through COS's own SDK."""

    def __init__(self, client, bucket):
        self.client, self.named = client, {"Bucket": bucket}

    def call(self, name, **parameters):
        try:
            return getattr(self.client, name)(**self.named, **parameters)
        except CosServiceError as error:
            return error.get_status_code()
        except OSError:
            return 304  # the SDK cannot read a response without a body

    def get(self, key, **conditions):
        response = self.call("get_object", Key=key, **conditions)
        if isinstance(response, int):
            return response
        status = 206 if "Content-Range" in response else 200
        return status, response["Body"].get_raw_stream().read(), etag_of(response)

    def head(self, key):
        response = self.call("head_object", Key=key)
        return response if isinstance(response, int) else (int(response["Content-Length"]), etag_of(response))

    def copy(self, key, source):
        location = {"Bucket": self.named["Bucket"], "Key": source, "Region": "ap-guangzhou"}
        response = self.call("copy_object", Key=key, CopySource=location)
        return response if isinstance(response, int) else etag_of(response)

    def delete_several(self, keys):
        response = self.call("delete_objects", Delete={"Quiet": "false", "Object": [{"Key": key} for key in keys]})
        return sorted(entry["Key"] for entry in response["Deleted"])

    def list(self, prefix, delimiter, marker, limit):
        page = self.call("list_objects", Prefix=prefix, Delimiter=delimiter, Marker=marker, MaxKeys=limit)
        return (
            [(entry["Key"], int(entry["Size"]), etag_of(entry)) for entry in page.get("Contents", [])],
            [entry["Prefix"] for entry in page.get("CommonPrefixes", [])],
            page["IsTruncated"] == "true",
        )

    def upload(self, key, parts):
        upload = self.call("create_multipart_upload", Key=key)["UploadId"]
        etags = [
            etag_of(self.call("upload_part", Key=key, UploadId=upload, PartNumber=number, Body=io.BytesIO(body)))
            for number, body in enumerate(parts, start=1)
        ]
        numbered = [{"PartNumber": number, "ETag": etag} for number, etag in enumerate(etags, start=1)]
        return etag_of(
            self.call("complete_multipart_upload", Key=key, UploadId=upload, MultipartUpload={"Part": numbered})
        )


def etag_of(response):
    """Return the ETag of a response, or the status of a refusal."""
    return response if isinstance(response, int) else response["ETag"].strip('"')


def draw(chance):
    """Return the name of an operation and its arguments."""
    key, body = chance.choice(KEYS), chance.randbytes(chance.choice([0, 1, 1000]))
    source = chance.choice([other for other in KEYS if other != key])  # S3 alone refuses an object copied onto itself
    operations = [
        ("put", key, body),
        ("put", key, body),
        ("get", key),
        ("head", key),
        ("copy", key, source),
        ("delete", key),
        ("delete_several", chance.sample(KEYS, 3)),
        ("list", chance.choice(["", "a", "zz/", "none"]), chance.choice(["", "/"]), "", 1000),
        ("list", "", "", chance.choice(["", "a", "zz/1"]), chance.choice([1, 3, 1000])),
    ]
    return chance.choice(operations)


@pytest.mark.parametrize("seed", range(4))
def test_same_responses(sdk, bucket, s3, seed):
    """Whatever is stored, copied, deleted and listed, both stores give the same responses."""
    cos, chance = Cos(sdk, bucket), random.Random(seed)
    for _ in range(80):
        name, *arguments = draw(chance)
        assert getattr(cos, name)(*arguments) == getattr(s3, name)(*arguments), (name, arguments[:1])
    for key in KEYS:
        assert cos.get(key) == s3.get(key)


@pytest.mark.parametrize(
    "value", ["bytes=0-0", "bytes=10-19", "bytes=-5", "bytes=990-", "bytes=0-5000", "bytes=1000-", "bytes=2000-3000"]
)
def test_same_ranges(sdk, bucket, s3, value):
    """Ranges are cut, clamped and refused alike."""
    cos, body = Cos(sdk, bucket), random.Random(7).randbytes(1000)
    assert cos.put("a", body) == s3.put("a", body)
    assert cos.get("a", Range=value) == s3.get("a", Range=value)


@pytest.mark.parametrize("is_same", [True, False], ids=["its ETag", "another"])
@pytest.mark.parametrize("name", ["IfMatch", "IfNoneMatch"])
def test_same_conditions(sdk, bucket, s3, name, is_same):
    """Conditions on the ETag are judged alike."""
    cos = Cos(sdk, bucket)
    etag = cos.put("a", b"body")
    assert s3.put("a", b"body") == etag
    condition = {name: f'"{etag}"' if is_same else '"5d41402abc4b2a76b9719d911017c592"'}
    assert cos.get("a", **condition) == s3.get("a", **condition)


def test_same_multipart(sdk, bucket, s3):
    """An upload in parts has the same bytes and the same ETag of its parts."""
    cos, chance = Cos(sdk, bucket), random.Random(3)
    parts = [chance.randbytes(MIB), chance.randbytes(MIB), chance.randbytes(17)]
    assert cos.upload("a/b", parts) == s3.upload("a/b", parts)
    assert cos.get("a/b") == s3.get("a/b")
