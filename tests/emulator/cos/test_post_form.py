import hashlib
import hmac
import json
import time
from base64 import b64encode

import pytest

BOUNDARY = "----film"
MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"


def mac(key, message):
    return hmac.new(key.encode(), message.encode(), hashlib.sha1).hexdigest()


def body_of(fields, file=b"hello", filename="a.mp4"):
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode()
        + str(value).encode()
        + b"\r\n"
        for name, value in fields.items()
    ]
    if file is not None:
        parts.append(
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{filename}"\r\n'.encode()
            + b"Content-Type: application/x-ignored\r\n\r\n"
            + file
            + b"\r\n"
        )
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


class Form:
    """A browser's form, signed as the document says; `conditions` are added to the three that are required."""

    def __init__(self, plain):
        self.plain = plain

    def __call__(
        self, fields=None, *, conditions=(), file=b"hello", ends=None, expiration="2100-01-01T00:00:00Z", **change
    ):
        secret_id, secret_key = self.plain.key
        key_time = f"{int(time.time()) - 60};{int(time.time()) + 600 if ends is None else ends}"
        required = [{"q-sign-algorithm": "sha1"}, {"q-ak": secret_id}, {"q-sign-time": key_time}]
        policy = json.dumps({"expiration": expiration, "conditions": [*required, *conditions]})
        policy = change.pop("policy", policy)
        signed = {
            "policy": b64encode(policy.encode()).decode(),
            "q-sign-algorithm": "sha1",
            "q-ak": secret_id,
            "q-key-time": key_time,
            "q-signature": mac(mac(secret_key, key_time), hashlib.sha1(policy.encode()).hexdigest()),
        }
        every = {"key": "videos/a.mp4", **signed, **(fields or {}), **change}
        return self.send(body_of({name: value for name, value in every.items() if value is not None}))

    def send(self, body, content_type=MULTIPART):
        return self.plain.raw("POST", "/", headers={"Host": self.plain.host, "Content-Type": content_type}, body=body)


@pytest.fixture
def form(plain):
    return Form(plain)


def test_form(form, plain, cloud):
    """A form stores its file with its fields."""
    reply = form({"Content-Type": "video/mp4", "x-cos-meta-a": "电影"})
    assert (reply.status, reply.body) == (204, b"")
    assert reply.headers["Location"] == f"http://{plain.host}/videos/a.mp4"
    result = plain("GET", "videos/a.mp4")
    assert (result.body, result.headers["Content-Type"]) == (b"hello", "video/mp4")
    assert result.headers["x-cos-meta-a"].encode("latin-1").decode() == "电影"
    assert reply.headers["ETag"] == result.headers["ETag"]
    assert cloud.calls[0].operation == "PostObject"


def test_file_type(form, plain):
    """The file's own type is not used."""
    # "COS does not use the MIME type that the browser sends along"
    form()
    assert plain("HEAD", "videos/a.mp4").headers["Content-Type"] == "video/mp4"  # by the key


def test_file_name(form, cloud):
    """The file's name replaces its placeholder in the key."""
    form(key="视频/${filename}")
    assert [item.key for item in cloud.objects()] == ["视频/a.mp4"]


@pytest.mark.parametrize(("expected", "status"), [("200", 200), ("201", 201), ("204", 204), ("302", 204)])
def test_status(form, expected, status, bucket):
    """The form says with which status it is answered."""
    reply = form({"success_action_status": expected})
    assert reply.status == status
    if status == 201:
        assert reply.tags == ["Location", "Bucket", "Key", "ETag"]
        assert f"<Bucket>{bucket}</Bucket><Key>videos/a.mp4</Key>".encode() in reply.body


def test_redirect(form, bucket):
    """A form can redirect the browser."""
    reply = form({"success_action_redirect": "https://my.website/done?a=b"})
    assert reply.status == 303
    assert reply.headers["Location"].startswith(f"https://my.website/done?a=b&bucket={bucket}&key=videos%2Fa.mp4&etag=")


def test_redirect_injection(form):
    """A redirect cannot add headers to the response."""
    assert form({"success_action_redirect": "https://a\r\nx-injected: b"}).headers["x-injected"] is None


MET = {
    "equal": ({"acl": "private"}, [{"acl": "private"}]),
    "equal in a list": ({"acl": "private"}, [["eq", "$acl", "private"]]),
    "prefix": ({}, [["starts-with", "$key", "videos/"]]),
    "any prefix": ({}, [["starts-with", "$key", ""]]),
    "bucket": ({}, [{"bucket": "examplebucket-1250000000"}]),
    "size": ({}, [["content-length-range", 1, 5]]),
}


@pytest.mark.parametrize(("fields", "conditions"), MET.values(), ids=MET)
def test_condition_met(form, fields, conditions):
    """A form that meets its policy's condition is accepted."""
    assert form(fields, conditions=conditions).status == 204


BROKEN = {
    "another value": ({"acl": "public-read"}, [{"acl": "private"}]),
    "no value": ({}, [{"acl": "private"}]),
    "another prefix": ({}, [["starts-with", "$key", "pictures/"]]),
    "another bucket": ({}, [{"bucket": "second-1250000000"}]),
    "too large": ({}, [["content-length-range", 0, 4]]),
    "too small": ({}, [["content-length-range", 6, 9]]),
}


@pytest.mark.parametrize(("fields", "conditions"), BROKEN.values(), ids=BROKEN)
def test_condition_failed(form, cloud, fields, conditions):
    """A form that fails a condition of its policy is refused."""
    reply = form(fields, conditions=conditions)
    assert (reply.status, reply.code) == (403, "AccessDenied")
    assert list(cloud.objects()) == []


REFUSED = {
    "no policy": ({"policy": None}, 403, "AccessDenied"),
    "no signature": ({"q-signature": None}, 403, "AccessDenied"),
    "wrong signature": ({"q-signature": "0" * 40}, 403, "SignatureDoesNotMatch"),
    "unknown key": ({"q-ak": "AKIDnobody"}, 403, "InvalidAccessKeyId"),
    "another algorithm": ({"q-sign-algorithm": "md5"}, 403, "AccessDenied"),
    "no base64": ({"policy": "%%%"}, 403, "AccessDenied"),
    "no key": ({"key": None}, 400, "MalformedPOSTRequest"),
    "long key": ({"key": "x" * 851}, 400, "KeyTooLong"),
    "wrong MD5": ({"Content-MD5": "XUFAKrxLKna5cZ2REBfFkA=="}, 400, "BadDigest"),
    "newline in metadata": ({"x-cos-meta-a": "b\r\nc: d"}, 400, "InvalidArgument"),
}


@pytest.mark.parametrize(("fields", "status", "code"), REFUSED.values(), ids=REFUSED)
def test_refused_form(form, cloud, fields, status, code):
    """A form with a wrong signature or field is refused."""
    reply = form(fields)
    assert (reply.status, reply.code) == (status, code)
    assert list(cloud.objects()) == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        pytest.param({"expiration": "2020-01-01T00:00:00.000Z"}, "AccessDenied", id="the policy"),
        pytest.param({"ends": 1}, "AccessDenied", id="the signature"),
    ],
)
def test_expired(form, change, code):
    """An expired signature or policy is refused."""
    reply = form(**change)
    assert (reply.status, reply.code, reply.message) == (403, code, "Request has expired")


@pytest.mark.parametrize("policy", ["hello", "[]", "{}", '{"expiration": 1, "conditions": []}'])
def test_malformed_policy(plain, policy):
    """A policy that cannot be read is refused."""
    secret_id, secret_key = plain.key
    key_time = f"{int(time.time()) - 60};{int(time.time()) + 600}"
    fields = {
        "key": "a",
        "policy": b64encode(policy.encode()).decode(),
        "q-sign-algorithm": "sha1",
        "q-ak": secret_id,
        "q-key-time": key_time,
        "q-signature": mac(mac(secret_key, key_time), hashlib.sha1(policy.encode()).hexdigest()),
    }
    assert Form(plain).send(body_of(fields)).code == "InvalidPolicyDocument"


def test_required_conditions(plain):
    """A policy limits at least the three fields that are required."""
    form = Form(plain)
    reply = form(policy='{"expiration": "2100-01-01T00:00:00Z", "conditions": [{"q-ak": "x"}]}')
    assert (reply.status, reply.code) == (400, "InvalidPolicyDocument")


BODIES = {
    "no form": (b"hello", "text/plain", "MalformedPOSTRequest"),
    "no boundary": (b"hello", "multipart/form-data", "MalformedPOSTRequest"),
    "no file": (
        body_of({"key": "a"}, None),
        f"multipart/form-data; boundary={BOUNDARY}",
        "IncorrectNumberOfFilesInPostRequest",
    ),
    "cut off": (body_of({"key": "a"})[:80], f"multipart/form-data; boundary={BOUNDARY}", "MalformedPOSTRequest"),
    "long field": (body_of({"key": "a" * 70_000}), f"multipart/form-data; boundary={BOUNDARY}", "MalformedPOSTRequest"),
}


@pytest.mark.parametrize(("body", "content_type", "code"), BODIES.values(), ids=BODIES)
def test_malformed_form(form, body, content_type, code):
    """A body that is no form is refused."""
    reply = form.send(body, content_type)
    assert (reply.status, reply.code) == (400, code)


def test_role_form(cloud, plain):
    """A role's form carries its token and obeys the policy."""
    keys = cloud.credentials.issue("run", 600)
    plain.key = (keys.secret_id, keys.secret_key)
    form = Form(plain)
    assert form().code == "InvalidAccessKeyId"
    token = {"x-cos-security-token": keys.token}
    assert form(token).status == 204
    cloud.set_policy(
        {"version": "2.0", "statement": [{"effect": "allow", "action": "name/cos:PutObject", "resource": "*"}]}
    )
    assert form(token).code == "AccessDenied"
    cloud.set_policy(
        {"version": "2.0", "statement": [{"effect": "allow", "action": "name/cos:PostObject", "resource": "*"}]}
    )
    assert form(token).status == 204
