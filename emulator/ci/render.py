"""Decoded frame + request -> an RGB picture: turned, in its display aspect, in the requested size.

Scaling and conversion happen in one step, from the coded frame to the final size. The display matrix is FFmpeg's: it
sends the point (x, y), y downwards, to (a x + c y, b x + d y). Source: libavutil/display.h, read 2026-11-22.
"""

import struct
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
import numpy.typing as npt
from av.filter import Graph
from av.sidedata.sidedata import Type
from av.video.frame import VideoFrame
from PIL import Image

from emulator.ci.container import unsupported
from emulator.ci.request import MAX_SIDE_PX, SnapshotRequest
from emulator.ci.side_data import read_side_data
from emulator.ci.tone_mapping import HDR_TRANSFERS, tone_map
from emulator.errors import ServiceError

MAX_OWN_SIDE_PX = 16384
Size = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Turn:
    """How coded pixels come to stand upright: rows and columns swapped, then mirrored along each axis."""

    swap: bool = False
    mirror_x: bool = False
    mirror_y: bool = False


def render(frame: VideoFrame, aspect: Fraction | None, request: SnapshotRequest) -> Image.Image:
    """Return the RGB picture of a frame; `aspect` is its pixels' width to height, None for square.

    Raises:
        ServiceError: for a size that cannot be made of this film.
    """
    turn = turn_of(frame) if request.rotate == "auto" else Turn()
    width, height = size_of(swap_if_turned(display_size(frame, aspect), turn), request)
    pixels = scale_frame(frame, swap_if_turned((width, height), turn))
    return Image.fromarray(np.ascontiguousarray(apply_turn(pixels, turn)))


def display_size(frame: VideoFrame, aspect: Fraction | None) -> Size:
    """Return the size in square pixels, as coded otherwise: the height stays, the width follows the aspect."""
    size = (max(1, round(frame.width * (aspect or 1))), frame.height)
    if max(size) > MAX_OWN_SIDE_PX:
        raise unsupported("holds video of too large a size")
    return size


def size_of(film_size: Size, request: SnapshotRequest) -> Size:
    """Settle the picture's size from the film's own and the two sides asked for.

    Raises:
        ServiceError: 400 InvalidArgument where the side that follows leaves the range of the parameters.
    """
    width, height = request.width_px, request.height_px
    # "When both width and height are 0, it indicates using the video's aspect ratio."
    if not width and not height:
        return film_size
    # "If one is 0, the other value will be used to automatically adapt according to the video aspect ratio."
    if not height:
        height = max(1, round(Fraction(width * film_size[1], film_size[0])))
    elif not width:
        width = max(1, round(Fraction(height * film_size[0], film_size[1])))
    if max(width, height) > MAX_SIDE_PX:
        name = "width" if request.width_px else "height"
        raise ServiceError(
            400,
            "InvalidArgument",
            f"The parameter {name} makes the other side longer than {MAX_SIDE_PX} in this film's aspect.",
            "ci",
        )
    return width, height


def scale_frame(frame: VideoFrame, size: Size) -> npt.NDArray[np.uint8]:
    """Return the frame's pixels at that size, as rows of red, green and blue; HDR is brought to a screen's range.

    A filter graph does it, not the frame's own method: that one takes a frame apart into its fields.
    """
    hdr = frame.color_trc in HDR_TRANSFERS
    try:
        graph = Graph()
        graph.threads = 1
        source = graph.add(
            "buffer",
            video_size=f"{frame.width}x{frame.height}",
            pix_fmt=frame.format.name,
            time_base="1/1",
            colorspace=str(int(frame.colorspace)),
            range=str(int(frame.color_range)),
        )
        scale = graph.add("scale", f"{size[0]}:{size[1]}:flags=bicubic")
        form = graph.add("format", "rgb48le" if hdr else "rgb24")
        graph.link_nodes(source, scale, form, graph.add("buffersink")).configure()
        graph.vpush(frame)
        out = graph.vpull().to_ndarray()
    except (av.FFmpegError, ValueError) as error:
        raise unsupported("holds pixels of an unknown kind") from error
    if hdr:
        return tone_map(out.astype(np.uint16, copy=False), frame)
    return out.astype(np.uint8, copy=False)


def turn_of(frame: VideoFrame) -> Turn:
    """Read the frame's display matrix; a tilt counts as the nearest quarter turn."""
    matrix = read_side_data(frame, Type.DISPLAYMATRIX)
    if matrix is None:
        return Turn()
    a, b, _, c, d, *_ = struct.unpack("=9i", matrix[:36])
    if abs(a) + abs(d) >= abs(b) + abs(c):
        return Turn(mirror_x=a < 0, mirror_y=d < 0)
    return Turn(swap=True, mirror_x=c < 0, mirror_y=b < 0)


def apply_turn(pixels: npt.NDArray[np.uint8], turn: Turn) -> npt.NDArray[np.uint8]:
    """Return the pixels as they stand after the turn."""
    out = pixels.swapaxes(0, 1) if turn.swap else pixels
    return out[:: -1 if turn.mirror_y else 1, :: -1 if turn.mirror_x else 1]


def swap_if_turned(size: Size, turn: Turn) -> Size:
    """Return the size after the turn, or before it: the sides change places or stay."""
    return size[::-1] if turn.swap else size
