import http.client
import json
from html.parser import HTMLParser
from urllib.parse import urljoin
from urllib.request import urlopen

import pytest

from emulator.films.film import paint_frame
from tests.studio.conftest import BUCKET, HARD_NAME, client_of, manifest_of

KEY = f"videos/{HARD_NAME}"


@pytest.fixture(scope="module")
def picture(tmp_path_factory):
    file = tmp_path_factory.mktemp("picture") / "picture.png"
    paint_frame(1, size=(320, 180)).save(file)
    return file.read_bytes()


class Links(HTMLParser):
    def __init__(self, document):
        super().__init__()
        self.pictures, self.others, self.copied = [], [], []
        self.feed(document)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        if tag == "img":
            self.pictures.append(values["src"])
        if tag == "a":
            self.others.append(values["href"])
        if "data-copy" in values:
            self.copied.append(values["data-copy"])


def fetch(address):
    with urlopen(address, timeout=30) as answer:
        return answer.read()


def call(cloud, method, path, body=b"", **headers):
    connection = http.client.HTTPConnection("127.0.0.1", cloud.port, timeout=30)
    try:
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        return response.status, response.read(), response.headers
    finally:
        connection.close()


def sign(cloud, method, key, **params):
    body = {"method": method, "bucket": BUCKET, "key": key, "params": params, "lifetime_s": 60}
    status, answer, _ = call(cloud, "POST", "/_studio/sign", json.dumps(body), Content_Type="application/json")
    assert status == 200, answer
    return json.loads(answer)["address"]


def test_links(picture, serve, tmp_path):
    """The page shows what the cloud holds, and every link and copied address of it leads there."""
    with serve(watched=False) as cloud:
        assert "No video yet" in fetch(cloud.endpoint).decode()
        manifest = manifest_of(KEY, times=(1000,), sizes=((320, 180),))
        keys = [picture["key"] for picture in manifest["thumbnails"]] + [manifest["poster"]["key"]]
        contents = {f"thumbnails/{KEY}/manifest.json": json.dumps(manifest).encode(), **dict.fromkeys(keys, picture)}
        for key, content in contents.items():
            (tmp_path / "object").write_bytes(content)
            client_of(cloud).upload(BUCKET, key, tmp_path / "object")
        links = Links(fetch(cloud.endpoint).decode())
        assert [fetch(urljoin(cloud.endpoint, link)) for link in links.pictures] == [picture, picture]
        assert {fetch(urljoin(cloud.endpoint, link)) for link in links.others} == set(contents.values())
        addresses = [text for text in links.copied if text.startswith("http")]
        assert {fetch(address) for address in addresses} == set(contents.values())


@pytest.mark.parametrize("size_bytes", [0, 1, 300_000], ids=str)
def test_signed_upload(size_bytes, serve):
    """A body sent to a signed address is stored under the key, whatever the key."""
    with serve(watched=False) as cloud:
        body = b"x" * size_bytes
        status, answer, headers = call(cloud, "PUT", sign(cloud, "PUT", KEY), body)
        assert (status, answer) == (200, b"")
        assert headers["ETag"]
        with cloud.store.open(BUCKET, KEY).open() as reader:
            assert reader.read() == body


def test_signature_is_held(serve):
    """A signed address is good for its method and key alone, and nothing goes through without one."""
    with serve(watched=False) as cloud:
        address = sign(cloud, "PUT", KEY)
        assert call(cloud, "DELETE", address)[0] == 403
        assert call(cloud, "PUT", address.replace("videos", "others"), b"x")[0] == 403
        assert call(cloud, "PUT", address.partition("?")[0], b"x")[0] == 403
        assert list(cloud.objects()) == []


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        ({}, "application/json", 400),
        ({"method": "GET"}, "application/json", 400),
        ({"bucket": "other-1250000000"}, "application/json", 400),
        ({"lifetime_s": 10**6}, "application/json", 400),
        ({"params": {"a": 1}}, "application/json", 400),
        (None, "text/plain", 415),
        (None, "application/x-www-form-urlencoded", 415),
    ],
    ids=["empty", "method", "bucket", "lifetime", "params", "text", "form"],
)
def test_refused(body, content_type, status, serve):
    """Only a request in JSON, of the form the page sends, is signed: a page of another origin can send none."""
    document = {"method": "PUT", "bucket": BUCKET, "key": "a", "params": {}, "lifetime_s": 60}
    with serve(watched=False) as cloud:
        text = json.dumps(document if body is None else {**document, **body} if body else {})
        answer = call(cloud, "POST", "/_studio/sign", text, Content_Type=content_type)
        assert answer[0] == status
        assert json.loads(answer[1])["error"]
        assert cloud.secret_key not in answer[1].decode()


def test_other_paths(serve):
    """Other paths stay the cloud's: its control paths answer, a bucket that is not there is refused."""
    with serve(watched=False) as cloud:
        assert json.loads(fetch(f"{cloud.endpoint}/_emulator/"))["endpoint"] == cloud.endpoint
        assert call(cloud, "PUT", "/_studio/cos/other-1250000000/a", b"x")[0] == 400
        assert call(cloud, "GET", "/nothing")[0] == 404


def test_policy(serve):
    """The page may load and send to its own origin alone, and is not shown in a frame of another."""
    with serve(watched=False) as cloud:
        policy = call(cloud, "GET", "/")[2]["Content-Security-Policy"]
        assert {"default-src 'none'", "connect-src 'self'", "frame-ancestors 'none'"} <= set(policy.split("; "))
