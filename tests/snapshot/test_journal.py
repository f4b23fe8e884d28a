import pytest

from snapshot.journal import Journal, MediaRecord, parse_journal
from snapshot.manifest import Calls, MissedEntry
from snapshot.media import MediaInfo, VideoStream

MEDIA = MediaInfo(12_345, (VideoStream(0, 1920, 1080, "hevc", rotation_degrees=90),), size_bytes=99)


def test_media_record():
    """Media info comes back with the facts that a later delivery needs: length, size as shown, codec."""
    media = MediaRecord.parse(MediaRecord.of(MEDIA).to_text()).to_media()
    assert (media.duration_ms, media.width_px, media.height_px, media.codec) == (12_345, 1080, 1920, "hevc")
    assert media.has_picture


@pytest.mark.parametrize("media", [MediaInfo(None, ()), MediaInfo(0, (VideoStream(0, None, None, None),))], ids=str)
def test_poor_media_record(media):
    """Unknown facts stay unknown."""
    back = MediaRecord.parse(MediaRecord.of(media).to_text()).to_media()
    assert (back.duration_ms, back.width_px, back.has_picture) == (media.duration_ms, None, media.has_picture)


def test_media_record_is_a_header():
    """The record fits into a header: one short line of ASCII, whatever the codec is called."""
    odd = MediaInfo(1, (VideoStream(0, 1, 1, "é\n" * 500),))
    text = MediaRecord.of(odd).to_text()
    assert "\n" not in text
    assert len(text) < 400


@pytest.mark.parametrize("text", ["", "{", "[]", '{"duration_ms": -1}', '{"duration_ms": "x"}', "null"])
def test_broken_media_record(text):
    """A text that is no record is none."""
    assert MediaRecord.parse(text) is None


def test_journal_round_trip():
    """A journal comes back as it was written."""
    journal = Journal(
        recipe="a" * 64,
        media=MediaRecord.of(MEDIA),
        missed=(MissedEntry(at_ms=1, code="InvalidArgument", message="no"),),
        calls=Calls(snapshot=3, media_info=1, failed=2),
    )
    assert parse_journal(journal.to_json()) == journal


@pytest.mark.parametrize("body", [None, b"", b"{", b"[]", b"\xff", b'{"recipe": 1}'])
def test_broken_journal(body):
    """Bytes that are no journal are none."""
    assert parse_journal(body) is None
