"""A video stream's set-up bytes -> its level and how many frames it keeps for reference.

The container hands the decoder these bytes, as a configuration record (MP4, Matroska, FLV) or as NAL units
behind start codes (MPEG-TS, AVI). Nothing else says which level a stream claims.
Source: ITU-T H.264 (7.3.2.1.1), ITU-T H.265 (7.3.2.2, 7.3.3), ISO/IEC 14496-15 (5.3.3, 8.3.3), AV1 codec
ISO media file format binding (2.3.3); read 2026-11-22.
"""

import re

UNKNOWN_LEVEL = -99  # what FFmpeg's own listing says where a codec has none
DEFAULT_REFS = 1
HIGH_PROFILES = (100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135)
H264_SPS, HEVC_SPS = 7, 33


def level_and_refs(codec: str, setup: bytes) -> tuple[int, int]:
    """Return the level as the bitstream writes it, and the reference frames; never raises."""
    try:
        if codec == "h264":
            sps = h264_sps(setup)
            return sps[3], h264_refs(sps)
        if codec == "hevc":
            return hevc_sps(setup)[14], DEFAULT_REFS
        if codec == "av1":
            return setup[1] & 0x1F, DEFAULT_REFS
    except (IndexError, ValueError, StopIteration):
        pass
    return UNKNOWN_LEVEL, DEFAULT_REFS


def h264_sps(setup: bytes) -> bytes:
    """Return the sequence parameter set with its header byte.

    Raises:
        StopIteration, IndexError: without one.
    """
    if setup[0] == 1:  # a configuration record; behind start codes the first byte is 0
        length = int.from_bytes(setup[6:8], "big")
        return plain(setup[8 : 8 + length])
    return plain(next(unit for unit in units(setup) if unit[0] & 0x1F == H264_SPS))


def hevc_sps(setup: bytes) -> bytes:
    """Return the sequence parameter set with its two header bytes.

    Raises:
        StopIteration, IndexError: without one.
    """
    if setup[0] == 1:
        place = 23
        for _ in range(setup[22]):
            kind, count = setup[place] & 0x3F, int.from_bytes(setup[place + 1 : place + 3], "big")
            place += 3
            for _ in range(count):
                length = int.from_bytes(setup[place : place + 2], "big")
                if kind == HEVC_SPS:
                    return plain(setup[place + 2 : place + 2 + length])
                place += 2 + length
    return plain(next(unit for unit in units(setup) if unit[0] >> 1 & 0x3F == HEVC_SPS))


def units(setup: bytes) -> list[bytes]:
    """Return the NAL units between start codes."""
    return [unit for unit in re.split(rb"\x00\x00\x01", setup)[1:] if unit]


def plain(unit: bytes) -> bytes:
    """Return a NAL unit without the bytes that keep it from looking like a start code."""
    return unit.replace(b"\x00\x00\x03", b"\x00\x00")


def h264_refs(sps: bytes) -> int:
    """Read max_num_ref_frames.

    Raises:
        IndexError, ValueError: where the set breaks off.
    """
    bits = Bits(sps[4:])
    bits.exp_golomb()  # seq_parameter_set_id
    if sps[1] in HIGH_PROFILES:
        chroma = bits.exp_golomb()
        if chroma == 3:  # noqa: PLR2004  # 4:4:4, which alone has separate planes and twelve lists
            bits.read(1)
        bits.exp_golomb()
        bits.exp_golomb()
        bits.read(1)
        if bits.read(1):
            for number in range(12 if chroma == 3 else 8):  # noqa: PLR2004  # as above
                if bits.read(1):
                    skip_scaling_list(bits, 16 if number < 6 else 64)  # noqa: PLR2004  # six 4x4 lists
    bits.exp_golomb()  # log2_max_frame_num_minus4
    order = bits.exp_golomb()
    if order == 0:
        bits.exp_golomb()
    elif order == 1:
        bits.read(1)
        bits.exp_golomb()
        bits.exp_golomb()
        for _ in range(bits.exp_golomb()):
            bits.exp_golomb()
    return bits.exp_golomb()


def skip_scaling_list(bits: "Bits", size: int) -> None:
    """Read past one scaling list; each entry is a difference to the last, and a zero ends it."""
    last = 8
    for _ in range(size):
        code = bits.exp_golomb()
        difference = (code + 1) // 2 if code % 2 else -(code // 2)
        last = (last + difference) % 256
        if last == 0:
            return


class Bits:
    """Reads a byte string bit by bit."""

    def __init__(self, data: bytes) -> None:
        self._text = "".join(f"{byte:08b}" for byte in data)
        self._place = 0

    def read(self, count: int) -> int:
        """Return the next bits as a number.

        Raises:
            IndexError: at the end.
        """
        if self._place + count > len(self._text):
            raise IndexError("the bits are over")
        self._place += count
        return int(self._text[self._place - count : self._place], 2)

    def exp_golomb(self) -> int:
        """Return the next unsigned Exp-Golomb number (9.1).

        Raises:
            IndexError, ValueError: at the end.
        """
        zeros = self._text.index("1", self._place) - self._place
        self._place += zeros
        return self.read(zeros + 1) - 1
