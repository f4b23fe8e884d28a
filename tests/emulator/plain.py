"""Plain HTTP to a cloud, signed here by a second hand: written from the document, not from the code it checks."""

import hashlib
import hmac
import http.client
import json
import time
from dataclasses import dataclass
from urllib.parse import quote, urlencode
from xml.etree.ElementTree import fromstring


def sign(method, path, *, key, params=None, headers=None, token=None, starts=None, ends=None, listed=None):
    """The q- fields over a decoded path, params and headers; `listed` narrows down which are signed."""
    secret_id, secret_key = key
    starts = int(time.time()) - 60 if starts is None else starts
    key_time = f"{starts};{int(time.time()) + 600 if ends is None else ends}"
    listed_params, listed_headers = listed or (tuple(params or ()), tuple(headers or ()))
    pairs = [
        sorted((quote(k, safe="-_.~").lower(), quote((source or {}).get(k, ""), safe="-_.~")) for k in names)
        for names, source in ((listed_params, params), (listed_headers, headers))
    ]
    text = [method.lower(), path, *("&".join(f"{k}={v}" for k, v in item) for item in pairs), ""]
    digest = hashlib.sha1("\n".join(text).encode()).hexdigest()
    mac = lambda secret, message: hmac.new(secret.encode(), message.encode(), hashlib.sha1).hexdigest()  # noqa: E731
    return {
        "q-sign-algorithm": "sha1",
        "q-ak": secret_id,
        "q-sign-time": key_time,
        "q-key-time": key_time,
        "q-header-list": ";".join(k for k, _ in pairs[1]),
        "q-url-param-list": ";".join(k for k, _ in pairs[0]),
        "q-signature": mac(mac(secret_key, key_time), f"sha1\n{key_time}\n{digest}\n"),
    }


@dataclass(frozen=True)
class Reply:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def code(self):
        return fromstring(self.body).findtext("Code")

    @property
    def message(self):
        return fromstring(self.body).findtext("Message")

    @property
    def tags(self):
        return [element.tag for element in fromstring(self.body)]

    @property
    def json(self):
        return json.loads(self.body)


class Plain:
    """A client over one connection that stays open; root keys unless told otherwise."""

    def __init__(self, cloud, bucket=None):
        self.cloud = cloud
        self.host = f"{bucket or cloud.buckets[0]}.cos.{cloud.region}.myqcloud.com"
        self.key = (cloud.secret_id, cloud.secret_key)
        self.connection = http.client.HTTPConnection("127.0.0.1", cloud.port, timeout=20)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def __call__(self, method, key="", *, params=None, headers=None, body=None, signed=True, **signing):
        """Asks for a key, which is percent-encoded here; params and headers are all signed."""
        params, headers = dict(params or {}), {"host": self.host, **(headers or {})}
        if signed:
            fields = sign(method, f"/{key}", key=self.key, params=params, headers=headers, **signing)
            headers["Authorization"] = "&".join(f"{k}={v}" for k, v in fields.items())
        query = f"?{urlencode(params, quote_via=quote)}" if params else ""
        return self.raw(method, f"/{quote(key, safe='')}{query}", headers=headers, body=body)

    def raw(self, method, target, *, headers=None, body=None):
        """Sends exactly this."""
        self.connection.putrequest(method, target, skip_host="host" in {k.lower() for k in headers or {}})
        headers = {k: v.encode() if isinstance(v, str) else v for k, v in (headers or {}).items()}
        if body is not None and "content-length" not in {k.lower() for k in headers}:
            headers["Content-Length"] = str(len(body))
        for name, value in headers.items():
            self.connection.putheader(name, value)
        self.connection.endheaders(body)
        answer = self.connection.getresponse()
        return Reply(answer.status, answer.headers, answer.read())

    def admin(self, method, path, value=None):
        """Calls the cloud's own address."""
        headers = {"Host": f"127.0.0.1:{self.cloud.port}", "Content-Type": "application/json"}
        body = None if value is None else json.dumps(value).encode()
        return self.raw(method, path, headers=headers, body=body)
