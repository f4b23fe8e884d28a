"""The address and credentials of a local cloud -> an upload to it in Python, Node and curl, each ready to be run.

Sources: cos-python-sdk-v5 1.9.44, cos-nodejs-sdk-v5 3.0.0 (options Domain, Protocol and Proxy), curl's manual
(--connect-to), read 2026-11-25.
"""

import json
from urllib.parse import urlsplit

from studio.client import CosClient
from studio.page import Snippet

FILE = "film.mp4"
_LIFETIME_S = 7 * 24 * 3600  # longer than anyone keeps a local cloud up


def upload_snippets(
    *, endpoint: str, region: str, bucket: str, prefix: str, secret_id: str, secret_key: str
) -> tuple[Snippet, ...]:
    """Return programs that upload film.mp4, each whole."""
    address = urlsplit(endpoint)
    key = f"{prefix}{FILE}"
    client = CosClient(endpoint=endpoint, region=region, secret_id=secret_id, secret_key=secret_key)
    signed = client.presigned_url("PUT", bucket, key, params={}, lifetime_s=_LIFETIME_S)
    python = f"""\
# pip install cos-python-sdk-v5
from qcloud_cos import CosConfig, CosS3Client

config = CosConfig(
    Region={_quote(region)},
    SecretId={_quote(secret_id)},
    SecretKey={_quote(secret_key)},
    Scheme={_quote(address.scheme)},
    IP={_quote(address.hostname)},
    Port={address.port},
)
client = CosS3Client(config)
client.upload_file(Bucket={_quote(bucket)}, Key={_quote(key)}, LocalFilePath={_quote(FILE)})
"""
    node = f"""\
// npm install cos-nodejs-sdk-v5
const COS = require("cos-nodejs-sdk-v5");

const cos = new COS({{
  SecretId: {_quote(secret_id)},
  SecretKey: {_quote(secret_key)},
  Protocol: {_quote(address.scheme + ":")},
  Domain: "{{Bucket}}.cos.{{Region}}.myqcloud.com",
  Proxy: {_quote(endpoint)},
}});
cos.uploadFile({{
  Bucket: {_quote(bucket)},
  Region: {_quote(region)},
  Key: {_quote(key)},
  FilePath: {_quote(FILE)},
}}).then((result) => console.log(result.ETag));
"""
    curl = f"""\
curl --fail --upload-file {FILE} --connect-to ::{address.netloc} \\
  '{signed}'
"""
    return Snippet("Python", python), Snippet("Node", node), Snippet("curl", curl)


def _quote(text: str | None) -> str:
    """Write a text as Python and JavaScript both read it."""
    return json.dumps(text, ensure_ascii=False)
