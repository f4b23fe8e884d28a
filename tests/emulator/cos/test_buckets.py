from xml.etree.ElementTree import fromstring

import pytest
from qcloud_cos import CosConfig, CosS3Client, CosServiceError

from emulator.faults.injector import Fault

OWNER = "qcs::cam::uin/100000000001:uin/100000000001"
KEYS = ["a/1", "a/2", "a/3", "b", "c d+e", "视频"]


def refusal(call, *arguments, **options):
    with pytest.raises(CosServiceError) as raised:
        call(*arguments, **options)
    return raised.value.get_status_code(), raised.value.get_error_code()


@pytest.fixture
def listed(sdk, bucket):
    for key in KEYS:
        sdk.put_object(bucket, b"x" * len(key), key)


def keys(page):
    return [item["Key"] for item in page.get("Contents", [])]


def test_listing(sdk, bucket, listed):
    """A listing names each object with size, class, owner and time."""
    page = sdk.list_objects(bucket)
    assert keys(page) == KEYS
    assert (page["Name"], page["IsTruncated"], page["MaxKeys"]) == (bucket, "false", "1000")
    first = page["Contents"][0]
    assert (first["Size"], first["StorageClass"], first["Owner"]["ID"]) == ("3", "STANDARD", OWNER)
    assert first["ETag"].startswith('"')
    assert first["LastModified"].endswith("Z")


def test_prefix(sdk, bucket, listed):
    """A prefix narrows a listing."""
    assert keys(sdk.list_objects(bucket, Prefix="a/")) == KEYS[:3]
    assert keys(sdk.list_objects(bucket, Prefix="c d+")) == ["c d+e"]


def test_delimiter(sdk, bucket, listed):
    """A delimiter folds a listing into folders."""
    page = sdk.list_objects(bucket, Delimiter="/")
    assert keys(page) == KEYS[3:]
    assert [item["Prefix"] for item in page["CommonPrefixes"]] == ["a/"]


@pytest.mark.parametrize("delimiter", ["", "/"], ids=["flat", "folded"])
@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_pages(sdk, bucket, listed, size, delimiter):
    """Pages follow each other without gap or repetition."""
    result, marker, pages = [], "", 0
    while True:
        page = sdk.list_objects(bucket, Marker=marker, MaxKeys=size, Delimiter=delimiter)
        got = keys(page) + [item["Prefix"] for item in page.get("CommonPrefixes", [])]
        result += got
        pages += 1
        assert len(got) <= size
        if page["IsTruncated"] == "false":
            break
        marker = page["NextMarker"]
    expected = KEYS if not delimiter else ["a/", *KEYS[3:]]
    assert sorted(result) == sorted(expected)
    assert pages == -(-len(expected) // size)


def test_encoding_type(plain, sdk, bucket, listed):
    """Keys are percent-encoded on request, and only then."""
    body = plain("GET", params={"encoding-type": "url"}).body.decode()
    assert "<Key>c%20d%2Be</Key>" in body
    assert "<Key>%E8%A7%86%E9%A2%91</Key>" in body
    assert "<Key>视频</Key>" in plain("GET").body.decode()


def test_list_type_2(plain, listed):
    """The second form of a listing counts keys and gives a token."""
    body = plain("GET", params={"list-type": "2", "max-keys": "2"}).body.decode()
    assert "<KeyCount>2</KeyCount>" in body
    assert "<NextContinuationToken>" in body


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"max-keys": "1001"}, "InvalidArgument"),
        ({"max-keys": "-1"}, "InvalidArgument"),
        ({"max-keys": "many"}, "InvalidArgument"),
        ({"max-keys": "²"}, "InvalidArgument"),
        ({"delimiter": "ab"}, "InvalidDelimiter"),
        ({"encoding-type": "base64"}, "InvalidArgument"),
        ({"list-type": "3"}, "InvalidArgument"),
    ],
    ids=str,
)
def test_wrong_parameters(plain, params, code):
    """A parameter that a listing does not take is refused."""
    reply = plain("GET", params=params)
    assert (reply.status, reply.code) == (400, code)


def test_continuation_token(plain, listed):
    """The second form pages by its token."""
    result, token = [], ""
    while True:
        params = {"list-type": "2", "max-keys": "2", **({"continuation-token": token} if token else {})}
        root = fromstring(plain("GET", params=params).body)
        result += [element.text for element in root.iter("Key")]
        token = root.findtext("NextContinuationToken")
        if not token:
            break
    assert result == KEYS
    assert plain("GET", params={"list-type": "2", "continuation-token": "视"}).code == "InvalidArgument"


def test_marker_in_folder(sdk, bucket, listed):
    """A listing can begin after a key within a folder."""
    page = sdk.list_objects(bucket, Delimiter="/", Marker="a/2")
    assert [item["Prefix"] for item in page["CommonPrefixes"]] == ["a/"]


def test_zero_keys(plain, listed):
    """A page of zero keys is empty and not truncated."""
    root = fromstring(plain("GET", params={"max-keys": "0"}).body)
    assert (root.find("Contents"), root.findtext("IsTruncated")) == (None, "false")


def test_absent_bucket(sdk):
    """There is no listing of a bucket that does not exist."""
    assert refusal(sdk.list_objects, "absent-1250000000") == (404, "NoSuchBucket")


def test_head_bucket(sdk, bucket, cloud):
    """HEAD says whether a bucket exists and where."""
    assert sdk.head_bucket(bucket)["x-cos-bucket-region"] == cloud.region
    assert sdk.bucket_exists(bucket)
    assert not sdk.bucket_exists("absent-1250000000")
    assert sdk.get_bucket_location(bucket) == {"LocationConstraint": cloud.region}


def test_get_service(cloud):
    """The account's buckets are listed."""
    config = CosConfig(
        Region=cloud.region,
        SecretId=cloud.secret_id,
        SecretKey=cloud.secret_key,
        Scheme="http",
        ServiceDomain=f"127.0.0.1:{cloud.port}",
    )
    result = CosS3Client(config, retry=0).list_buckets()
    assert [item["Name"] for item in result["Buckets"]["Bucket"]] == list(cloud.buckets)
    assert result["Buckets"]["Bucket"][0]["Location"] == cloud.region
    assert result["Owner"]["ID"] == OWNER


def test_create_and_delete(sdk, cloud):
    """A bucket is created once, and deleted when it is empty."""
    sdk.create_bucket("new-1250000000")
    assert "new-1250000000" in cloud.buckets
    assert refusal(sdk.create_bucket, "new-1250000000") == (409, "BucketAlreadyOwnedByYou")
    sdk.put_object("new-1250000000", b"x", "a")
    assert refusal(sdk.delete_bucket, "new-1250000000") == (409, "BucketNotEmpty")
    sdk.delete_object("new-1250000000", "a")
    sdk.delete_bucket("new-1250000000")
    assert not sdk.bucket_exists("new-1250000000")


def test_new_bucket_unbound(sdk, cloud):
    """A new bucket has media processing off."""
    sdk.create_bucket("new-1250000000")
    assert not cloud.is_bound("new-1250000000")


@pytest.mark.parametrize("name", ["new-1259999999", "-new-1250000000", f"{'n' * 50}-1250000000"])
def test_bucket_names(plain, name):
    """A bucket's name follows the rules and ends with the account's appid."""
    plain.host = plain.host.replace("examplebucket-1250000000", name)
    assert plain("PUT", body=b"").code == "InvalidBucketName"


TAGS = {"TagSet": {"Tag": [{"Key": "made", "Value": "by hand"}]}}


def test_bucket_tags(sdk, bucket):
    """A bucket's tags are set, returned and deleted."""
    assert refusal(sdk.get_bucket_tagging, bucket) == (404, "NoSuchTagSet")
    sdk.put_bucket_tagging(bucket, TAGS)
    assert sdk.get_bucket_tagging(bucket) == TAGS
    sdk.delete_bucket_tagging(bucket)
    assert refusal(sdk.get_bucket_tagging, bucket) == (404, "NoSuchTagSet")


def test_object_tags(sdk, bucket):
    """An object's tags are set, returned and deleted."""
    sdk.put_object(bucket, b"x", "视频 a")
    sdk.put_object_tagging(bucket, "视频 a", TAGS)
    assert sdk.get_object_tagging(bucket, "视频 a") == TAGS
    sdk.delete_object_tagging(bucket, "视频 a")


def test_versioning(sdk, bucket):
    """Versions are kept once versioning is on."""
    sdk.put_bucket_versioning(bucket, Status="Enabled")
    assert sdk.get_bucket_versioning(bucket)["Status"] == "Enabled"
    versions = [sdk.put_object(bucket, body, "a")["x-cos-version-id"] for body in (b"1", b"2")]
    assert sdk.get_object(bucket, "a", VersionId=versions[0])["Body"].get_raw_stream().read() == b"1"
    assert sdk.get_object(bucket, "a")["Body"].get_raw_stream().read() == b"2"
    marker = sdk.delete_object(bucket, "a")
    assert marker["x-cos-delete-marker"] == "true"
    assert refusal(sdk.get_object, bucket, "a") == (404, "NoSuchKey")
    assert sdk.head_object(bucket, "a", VersionId=versions[1])["Content-Length"] == "1"
    assert refusal(sdk.get_object, bucket, "a", VersionId="unknown") == (404, "NoSuchVersion")


# Other origins

RULES = {
    "CORSRule": [
        {
            "AllowedOrigin": ["https://my.website", "https://*.film"],
            "AllowedMethod": ["GET", "PUT"],
            "AllowedHeader": ["x-cos-*"],
            "ExposeHeader": ["ETag"],
            "MaxAgeSeconds": "60",
        }
    ]
}


@pytest.fixture
def shared(sdk, bucket):
    assert refusal(sdk.get_bucket_cors, bucket) == (404, "NoSuchCORSConfiguration")
    sdk.put_bucket_cors(bucket, RULES)
    sdk.put_object(bucket, b"x", "a")


def test_cors_rules(sdk, bucket, shared):
    """CORS rules come back as they were set."""
    rule = sdk.get_bucket_cors(bucket)["CORSRule"][0]
    assert rule["AllowedOrigin"] == RULES["CORSRule"][0]["AllowedOrigin"]
    sdk.delete_bucket_cors(bucket)
    assert refusal(sdk.get_bucket_cors, bucket) == (404, "NoSuchCORSConfiguration")


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [("https://my.website", True), ("https://a.film", True), ("https://other.website", False), (None, False)],
)
def test_cors_headers(plain, shared, origin, allowed):
    """A response says which origin may read it."""
    reply = plain("GET", "a", headers={} if origin is None else {"Origin": origin})
    assert reply.headers["Access-Control-Allow-Origin"] == (origin if allowed else None)
    assert reply.headers["Access-Control-Expose-Headers"] == ("ETag" if allowed else None)


def preflight(plain, **headers):
    sent_headers = {f"Access-Control-Request-{name}": value for name, value in headers.items() if name != "origin"}
    return plain(
        "OPTIONS", "a", headers={"Origin": headers.get("origin", "https://my.website"), **sent_headers}, signed=False
    )


def test_preflight(plain, shared):
    """A preflight is answered without a signature."""
    reply = preflight(plain, Method="PUT", Headers="x-cos-meta-a")
    assert (reply.status, reply.headers["Access-Control-Max-Age"]) == (200, "60")
    assert reply.headers["Access-Control-Allow-Methods"] == "GET,PUT"


@pytest.mark.parametrize(
    "sent_headers",
    [{"Method": "DELETE"}, {"Method": "PUT", "Headers": "authorization"}, {"Method": "PUT", "origin": "https://b"}],
    ids=["method", "header", "origin"],
)
def test_preflight_forbidden(plain, shared, sent_headers):
    """A preflight that no rule allows is forbidden."""
    reply = preflight(plain, **sent_headers)
    assert (reply.status, reply.code) == (403, "AccessForbidden")


PREFLIGHTS = {
    "the bucket": ("", {}),
    "a listing": ("", {"prefix": "a", "max-keys": "10"}),
    "several to delete": ("", {"delete": ""}),
    "an upload in parts": ("视频/b.mp4", {"uploads": ""}),
    "a part": ("a", {"partNumber": "1", "uploadId": "x"}),
    "a snapshot": ("a.mp4", {"ci-process": "snapshot", "time": "1"}),
    "what is not here": ("a", {"symlink": ""}),
}


@pytest.mark.parametrize(("key", "params"), PREFLIGHTS.values(), ids=PREFLIGHTS)
def test_preflight_of_any_address(plain, shared, key, params):
    """A preflight is judged by the method it asks for, whatever the address."""
    headers = {"Origin": "https://my.website", "Access-Control-Request-Method": "PUT"}
    reply = plain("OPTIONS", key, params=params, headers=headers, signed=False)
    assert (reply.status, reply.headers["Access-Control-Allow-Origin"]) == (200, "https://my.website")
    headers["Access-Control-Request-Method"] = "DELETE"
    assert plain("OPTIONS", key, params=params, headers=headers, signed=False).code == "AccessForbidden"


@pytest.mark.parametrize(
    ("method", "key", "signed", "code"),
    [("GET", "absent", True, "NoSuchKey"), ("GET", "a", False, "AccessDenied"), ("PUT", "x" * 851, True, "KeyTooLong")],
    ids=["absent", "unsigned", "long key"],
)
def test_errors_can_be_read(plain, shared, method, key, signed, code):
    """An error says who may read it, as any response does: a page reads NoSuchKey, not "blocked"."""
    reply = plain(
        method, key, headers={"Origin": "https://my.website"}, body=b"" if method == "PUT" else None, signed=signed
    )
    assert (reply.code, reply.headers["Access-Control-Allow-Origin"]) == (code, "https://my.website")
    assert reply.headers["Access-Control-Expose-Headers"] == "ETag"


def cors_document(*methods):
    allowed = "".join(f"<AllowedMethod>{method}</AllowedMethod>" for method in methods)
    rule = f"<CORSRule><AllowedOrigin>*</AllowedOrigin>{allowed}</CORSRule>"
    return f"<CORSConfiguration>{rule}</CORSConfiguration>".encode()


@pytest.mark.parametrize(
    ("method", "params", "body", "status"),
    [
        ("DELETE", {"cors": ""}, None, 204),
        ("PUT", {"cors": ""}, cors_document("GET"), 200),
        ("DELETE", {}, None, 204),
    ],
    ids=["rules removed", "rules narrowed", "bucket deleted"],
)
def test_last_answer_of_rules(plain, method, params, body, status):
    """The answer to a request that takes the rules away can still be read: its preflight was judged by them."""
    origin = {"Origin": "https://my.website"}
    plain("PUT", params={"cors": ""}, body=cors_document("PUT", "DELETE"))
    reply = plain(method, params=params, headers=origin, body=body)
    assert (reply.status, reply.headers["Access-Control-Allow-Origin"]) == (status, "*")
    reply = plain(method, params=params, headers=origin, body=body)
    assert reply.headers["Access-Control-Allow-Origin"] is None


def test_first_answer_of_rules(plain):
    """The answer to the request that sets the first rules cannot be read: no preflight would have allowed it."""
    reply = plain(
        "PUT", params={"cors": ""}, headers={"Origin": "https://my.website"}, body=cors_document("PUT", "GET")
    )
    assert (reply.status, reply.headers["Access-Control-Allow-Origin"]) == (200, None)


def test_injected_error_can_be_read(cloud, plain, shared):
    """An error from a fault says who may read it, too."""
    cloud.faults.add(Fault(operation="GetObject"))
    reply = plain("GET", "a", headers={"Origin": "https://my.website"})
    assert (reply.status, reply.headers["Access-Control-Allow-Origin"]) == (503, "https://my.website")


def test_versioning_document(plain):
    """A bucket's versioning is shown under the root that the document names."""
    assert b"<VersioningConfiguration" in plain("GET", params={"versioning": ""}).body


@pytest.mark.parametrize("sub", ["cors", "tagging", "versioning"])
@pytest.mark.parametrize(
    "body", [b"", b"hello", b"<Other/>", b"<CORSConfiguration/>", b"<Tagging><TagSet><Tag/></TagSet></Tagging>"]
)
def test_malformed_setting(plain, sub, body):
    """A setting that cannot be read is refused."""
    reply = plain("PUT", params={sub: ""}, body=body)
    assert (reply.status, reply.code) == (400, "MalformedXML")
