import re
import time

import pytest
from qcloud_cos import CosConfig, CosS3Client

from emulator.cos import signature
from tests.emulator.plain import sign

# The document's two examples. It prints no secret key, so its SignKey is where they begin.
PUT = {
    "method": "PUT",
    "path": "/exampleobject(腾讯云)",
    "params": [],
    "headers": [
        ("Date", b"Thu, 16 May 2019 06:45:51 GMT"),
        ("Host", b"examplebucket-1250000000.cos.ap-beijing.myqcloud.com"),
        ("Content-Type", b"text/plain"),
        ("Content-Length", b"13"),
        ("Content-MD5", b"mQ/fVh815F3k6TAUm8m0eg=="),
        ("x-cos-acl", b"private"),
        ("x-cos-grant-read", b'uin="100000000011"'),
    ],
}
PUT_STRING = (
    "put\n/exampleobject(腾讯云)\n\ncontent-length=13&content-md5=mQ%2FfVh815F3k6TAUm8m0eg%3D%3D&"
    "content-type=text%2Fplain&date=Thu%2C%2016%20May%202019%2006%3A45%3A51%20GMT&"
    "host=examplebucket-1250000000.cos.ap-beijing.myqcloud.com&x-cos-acl=private&"
    "x-cos-grant-read=uin%3D%22100000000011%22\n"
)
GET = {
    "method": "GET",
    "path": "/exampleobject(腾讯云)",
    "params": [
        ("response-content-type", "application/octet-stream"),
        ("response-cache-control", "max-age=600"),
    ],
    "headers": [
        ("Date", b"Thu, 16 May 2019 06:55:53 GMT"),
        ("Host", b"examplebucket-1250000000.cos.ap-beijing.myqcloud.com"),
    ],
}
GET_STRING = (
    "get\n/exampleobject(腾讯云)\nresponse-cache-control=max-age%3D600&"
    "response-content-type=application%2Foctet-stream\ndate=Thu%2C%2016%20May%202019%2006%3A55%3A53%20GMT&"
    "host=examplebucket-1250000000.cos.ap-beijing.myqcloud.com\n"
)
EXAMPLES = pytest.mark.parametrize(
    ("asked", "string", "key_time", "sign_key", "sha1", "digits"),
    [
        pytest.param(
            PUT,
            PUT_STRING,
            "1557989151;1557996351",
            "eb2519b498b02ac213cb1f3d1a3d27a3b3c9bc5f",
            "8b2751e77f43a0995d6e9eb9477f4b685cca4172",
            "3b8851a11a569213c17ba8fa7dcf2abec6935172",
            id="upload",
        ),
        pytest.param(
            GET,
            GET_STRING,
            "1557989753;1557996953",
            "937914bf490e9e8c189836aad2052e4feeb35eaf",
            "54ecfe22f59d3514fdc764b87a32d8133ea611e6",
            "01681b8c9d798a678e43b685a9f1bba0f6c0e012",
            id="download",
        ),
    ],
)


@EXAMPLES
def test_the_documents_examples_come_out_as_printed(asked, string, key_time, sign_key, sha1, digits):
    signed = signature.http_string(**asked)
    assert signed == string
    text = signature.string_to_sign(key_time, signed)
    assert text == f"sha1\n{key_time}\n{sha1}\n"
    assert signature.signature(sign_key, text) == digits


def test_the_forms_example_prints_its_secret_key_and_its_sign_key_follows():
    # POST Object's document has a made-up key pair and prints every step.
    key = signature.sign_key("BQYIM75p8x0iWVFSIgqEKwFprpRSVHlz", "1567150692;1567157892")
    assert key == "39acc8c9f34ba5b19bce4e965b370cd3f62d2fba"
    assert (
        signature.signature(key, "d5d903b8360468bc81c1311f134989bc8c8b5b89")
        == "7758dc9a832e9d301dca704cacbf9d9f8172fdef"
    )


def test_encoding_keeps_the_unreserved_and_nothing_else():
    assert signature.encode("aZ9-_.~ /+*'()腾") == "aZ9-_.~%20%2F%2B%2A%27%28%29%E8%85%BE"


FIELDS = {
    "q-sign-algorithm": "sha1",
    "q-ak": "AKIDexample",
    "q-sign-time": "1;2",
    "q-key-time": "1;2",
    "q-header-list": "",
    "q-url-param-list": "",
    "q-signature": "0" * 40,
}


@pytest.mark.parametrize("name", FIELDS)
def test_each_of_the_seven_fields_is_needed(name):
    with pytest.raises(ValueError, match=name):
        signature.read_claim({k: v for k, v in FIELDS.items() if k != name})


@pytest.mark.parametrize(
    "change",
    [{"q-sign-algorithm": "sha256"}, {"q-key-time": "1"}, {"q-key-time": "a;b"}, {"q-sign-time": "1;3"}],
    ids=["another algorithm", "one time", "no numbers", "two spans"],
)
def test_a_field_of_another_form_is_no_claim(change):
    with pytest.raises(ValueError, match="must be"):
        signature.read_claim(FIELDS | change)


# Over HTTP


@pytest.fixture
def stored(plain):
    assert plain("PUT", "a b/电影+.txt", body=b"hello").status == 200
    return "a b/电影+.txt"


def test_a_signature_in_the_url_opens_what_one_in_the_header_opens(plain, stored):
    fields = sign("GET", f"/{stored}", key=plain.key, headers={"host": plain.host})
    assert plain("GET", stored, params=fields, signed=False).body == b"hello"


def test_the_sdks_own_url_opens(plain, cloud, bucket, stored):
    config = CosConfig(Region=cloud.region, SecretId=cloud.secret_id, SecretKey=cloud.secret_key)
    url = CosS3Client(config).get_presigned_url(bucket, stored, "GET", Params={"response-content-type": "text/x-film"})
    target = "/" + url.split("/", 3)[3]
    reply = plain.raw("GET", target, headers={"Host": plain.host})
    assert (reply.status, reply.headers["Content-Type"]) == (200, "text/x-film")


def test_only_what_is_listed_is_verified(plain, stored):
    # get-snapshot.md's own examples list less than they send.
    reply = plain("GET", stored, params={"response-content-type": "text/x-film"}, listed=((), ("host",)))
    assert reply.status == 200


def test_what_is_listed_and_not_sent_counts_as_empty(plain, stored):
    # get-snapshot.md's first example lists `acl`, which its request does not have.
    assert plain("GET", stored, listed=(("acl",), ("host",))).status == 200


@pytest.mark.parametrize(
    ("span", "code"),
    [
        pytest.param({"ends": -1}, "AccessDenied", id="expired"),
        pytest.param({"starts": 3600}, "RequestTimeTooSkewed", id="an hour early"),
        pytest.param({"starts": 600}, "AccessDenied", id="not yet"),
    ],
)
def test_a_claim_out_of_its_time_gets_its_own_code(plain, stored, span, code):
    reply = plain("GET", stored, **{edge: int(time.time()) + from_now_s for edge, from_now_s in span.items()})
    assert (reply.status, reply.code) == (403, code)


def test_an_unknown_key_gets_its_own_code(plain, stored):
    plain.key = ("AKIDnobody", "x" * 32)
    reply = plain("GET", stored)
    assert (reply.status, reply.code) == (403, "InvalidAccessKeyId")


def test_an_expired_signature_says_that_the_request_has_expired(plain, stored):
    assert plain("GET", stored, ends=int(time.time()) - 1).message == "Request has expired"


@pytest.mark.parametrize("what", ["method", "path", "param", "header", "host", "secret"])
def test_whatever_is_signed_cannot_be_changed(plain, stored, what):
    key = (plain.key[0], "x" * 32) if what == "secret" else plain.key
    params, headers = {"response-content-type": "a"}, {"host": plain.host, "x-cos-meta-a": "1"}
    fields = sign("GET", f"/{stored}", key=key, params=params, headers=headers)
    headers["Authorization"] = "&".join(f"{k}={v}" for k, v in fields.items())
    method, path = "GET", stored
    if what == "method":
        method = "DELETE"
    elif what == "path":
        path += "x"
    elif what == "param":
        params["response-content-type"] = "b"
    elif what == "header":
        headers["x-cos-meta-a"] = "2"
    elif what == "host":
        headers["host"] = plain.host.replace("examplebucket", "second")
    reply = plain(method, path, params=params, headers=headers, signed=False)
    assert (reply.status, reply.code) == (403, "SignatureDoesNotMatch")


def test_a_mismatch_tells_what_this_side_signed(plain, stored):
    plain.key = (plain.key[0], "x" * 32)
    reply = plain("GET", stored)
    assert re.search(rb"<StringToSign>sha1\n\d+;\d+\n[0-9a-f]{40}\n</StringToSign>", reply.body)


def test_no_signature_is_no_access(plain, stored):
    reply = plain("GET", stored, signed=False)
    assert (reply.status, reply.code) == (403, "AccessDenied")
    assert "Resource" in reply.tags


@pytest.mark.parametrize("text", ["nonsense", "q-ak=a", "Bearer x", "q-sign-algorithm=sha1&q-ak"])
def test_a_header_that_is_no_signature_is_denied(plain, stored, text):
    reply = plain("GET", stored, headers={"Authorization": text}, signed=False)
    assert (reply.status, reply.code) == (403, "AccessDenied")


# The same for CI, in its own words

SNAPSHOT = {"ci-process": "snapshot", "time": "1"}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        pytest.param({"signed": False}, "MissingAuthorization", id="unsigned"),
        pytest.param({"key": ("AKIDnobody", "x" * 32)}, "SecretidNotExist", id="unknown key"),
        pytest.param({"secret": "x" * 32}, "InvalidAuthorization", id="wrong"),
        pytest.param({"ends": 1}, "SignatureExpired", id="expired"),
        pytest.param(
            {"signed": False, "headers": {"Authorization": "nonsense"}}, "InvalidAuthorization", id="malformed"
        ),
    ],
)
def test_ci_refuses_a_signature_with_401_and_without_a_resource(plain, stored, change, code):
    if "key" in change or "secret" in change:
        plain.key = change.get("key", (plain.key[0], change.get("secret")))
    more = {k: v for k, v in change.items() if k not in {"key", "secret"}}
    reply = plain("GET", stored, params=SNAPSHOT, **more)
    assert (reply.status, reply.code) == (401, code)
    assert reply.tags[:2] == ["Code", "Message"]
    assert "Resource" not in reply.tags
    assert reply.headers["Server"] == "tencent-ci"


# Temporary keys


@pytest.fixture
def keys(cloud):
    return cloud.keys.issue("run", 600)


def test_temporary_keys_open_with_their_token_in_the_header_or_the_url(plain, stored, keys):
    plain.key = (keys.secret_id, keys.secret_key)
    assert plain("GET", stored, headers={"x-cos-security-token": keys.token}).status == 200
    assert plain("GET", stored, params={"x-cos-security-token": keys.token}).status == 200


@pytest.mark.parametrize("token", [None, "", "wrong"], ids=["none", "empty", "wrong"])
def test_temporary_keys_are_no_keys_without_their_token(plain, stored, keys, token):
    plain.key = (keys.secret_id, keys.secret_key)
    reply = plain("GET", stored, headers={} if token is None else {"x-cos-security-token": token})
    assert (reply.status, reply.code) == (403, "InvalidAccessKeyId")


def test_revoked_keys_are_unknown(plain, stored, keys, cloud):
    cloud.keys.revoke(keys.secret_id)
    plain.key = (keys.secret_id, keys.secret_key)
    reply = plain("GET", stored, headers={"x-cos-security-token": keys.token})
    assert (reply.status, reply.code) == (403, "InvalidAccessKeyId")
