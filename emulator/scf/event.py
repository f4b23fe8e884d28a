"""Something that happened to an object -> the event as COS sends it, wire names and all.

The uploader's secret id and signature never pass: the header keeps its shape, masked.
Sources: the SCF document "COS Trigger", event message structure, read 2026-11-22; four creation events that were
captured from the cloud in 2020 to 2022 (public logs, read 2026-11-25): the concrete event name, cosRegion and s3Region,
the quoted ETag and the storage class in meta, reqid 0, and an eventQueue with the full region and $DEFAULT. No captured
removal is public; handlers read the same fields of it, so it has the same shape.
"""

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote

from emulator.scf.triggers import ObjectEvent

# The short codes that documents and public samples show, and those of the other regions' product pages.
_SHORT_CODES = {
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
_SECRET_PARTS = re.compile(r"(q-ak|q-signature|x-cos-security-token)=[^&]*")

KeyEncoding = Literal["raw", "quoted"]
EventNaming = Literal["configured", "concrete"]


@dataclass(frozen=True, slots=True)
class EventFormat:
    """How an event is written where the document and the captured events differ.

    `key_encoding`: captured events have a raw `key` beside a strictly encoded `url`. `event_name`: captured events
    have the concrete name; the document's example can be read as the configured one.
    """

    key_encoding: KeyEncoding = "raw"
    event_name: EventNaming = "concrete"


def describe(
    event: ObjectEvent, *, configured: str, function: str, namespace: str, region: str, event_format: EventFormat
) -> dict[str, object]:
    """Return one entry of `Records`; `configured` is the event type that the trigger was set up with."""
    name, _, appid = event.bucket.rpartition("-")
    encoded_key = quote(event.key)
    return {
        "cos": {
            "cosSchemaVersion": "1.0",
            "cosObject": {
                # http and unsigned, strictly percent-encoded: a captured `!` stands as %21
                "url": f"http://{event.bucket}.cos.{region}.myqcloud.com/{encoded_key}",
                "meta": _meta(event),
                "vid": event.version_id,
                "key": f"/{appid}/{name}/{encoded_key if event_format.key_encoding == 'quoted' else event.key}",
                "size": event.size_bytes,
            },
            "cosBucket": {
                "region": _SHORT_CODES.get(region, region),
                "name": name,
                "appid": appid,
                "s3Region": region,
                "cosRegion": region,
            },
            "cosNotificationId": "unkown",
        },
        "event": {
            "eventName": configured if event_format.event_name == "configured" else event.event_name,
            "eventVersion": "1.0",
            "eventTime": event.at_s,
            "eventSource": "qcs::cos",
            "requestParameters": {
                "requestSourceIP": event.source_ip,
                "requestHeaders": _request_headers(event),
            },
            "eventQueue": f"qcs:0:scf:{region}:appid/{appid}:{namespace}.{function}.$DEFAULT",
            "reservedInfo": "",
            "reqid": 0,
        },
    }


def _meta(event: ObjectEvent) -> dict[str, str]:
    headers = {name.lower(): value for name, value in event.headers.items()}
    meta = {"ETag": f'"{headers["etag"].strip(chr(34))}"'} if headers.get("etag") else {}
    meta |= {
        "x-cos-request-id": event.request_id,
        "Content-Type": headers.get("content-type", ""),
        "x-cos-storage-class": headers.get("x-cos-storage-class") or "Standard",
    }
    meta.update({name: value for name, value in headers.items() if name.startswith("x-cos-meta-")})
    return meta


def _request_headers(event: ObjectEvent) -> dict[str, str]:
    if not event.authorization:
        return {}
    return {"Authorization": _SECRET_PARTS.sub(lambda part: f"{part[1]}=xxxxxxxxxxxxxxx", event.authorization)}
