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


def test_a_form_stores_its_file(form, plain, cloud):
    reply = form({"Content-Type": "video/mp4", "x-cos-meta-a": "电影"})
    assert (reply.status, reply.body) == (204, b"")
    assert reply.headers["Location"] == f"http://{plain.host}/videos/a.mp4"
    found = plain("GET", "videos/a.mp4")
    assert (found.body, found.headers["Content-Type"]) == (b"hello", "video/mp4")
    assert found.headers["x-cos-meta-a"].encode("latin-1").decode() == "电影"
    assert reply.headers["ETag"] == found.headers["ETag"]
    assert cloud.calls[0].operation == "PostObject"


def test_a_files_own_type_is_not_used(form, plain):
    # "COS does not use the MIME type that the browser sends along"
    form()
    assert plain("HEAD", "videos/a.mp4").headers["Content-Type"] == "application/octet-stream"


def test_the_file_name_goes_into_the_key(form, cloud):
    form(key="视频/${filename}")
    assert [each.key for each in cloud.objects()] == ["视频/a.mp4"]


@pytest.mark.parametrize(("wanted", "status"), [("200", 200), ("201", 201), ("204", 204), ("302", 204)])
def test_the_form_says_how_it_is_answered(form, wanted, status, bucket):
    reply = form({"success_action_status": wanted})
    assert reply.status == status
    if status == 201:
        assert reply.tags == ["Location", "Bucket", "Key", "ETag"]
        assert f"<Bucket>{bucket}</Bucket><Key>videos/a.mp4</Key>".encode() in reply.body


def test_a_form_can_lead_on(form, bucket):
    reply = form({"success_action_redirect": "https://my.website/done?a=b"})
    assert reply.status == 303
    assert reply.headers["Location"].startswith(f"https://my.website/done?a=b&bucket={bucket}&key=videos%2Fa.mp4&etag=")


def test_a_redirect_cannot_put_headers_into_the_answer(form):
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
def test_a_condition_that_holds_lets_the_form_pass(form, fields, conditions):
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
def test_a_condition_that_does_not_hold_stops_the_form(form, cloud, fields, conditions):
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
def test_a_form_is_refused(form, cloud, fields, status, code):
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
def test_what_has_ended_lets_nothing_pass(form, change, code):
    reply = form(**change)
    assert (reply.status, reply.code, reply.message) == (403, code, "Request has expired")


@pytest.mark.parametrize("policy", ["hello", "[]", "{}", '{"expiration": 1, "conditions": []}'])
def test_a_policy_that_is_none_is_refused(plain, policy):
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


def test_a_policy_limits_at_least_the_three_that_are_required(plain):
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
def test_a_body_that_is_no_form_is_refused(form, body, content_type, code):
    reply = form.send(body, content_type)
    assert (reply.status, reply.code) == (400, code)


def test_a_roles_form_carries_its_token_and_obeys_the_policy(cloud, plain):
    keys = cloud.keys.issue("run", 600)
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
