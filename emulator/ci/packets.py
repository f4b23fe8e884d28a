"""An opened film -> the packets of its video, in the order of the file, each with the time it is shown at.

The differences between containers stand here: AVI's lack of presentation times, seeking that lands roughly or not
at all, durations left unsaid. Nothing is decoded.
"""

import math
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, TypeAlias

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from emulator.ci.container import unsupported

if TYPE_CHECKING:
    from av.packet import Packet

LEAD_S = 10  # more than any stream's packets lie before its start

VideoPacket: TypeAlias = "Packet[VideoStream]"  # which takes its parameter in stubs alone
PacketId = tuple[int | None, int | None, int | None]  # pts, dts, position in the file


def seek_to_time(film: InputContainer, stream: VideoStream, place: int) -> None:
    """Seek to the last place in the container's own index at or before that time, or to its first.

    Raises:
        ServiceError: where the container cannot be sought in at all.
    """
    for target in (place, stream.start_time or 0):
        with suppress(av.FFmpegError):
            film.seek(target, stream=stream)
            return
    raise unsupported("cannot be sought in")


def packets(film: InputContainer, stream: VideoStream) -> Iterator[VideoPacket]:
    """Read the stream's packets that have a time, up to the end or to where the file breaks off."""
    # At the end PyAV stumbles over streams that showed up only after the film was opened.
    with suppress(av.FFmpegError, IndexError):
        for packet in film.demux(stream):
            if packet.pts is not None or packet.dts is not None:
                yield packet


def time_before_all(stream: VideoStream) -> int:
    """Return a time before everything in the stream; its first packets may lie before its start."""
    assert stream.time_base is not None  # noqa: S101  # held by container.video_stream
    return (stream.start_time or 0) - math.ceil(LEAD_S / stream.time_base)


def packet_time(film: InputContainer, packet: VideoPacket) -> int:
    """Return the time at which a packet's frame begins.

    AVI has no presentation times: its packets stand in the order of decoding, one for each place in the order
    of showing. So the times of a run are right as a set, and its n-th frame begins at the n-th of them.
    """
    times = (packet.dts, packet.pts) if is_avi(film) else (packet.pts, packet.dts)
    return next(at for at in times if at is not None)


def packet_duration(stream: VideoStream, packet: VideoPacket) -> int:
    """Return how long a packet's frame is shown: what the file says, else what its rate says, at least a tick."""
    assert stream.time_base is not None  # noqa: S101  # held by container.video_stream
    rate = stream.average_rate or stream.guessed_rate
    return packet.duration or (round(1 / rate / stream.time_base) if rate else 0) or 1


def packet_id(packet: VideoPacket) -> PacketId:
    """Return the values that identify a packet after another seek."""
    return packet.pts, packet.dts, packet.pos


def is_avi(film: InputContainer) -> bool:
    """Return whether the container is AVI, which alone of them has no presentation times."""
    return film.format.name == "avi"
