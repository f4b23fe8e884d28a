"""GetMediaInfo's XML: the fields of the documents' example, with the values that ffprobe reads from the file."""

import json
import re
import shutil
import subprocess
from fractions import Fraction
from functools import partial
from xml.etree import ElementTree as ET

import av
import numpy as np
import pytest

from emulator.ci.codecs import level_and_refs
from emulator.ci.service import answer_media_info
from emulator.errors import ServiceError
from emulator.films.corpus import CFR, write
from tests.emulator.ci.shelf import shelved

# The documents' example, element for element.
FORMAT = "Bitrate Duration FormatLongName FormatName NumProgram NumStream Size StartTime"
AUDIO = (
    "Bitrate Channel ChannelLayout CodecLongName CodecName CodecTag CodecTagString CodecTimeBase Duration Index "
    "Language SampleFmt SampleRate StartTime Timebase"
)
VIDEO = (
    "AvgFps Bitrate CodecLongName CodecName CodecTag CodecTagString CodecTimeBase ColorPrimaries ColorRange "
    "ColorTransfer Dar Duration Fps HasBFrame Height Index Language Level NumFrames PixFormat Profile RefFrames "
    "Rotation Sar StartTime Timebase Width"
)
NAMES = [
    "h264-with-sound.mp4", "h264-with-sound.ts", "h264-b-frames.avi", "h264.flv", "h265.mp4", "h265.ts", "h265.mkv",
    "vp8.webm", "vp9.mp4", "vp9.webm", "av1.mp4", "av1.mkv", "wide-pixels.mp4", "narrow-pixels.mkv", "ten-bit-h265.mp4",
    "pq.mp4", "hlg.mkv", "bt709.mp4", "full-range.mp4", "uneven.mkv", "starts-late-after-sound.mp4", "turned-90.mp4",
    "29.97-after-two-hours.mp4", "edit-list-inside-a-group.mp4",
]  # fmt: skip


@pytest.fixture(scope="session")
def film_path(tmp_path_factory):
    return partial(shelved, tmp_path_factory.mktemp("films"))


def info(path):
    with path.open("rb") as stream:
        return ET.fromstring(answer_media_info(stream, path.stat().st_size))


def probe(path):
    command = ["ffprobe", "-v", "error", "-show_format", "-show_streams", "-of", "json", str(path)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, timeout=60).stdout)


def test_element_order(film_path):
    """Every element stands in the example's order."""
    root = info(film_path("h264-with-sound.mp4"))
    media = root.find("MediaInfo")
    assert (root.tag, [child.tag for child in root]) == ("Response", ["MediaInfo"])
    assert [child.tag for child in media] == ["Format", "Stream"]
    assert [child.tag for child in media.find("Stream")] == ["Audio", "Subtitle", "Video"]
    assert [child.tag for child in media.find("Format")] == FORMAT.split()
    assert [child.tag for child in media.find("Stream/Audio")] == AUDIO.split()
    assert [child.tag for child in media.find("Stream/Video")] == VIDEO.split()
    assert len(media.find("Stream/Subtitle")) == 0


def test_number_format(film_path):
    """Times and bitrates are written as in the example."""
    path = film_path("h264-with-sound.mp4")
    root = info(path)
    for name in ("Format/Bitrate", "Format/Duration", "Format/StartTime", "Stream/Video/Fps", "Stream/Video/Duration"):
        assert re.fullmatch(r"\d+\.\d{6}", root.find(f"MediaInfo/{name}").text), name
    kbits = path.stat().st_size * 8 / 1000 / float(root.find("MediaInfo/Format/Duration").text)
    assert float(root.find("MediaInfo/Format/Bitrate").text) == pytest.approx(kbits, rel=1e-6)


@pytest.mark.skipif(not shutil.which("ffprobe"), reason="the values are held to the ffprobe program: install ffmpeg")
@pytest.mark.parametrize("name", NAMES)
def test_ffprobe_agrees(film_path, name):
    """The values are those that ffprobe reads."""
    path = film_path(name)
    response, read = info(path).find("MediaInfo"), probe(path)
    format_fields = {child.tag: child.text for child in response.find("Format")}
    assert format_fields["FormatName"] == read["format"]["format_name"]
    assert format_fields["FormatLongName"] == read["format"]["format_long_name"]
    assert float(format_fields["Duration"]) == pytest.approx(float(read["format"]["duration"]), abs=0.05)
    assert float(format_fields["StartTime"]) == pytest.approx(float(read["format"]["start_time"]), abs=1e-6)
    assert format_fields["Size"] == read["format"]["size"]
    assert format_fields["NumStream"] == str(read["format"]["nb_streams"])
    assert format_fields["NumProgram"] == str(read["format"]["nb_programs"])
    streams = response.find("Stream")
    for stream in read["streams"]:
        kind = stream["codec_type"].capitalize()
        fields = {child.tag: child.text for child in streams.find(kind)}
        expected = {
            "CodecName": stream["codec_name"],
            "CodecTagString": stream["codec_tag_string"],
            "Index": str(stream["index"]),
            "Timebase": stream["time_base"],
            "CodecTimeBase": stream["time_base"],
            "Language": stream.get("tags", {}).get("language", "und"),
        }
        if kind == "Video":
            expected |= {
                "AvgFps": stream["avg_frame_rate"],
                "ColorPrimaries": stream.get("color_primaries", "unknown"),
                "ColorRange": stream.get("color_range", "unknown"),
                "ColorTransfer": stream.get("color_transfer", "unknown"),
                "Height": str(stream["height"]),
                "Width": str(stream["width"]),
                "HasBFrame": str(stream["has_b_frames"]),
                "Level": str(stream["level"]),
                "PixFormat": stream["pix_fmt"],
                "NumFrames": stream.get("nb_frames"),
            }
            expected |= {"Profile": stream["profile"]} if stream.get("profile", "0") != "0" else {}
            if "sample_aspect_ratio" in stream:
                expected |= {"Sar": stream["sample_aspect_ratio"], "Dar": stream["display_aspect_ratio"]}
        else:
            expected |= {
                "Channel": str(stream["channels"]),
                "ChannelLayout": stream["channel_layout"],
                "SampleFmt": stream["sample_fmt"],
                "SampleRate": stream["sample_rate"],
            }
        assert {key: fields.get(key) for key in expected} == expected
        assert int(fields["CodecTag"], 16) == int(stream["codec_tag"], 16)
        if "duration" in stream:
            assert float(fields["Duration"]) == pytest.approx(float(stream["duration"]), abs=0.05)
        if kind == "Video":
            assert float(fields["Fps"]) == pytest.approx(float(Fraction(stream["r_frame_rate"])), rel=1e-3)


def test_no_sound(film_path):
    """A film without sound has no audio element."""
    streams = info(film_path("h264.mkv")).find("MediaInfo/Stream")
    assert [child.tag for child in streams] == ["Subtitle", "Video"]


def test_sound_alone(tmp_path):
    """Sound alone is described without a video element."""
    path = tmp_path / "sound.mp4"
    with av.open(str(path), "w") as film:
        stream = film.add_stream("aac", rate=48000, layout="stereo")
        stream.metadata["language"] = "deu"
        frame = av.AudioFrame.from_ndarray(np.zeros((2, 1024), np.float32), format="fltp", layout="stereo")
        frame.sample_rate = 48000
        film.mux([*stream.encode(frame), *stream.encode(None)])
    streams = info(path).find("MediaInfo/Stream")
    assert [child.tag for child in streams] == ["Audio", "Subtitle"]
    assert streams.find("Audio/Language").text == "deu"
    assert (streams.find("Audio/Channel").text, streams.find("Audio/ChannelLayout").text) == ("2", "stereo")


@pytest.mark.parametrize(
    ("name", "degrees"),
    [("h264-with-sound.mp4", 0), ("turned-90.mp4", 90), ("turned-180.mov", 180), ("turned-270.mp4", 270)],
)
def test_rotation(film_path, name, degrees):
    """Rotation is by how much the frames are turned to be shown; width and height stay those that are coded."""
    video = info(film_path(name)).find("MediaInfo/Stream/Video")
    assert video.find("Rotation").text == f"{degrees}.000000"
    coded = subprocess.run(
        ["ffprobe", "-v", "error", "-select_streams", "v", "-show_entries", "stream=width,height", "-of", "csv=p=0",
         str(film_path(name))], check=True, capture_output=True, text=True, timeout=60,
    ).stdout.strip().strip(",")  # fmt: skip
    assert f"{video.find('Width').text},{video.find('Height').text}" == coded


def test_poorer_forms(film_path):
    """On demand an answer is as poor as those that were seen: three fields of Format, whole seconds, a late start."""
    path = film_path("h264-with-sound.mp4")

    def fields(form):
        with path.open("rb") as stream:
            root = ET.fromstring(answer_media_info(stream, path.stat().st_size, form))
        assert root.find("MediaInfo/Stream/Video/Width") is not None
        return {child.tag: child.text for child in root.find("MediaInfo/Format")}

    full = fields("full")
    assert fields("format only") == {name: full[name] for name in ("Duration", "NumStream", "Size")}
    assert fields("whole seconds") == {**full, "Duration": full["Duration"].partition(".")[0]}
    assert fields("late start") == {**full, "StartTime": "0.32"}


@pytest.mark.parametrize("body", [b"", b"text\n" * 500], ids=["empty", "text"])
def test_no_film(tmp_path, body):
    """A file that is no film is refused."""
    path = tmp_path / "film.mp4"
    path.write_bytes(body)
    with pytest.raises(ServiceError, match="cannot be read as a film") as raised:
        info(path)
    assert (raised.value.status, raised.value.code, raised.value.service) == (400, "ResourceNotSupported", "ci")


@pytest.mark.parametrize("codec", ["h264", "hevc", "av1", "vp9"])
@pytest.mark.parametrize(
    "setup",
    [b"", b"\x01", b"\x00\x00\x01", b"\x00\x00\x01\x67", b"\x00\x00\x01\x67\x64\x00\x1e\x00\x00\x00", bytes(40)],
)
def test_truncated_setup(codec, setup):
    """Set up bytes that break off say nothing."""
    level, refs = level_and_refs(codec, setup)
    assert isinstance(level, int)
    assert isinstance(refs, int)


@pytest.mark.parametrize("suffix", ["mp4", "ts"])
@pytest.mark.parametrize(
    "parameters", ["ref=1:bframes=0", "ref=3:bframes=0", "ref=5:bframes=0:cqm=jvt"], ids=["1", "3", "5, own matrix"]
)
def test_reference_frames(tmp_path, suffix, parameters):
    """The reference frames are those the film was made with."""
    path = tmp_path / f"film.{suffix}"
    write(path, times=CFR[:20], options={"preset": "medium", "x264-params": parameters})
    assert info(path).find("MediaInfo/Stream/Video/RefFrames").text == parameters[4]


@pytest.mark.parametrize("order", [1, 2])
def test_picture_order_counts(order):
    """Each way of counting pictures is read past."""
    counts = {1: "0" + "1" + "00101" + "010" + "00100", 2: ""}[order]  # one frame in a cycle, with its offset
    # Baseline profile, level 2.0: set 0, frame numbers of 4 bits, the way of counting, three reference frames.
    bits = "1" + "1" + {1: "010", 2: "011"}[order] + counts + "00100" + "1"
    data = bytes(int(bits[at : at + 8].ljust(8, "0"), 2) for at in range(0, len(bits), 8))
    assert level_and_refs("h264", b"\x00\x00\x00\x01\x67\x42\x00\x14" + data) == (20, 3)


def test_form_of_a_cloud(cloud, sdk, bucket, film):
    """A cloud answers in the form that it is set to, until it is cleared."""
    sdk.put_object(bucket, film, "a.mp4")

    def fields():
        return set(sdk.get_media_info(bucket, "a.mp4")["MediaInfo"][0]["Format"])

    full = fields()
    cloud.media_info_form = "format only"
    assert fields() == {"Duration", "NumStream", "Size"}
    cloud.clear()
    sdk.put_object(bucket, film, "a.mp4")
    assert fields() == full
