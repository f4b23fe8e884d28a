"""The wire itself: one connection for many calls, whatever they bring, and an end that leaves nothing."""

import random
import socket
import threading

import pytest

from emulator.cloud import Cloud
from emulator.server import PortTaken, Server
from tests.emulator.plain import Plain, sign


def sent(cloud, *pieces, timeout=10):
    """Writes these pieces over one connection and reads until the other side closes it."""
    with socket.create_connection(("127.0.0.1", cloud.port), timeout=timeout) as connection:
        for piece in pieces:
            connection.sendall(piece)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_a_connection_serves_call_after_call(plain):
    plain("PUT", "a", body=b"hello")
    connection = plain.connection.sock
    for _ in range(3):
        assert plain("GET", "a").headers["Connection"] == "keep-alive"
        assert plain("GET", "absent").status == 404
        assert plain("HEAD", "absent").status == 404
    assert plain.connection.sock is connection


def test_a_connection_ends_when_the_caller_says_so(plain):
    reply = plain("GET", "absent", headers={"Connection": "close"})
    assert reply.headers["Connection"] == "close"
    assert plain.connection.sock is None


def test_an_old_client_gets_its_answer_and_the_end(cloud):
    answer = sent(cloud, b"GET /_emulator/ HTTP/1.0\r\nHost: localhost\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert b"Connection: close" in answer


def test_a_refused_upload_does_not_spoil_the_next_call(plain):
    # the body is never asked for, and stands between this call and the next
    assert plain("PUT", "a", body=b"x" * 3_000_000, signed=False).status == 403
    assert plain("GET", "absent").status == 404


def test_two_calls_in_one_piece_are_both_answered(cloud):
    one = b"GET /_emulator/calls HTTP/1.1\r\nHost: localhost\r\n\r\n"
    assert sent(cloud, one + one).count(b"HTTP/1.1 200 OK") == 2


def test_an_upload_waits_for_its_continue(cloud, bucket):
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
def test_whatever_is_sent_the_answer_is_no_failure(cloud, plain, request_bytes):
    answer = sent(cloud, request_bytes)
    assert not answer.startswith(b"HTTP/1.1 5")
    assert plain("GET", "absent").status == 404


def test_a_caller_that_leaves_amid_its_upload_leaves_nothing(cloud, bucket):
    host = f"{bucket}.cos.{cloud.region}.myqcloud.com"
    fields = sign("PUT", "/a", key=(cloud.secret_id, cloud.secret_key), headers={"host": host})
    authorization = "&".join(f"{k}={v}" for k, v in fields.items())
    head = f"PUT /a HTTP/1.1\r\nHost: {host}\r\nContent-Length: 100\r\nAuthorization: {authorization}\r\n\r\n"
    answer = sent(cloud, head.encode(), b"only this")
    assert b"IncompleteBody" in answer
    assert list(cloud.objects()) == []


def test_chunks_that_are_none_leave_nothing(cloud, bucket):
    host = f"{bucket}.cos.{cloud.region}.myqcloud.com"
    fields = sign("PUT", "/a", key=(cloud.secret_id, cloud.secret_key), headers={"host": host})
    authorization = "&".join(f"{k}={v}" for k, v in fields.items())
    head = f"PUT /a HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\nAuthorization: {authorization}\r\n\r\n"
    for chunks in (b"zz\r\n", b"5\r\nhel", b"5\r\nhelloworld\r\n", b"-5\r\nhello\r\n0\r\n\r\n"):
        assert b"IncompleteBody" in sent(cloud, head.encode(), chunks)
    assert list(cloud.objects()) == []


def test_a_caller_that_leaves_amid_its_download_harms_nobody(plain, cloud):
    plain("PUT", "a", body=b"x" * 20_000_000)
    path = b"/_emulator/object?bucket=examplebucket-1250000000&key=a"
    with socket.create_connection(("127.0.0.1", cloud.port)) as connection:
        connection.sendall(b"GET " + path + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
        connection.recv(1000)
    assert plain("GET", "a").headers["Content-Length"] == "20000000"


def test_many_callers_at_once_are_all_served(cloud, bucket):
    def work(number):
        with Plain(cloud) as plain:
            for turn in range(5):
                key, body = f"{number}/{turn}", bytes([number]) * 1000
                plain("PUT", key, body=body)
                found.append(plain("GET", key).body == body)

    found = []
    threads = [threading.Thread(target=work, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 60
    assert len(list(cloud.objects())) == 60


def test_many_callers_at_once_on_the_same_keys_break_nothing(cloud, bucket):
    """Overwriting, copying, deleting, listing and reading one another's objects, small and in files."""

    def work(number):
        chance = random.Random(number)
        with Plain(cloud) as plain:
            for _ in range(25):
                key, other = chance.choice("abc"), chance.choice("abc")
                what = chance.randrange(6)
                if what == 0:
                    reply = plain("PUT", key, body=bytes([number]) * chance.choice([10, 6_000_000]))
                elif what == 1:
                    source = {"x-cos-copy-source": f"{plain.host}/{other}", "x-cos-metadata-directive": "Replaced"}
                    reply = plain("PUT", key, body=b"", headers=source)
                elif what == 2:
                    reply = plain("DELETE", key)
                elif what == 3:
                    reply = plain("GET", chance.choice([key, ""]))
                elif what == 4:
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


def test_request_ids_differ_and_read_like_the_documents(plain):
    from base64 import b64decode

    ids = [plain("GET", "absent").headers["x-cos-request-id"] for _ in range(5)]
    assert len(set(ids)) == 5
    assert all(len(b64decode(each).decode().split("_")) == 4 for each in ids)


# Ports and ends


def test_a_taken_port_fails_at_once_and_says_which(cloud):
    with pytest.raises(PortTaken, match=f"port {cloud.port} of 127.0.0.1"):
        Cloud(port=cloud.port)


def test_a_cloud_that_could_not_bind_leaves_nothing(cloud):
    before = set(threading.enumerate())
    with pytest.raises(PortTaken):
        Cloud(port=cloud.port)
    assert set(threading.enumerate()) <= before


def test_a_port_is_free_again_once_its_cloud_is_closed():
    with Cloud() as cloud:
        port = cloud.port
    with Cloud(port=port) as cloud:
        assert cloud.port == port


def test_only_this_machine_is_listened_to(cloud):
    assert cloud.endpoint == f"http://127.0.0.1:{cloud.port}"
    assert cloud._server._server.socket.getsockname()[0] == "127.0.0.1"


def test_closing_ends_connections_that_wait_and_threads(bucket):
    before = set(threading.enumerate())
    cloud = Cloud()
    with socket.create_connection(("127.0.0.1", cloud.port), timeout=10) as idle:
        idle.sendall(b"GET /_emulator/ HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert idle.recv(65536)
        cloud.close()
        assert idle.recv(1) == b""
    assert set(threading.enumerate()) <= before
    cloud.close()  # a second time does nothing


def test_an_application_that_fails_closes_the_connection():
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
