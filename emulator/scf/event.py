"""What happened to an object -> the event as COS sends it, wire names and all.

It must not know which functions there are beyond the name it is given, nor how an event is delivered. The uploader's
key id and signature never pass: the header keeps its shape, masked.
Source: the SCF document "COS Trigger", event message structure, read 2026-11-22; s3Region is undocumented but stands
in real events.
"""

import re
import zlib
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import quote

from emulator.scf.triggers import ObjectEvent

# The short codes that documents and public samples show, and those of the other regions' product pages.
_SHORT_CODES: Final = {
    "ap-guangzhou": "gz",
    "ap-shanghai": "sh",
    "ap-nanjing": "nj",
    "ap-beijing": "bj",
    "ap-chengdu": "cd",
    "ap-chongqing": "cq",
    "ap-hongkong": "hk",
    "ap-singapore": "sg",
    "ap-mumbai": "in",
    "ap-seoul": "kr",
    "ap-bangkok": "th",
    "ap-tokyo": "jp",
    "na-siliconvalley": "usw",
    "na-ashburn": "use",
    "na-toronto": "ca",
    "eu-frankfurt": "de",
}
_SECRET_PARTS: Final = re.compile(r"(q-ak|q-signature|x-cos-security-token)=[^&]*")

KeyEncoding = Literal["raw", "quoted"]
EventNaming = Literal["configured", "concrete"]


@dataclass(frozen=True, slots=True)
class Wording:
    """What the documents leave open about an event: is `key` percent-encoded, which name does the event carry."""

    key_encoding: KeyEncoding = "raw"
    event_name: EventNaming = "configured"


def describe(
    event: ObjectEvent, *, configured: str, function: str, namespace: str, region: str, wording: Wording
) -> dict[str, object]:
    """Give one entry of `Records`; `configured` is the event type that the trigger was set up with."""
    name, _, appid = event.bucket.rpartition("-")
    short = _SHORT_CODES.get(region, region)
    return {
        "cos": {
            "cosSchemaVersion": "1.0",
            "cosObject": {
                # http and unsigned, percent-encoded: official handlers decode its path
                "url": f"http://{event.bucket}.cos.{region}.myqcloud.com/{quote(event.key)}",
                "meta": _meta(event),
                "vid": event.version_id,
                "key": f"/{appid}/{name}/{quote(event.key) if wording.key_encoding == 'quoted' else event.key}",
                "size": event.size_bytes,
            },
            "cosBucket": {"region": short, "name": name, "appid": appid, "s3Region": region},
            "cosNotificationId": "unkown",
        },
        "event": {
            "eventName": configured if wording.event_name == "configured" else event.event_name,
            "eventVersion": "1.0",
            "eventTime": event.at_s,
            "eventSource": "qcs::cos",
            "requestParameters": {
                "requestSourceIP": event.source_ip,
                "requestHeaders": _request_headers(event),
            },
            "eventQueue": f"qcs:0:scf:{short}:appid/{appid}:{namespace}.{function}.$LATEST",
            "reservedInfo": "",
            "reqid": zlib.crc32(event.request_id.encode()),
        },
    }


def _meta(event: ObjectEvent) -> dict[str, str]:
    headers = {name.lower(): value for name, value in event.headers.items()}
    meta = {"x-cos-request-id": event.request_id, "Content-Type": headers.get("content-type", "")}
    meta.update({name: value for name, value in headers.items() if name.startswith("x-cos-meta-")})
    return meta


def _request_headers(event: ObjectEvent) -> dict[str, str]:
    if not event.authorization:
        return {}
    return {"Authorization": _SECRET_PARTS.sub(lambda part: f"{part[1]}=xxxxxxxxxxxxxxx", event.authorization)}
