"""A certificate of the emulator's own, for clients that insist on https.

It is made anew at each start and trusted by nobody: a client is given the file of its authority. The names are those of
this machine, and those that clients of the real cloud ask for.
"""

import ssl
from dataclasses import dataclass
from pathlib import Path

_NAMES = ("127.0.0.1", "::1", "localhost", "*.tencentcloudapi.com")
# A wildcard stands for one label, so each region's hosts need names of their own.
_HOSTS = ("*", "service.cos", "cos.{region}", "*.cos.{region}", "ci.{region}", "*.ci.{region}")
_DOMAINS = ("myqcloud.com", "tencentcos.cn")


@dataclass(frozen=True, slots=True)
class Tls:
    """A server's end of TLS; `ca_file` holds the authority that its certificate is signed by."""

    context: ssl.SSLContext
    ca_file: Path


def make_tls(folder: Path, *, region: str) -> Tls:
    """Make an authority and a certificate, and write the authority's into the folder.

    Raises:
        ValueError: trustme, which makes them, is not installed.
    """
    try:
        import trustme  # noqa: PLC0415  # only who asks for https needs it
    except ImportError as error:
        raise ValueError("--tls needs trustme to make a certificate: pip install trustme") from error
    authority = trustme.CA(organization_name="tencent-cos-emulator")
    hosts = [f"{host.format(region=region)}.{domain}" for host in _HOSTS for domain in _DOMAINS]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*_NAMES, *hosts).configure_cert(context)
    ca_file = folder / "emulator-ca.pem"
    authority.cert_pem.write_to_path(ca_file)
    return Tls(context, ca_file)
