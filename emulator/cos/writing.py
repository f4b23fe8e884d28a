"""What every change of objects shares: where a copy comes from, who is told, how moto's answer is worded.

Knows the caller's right to a copy's source; the right to the call itself is checked before.
Sources: COS's documents on PUT Object - Copy and Upload Part - Copy, read 2026-11-22.
"""

from dataclasses import dataclass
from urllib.parse import parse_qs, quote, unquote
from xml.etree.ElementTree import Element

from emulator.cos.addresses import read_host, read_key
from emulator.cos.backend import Backend, S3Answer
from emulator.cos.call import Call, Publish, Rights
from emulator.cos.dialect import from_s3, from_s3_xml
from emulator.cos.objects import judge
from emulator.cos.store import Store, Stored
from emulator.cos.wire import Headers
from emulator.refusal import Refusal

XML: Headers = (("Content-Type", "application/xml"),)


@dataclass(frozen=True, slots=True)
class Source:
    """Where a copy comes from: `header` names it to moto."""

    bucket: str
    key: str
    header: str
    stored: Stored


@dataclass(frozen=True, slots=True)
class Writing:
    """The tools of whoever changes objects."""

    backend: Backend
    store: Store
    rights: Rights
    publish: Publish

    def created(self, call: Call, how: str) -> None:
        """Tells that the call made its object; `how` ends the event's name: Put, Post, Copy ..."""
        try:
            stored = self.store.open(call.bucket, call.key)
        except Refusal:
            return  # another call has removed it already
        headers = dict(from_s3(stored.headers))
        self.publish(call, f"cos:ObjectCreated:{how}", call.key, stored.size_bytes, stored.version, headers)

    def document(self, call: Call, answer: S3Answer) -> Element:
        """Moto's document in COS's words."""
        names = {self.backend.inner_name(call.bucket): call.bucket}
        return from_s3_xml(answer.body, names=names, owner=self.rights.account.owner)

    def source(self, call: Call) -> Source:
        """The object that x-cos-copy-source names, once the caller may read it and its conditions hold.

        Raises:
            Refusal: 400 InvalidCopySource, 403 AccessDenied or InvalidObjectState, 404 NoSuchCopySource, 412
                PreconditionFailed.
        """
        path, _, query = call.asked.header("x-cos-copy-source").partition("?")
        host, slash, raw_key = path.partition("/")
        version = parse_qs(query).get("versionId", [None])[0]
        try:
            place, key = read_host(host.lower()), read_key("/" + unquote(raw_key, errors="strict"))
        except (Refusal, UnicodeDecodeError) as error:
            raise Refusal(400, "InvalidCopySource", "x-cos-copy-source is HOST/KEY, percent-encoded") from error
        if place.service != "cos" or not place.bucket or not slash or not key:
            raise Refusal(400, "InvalidCopySource", "x-cos-copy-source is HOST/KEY, percent-encoded")
        self.rights.require(call, action="name/cos:GetObject", bucket=place.bucket, key=key)
        if place.region != self.rights.account.region:
            raise Refusal(404, "NoSuchCopySource", "the source's region is another")
        try:
            stored = self.store.open(place.bucket, key, version)
        except Refusal as error:
            raise Refusal(404, "NoSuchCopySource", error.message) from error
        if stored.is_archived:
            raise Refusal(403, "InvalidObjectState", "the source is archived and must be restored first")
        if judge(call.asked.headers, stored, "x-cos-copy-source-") != "send":
            raise Refusal(412, "PreconditionFailed", "a precondition on the copy's source does not hold")
        text = f"{self.backend.inner_name(place.bucket)}/{quote(key, safe='')}"
        return Source(place.bucket, key, text + (f"?versionId={quote(version)}" if version else ""), stored)


def without_content(answer: S3Answer) -> dict[str, str]:
    """An answer's headers but those that speak of moto's own body."""
    return {name: value for name, value in answer.headers.items() if not name.startswith("content-")}
