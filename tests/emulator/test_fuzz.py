"""Random calls over HTTP: no failure that was not asked for, no hang, nothing that grows.

The suite runs EMULATOR_FUZZ cases, 1,500 unless told otherwise. All of them, as often as they are meant to be run:

    EMULATOR_FUZZ=20000 .venv/bin/python -m pytest tests/emulator/test_fuzz.py -s
"""

import contextlib
import gc
import os
import random
import socket
import threading
from urllib.parse import quote

import psutil
import pytest

from tests.emulator.plain import Plain, sign

CASES = int(os.environ.get("EMULATOR_FUZZ", "1500"))
RUNS = 4
MAX_GROWTH_BYTES = 32 * 1024 * 1024
SLOWEST_S = 30  # the client's own timeout: whatever takes longer is a hang

METHODS = ("GET",) * 8 + ("HEAD", "PUT", "PUT", "POST", "DELETE", "OPTIONS", "PATCH", "get", "TRACE", "X-Y")
WORDS = (
    "", "0", "1", "1.5", "-1", "1e3", "nan", "inf", "9" * 30, "0x10", "٣", "%", "%%%", "a b", "+", "\x00", "\n",
    "\r\nx: y", "snapshot", "videoinfo", "jpg", "png", "auto", "off", "exactframe", "keyframe", "2", "320", "4096",
    "4097", "url",
    "电影", "🎬", "'\"<>&;", "../..", "x" * 900, "null", "true", "/", "//", "*", "1,2", "bytes=0-1",
    "bytes=9-1", "\ud7ff",
)  # fmt: skip
PARAMS = (
    "ci-process", "time", "width", "height", "format", "rotate", "mode", "prefix", "delimiter", "marker", "max-keys",
    "encoding-type", "list-type", "continuation-token", "start-after", "uploads", "uploadId", "partNumber", "delete",
    "cors", "tagging", "versioning", "versionId", "location", "acl", "lifecycle", "response-content-type", "max-parts",
    "response-expires", "part-number-marker", "x-cos-security-token", "q-ak", "q-signature", "q-sign-time", "é", "",
)  # fmt: skip
HEADERS = (
    "Range", "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "Content-MD5", "Content-Type",
    "Content-Encoding", "Cache-Control", "Expires", "x-cos-acl", "x-cos-grant-read", "x-cos-storage-class", "Origin",
    "x-cos-tagging", "x-cos-meta-a", "x-cos-copy-source", "x-cos-metadata-directive", "x-cos-security-token", "Expect",
    "x-cos-copy-source-range", "x-cos-copy-source-If-Match", "Access-Control-Request-Method", "x-moto-account-id",
    "x-amz-copy-source", "x-amz-content-sha256", "Accept-Encoding", "User-Agent", "Authorization", "Date",
)  # fmt: skip
BODIES = (
    b"", b"hello", b"<", b"<Delete/>", b"<Delete><Object><Key>a</Key></Object></Delete>", b"\x00" * 2000,
    b"<Tagging><TagSet><Tag><Key>a</Key></Tag></TagSet></Tagging>", b"<Tagging/>", b"<VersioningConfiguration/>",
    b"<CORSConfiguration><CORSRule><AllowedOrigin>*</AllowedOrigin></CORSRule></CORSConfiguration>",
    b"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>a</ETag></Part></CompleteMultipartUpload>",
    b"<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>", b"\xff\xfe<a/>",
    b'--x\r\nContent-Disposition: form-data; name="key"\r\n\r\na\r\n--x--\r\n', b"{}",
)  # fmt: skip


def spoilt(chance, film):
    """The film cut off, with bytes changed, with a hole, or doubled."""
    body = bytearray(film)
    for _ in range(chance.randrange(4)):
        at = chance.randrange(len(body))
        kind = chance.randrange(4)
        if kind == 0:
            del body[at:]
            body += b"\x00"
        elif kind == 1:
            for _ in range(chance.randrange(1, 40)):
                body[chance.randrange(len(body))] = chance.randrange(256)
        elif kind == 2:
            body[at : at + chance.randrange(500)] = bytes(chance.randrange(500))
        else:
            body[at:at] = body[at : at + 100]
    return bytes(body)


class Fuzzer:
    """Makes calls from a seed and makes them; each with a fresh connection should the last have been ended."""

    def __init__(self, cloud, film, seed):
        self.chance = random.Random(seed)
        self.cloud, self.film = cloud, film
        self.plain = Plain(cloud)
        self.plain.connection.timeout = SLOWEST_S
        self.keys = ["a", "film.mp4", "视频/b.mp4", "", "absent", "//x", "é" * 400, "a/../b"]

    def close(self):
        self.plain.connection.close()

    def any(self, words):
        return self.chance.choice(words)

    def call(self):
        """Makes one call; its status, and what it was."""
        kind = self.chance.random()
        if kind < 0.06:
            return self.upload()
        if kind < 0.10:
            return self.noise()
        if kind < 0.35:
            return self.snapshot()
        return self.anything()

    def upload(self):
        key = self.any(self.keys[:3])
        return self.ask("PUT", key, [], {}, spoilt(self.chance, self.film), signed=True)

    def snapshot(self):
        process = self.any(("snapshot",) * 4 + ("videoinfo",))
        params = [("ci-process", process)]
        params += (
            [("time", self.any(("0", "0.5", "1", "1.99", "2", "100", *WORDS)))] if self.chance.random() < 0.9 else []
        )
        for name in ("width", "height", "format", "rotate", "mode"):
            if self.chance.random() < 0.3:
                params.append((name, self.any(WORDS)))
        return self.ask("GET", self.any(self.keys[:3]), params, {}, None, signed=True)

    def anything(self):
        params = [(self.any(PARAMS), self.any(WORDS)) for _ in range(self.chance.randrange(4))]
        headers = {self.any(HEADERS): self.any(WORDS) for _ in range(self.chance.randrange(4))}
        body = self.any(BODIES) if self.chance.random() < 0.5 else None
        return self.ask(
            self.any(METHODS), self.any(self.keys), params, headers, body, signed=self.chance.random() < 0.8
        )

    def ask(self, method, key, params, headers, body, *, signed):
        headers = {k: v.replace("\n", "").replace("\r", "").replace("\x00", "") for k, v in headers.items()}
        headers["Host"] = (
            self.plain.host if self.chance.random() < 0.97 else self.any(WORDS[20:]).replace("\n", "").strip()
        )
        if signed:
            # what of the headers is signed varies no code path; the host alone is
            fields = sign(method, f"/{key}", key=self.plain.key, headers={"host": headers["Host"]})
            headers["Authorization"] = "&".join(f"{k}={v}" for k, v in fields.items())
        query = "&".join(f"{quote(k, safe='')}={quote(v, safe='')}" for k, v in params)
        target = f"/{quote(key, safe='/')}" + (f"?{query}" if params else "")
        if self.chance.random() < 0.05:
            target += self.any(("%", "?", "&&==", "%ff", "?a=%e4", "#x", ";", "%2f%2e%2e"))
        reply = self.plain.raw(method, target, headers=headers, body=body)
        return reply.status, (method, target, headers)

    def noise(self):
        """A request with bytes changed, sent raw; the status, 0 where the connection just ended."""
        text = bytearray(
            f"PUT /a?x=y HTTP/1.1\r\nHost: {self.plain.host}\r\nContent-Length: 5\r\nA: b\r\n\r\nhello".encode()
        )
        for _ in range(self.chance.randrange(1, 6)):
            at = self.chance.randrange(len(text))
            if not 10 <= at < 20:  # another version of HTTP is rightly answered 505
                text[at] = self.chance.randrange(256)
        with socket.create_connection(("127.0.0.1", self.cloud.port), timeout=SLOWEST_S) as connection:
            with contextlib.suppress(OSError):
                connection.sendall(text)
                connection.shutdown(socket.SHUT_WR)
            answer = b""
            with contextlib.suppress(ConnectionError):
                answer = b"".join(iter(lambda: connection.recv(65536), b""))
        status = answer.split(b" ", 2)[1] if answer.startswith(b"HTTP/") else b"0"
        return int(status), bytes(text)


def held():
    gc.collect()
    process = psutil.Process()
    return process.memory_info().rss, process.num_fds(), threading.active_count()


@pytest.mark.parametrize("run", range(RUNS))
def test_random_requests(cloud, film, run):
    """Random requests cause no failure, no hang and no growth."""
    fuzzer = Fuzzer(cloud, film, f"{run}")
    statuses, failed, marker = {}, [], []
    cases = CASES // RUNS
    try:
        for key in fuzzer.keys[:3]:
            assert fuzzer.plain("PUT", key, body=film).status == 200
        for case in range(cases):
            status, part = fuzzer.call()
            statuses[status] = statuses.get(status, 0) + 1
            if status >= 500 and status != 501:  # 501 names what is not here
                failed.append((status, part))
            if case in {cases // 2, cases - 1}:
                cloud.clear_calls()
                marker.append(held())
    finally:
        fuzzer.close()
    assert failed == []
    (rss, files, threads), (rss_then, files_then, threads_then) = marker
    grown = (rss_then - rss) / 2**20
    answers = dict(sorted(statuses.items()))
    entries = f"run {run}: {cases} calls, answers {answers}, memory {grown:+.1f} MiB, files {files_then - files:+}"
    print("\n" + entries)  # noqa: T201  # shown with -s
    assert statuses[200] > cases // 10
    assert rss_then - rss < MAX_GROWTH_BYTES
    assert files_then - files <= 8
    assert threads_then - threads <= 4
