"""The live page and the uploads of a browser -> answers at the cloud's own address, mounted as Cloud(pages=...).

A browser cannot name a Host, and the bucket's own does not lead here. So it asks for a signed address of the object
(POST /_studio/sign), and sends to it through /_studio/cos/BUCKET/KEY, which hands the request on under the bucket's
Host: the cloud verifies the signature as it does any other. An address is signed only for a request in JSON, which no
page of another origin can make.
"""

import json
from collections.abc import Mapping
from http.client import HTTPConnection
from urllib.parse import quote, urlencode, urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from emulator.cloud import Cloud
from emulator.errors import ServiceError
from emulator.http.messages import Request, Response
from studio.client import SLICE_BYTES, CosClient
from studio.function_log import outcome_of, settings_problem
from studio.live import live_page
from studio.page import Live
from studio.snippets import upload_snippets

SIGN = "/_studio/sign"
RELAY = "/_studio/cos/"

_OBJECT = "/_emulator/object"
_MAX_DOCUMENT_BYTES = 64 * 1024
_CHUNK_BYTES = 64 * 1024
_TIMEOUT_S = 600
_POLICY = (
    "default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HTML = (
    ("Content-Type", "text/html; charset=utf-8"),
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", _POLICY),
    ("X-Content-Type-Options", "nosniff"),
)
_RELAYED = ("etag", "content-type", "x-cos-request-id")


class _SignRequest(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    method: str = Field(pattern="^(PUT|POST|DELETE)$")
    bucket: str
    key: str = Field(min_length=1)
    params: dict[str, str] = {}
    lifetime_s: int = Field(gt=0, le=24 * 3600)


class Site:
    """The pages of one cloud; `attach` comes before the first request."""

    def __init__(self, settings: Mapping[str, str], *, prefix: str, slice_bytes: int = SLICE_BYTES) -> None:
        """Take the function's settings, and the prefix of the keys that it is called for."""
        self._settings = dict(settings)
        self._prefix = prefix
        self._slice_bytes = slice_bytes
        self._output_prefix = settings.get("SNAPSHOT_OUTPUT_PREFIX") or "thumbnails/"
        self._output_bucket = settings.get("SNAPSHOT_OUTPUT_BUCKET") or ""
        self._cloud: Cloud | None = None

    def attach(self, cloud: Cloud) -> None:
        """Show this cloud from now on."""
        self._cloud = cloud
        self._client = CosClient(
            endpoint=cloud.endpoint, region=cloud.region, secret_id=cloud.secret_id, secret_key=cloud.secret_key
        )
        self._snippets = upload_snippets(
            endpoint=cloud.endpoint,
            region=cloud.region,
            bucket=cloud.buckets[0],
            prefix=self._prefix,
            secret_id=cloud.secret_id,
            secret_key=cloud.secret_key,
        )

    def answer(self, request: Request) -> Response | None:
        """Return the page, a signed address or the bucket's own response; None for a path that is not the site's."""
        cloud = self._cloud
        if cloud is None:
            return None
        if request.path == "/" and request.method == "GET":
            return Response.of(200, self._page(cloud).encode(), _HTML)
        if request.path == SIGN and request.method == "POST":
            return self._sign(request, cloud)
        if request.path.startswith(RELAY):
            return _relay(request, cloud)
        return None

    def _page(self, cloud: Cloud) -> str:
        problem = settings_problem(cloud.scf.log)
        live = Live(
            cloud.endpoint,
            cloud.region,
            cloud.buckets,
            watched=bool(cloud.scf.triggers),
            prefix=self._prefix,
            settings_problem=problem,
            snippets=self._snippets,
            slice_bytes=self._slice_bytes,
        )
        return live_page(
            [(item.bucket, item.key) for item in cloud.objects()],
            live=live,
            read=lambda bucket, key: _read(cloud, bucket, key),
            href=lambda bucket, key: f"{_OBJECT}?{urlencode({'bucket': bucket, 'key': key})}",
            outcome=lambda key: outcome_of(key, cloud.scf.log, cloud.scf.dead_letters),
            is_output=self._is_output,
            settings=self._settings.items(),
        )

    def _is_output(self, bucket: str, key: str) -> bool:
        return (not self._output_bucket or bucket == self._output_bucket) and key.startswith(self._output_prefix)

    def _sign(self, request: Request, cloud: Cloud) -> Response:
        if request.header("content-type").partition(";")[0].strip() != "application/json":
            return _json(415, {"error": "the body is JSON: Content-Type: application/json"})
        try:
            order = _SignRequest.model_validate_json(request.body.read(_MAX_DOCUMENT_BYTES))
        except ValidationError as error:
            return _json(400, {"error": str(error)})
        if order.bucket not in cloud.buckets:
            return _json(400, {"error": f"there is no bucket {order.bucket}"})
        signed = self._client.presigned_url(
            order.method, order.bucket, order.key, params=order.params, lifetime_s=order.lifetime_s
        )
        address = f"{RELAY}{order.bucket}/{quote(order.key, safe='/~')}?{urlsplit(signed).query}"
        return _json(200, {"address": address})


def _relay(request: Request, cloud: Cloud) -> Response:
    """Hand a request on under the bucket's Host, its body as it comes."""
    bucket, _, path = request.raw_path[len(RELAY) :].partition("/")
    if bucket not in cloud.buckets or request.length is None:
        return _json(400, {"error": "the address is /_studio/cos/BUCKET/KEY, and the request has a Content-Length"})
    connection = HTTPConnection("127.0.0.1", cloud.port, timeout=_TIMEOUT_S)
    try:
        target = f"/{path}?{urlencode(request.query, quote_via=quote)}"
        connection.putrequest(request.method, target, skip_host=True, skip_accept_encoding=True)
        connection.putheader("Host", f"{bucket}.cos.{cloud.region}.myqcloud.com")
        connection.putheader("Content-Length", str(request.length))
        for name in ("content-type", "origin"):
            if request.header(name):
                connection.putheader(name, request.header(name))
        connection.endheaders()
        while chunk := request.body.read(_CHUNK_BYTES):
            connection.send(chunk)
        response = connection.getresponse()
        headers = tuple((name, value) for name, value in response.getheaders() if name.lower() in _RELAYED)
        return Response.of(response.status, response.read(), headers)
    finally:
        connection.close()


def _read(cloud: Cloud, bucket: str, key: str) -> bytes:
    try:
        with cloud.store.open(bucket, key).open() as reader:
            return reader.read()
    except ServiceError:
        return b""  # it was deleted since it was listed


def _json(status: int, value: object) -> Response:
    return Response.of(status, json.dumps(value).encode(), (("Content-Type", "application/json"),))
