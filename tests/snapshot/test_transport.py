"""No exchange outlasts its deadline, whatever the peer does; connections are kept, and given back."""

import gc
import socket
import ssl
import threading
import time
from datetime import datetime, timedelta, timezone

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from snapshot.deadline import Deadline
from snapshot.errors import CloudUnavailable
from snapshot.tencent.bucket import Bucket
from snapshot.tencent.client import CosClient
from snapshot.tencent.transport import Exchange, Origin, Transport, TransportError, _Guard
from snapshot.workers import run_in_background
from tests.snapshot.wire import Endless, Wire, http

NAME = "examplebucket-1250000000"
SHOT = {"at_ms": 0, "width_px": 0, "height_px": 0, "format": "jpg", "mode": "exactframe", "rotate": "auto"}
LEFT_S = (0.5, 2.0, 8.0, 32.0)  # the next where a machine under load sent nothing before the deadline
SLACK_S = 30.0  # for a machine under load; what is tested would last for ever

HEAD = b"HTTP/1.1 200 OK\r\n"
CHUNKED = HEAD + b"Content-Type: image/jpeg\r\nTransfer-Encoding: chunked\r\n\r\n"
PEERS = {
    "silence": [Endless(b"")],
    "status drips": [Endless(b"H")],
    "headers drip": [HEAD, Endless(b"x")],
    "headers without end": [HEAD, Endless(b"x-more: 1\r\n")],
    "100 Continue without end": [Endless(b"HTTP/1.1 100 Continue\r\n\r\n")],
    "100 Continue whose headers drip": [b"HTTP/1.1 100 Continue\r\n", Endless(b"x")],
    "body drips": [http(200, b"", Content_Type="image/jpeg", Content_Length=10**6), Endless(b"x")],
    "body without length drips": [http(200, b"", Content_Type="image/jpeg", Content_Length=None), Endless(b"x")],
    "chunks drip": [CHUNKED, Endless(b"1\r\nx\r\n")],
    "chunk sizes drip": [CHUNKED, Endless(b"0")],
    "trailers drip": [CHUNKED + b"1\r\nx\r\n0\r\n", Endless(b"x")],
    "trailers without end": [CHUNKED + b"1\r\nx\r\n0\r\n", Endless(b"x-more: 1\r\n")],
    "body of an error drips": [http(503, b"", Content_Length=10**6), Endless(b"x")],
    "body of an error without length drips": [http(403, b"", Content_Length=None), Endless(b"x")],
}


def client_of(endpoint, *, left_s=60.0, **options):
    return CosClient(
        region="ap-guangzhou",
        secret_id="id",
        secret_key="key",
        token="",
        deadline=Deadline.after(left_s),
        endpoint=endpoint,
        **options,
    )


CALLS = {
    "HEAD": lambda bucket: bucket.head("a.mp4"),
    "GET": lambda bucket: bucket.get("a.json"),
    "LIST": lambda bucket: bucket.list("a/"),
    "PUT": lambda bucket: bucket.put("a", b"1", content_type="a/b", cache_control="x", metadata={}),
    "DELETE": lambda bucket: bucket.delete("a"),
    "media info": lambda bucket: bucket.media_info("a.mp4"),
    "snapshot": lambda bucket: bucket.snapshot("a.mp4", **SHOT),
}


def fails(client, call):
    """Return the error of a call, which is worth another try."""
    with client, pytest.raises(CloudUnavailable) as raised:
        call(Bucket(client, NAME))
    assert raised.value.retryable
    return raised.value


def fails_at_once(endpoint, call, **options):
    """Return the error of a call that fails at each try, long before its deadline."""
    return fails(client_of(endpoint, sleep=lambda seconds: None, **options), call)


def fails_at_deadline(answer, call):
    """Return the error of a call whose answer never ends; the peer has seen one request."""
    for left_s in LEFT_S:
        with Wire(answer) as wire:
            started = time.monotonic()
            failure = fails(client_of(wire.endpoint, left_s=left_s), call)
            assert time.monotonic() - started < left_s + SLACK_S
            if wire.requests:
                break
    assert len(wire.requests) == 1
    return failure


@pytest.mark.parametrize("peer", PEERS)
def test_peer(peer):
    """A snapshot ends at the deadline, however slowly the peer answers."""
    assert fails_at_deadline(PEERS[peer], CALLS["snapshot"]).code == "OutOfTime"


@pytest.mark.parametrize("call", CALLS)
def test_call(call):
    """Every call ends at the deadline, where headers drip."""
    assert fails_at_deadline([HEAD, Endless(b"x")], CALLS[call]).code == "OutOfTime"


def test_slow_upload():
    """An upload that the peer does not read ends at the deadline."""
    body = bytes(64 * 1024 * 1024)
    with Wire(reads=False) as wire:
        put = {"content_type": "a/b", "cache_control": "x", "metadata": {}}
        failure = fails(client_of(wire.endpoint, left_s=LEFT_S[0]), lambda bucket: bucket.put("a", body, **put))
    assert failure.code == "OutOfTime"


def test_slow_names():
    """A name that is not resolved in time ends the call, and the thread that waits for it is left behind."""
    never = threading.Event()

    def resolve(host, port):
        never.wait(60)
        return []

    failure = fails(client_of("", left_s=LEFT_S[0], resolve=resolve), CALLS["HEAD"])
    never.set()
    assert failure.code == "OutOfTime"


def test_names_are_resolved_once():
    """Connections that are opened side by side wait for one look-up of the name."""
    lookups, go_on = [], threading.Event()
    with Wire(http(200, ETag='"e"')) as wire:

        def resolve(host, port):
            lookups.append(host)
            go_on.wait(30)
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", wire.port))]

        transport, deadline = Transport(max_idle=8, resolve=resolve), Deadline.after(30)
        origin = Origin("http", HOST, 80)
        futures = [run_in_background(transport.warm, origin, deadline) for _ in range(4)]
        go_on.set()
        for future in futures:
            future.result(30)
        assert len(transport._idle[origin]) == 4
        transport.close()
    assert lookups == [HOST]


def test_unknown_name():
    """A name that is not known may be known later."""

    lookups = []

    def resolve(host, port):
        lookups.append(host)
        raise socket.gaierror(socket.EAI_AGAIN, "later")

    assert fails_at_once("", CALLS["HEAD"], resolve=resolve).code == "NoAnswer"
    assert len(lookups) > 1


def test_stalled_handshake():
    """A TLS handshake that does not go on ends at the deadline."""
    with Wire(reads=False) as wire:
        failure = fails(client_of(wire.endpoint.replace("http", "https"), left_s=LEFT_S[0]), CALLS["HEAD"])
    assert failure.code == "OutOfTime"


def test_nobody_there():
    """A port that nobody listens on is no answer."""
    with Wire(http(200)) as wire:
        pass
    assert fails_at_once(wire.endpoint, CALLS["HEAD"]).code == "NoAnswer"


def test_cut_head():
    """A response that ends amid its headers is broken, though what came would be a success."""
    with Wire([HEAD + b'ETag: "e"\r\nx-cos-meta-sna', None]) as wire:
        assert fails_at_once(wire.endpoint, CALLS["HEAD"]).code == "BrokenAnswer"


HOST = "examplebucket-1250000000.cos.ap-guangzhou.myqcloud.com"


def certificate(path, name):
    """Write a certificate for `name`, signed by itself, and its key; return their path."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
    now = datetime.now(timezone.utc)
    certificates = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(secret + certificates.public_bytes(Encoding.PEM))
    return path


@pytest.mark.parametrize(
    ("name", "is_trusted", "code"),
    [(HOST, True, ""), (HOST, False, "NoAnswer"), ("evil.example", True, "NoAnswer")],
    ids=["right", "not trusted", "another name"],
)
def test_tls(tmp_path, monkeypatch, name, is_trusted, code):
    """Over TLS only the host itself is spoken to, by a certificate that is trusted."""
    self_signed = certificate(tmp_path / "own.pem", name)
    trusted = self_signed if is_trusted else certificate(tmp_path / "other.pem", name)
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(self_signed)
    client_side = ssl.create_default_context(cafile=trusted)
    monkeypatch.setattr("snapshot.tencent.transport._tls", lambda: client_side)
    with Wire(http(200, ETag='"e"', Connection="keep-alive"), tls=server_side) as wire:

        def resolve(host, port):
            assert (host, port) == (HOST, 443)
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", wire.port))]

        if code:
            assert fails_at_once("", CALLS["HEAD"], resolve=resolve).code == code
            assert wire.requests == []
        else:
            with client_of("", left_s=60, resolve=resolve) as client:
                assert [Bucket(client, NAME).head("a").etag for _ in range(3)] == ["e"] * 3
            assert wire.connections == 1


def test_opened_too_late():
    """A connection opened after the end of its time is shut down at once."""

    class Connection:
        ended = False

        def shut_down(self):
            self.ended = True

    guard, connection = _Guard(Deadline.after(0)), Connection()
    guard.end()
    guard.hold(connection)
    assert connection.ended


def test_own_limit(monkeypatch):
    """One exchange ends long before a deadline that is far away, and is tried again."""
    monkeypatch.setattr("snapshot.tencent.transport._MAX_EXCHANGE_S", 0.3)
    good = http(200, ETag='"e"')
    with Wire([HEAD, Endless(b"x")], good) as wire, client_of(wire.endpoint) as client:
        assert Bucket(client, NAME).head("a.mp4").etag == "e"
        assert len(wire.requests) >= 2  # once more where a machine under load was too slow


def test_share_of_another():
    """The end of one record's share does not end the calls of another."""
    kept_alive = http(200, ETag='"e"', Connection="keep-alive")
    go_on = threading.Event()
    with Wire([kept_alive[:20], go_on, kept_alive[20:]]) as wire, client_of(wire.endpoint) as client:
        short = client.until(Deadline.after(LEFT_S[0]))
        results = []

        def look():
            results.append(Bucket(client, NAME).head("a.mp4"))

        thread = threading.Thread(target=look)
        thread.start()
        with pytest.raises(CloudUnavailable):
            Bucket(short, NAME).head("b.mp4")
        go_on.set()
        thread.join()
    assert results[0].etag == "e"


def test_many_headers():
    """A response with thousands of headers is broken, not read to its end."""
    with Wire([HEAD + b"x-more: 1\r\n" * 5000]) as wire:
        assert fails_at_once(wire.endpoint, CALLS["HEAD"]).code == "BrokenAnswer"


def test_long_header():
    """A header of a megabyte is broken."""
    with Wire([HEAD + b"x-more: " + b"1" * 2**20]) as wire:
        assert fails_at_once(wire.endpoint, CALLS["HEAD"]).code == "BrokenAnswer"


def test_two_lengths():
    """A response that states two lengths is broken."""
    answer = HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx"
    with Wire(answer) as wire:
        assert fails_at_once(wire.endpoint, CALLS["GET"]).code == "BrokenAnswer"


@pytest.mark.parametrize("answer", [http(200, b"1"), http(503), [HEAD, None], None], ids=["200", "503", "cut", "none"])
def test_nothing_left_open(answer):
    """No connection is left open once the client is closed."""
    with Wire(answer) as wire:
        earlier = _open_connections(wire.port)  # of another test, to a server that had this port before
        with client_of(wire.endpoint, sleep=lambda seconds: None) as client:
            try:
                Bucket(client, NAME).get("a")
            except CloudUnavailable as error:
                assert error.code  # noqa: PT017  # either outcome will do
        assert [found for found in _open_connections(wire.port) if found not in earlier] == []


def _open_connections(port):
    sockets = [candidate for candidate in gc.get_objects() if isinstance(candidate, socket.socket)]
    return [
        candidate
        for candidate in sockets
        if candidate.family == socket.AF_INET and candidate.fileno() >= 0 and _peer_port(candidate) == port
    ]


def _peer_port(candidate):
    try:
        return candidate.getpeername()[1]
    except OSError:
        return None


def test_concurrent():
    """Several threads use connections of their own, and those are kept for the next calls."""
    barrier = threading.Barrier(4)
    kept_alive = http(200, b"1", Connection="keep-alive")
    with Wire(kept_alive) as wire, client_of(wire.endpoint) as client:

        def call():
            barrier.wait(30)
            bucket = Bucket(client, NAME)
            for _ in range(5):
                assert bucket.get("a") == b"1"

        threads = [threading.Thread(target=call) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(wire.requests) == 20
        assert wire.connections <= 4


def test_end_of_an_error():
    """Of an error's body the first 64 KiB are read, and the connection is not used again."""
    long = http(403, b"x" * 200_000, Connection="keep-alive")
    exchange = Exchange(Origin("http", "127.0.0.1", 0), "GET", "/", {"Host": "a"}, None, 1000)
    with Wire(long) as wire:
        transport = Transport(max_idle=4)
        origin = Origin("http", "127.0.0.1", wire.port)
        exchange = Exchange(origin, "GET", "/", {"Host": "a"}, None, 1000)
        for _ in range(2):
            raw = transport.send(exchange, Deadline.after(30), on_sent=lambda: None)
            assert (raw.status, len(raw.body)) == (403, 64 * 1024)
        transport.close()
        assert wire.connections == 2


def test_closed_transport():
    """A connection that comes back after the end is closed."""
    go_on = threading.Event()
    kept_alive = http(200, b"1", Connection="keep-alive")
    with Wire([kept_alive[:10], go_on, kept_alive[10:]]) as wire:
        transport = Transport(max_idle=4)
        exchange = Exchange(Origin("http", "127.0.0.1", wire.port), "GET", "/", {"Host": "a"}, None, 1000)
        bodies = []
        thread = threading.Thread(
            target=lambda: bodies.append(transport.send(exchange, Deadline.after(30), on_sent=lambda: None).body)
        )
        thread.start()
        while not wire.requests:
            go_on.wait(0.01)
        transport.close()
        go_on.set()
        thread.join()
        assert bodies == [b"1"]
        assert not any(transport._idle.values())


def test_not_sendable():
    """A request that cannot be sent is told from one without an answer."""
    with Wire(http(200)) as wire:
        transport = Transport(max_idle=4)
        exchange = Exchange(Origin("http", "127.0.0.1", wire.port), "GET", "/a b\n", {"Host": "a"}, None, 1000)
        with pytest.raises(TransportError) as raised:
            transport.send(exchange, Deadline.after(30), on_sent=lambda: None)
        transport.close()
        assert (raised.value.code, wire.requests) == ("NotSent", [])
