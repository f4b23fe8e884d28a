"""A decoded frame -> its data beside the pixels: a display matrix, the light it was made for."""

from typing import TYPE_CHECKING, cast

from av.sidedata.sidedata import SideData, Type
from av.video.frame import VideoFrame

if TYPE_CHECKING:
    from collections.abc import Iterable


def read_side_data(frame: VideoFrame, kind: Type) -> bytes | None:
    """Return the frame's data of that kind, or None; never raises."""
    # PyAV's stub types it as a dict of motion vectors; it iterates over everything the frame carries.
    for data in cast("Iterable[SideData]", frame.side_data):
        if data.type is kind:
            return bytes(data)
    return None
