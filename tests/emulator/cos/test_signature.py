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
    ("sent_headers", "string", "key_time", "sign_key", "sha1", "digits"),
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
def test_document_examples(sent_headers, string, key_time, sign_key, sha1, digits):
    """The document's examples come out as printed."""
    signed = signature.http_string(**sent_headers)
    assert signed == string
    text = signature.string_to_sign(key_time, signed)
    assert text == f"sha1\n{key_time}\n{sha1}\n"
    assert signature.signature(sign_key, text) == digits


def test_form_example():
    """The form's example gives the SignKey that it prints."""
    # POST Object's document has a made-up key pair and prints every step.
    key = signature.sign_key("BQYIM75p8x0iWVFSIgqEKwFprpRSVHlz", "1567150692;1567157892")
    assert key == "39acc8c9f34ba5b19bce4e965b370cd3f62d2fba"
    assert (
        signature.signature(key, "d5d903b8360468bc81c1311f134989bc8c8b5b89")
        == "7758dc9a832e9d301dca704cacbf9d9f8172fdef"
    )


def test_encoding():
    """Encoding keeps the unreserved characters and nothing else."""
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
def test_seven_fields(name):
    """Each of the seven fields is needed."""
    with pytest.raises(ValueError, match=name):
        signature.read_claim({k: v for k, v in FIELDS.items() if k != name})


@pytest.mark.parametrize(
    "change",
    [{"q-sign-algorithm": "sha256"}, {"q-key-time": "1"}, {"q-key-time": "a;b"}, {"q-sign-time": "1;3"}],
    ids=["another algorithm", "one time", "no numbers", "two spans"],
)
def test_malformed_field(change):
    """A field of another form is refused."""
    with pytest.raises(ValueError, match="must be"):
        signature.read_claim(FIELDS | change)


# Over HTTP


@pytest.fixture
def stored(plain):
    assert plain("PUT", "a b/电影+.txt", body=b"hello").status == 200
    return "a b/电影+.txt"


def test_in_the_address(plain, stored):
    """A signature in the address works as one in the header."""
    fields = sign("GET", f"/{stored}", key=plain.key, headers={"host": plain.host})
    assert plain("GET", stored, params=fields, signed=False).body == b"hello"


def test_sdk_address(plain, cloud, bucket, stored):
    """The SDK's own signed address works."""
    config = CosConfig(Region=cloud.region, SecretId=cloud.secret_id, SecretKey=cloud.secret_key)
    url = CosS3Client(config).get_presigned_url(bucket, stored, "GET", Params={"response-content-type": "text/x-film"})
    target = "/" + url.split("/", 3)[3]
    reply = plain.raw("GET", target, headers={"Host": plain.host})
    assert (reply.status, reply.headers["Content-Type"]) == (200, "text/x-film")


def test_listed_only(plain, stored):
    """Only listed headers and parameters are verified."""
    # get-snapshot.md's own examples list less than they send.
    reply = plain("GET", stored, params={"response-content-type": "text/x-film"}, listed=((), ("host",)))
    assert reply.status == 200


def test_listed_not_sent(plain, stored):
    """A listed name that is not sent counts as empty."""
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
def test_out_of_time(plain, stored, span, code):
    """A signature outside its time gets its own code."""
    reply = plain("GET", stored, **{edge: int(time.time()) + from_now_s for edge, from_now_s in span.items()})
    assert (reply.status, reply.code) == (403, code)


def test_unknown_id(plain, stored):
    """An unknown SecretId gets its own code."""
    plain.key = ("AKIDnobody", "x" * 32)
    reply = plain("GET", stored)
    assert (reply.status, reply.code) == (403, "InvalidAccessKeyId")


def test_expired(plain, stored):
    """An expired signature says that the request has expired."""
    assert plain("GET", stored, ends=int(time.time()) - 1).message == "Request has expired"


@pytest.mark.parametrize("part", ["method", "path", "param", "header", "host", "secret"])
def test_tampering(plain, stored, part):
    """Whatever is signed cannot be changed."""
    key = (plain.key[0], "x" * 32) if part == "secret" else plain.key
    params, headers = {"response-content-type": "a"}, {"host": plain.host, "x-cos-meta-a": "1"}
    fields = sign("GET", f"/{stored}", key=key, params=params, headers=headers)
    headers["Authorization"] = "&".join(f"{k}={v}" for k, v in fields.items())
    method, path = "GET", stored
    if part == "method":
        method = "DELETE"
    elif part == "path":
        path += "x"
    elif part == "param":
        params["response-content-type"] = "b"
    elif part == "header":
        headers["x-cos-meta-a"] = "2"
    elif part == "host":
        headers["host"] = plain.host.replace("examplebucket", "second")
    reply = plain(method, path, params=params, headers=headers, signed=False)
    assert (reply.status, reply.code) == (403, "SignatureDoesNotMatch")


def test_mismatch(plain, stored):
    """A mismatch shows what this side signed."""
    plain.key = (plain.key[0], "x" * 32)
    reply = plain("GET", stored)
    assert re.search(rb"<StringToSign>sha1\n\d+;\d+\n[0-9a-f]{40}\n</StringToSign>", reply.body)


def test_unsigned(plain, stored):
    """Without a signature there is no access."""
    reply = plain("GET", stored, signed=False)
    assert (reply.status, reply.code) == (403, "AccessDenied")
    assert "Resource" in reply.tags


@pytest.mark.parametrize("text", ["nonsense", "q-ak=a", "Bearer x", "q-sign-algorithm=sha1&q-ak"])
def test_malformed_header(plain, stored, text):
    """A header that is no signature is denied."""
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
def test_ci_errors(plain, stored, change, code):
    """CI refuses a signature with 401 and without a Resource."""
    if "key" in change or "secret" in change:
        plain.key = change.get("key", (plain.key[0], change.get("secret")))
    options = {k: v for k, v in change.items() if k not in {"key", "secret"}}
    reply = plain("GET", stored, params=SNAPSHOT, **options)
    assert (reply.status, reply.code) == (401, code)
    assert reply.tags[:2] == ["Code", "Message"]
    assert "Resource" not in reply.tags
    assert reply.headers["Server"] == "tencent-ci"


# Temporary keys


@pytest.fixture
def keys(cloud):
    return cloud.credentials.issue("run", 600)


def test_token(plain, stored, keys):
    """Temporary credentials work with their token in header or address."""
    plain.key = (keys.secret_id, keys.secret_key)
    assert plain("GET", stored, headers={"x-cos-security-token": keys.token}).status == 200
    assert plain("GET", stored, params={"x-cos-security-token": keys.token}).status == 200


@pytest.mark.parametrize("token", [None, "", "wrong"], ids=["none", "empty", "wrong"])
def test_missing_token(plain, stored, keys, token):
    """Temporary credentials do not work without their token."""
    plain.key = (keys.secret_id, keys.secret_key)
    reply = plain("GET", stored, headers={} if token is None else {"x-cos-security-token": token})
    assert (reply.status, reply.code) == (403, "InvalidAccessKeyId")


def test_revoked(plain, stored, keys, cloud):
    """Revoked credentials are unknown."""
    cloud.credentials.revoke(keys.secret_id)
    plain.key = (keys.secret_id, keys.secret_key)
    reply = plain("GET", stored, headers={"x-cos-security-token": keys.token})
    assert (reply.status, reply.code) == (403, "InvalidAccessKeyId")


def test_whole_signature_in_one_parameter(plain):
    """The signature may come as one parameter `sign`; a wrong one is refused, and none of it is recorded."""
    plain("PUT", "a", body=b"hello")
    fields = sign("GET", "/a", key=plain.key, headers={"host": plain.host})
    text = "&".join(f"{name}={value}" for name, value in fields.items())
    for value, status in ((text, 200), (text.replace("q-signature=", "q-signature=0"), 403)):
        assert plain("GET", "a", params={"sign": value}, signed=False).status == status
        assert plain.cloud.calls[-1].query == ()


@pytest.mark.parametrize(
    ("params", "headers"),
    [
        ({}, {"Authorization": "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261125/cn/s3/aws4_request"}),
        ({}, {"Authorization": "AWS AKIDEXAMPLE:signature"}),
        ({"X-Amz-Signature": "0"}, {}),
    ],
    ids=["version 4", "version 2", "in the address"],
)
def test_s3_protocol(plain, params, headers):
    """A request of the S3 protocol is refused by name."""
    reply = plain("GET", "a", params=params, headers=headers, signed=False)
    assert (reply.status, reply.code, "S3 protocol" in reply.message) == (501, "NotImplemented", True)
