"""Media info: which stream is the video, and how long its picture lasts, whatever the container says."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from snapshot.media import MediaInfo, VideoStream
from snapshot.tencent.media_info import read_media_info

# The document's own example, shortened to what has a meaning here; the streams' lengths contradict the container's.
EXAMPLE = """<Response><MediaInfo>
 <Format><Bitrate>1014.950000</Bitrate><Duration>10.125000</Duration><FormatName>mov,mp4,m4a,3gp,3g2,mj2</FormatName>
  <NumProgram>0</NumProgram><NumStream>2</NumStream><Size>1284547</Size><StartTime>0.000000</StartTime></Format>
 <Stream>
  <Audio><CodecName>aac</CodecName><Duration>0.440294</Duration><Index>1</Index></Audio>
  <Subtitle/>
  <Video><AvgFps>24/1</AvgFps><CodecName>h264</CodecName><Duration>0.124416</Duration><Fps>24.500000</Fps>
   <Height>1280</Height><Index>0</Index><NumFrames>243</NumFrames><Width>966</Width></Video>
 </Stream></MediaInfo></Response>"""
AUDIO_XML = EXAMPLE[EXAMPLE.index("<Audio>") : EXAMPLE.index("</Audio>") + len("</Audio>")]
VIDEO_XML = EXAMPLE[EXAMPLE.index("<Video>") : EXAMPLE.index("</Video>") + len("</Video>")]
STREAM = EXAMPLE[EXAMPLE.index("<Stream>") : EXAMPLE.index("</Stream>") + len("</Stream>")]
DURATION = "<Duration>10.125000</Duration>"
COVER = VIDEO_XML.replace("h264", "mjpeg").replace("24/1", "0/0").replace("<NumFrames>243</NumFrames>", "")


def read(text):
    return read_media_info(text.encode())


def test_example():
    """The document's example is as long as its container and its frames."""
    main = VideoStream(0, 966, 1280, "h264", duration_ms=124, frames=243)
    info = read(EXAMPLE)
    assert info == MediaInfo(10_125, (main,), 1_284_547)
    assert (info.main, info.width_px, info.height_px, info.codec) == (main, 966, 1280, "h264")


def fields(name, values):
    inside = "".join(f"<{tag}>{text}</{tag}>" for tag, text in values.items() if text is not None)
    return f"<{name}>{inside}</{name}>"


def described(duration, *, name="mov,mp4,m4a,3gp,3g2,mj2", start="0.000000", sound_s=None, **video):
    """Return media info of a film of 25 frames a second."""
    video = {"AvgFps": "25/1", "CodecName": "h264", "Height": "180", "Width": "320"} | video
    container = {"Duration": duration, "FormatName": name, "StartTime": start}
    sound = {"CodecName": "aac", "Duration": sound_s}
    return read(
        f"<Response><MediaInfo>{fields('Format', container)}<Stream>{fields('Audio', sound)}<Subtitle/>"
        f"{fields('Video', video)}</Stream></MediaInfo></Response>"
    )


MKV, TS = "matroska,webm", "mpegts"


@pytest.mark.parametrize(
    ("info", "duration_ms"),
    [
        (described("100.000000", NumFrames="2500", Duration="100.000000"), 100_000),
        (described("100.4", NumFrames="2500", Duration="100.0"), 100_000),
        (described("40.0", NumFrames="75", Duration="3.000000", sound_s="40.0"), 3000),
        (described("40.0", NumFrames="75", Duration="3.000000"), 3000),
        (described("40.0", Duration="3.000000", sound_s="40.0"), 3000),
        (described("40.0", Duration="3.000000"), 40_000),
        (described("40.0", NumFrames="75"), 40_000),
        (described("30.0", NumFrames="1", AvgFps="1/1", Duration="1.000000", sound_s="30.0"), 1000),
        (described("12.0", Duration="11.9", sound_s="12.0"), 11_900),
        (described("3700.000000", name=MKV, start="3600.000000"), 100_000),
        (described("160.000000", name=MKV, start="60.000000"), 100_000),
        (described("100.000000", name=TS, start="37.500000"), 100_000),
        (described("100.000000", name=TS, start="37.500000", StartTime="37.500000"), 100_000),
        (described("100.000000", start="37.500000", Duration="100.0", NumFrames="2500"), 100_000),
        (described("10.000000", name=MKV, StartTime="2.000000"), 8000),
        (described("10.000000", StartTime="2.000000"), 8000),
        (described("3608.000000", name=MKV, start="3600.000000", StartTime="3600.000000"), 8000),
        (described("10.0", name=MKV, start="-0.007000"), 10_000),
        (described("10.0", name=MKV, start="99.0"), 10_000),
        (described("0.000000", NumFrames="2500"), 100_000),
        (described("0.000000", Duration="100.0"), 100_000),
        (described("0.000000"), None),
        (described("0.000000", NumFrames="1", AvgFps="0/0"), 0),
        (described("N/A", NumFrames="2500"), 100_000),
        (described("N/A", Duration="100.0"), 100_000),
        (described("N/A", name=MKV), None),
        (described("922337203685", NumFrames="2500"), 100_000),
        (described("922337203685"), None),
        (described("100", start="0.32"), 100_000),
    ],
    ids=[
        "all agree",
        "sound outlasts a little",
        "sound outlasts by far",
        "frames and stream agree",
        "stream alone, the sound's length bears it out",
        "stream alone, nothing bears it out",
        "frames alone, far shorter",
        "one frame with speech",
        "stream a little shorter",
        "mkv from an hour on",
        "webm from a minute on",
        "ts from 37 s on",
        "ts whose picture begins with it",
        "mp4 from 37 s on",
        "mkv whose picture comes late",
        "mp4 whose picture comes late",
        "mkv whose clock and picture begin at an hour",
        "mkv from before zero",
        "mkv that begins after its end",
        "zero with frames",
        "zero with a stream's length",
        "zero, and nothing else is known",
        "zero, one frame",
        "not known, frames",
        "not known, a stream's length",
        "not known",
        "absurd, frames",
        "absurd",
        "whole seconds",
    ],
)
def test_length(info, duration_ms):
    """The length is the picture's, counted from its first frame."""
    assert info.duration_ms == duration_ms


@pytest.mark.parametrize(
    ("sar", "size"),
    [
        ("1:1", (640, 360)),
        ("8:1", (5120, 360)),
        ("16:11", (931, 360)),
        ("1:10", (64, 360)),
        ("25600:25599", (640, 360)),
        ("0:1", (640, 360)),
        ("1:0", (640, 360)),
        ("N/A", (640, 360)),
        ("1000000:1", (640, 360)),
        (None, (640, 360)),
    ],
)
def test_pixel_aspect(sar, size):
    """Pixels that are not square make the video wider or narrower, if what the file says can be true."""
    info = described("10.0", Width="640", Height="360", Sar=sar)
    assert (info.width_px, info.height_px) == size


def test_length_of_shown_stream():
    """The length is that of the stream that is shown, which need not be the first."""
    other = VIDEO_XML.replace("h264", "mpeg4").replace("<NumFrames>243</NumFrames>", "<NumFrames>200</NumFrames>")
    info = read(EXAMPLE.replace(VIDEO_XML, other + VIDEO_XML))
    assert (info.codec, info.duration_ms) == ("h264", 10_125)


def test_sound_outlasts():
    """A film whose sound outlasts its picture ends with the picture."""
    assert read(EXAMPLE.replace("10.125000", "12.000000")).duration_ms == 10_125


def test_wrong_count():
    """A count of frames that says less than half, and that nothing bears out, is taken for wrong."""
    assert read(EXAMPLE.replace("10.125000", "60.000000")).duration_ms == 60_000


@pytest.mark.parametrize(
    "streams",
    [VIDEO_XML + COVER, COVER + VIDEO_XML, "<Video/>" + VIDEO_XML, VIDEO_XML + "<Video/>"],
    ids=["a cover behind", "a cover before", "an empty one before", "an empty one behind"],
)
def test_main_stream(streams):
    """A snapshot shows the first stream that is no cover."""
    info, alone = read(EXAMPLE.replace(VIDEO_XML, streams)), read(EXAMPLE)
    assert (info.duration_ms, info.width_px, info.codec) == (alone.duration_ms, alone.width_px, alone.codec)


def test_covers():
    """A cover is a stream of one picture, in a picture's codec; a film in such a codec is a film."""
    film = VIDEO_XML.replace("h264", "mjpeg")
    single = film.replace("243", "1")
    streams = read(EXAMPLE.replace(VIDEO_XML, COVER + single + film)).videos
    assert [video.is_cover for video in streams] == [True, True, False]
    assert not read(EXAMPLE.replace(VIDEO_XML, COVER)).has_picture
    assert read(EXAMPLE.replace(VIDEO_XML, COVER).replace(AUDIO_XML, "")).has_picture


def test_cover_as_track():
    """In mkv a cover can be a track with a rate and no count of frames: it is a cover beside a film, and not alone."""
    track = VIDEO_XML.replace("h264", "mjpeg").replace("<NumFrames>243</NumFrames>", "")
    film = VIDEO_XML.replace("<NumFrames>243</NumFrames>", "")
    assert [video.is_cover for video in read(EXAMPLE.replace(VIDEO_XML, track + film)).videos] == [True, False]
    assert [video.is_cover for video in read(EXAMPLE.replace(VIDEO_XML, track)).videos] == [False]


def test_several_streams():
    """Every stream of pictures is known by its index, size and codec."""
    other = VIDEO_XML.replace("1280", "90").replace("966", "160").replace("<Index>0<", "<Index>2<")
    info = read(EXAMPLE.replace(VIDEO_XML, VIDEO_XML + other))
    assert [(video.index, video.width_px, video.height_px) for video in info.videos] == [(0, 966, 1280), (2, 160, 90)]


@pytest.mark.parametrize(
    ("rotation", "degrees", "size"),
    [
        (None, 0, (320, 180)),
        ("0", 0, (320, 180)),
        ("0.000000", 0, (320, 180)),
        ("90.000000", 90, (180, 320)),
        ("-90.000000", 270, (180, 320)),
        ("180", 180, (320, 180)),
        ("270", 270, (180, 320)),
        ("360", 0, (320, 180)),
        ("89.99", 90, (180, 320)),
        ("upside down", 0, (320, 180)),
    ],
)
def test_rotation(rotation, degrees, size):
    """The size is the one that is shown, after the rotation that newer responses carry."""
    info = described("10.0", Rotation=rotation)
    assert info.main.rotation_degrees == degrees
    assert (info.width_px, info.height_px) == size
    assert (info.main.width_px, info.main.height_px) == (320, 180)


@pytest.mark.parametrize(
    ("codec", "documented"),
    [("h264", True), ("hevc", True), ("VP9", True), ("av1", True), (None, True), ("prores", False), ("mpeg4", False)],
)
def test_documented_codecs(codec, documented):
    """Codecs outside the documented five are known as such; one that is not named may be any."""
    assert described("10.0", CodecName=codec).main.codec_is_documented is documented


def test_start():
    """When a stream begins is known."""
    assert described("10.0", StartTime="2.500000").main.start_ms == 2500
    assert described("10.0", StartTime="-0.080000").main.start_ms == -80


def test_poor_form():
    """A container that says length, number of streams and size is enough."""
    text = (
        "<Response><MediaInfo><Format><Duration>10</Duration><NumStream>1</NumStream><Size>99</Size></Format><Stream>"
        "<Video><Height>180</Height><Width>320</Width></Video></Stream></MediaInfo></Response>"
    )
    assert read(text) == MediaInfo(10_000, (VideoStream(0, 320, 180, None),), 99)


@pytest.mark.parametrize("streams", ["", "<Video/>", "<Video></Video>"], ids=["none", "empty", "open and closed"])
def test_sound_alone(streams):
    """Sound alone has a length and no picture."""
    info = read(EXAMPLE.replace(VIDEO_XML, streams))
    assert (info, info.has_picture, info.codec) == (MediaInfo(10_125, (), 1_284_547), False, None)


@pytest.mark.parametrize("stream", ["<Stream/>", ""], ids=["empty", "none"])
def test_no_streams(stream):
    """A file without streams has no picture."""
    assert not read(EXAMPLE.replace(STREAM, stream)).has_picture


@pytest.mark.parametrize(
    "duration", ["", "<Duration/>", "<Duration>N/A</Duration>", "<Duration>-1</Duration>"], ids=repr
)
def test_frames_for_length(duration):
    """Without a length the frames by their rate are it."""
    assert read(EXAMPLE.replace(DURATION, duration)).duration_ms == 10_125


@pytest.mark.parametrize(
    ("field", "replacement", "duration_ms"),
    [
        ("<AvgFps>24/1</AvgFps>", "<AvgFps>30000/1001</AvgFps>", 8108),
        ("<AvgFps>24/1</AvgFps>", "<AvgFps>0/0</AvgFps>", 9918),
        ("<AvgFps>24/1</AvgFps>", "", 9918),
        ("<NumFrames>243</NumFrames>", "<NumFrames>N/A</NumFrames>", None),
        ("<NumFrames>243</NumFrames>", "<NumFrames>0</NumFrames>", None),
        ("<NumFrames>243</NumFrames>", "", None),
    ],
    ids=["a broken rate", "no average rate", "no average", "frames not known", "no frames", "no count"],
)
def test_frames_and_rate(field, replacement, duration_ms):
    """Frames by their rate need both."""
    text = EXAMPLE.replace(DURATION, "").replace("<Duration>0.124416</Duration>", "")
    assert read(text.replace(field, replacement)).duration_ms == duration_ms


@pytest.mark.parametrize(
    ("duration", "duration_ms"),
    [("0.0009", 0), ("0.2", 200), ("10.0416", 10_041), ("86400", 86_400_000)],
)
def test_whole_milliseconds(duration, duration_ms):
    """A length is cut to whole milliseconds."""
    text = EXAMPLE.replace("10.125000", duration).replace("<NumFrames>243</NumFrames>", "")
    assert read(text.replace("<Duration>0.124416</Duration>", "")).duration_ms == duration_ms


@pytest.mark.parametrize("duration", ["1e999999999", "inf", "nan", "0x10", "1_0", "\u0661", "9" * 16, "10.1.1", "1/0"])
def test_no_number(duration):
    """A length that is no plain number is not known; the first of these is never computed."""
    text = EXAMPLE.replace("10.125000", duration).replace("<NumFrames>243</NumFrames>", "")
    assert read(text.replace("<Duration>0.124416</Duration>", "")).duration_ms is None


@pytest.mark.parametrize("width", ["N/A", "0", "", "-640", "1e9"], ids=repr)
def test_no_size(width):
    """A size that is no plain number is not known."""
    info = read(EXAMPLE.replace("<Width>966</Width>", f"<Width>{width}</Width>"))
    assert (info.width_px, info.height_px) == (None, 1280)


BILLION = (
    '<!DOCTYPE r [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">'
    '<!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;">]>'
) + EXAMPLE.replace("h264", "&d;")
OUTSIDE = '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/hostname">]>' + EXAMPLE.replace("h264", "&x;")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not xml",
        "<Response>",
        "<Response/>",
        "<Response>text</Response>",
        "<Response><MediaInfo/></Response>",
        "<Response><MediaInfo>text</MediaInfo></Response>",
        "<Response><MediaInfo><Format>text</Format></MediaInfo></Response>",
        "<Response><MediaInfo><Stream>text</Stream></MediaInfo></Response>",
        EXAMPLE.replace(VIDEO_XML, "<Video>text</Video>"),
        EXAMPLE.replace("<Stream>", "<Stream/><Stream>"),
        '<?xml version="1.0" encoding="bogus"?>' + EXAMPLE,
        '<?xml version="1.0" encoding="utf-7"?>' + EXAMPLE,
        "<Error><Code>AccessDenied</Code></Error>",
        "<a>" * 50_000,
        BILLION,
        OUTSIDE,
    ],
    ids=[
        "empty",
        "text",
        "open",
        "an empty response",
        "a response of text",
        "empty media info",
        "media info of text",
        "a format of text",
        "a stream of text",
        "a video of text",
        "two streams",
        "an unknown encoding",
        "an encoding of several bytes",
        "an error",
        "deep",
        "a billion laughs",
        "a file of this machine",
    ],
)
def test_no_media_info(text):
    """A document that is no media info is refused."""
    with pytest.raises(ValueError, match=r"no media info|no XML|document type|tags|safely"):
        read(text)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-32"])
def test_hidden_entities(encoding):
    """Entities are refused in an encoding that hides them from a search for bytes too."""
    with pytest.raises(ValueError, match=r"no XML|safely"):
        read_media_info(BILLION.encode(encoding))


def test_no_text():
    """Bytes that are no text are refused."""
    with pytest.raises(ValueError, match=r"^4 bytes that are no XML$"):
        read_media_info(b"\xff\xfe\x00\x01")


@given(st.binary(max_size=60), st.integers(0, len(EXAMPLE)), st.integers(0, 30))
@settings(max_examples=150)
def test_damage(junk, at, removed):
    """Whatever is damaged in a media info, it is read or refused."""
    body = EXAMPLE.encode()
    refused = ""
    try:
        read_media_info(body[:at] + junk + body[at + removed :])
    except ValueError as error:
        refused = type(error).__name__
    assert refused in ("", "ValueError", "UnsafeDocument")
