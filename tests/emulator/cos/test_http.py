"""The wire itself: one connection for many calls, whatever they bring, and an end that leaves nothing."""

import random
import socket
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from emulator.cloud import Cloud
from emulator.http.server import PortTaken, Server
from tests.emulator.plain import Plain, sign


def sent(cloud, *pieces, timeout=10):
    """Writes these pieces over one connection and reads until the other side closes it."""
    with socket.create_connection(("127.0.0.1", cloud.port), timeout=timeout) as connection:
        for piece in pieces:
            connection.sendall(piece)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_keep_alive(plain):
    """A connection serves request after request."""
    plain("PUT", "a", body=b"hello")
    connection = plain.connection.sock
    for _ in range(3):
        assert plain("GET", "a").headers["Connection"] == "keep-alive"
        assert plain("GET", "absent").status == 404
        assert plain("HEAD", "absent").status == 404
    assert plain.connection.sock is connection


def test_close(plain):
    """A connection ends when the client says so."""
    reply = plain("GET", "absent", headers={"Connection": "close"})
    assert reply.headers["Connection"] == "close"
    assert plain.connection.sock is None


def test_http_1_0(cloud):
    """An HTTP/1.0 client gets its response and the end."""
    answer = sent(cloud, b"GET /_emulator/ HTTP/1.0\r\nHost: localhost\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert b"Connection: close" in answer


def test_refused_upload(plain):
    """The body of a refused upload does not spoil the next request."""
    # the body is never asked for, and stands between this call and the next
    assert plain("PUT", "a", body=b"x" * 3_000_000, signed=False).status == 403
    assert plain("GET", "absent").status == 404


def test_pipelining(cloud):
    """Two requests in one piece are both answered."""
    first = b"GET /_emulator/calls HTTP/1.1\r\nHost: localhost\r\n\r\n"
    assert sent(cloud, first + first).count(b"HTTP/1.1 200 OK") == 2


def test_expect_continue(cloud, bucket):
    """An upload waits for its 100 Continue."""
    host = f"{bucket}.cos.{cloud.region}.myqcloud.com"
    fields = sign("PUT", "/a", key=(cloud.secret_id, cloud.secret_key), headers={"host": host})
    with socket.create_connection(("127.0.0.1", cloud.port), timeout=10) as connection:
        head = [f"PUT /a HTTP/1.1\r\nHost: {host}\r\nContent-Length: 5\r\nExpect: 100-continue\r\nAuthorization: "]
        head += ["&".join(f"{k}={v}" for k, v in fields.items()), "\r\n\r\n"]
        connection.sendall("".join(head).encode())
        assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"hello")
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 OK")


MALFORMED = {
    "nothing": b"\r\n",
    "one word": b"GET\r\n\r\n",
    "no length": b"PUT /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: five\r\n\r\n",
    "negative length": b"PUT /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
    "two lengths": b"PUT /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
    "no chunk": b"PUT /a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "no host": b"GET /a HTTP/1.1\r\n\r\n",
    "brackets": b"GET //[a HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "absolute": b"GET http://localhost/a HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a star": b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "no HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 5 + b"\r\n\r\n",
}


@pytest.mark.parametrize("request_bytes", MALFORMED.values(), ids=MALFORMED)
def test_malformed_request(cloud, plain, request_bytes):
    """Whatever is sent, the response is no failure and the server goes on."""
    answer = sent(cloud, request_bytes)
    assert not answer.startswith(b"HTTP/1.1 5")
    assert plain("GET", "absent").status == 404


SECOND = b"GET /_emulator/calls HTTP/1.1\r\nHost: localhost\r\n\r\n"
UNCERTAIN = {
    "two codings": b"Transfer-Encoding: gzip, chunked",
    "no coding": b"Transfer-Encoding: xchunked",
    "a coding in quotes": b'Transfer-Encoding: "chunked"',
    "chunked twice": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
    "chunked and a length": b"Transfer-Encoding: chunked\r\nContent-Length: 0",
    "two lengths": b"Content-Length: 0\r\nContent-Length: %d" % len(SECOND),
    "equal lengths": b"Content-Length: 0\r\nContent-Length: 0",
    "a list of lengths": b"Content-Length: 0, 0",
    "a blank before the colon": b"Content-Length : %d" % len(SECOND),
    "a coding with a blank": b"Transfer-Encoding : chunked",
    "a folded line": b"X: a\r\n b\r\nContent-Length:\r\n %d" % len(SECOND),
    "a signed length": b"Content-Length: +%d" % len(SECOND),
    "no header": b"nonsense\r\nContent-Length: %d" % len(SECOND),
}


@pytest.mark.parametrize("header", UNCERTAIN.values(), ids=UNCERTAIN)
def test_uncertain_length(cloud, header):
    """A request whose end is not certain is answered 400 and its connection closed: its body is no second request."""
    head = b"PUT /a HTTP/1.1\r\nHost: localhost\r\n" + header + b"\r\n\r\n"
    reply = sent(cloud, head + SECOND)
    assert reply.startswith(b"HTTP/1.1 400 ")
    assert b"Connection: close" in reply
    assert reply.count(b"HTTP/1.1") == 1


def test_broken_upload(cloud, bucket):
    """A client that leaves during its upload leaves nothing stored."""
    host = f"{bucket}.cos.{cloud.region}.myqcloud.com"
    fields = sign("PUT", "/a", key=(cloud.secret_id, cloud.secret_key), headers={"host": host})
    authorization = "&".join(f"{k}={v}" for k, v in fields.items())
    head = f"PUT /a HTTP/1.1\r\nHost: {host}\r\nContent-Length: 100\r\nAuthorization: {authorization}\r\n\r\n"
    answer = sent(cloud, head.encode(), b"only this")
    assert b"IncompleteBody" in answer
    assert list(cloud.objects()) == []


def test_malformed_chunks(cloud, bucket):
    """Malformed chunks leave nothing stored."""
    host = f"{bucket}.cos.{cloud.region}.myqcloud.com"
    fields = sign("PUT", "/a", key=(cloud.secret_id, cloud.secret_key), headers={"host": host})
    authorization = "&".join(f"{k}={v}" for k, v in fields.items())
    head = f"PUT /a HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\nAuthorization: {authorization}\r\n\r\n"
    for chunks in (b"zz\r\n", b"5\r\nhel", b"5\r\nhelloworld\r\n", b"-5\r\nhello\r\n0\r\n\r\n"):
        assert b"IncompleteBody" in sent(cloud, head.encode(), chunks)
    assert list(cloud.objects()) == []


def test_broken_download(plain, cloud):
    """A client that leaves during its download harms nobody."""
    plain("PUT", "a", body=b"x" * 20_000_000)
    path = b"/_emulator/object?bucket=examplebucket-1250000000&key=a"
    with socket.create_connection(("127.0.0.1", cloud.port)) as connection:
        connection.sendall(b"GET " + path + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
        connection.recv(1000)
    assert plain("GET", "a").headers["Content-Length"] == "20000000"


def test_many_clients(cloud, bucket):
    """Many clients at once are all served."""

    def work(number):
        with Plain(cloud) as plain:
            for turn in range(5):
                key, body = f"{number}/{turn}", bytes([number]) * 1000
                plain("PUT", key, body=body)
                result.append(plain("GET", key).body == body)

    result = []
    threads = [threading.Thread(target=work, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert result == [True] * 60
    assert len(list(cloud.objects())) == 60


def test_many_callers_at_once_on_the_same_keys_break_nothing(cloud, bucket):
    """Overwriting, copying, deleting, listing and reading one another's objects, small and in files."""

    def work(number):
        chance = random.Random(number)
        with Plain(cloud) as plain:
            for _ in range(25):
                key, other = chance.choice("abc"), chance.choice("abc")
                part = chance.randrange(6)
                if part == 0:
                    reply = plain("PUT", key, body=bytes([number]) * chance.choice([10, 6_000_000]))
                elif part == 1:
                    source = {"x-cos-copy-source": f"{plain.host}/{other}", "x-cos-metadata-directive": "Replaced"}
                    reply = plain("PUT", key, body=b"", headers=source)
                elif part == 2:
                    reply = plain("DELETE", key)
                elif part == 3:
                    reply = plain("GET", chance.choice([key, ""]))
                elif part == 4:
                    reply = plain("HEAD", key)
                else:
                    reply = plain.admin("GET", "/_emulator/objects")
                statuses.append(reply.status)

    statuses = []
    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(statuses) == 200
    assert set(statuses) <= {200, 204, 404}


def test_request_ids(plain):
    """Request ids differ and have the form of the documents."""
    from base64 import b64decode

    ids = [plain("GET", "absent").headers["x-cos-request-id"] for _ in range(5)]
    assert len(set(ids)) == 5
    assert all(len(b64decode(item).decode().split("_")) == 4 for item in ids)


# Ports and ends


def test_taken_port(cloud):
    """A taken port fails at once and is named."""
    with pytest.raises(PortTaken, match=f"port {cloud.port} of 127.0.0.1"):
        Cloud(port=cloud.port)


def test_failed_bind(cloud):
    """A cloud that could not bind leaves nothing behind."""
    earlier = set(threading.enumerate())
    with pytest.raises(PortTaken):
        Cloud(port=cloud.port)
    assert set(threading.enumerate()) <= earlier


def test_port_is_freed():
    """A port is free again once its cloud is closed."""
    with Cloud() as cloud:
        port = cloud.port
    with Cloud(port=port) as cloud:
        assert cloud.port == port


def test_loopback_only(cloud):
    """Only this machine can connect."""
    assert cloud.endpoint == f"http://127.0.0.1:{cloud.port}"
    assert cloud._server._server.socket.getsockname()[0] == "127.0.0.1"


def test_close_ends_all(bucket):
    """Closing ends waiting connections and every thread."""
    earlier = set(threading.enumerate())
    cloud = Cloud()
    with socket.create_connection(("127.0.0.1", cloud.port), timeout=10) as idle:
        idle.sendall(b"GET /_emulator/ HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert idle.recv(65536)
        cloud.close()
        assert idle.recv(1) == b""
    assert set(threading.enumerate()) <= earlier
    cloud.close()  # a second time does nothing


def test_failing_application():
    """An application that fails closes the connection."""

    def application(environ, start_response):
        start_response("200 OK", [("Content-Length", "10")])
        return chunks()

    def chunks():
        yield b"hello"
        raise ConnectionError

    server = Server(application)
    try:
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert b"".join(iter(lambda: connection.recv(100), b"")).endswith(b"hello")
    finally:
        server.close()


def test_parallel_uploads(cloud, bucket):
    """A thousand uploads from eight threads, switching as often as can be, all succeed while others look on."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)

    def upload(worker):
        with Plain(cloud) as plain:
            return {plain("PUT", f"{worker}/{turn}", body=b"x" * 2000).status for turn in range(125)}

    def look_on():
        with Plain(cloud) as plain:
            while not done.is_set():
                assert (len(cloud.calls), len(cloud.events)) <= (10_000, 10_000)
                assert plain("GET").status == 200
                assert plain.admin("GET", "/_emulator/objects").status == 200

    done = threading.Event()

    try:
        with ThreadPoolExecutor(9) as pool:
            onlooker = pool.submit(look_on)
            statuses = set().union(*pool.map(upload, range(8)))
            done.set()
            onlooker.result()
    finally:
        done.set()
        sys.setswitchinterval(interval)
    assert statuses == {200}
    assert len(list(cloud.objects())) == 1000
