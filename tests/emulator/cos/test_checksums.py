"""x-cos-hash-crc64ecma: on every response about an object, and of its whole."""

from fastcrc import crc64

MIB = 1024 * 1024


def crc(body):
    return str(crc64.xz(body))


def test_known_value(plain):
    """The checksum is CRC-64/XZ: 0x995dc9bbdf1939fa of "123456789"."""
    assert plain("PUT", "a", body=b"123456789").headers["x-cos-hash-crc64ecma"] == str(0x995DC9BBDF1939FA)


def test_on_reads_and_writes(plain, sdk, bucket, cloud):
    """PUT, GET, HEAD, a range, a copy and a form say the checksum of the whole object."""
    body = bytes(range(256)) * 1000
    assert plain("PUT", "a", body=body).headers["x-cos-hash-crc64ecma"] == crc(body)
    for method, headers in (("GET", {}), ("HEAD", {}), ("GET", {"Range": "bytes=1-2"})):
        assert plain(method, "a", headers=headers).headers["x-cos-hash-crc64ecma"] == crc(body)
    copied = plain("PUT", "b", body=b"", headers={"x-cos-copy-source": f"{plain.host}/a"})
    assert copied.headers["x-cos-hash-crc64ecma"] == crc(body)
    assert f"<CRC64>{crc(body)}</CRC64>" in copied.body.decode()


def test_of_parts(sdk, bucket):
    """A part has its own checksum, the object that they become has that of the whole."""
    bodies = [b"a" * MIB, b"b" * 10]
    upload = sdk.create_multipart_upload(bucket, "a")
    parts = [
        (number, sdk.upload_part(bucket, "a", body, number, upload["UploadId"]))
        for number, body in enumerate(bodies, 1)
    ]
    assert [part["x-cos-hash-crc64ecma"] for _, part in parts] == [crc(body) for body in bodies]
    listed = {"Part": [{"PartNumber": number, "ETag": part["ETag"]} for number, part in parts]}
    done = sdk.complete_multipart_upload(bucket, "a", upload["UploadId"], listed)
    assert done["x-cos-hash-crc64ecma"] == crc(b"".join(bodies))
    assert sdk.head_object(bucket, "a")["x-cos-hash-crc64ecma"] == crc(b"".join(bodies))


def test_of_an_appended_object(sdk, bucket):
    """An appended object has the checksum of all its pieces."""
    sdk.append_object(bucket, "log", 0, b"1234")
    assert sdk.append_object(bucket, "log", 4, b"56789")["x-cos-hash-crc64ecma"] == crc(b"123456789")


def test_of_a_form(plain):
    """A form's response has it as well."""
    from tests.emulator.cos.test_post_form import Form

    reply = Form(plain)()
    assert reply.headers["x-cos-hash-crc64ecma"] == plain("HEAD", "videos/a.mp4").headers["x-cos-hash-crc64ecma"]
