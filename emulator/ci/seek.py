"""Film + time + mode -> the one decoded frame that is shown then.

Times are presentation times, counted from the first frame that is shown. A frame is shown from its own time
until the next one's; the last until its duration is over. So the requested frame is the last one that begins
at or before the time ("exactframe: Capture the frame at the specified time point"), or the last key frame
that does ("keyframe: Capture the latest key frame before the specified time point").

Two passes. The first reads packets around the time without decoding any and settles where decoding has to
begin and which frame is the answer; the second decodes from that key frame on and leaves out what no other
frame needs. Neither begins at the film's start, and neither holds more than one packet.
"""

import math
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import islice
from typing import Literal

import av
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from emulator.ci.container import unsupported
from emulator.ci.packets import (
    PacketId,
    VideoPacket,
    is_avi,
    packet_duration,
    packet_id,
    packet_time,
    packets,
    seek_to_time,
    time_before_all,
)
from emulator.errors import ServiceError

FULL_FRAMES = 4  # of the last frames before the moment, decoded in full; the two fields of a frame are two packets
SKIPPING_CODECS = (
    "h264",
    "hevc",
    "vp8",
    "vp9",
)  # decoders that take a new skip setting with each packet
THREADED_RUN_PACKETS = 16  # from this many packets on, frames are decoded on several threads
MAX_RUN_PIXELS = 2**35  # decoded for one snapshot; some minutes of one core
FIRST_STEP_S = 1
MAX_KEY_FRAMES = 6  # key frames, each before the last, from which decoding is tried
MAX_LEADING_PACKETS = 2000  # packets at the film's start among which the first frame that can be shown is looked for


@dataclass(slots=True)
class Run:
    """The result of the first pass: where to decode from, and which frame to find, in the stream's time base."""

    seek_to: int
    begin: PacketId | None = None
    begin_at: int = 0
    presented: bool = True  # an edit list can keep the key frame itself from being shown
    times: list[int] = field(default_factory=list)  # of every packet since the key frame, in file order
    end: int | None = None  # where the film ends, known only if nothing comes after the moment


def frame_at(
    film: InputContainer, stream: VideoStream, time_s: Fraction, mode: Literal["keyframe", "exactframe"]
) -> VideoFrame:
    """Return the frame that is shown time_s seconds after the first one.

    Raises:
        ServiceError: 400 InvalidArgument for a time at or past the end, or before every key frame in keyframe mode;
            400 ResourceNotSupported for a film of which nothing can be decoded.
    """
    assert stream.time_base is not None  # noqa: S101  # held by container.video_stream
    start = first_shown_time(film, stream)
    moment = math.floor(start + time_s / stream.time_base)
    before_at: int | None = None  # the key frame tried last; nothing could be decoded from it
    for _ in range(MAX_KEY_FRAMES):
        run = find_run(film, stream, moment, before_at)
        if run.end is not None and moment >= run.end:
            raise ServiceError(400, "InvalidArgument", "The parameter time is at or past the film's end.", "ci")
        if mode == "keyframe" and run.begin is not None and not run.presented:
            raise ServiceError(400, "InvalidArgument", "The parameter time is before the first key frame.", "ci")
        frame = (key_frame if mode == "keyframe" else last_frame)(film, stream, run, moment)
        if frame is not None:
            return frame
        if run.begin is None:
            break
        before_at = run.begin_at
    raise unsupported("holds no frame that can be decoded there")


def first_shown_time(film: InputContainer, stream: VideoStream) -> int:
    """Return the time of the first frame that is shown; it is decoded only where the packets do not tell."""
    for packet in packets(film, stream):
        at = packet_time(film, packet)
        if packet.is_keyframe and not packet.is_discard and (is_avi(film) or at == stream.start_time):
            return at
        break
    seek_to_time(film, stream, time_before_all(stream))
    for frame in decode(stream, islice(packets(film, stream), MAX_LEADING_PACKETS)):
        if frame.pts is not None:
            return frame.pts
    raise unsupported("holds no frame that can be decoded")


def find_run(film: InputContainer, stream: VideoStream, moment: int, before_at: int | None) -> Run:
    """Find the last key frame at or before the moment, and before `before_at` where that is given.

    Where a container seeks only roughly, it steps back, twice as far each time, until a key frame is found or
    the film's start is reached.
    """
    assert stream.time_base is not None  # noqa: S101  # held by container.video_stream
    lowest = time_before_all(stream)
    step = math.ceil(FIRST_STEP_S / stream.time_base)
    seek_to = moment if before_at is None else min(moment, before_at - 1)
    while True:
        seek_to = max(seek_to, lowest)
        run = scan(film, stream, seek_to, moment, before_at)
        if run.begin is not None or seek_to == lowest:
            return run
        seek_to -= step
        step *= 2


def scan(film: InputContainer, stream: VideoStream, seek_to: int, moment: int, before_at: int | None) -> Run:
    """Read packets from where a seek lands until none can be shown at the moment any more."""
    run = Run(seek_to)
    last_end, later = None, False
    seek_to_time(film, stream, seek_to)
    for packet in packets(film, stream):
        at = packet_time(film, packet)
        if packet.is_keyframe and at <= moment and (before_at is None or at < before_at):
            run.begin, run.begin_at, run.presented, run.times = packet_id(packet), at, not packet.is_discard, []
        run.times.append(at)
        if not packet.is_discard:
            later = later or at > moment
            last_end = max(last_end or at, at + packet_duration(stream, packet))
        if packet.dts is not None and packet.dts > moment and (later or packet.is_discard):
            break
    if not later:
        run.end = last_end
    return run


def last_frame(film: InputContainer, stream: VideoStream, run: Run, moment: int) -> VideoFrame | None:
    """Decode from the run's beginning and give the last frame that begins at or before the moment.

    Raises:
        ServiceError: for a run that would cost more than a snapshot may.
    """
    due = sorted(at for at in run.times if at <= moment)
    if len(due) * stream.codec_context.width * stream.codec_context.height > MAX_RUN_PIXELS:
        raise unsupported("holds key frames too far apart")
    if not stream.codec_context.is_open:
        stream.thread_type = "AUTO" if len(due) > THREADED_RUN_PACKETS else "NONE"
    can_skip = stream.codec_context.codec.canonical_name in SKIPPING_CODECS and not is_avi(film)
    full_from = due[-FULL_FRAMES:][0] if due and can_skip else None
    latest = None
    for number, frame in enumerate(decode(stream, run_packets(film, stream, run), full_from)):
        at = (run.times[number] if number < len(run.times) else None) if is_avi(film) else frame.pts
        if at is None:
            continue
        if at > moment:
            break
        latest = frame
        if due and at == due[-1]:
            break
    return latest


def key_frame(film: InputContainer, stream: VideoStream, run: Run, moment: int) -> VideoFrame | None:
    """Decode the run's key frame alone; the packet after it may be its second field."""
    if not stream.codec_context.is_open:
        stream.thread_type = "NONE"
    for frame in decode(stream, islice(run_packets(film, stream, run), 2)):
        if frame.key_frame and (is_avi(film) or (frame.pts is not None and frame.pts <= moment)):
            return frame
    return None


def run_packets(film: InputContainer, stream: VideoStream, run: Run) -> Iterator[VideoPacket]:
    """Return the packets from the run's key frame on; from the film's start where it has no key frame."""
    seek_to_time(film, stream, run.seek_to)
    has_begun = run.begin is None
    for packet in packets(film, stream):
        has_begun = has_begun or packet_id(packet) == run.begin
        if has_begun:
            yield packet


def decode(stream: VideoStream, source: Iterator[VideoPacket], full_from: int | None = None) -> Iterator[VideoFrame]:
    """Decode packets into frames in the order of showing; what cannot be decoded is left out.

    Before the time full_from only frames are decoded that others are made from.
    """
    context = stream.codec_context
    for packet in source:
        early = full_from is not None and packet.pts is not None and packet.pts < full_from
        context.skip_frame = "NONREF" if early else "DEFAULT"
        try:
            frames = context.decode(packet)
        except av.FFmpegError:
            continue
        yield from frames
    with suppress(av.FFmpegError):
        yield from context.decode(None)
