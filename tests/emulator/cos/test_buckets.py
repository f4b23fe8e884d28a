from xml.etree.ElementTree import fromstring

import pytest
from qcloud_cos import CosConfig, CosS3Client, CosServiceError

OWNER = "qcs::cam::uin/100000000001:uin/100000000001"
KEYS = ["a/1", "a/2", "a/3", "b", "c d+e", "视频"]


def refusal(call, *arguments, **more):
    with pytest.raises(CosServiceError) as caught:
        call(*arguments, **more)
    return caught.value.get_status_code(), caught.value.get_error_code()


@pytest.fixture
def listed(sdk, bucket):
    for key in KEYS:
        sdk.put_object(bucket, b"x" * len(key), key)


def keys(page):
    return [each["Key"] for each in page.get("Contents", [])]


def test_a_listing_says_what_there_is(sdk, bucket, listed):
    page = sdk.list_objects(bucket)
    assert keys(page) == KEYS
    assert (page["Name"], page["IsTruncated"], page["MaxKeys"]) == (bucket, "false", "1000")
    first = page["Contents"][0]
    assert (first["Size"], first["StorageClass"], first["Owner"]["ID"]) == ("3", "STANDARD", OWNER)
    assert first["ETag"].startswith('"')
    assert first["LastModified"].endswith("Z")


def test_a_prefix_narrows_a_listing(sdk, bucket, listed):
    assert keys(sdk.list_objects(bucket, Prefix="a/")) == KEYS[:3]
    assert keys(sdk.list_objects(bucket, Prefix="c d+")) == ["c d+e"]


def test_a_delimiter_folds_a_listing(sdk, bucket, listed):
    page = sdk.list_objects(bucket, Delimiter="/")
    assert keys(page) == KEYS[3:]
    assert [each["Prefix"] for each in page["CommonPrefixes"]] == ["a/"]


@pytest.mark.parametrize("delimiter", ["", "/"], ids=["flat", "folded"])
@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_pages_follow_each_other_without_gap_or_repetition(sdk, bucket, listed, size, delimiter):
    found, marker, pages = [], "", 0
    while True:
        page = sdk.list_objects(bucket, Marker=marker, MaxKeys=size, Delimiter=delimiter)
        got = keys(page) + [each["Prefix"] for each in page.get("CommonPrefixes", [])]
        found += got
        pages += 1
        assert len(got) <= size
        if page["IsTruncated"] == "false":
            break
        marker = page["NextMarker"]
    wanted = KEYS if not delimiter else ["a/", *KEYS[3:]]
    assert sorted(found) == sorted(wanted)
    assert pages == -(-len(wanted) // size)


def test_keys_are_encoded_on_request(plain, sdk, bucket, listed):
    body = plain("GET", params={"encoding-type": "url"}).body.decode()
    assert "<Key>c%20d%2Be</Key>" in body
    assert "<Key>%E8%A7%86%E9%A2%91</Key>" in body
    assert "<Key>视频</Key>" in plain("GET").body.decode()


def test_the_second_form_of_a_listing_is_there(plain, listed):
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
def test_a_listing_is_asked_for_in_its_own_words(plain, params, code):
    reply = plain("GET", params=params)
    assert (reply.status, reply.code) == (400, code)


def test_the_second_form_pages_by_its_token(plain, listed):
    found, token = [], ""
    while True:
        params = {"list-type": "2", "max-keys": "2", **({"continuation-token": token} if token else {})}
        root = fromstring(plain("GET", params=params).body)
        found += [element.text for element in root.iter("Key")]
        token = root.findtext("NextContinuationToken")
        if not token:
            break
    assert found == KEYS
    assert plain("GET", params={"list-type": "2", "continuation-token": "视"}).code == "InvalidArgument"


def test_a_listing_can_begin_behind_a_key_within_a_folder(sdk, bucket, listed):
    page = sdk.list_objects(bucket, Delimiter="/", Marker="a/2")
    assert [each["Prefix"] for each in page["CommonPrefixes"]] == ["a/"]


def test_no_keys_can_be_asked_for(plain, listed):
    root = fromstring(plain("GET", params={"max-keys": "0"}).body)
    assert (root.find("Contents"), root.findtext("IsTruncated")) == (None, "false")


def test_no_listing_of_a_bucket_that_is_not_there(sdk):
    assert refusal(sdk.list_objects, "absent-1250000000") == (404, "NoSuchBucket")


def test_a_bucket_is_there_or_not(sdk, bucket, cloud):
    assert sdk.head_bucket(bucket)["x-cos-bucket-region"] == cloud.region
    assert sdk.bucket_exists(bucket)
    assert not sdk.bucket_exists("absent-1250000000")
    assert sdk.get_bucket_location(bucket) == {"LocationConstraint": cloud.region}


def test_the_accounts_buckets_are_listed(cloud):
    config = CosConfig(
        Region=cloud.region,
        SecretId=cloud.secret_id,
        SecretKey=cloud.secret_key,
        Scheme="http",
        ServiceDomain=f"127.0.0.1:{cloud.port}",
    )
    found = CosS3Client(config, retry=0).list_buckets()
    assert [each["Name"] for each in found["Buckets"]["Bucket"]] == list(cloud.buckets)
    assert found["Buckets"]["Bucket"][0]["Location"] == cloud.region
    assert found["Owner"]["ID"] == OWNER


def test_a_bucket_is_made_and_deleted(sdk, cloud):
    sdk.create_bucket("new-1250000000")
    assert "new-1250000000" in cloud.buckets
    assert refusal(sdk.create_bucket, "new-1250000000") == (409, "BucketAlreadyOwnedByYou")
    sdk.put_object("new-1250000000", b"x", "a")
    assert refusal(sdk.delete_bucket, "new-1250000000") == (409, "BucketNotEmpty")
    sdk.delete_object("new-1250000000", "a")
    sdk.delete_bucket("new-1250000000")
    assert not sdk.bucket_exists("new-1250000000")


def test_a_new_bucket_has_no_media_processing(sdk, cloud):
    sdk.create_bucket("new-1250000000")
    assert not cloud.is_bound("new-1250000000")


@pytest.mark.parametrize("name", ["new-1259999999", "-new-1250000000", f"{'n' * 50}-1250000000"])
def test_a_bucket_is_named_by_the_rules_and_of_this_account(plain, name):
    plain.host = plain.host.replace("examplebucket-1250000000", name)
    assert plain("PUT", body=b"").code == "InvalidBucketName"


TAGS = {"TagSet": {"Tag": [{"Key": "made", "Value": "by hand"}]}}


def test_tags_of_a_bucket(sdk, bucket):
    assert refusal(sdk.get_bucket_tagging, bucket) == (404, "NoSuchTagSet")
    sdk.put_bucket_tagging(bucket, TAGS)
    assert sdk.get_bucket_tagging(bucket) == TAGS
    sdk.delete_bucket_tagging(bucket)
    assert refusal(sdk.get_bucket_tagging, bucket) == (404, "NoSuchTagSet")


def test_tags_of_an_object(sdk, bucket):
    sdk.put_object(bucket, b"x", "视频 a")
    sdk.put_object_tagging(bucket, "视频 a", TAGS)
    assert sdk.get_object_tagging(bucket, "视频 a") == TAGS
    sdk.delete_object_tagging(bucket, "视频 a")


def test_versions_are_kept_once_they_are_switched_on(sdk, bucket):
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


def test_cors_rules_come_back(sdk, bucket, shared):
    rule = sdk.get_bucket_cors(bucket)["CORSRule"][0]
    assert rule["AllowedOrigin"] == RULES["CORSRule"][0]["AllowedOrigin"]
    sdk.delete_bucket_cors(bucket)
    assert refusal(sdk.get_bucket_cors, bucket) == (404, "NoSuchCORSConfiguration")


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [("https://my.website", True), ("https://a.film", True), ("https://other.website", False), (None, False)],
)
def test_an_answer_says_who_may_read_it(plain, shared, origin, allowed):
    reply = plain("GET", "a", headers={} if origin is None else {"Origin": origin})
    assert reply.headers["Access-Control-Allow-Origin"] == (origin if allowed else None)
    assert reply.headers["Access-Control-Expose-Headers"] == ("ETag" if allowed else None)


def preflight(plain, **headers):
    asked = {f"Access-Control-Request-{name}": value for name, value in headers.items() if name != "origin"}
    return plain("OPTIONS", "a", headers={"Origin": headers.get("origin", "https://my.website"), **asked}, signed=False)


def test_a_preflight_is_answered_without_a_signature(plain, shared):
    reply = preflight(plain, Method="PUT", Headers="x-cos-meta-a")
    assert (reply.status, reply.headers["Access-Control-Max-Age"]) == (200, "60")
    assert reply.headers["Access-Control-Allow-Methods"] == "GET,PUT"


@pytest.mark.parametrize(
    "asked",
    [{"Method": "DELETE"}, {"Method": "PUT", "Headers": "authorization"}, {"Method": "PUT", "origin": "https://b"}],
    ids=["method", "header", "origin"],
)
def test_a_preflight_that_no_rule_allows_is_forbidden(plain, shared, asked):
    reply = preflight(plain, **asked)
    assert (reply.status, reply.code) == (403, "AccessForbidden")


@pytest.mark.parametrize("sub", ["cors", "tagging", "versioning"])
@pytest.mark.parametrize(
    "body", [b"", b"hello", b"<Other/>", b"<CORSConfiguration/>", b"<Tagging><TagSet><Tag/></TagSet></Tagging>"]
)
def test_a_setting_that_cannot_be_read_is_refused(plain, sub, body):
    reply = plain("PUT", params={sub: ""}, body=body)
    assert (reply.status, reply.code) == (400, "MalformedXML")
