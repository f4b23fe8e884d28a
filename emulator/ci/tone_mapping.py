"""A frame in high dynamic range, as 16-bit RGB -> the same picture in the range and colours of a screen.

PQ and HLG codes are turned into light (nits), the light into BT.709's colours, its luminance into the range
of a screen, and that into sRGB codes.

Light from PQ: SMPTE ST 2084's EOTF. From HLG: ITU-R BT.2100's inverse OETF, then its OOTF for a display of
1000 nits (gamma 1.2). Colours: the BT.2020 to BT.709 matrix of ITU-R BT.2087. Luminance: Reinhard et al.,
"Photographic Tone Reproduction for Digital Images" (2002), equation 4, L (1 + L / W^2) / (1 + L), where L = 1
is diffuse white at 203 nits (ITU-R BT.2408) and W the brightest the film says it gets. All read 2026-11-22.
"""

import struct
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from av.sidedata.sidedata import Type
from av.video.frame import VideoFrame

from emulator.ci.side_data import read_side_data

PQ, HLG = 16, 18  # transfer characteristics of ITU-T H.273
HDR_TRANSFERS = (PQ, HLG)
WHITE_NITS = 203.0
DEFAULT_PEAK_NITS = 1000.0
LUMA_2020 = np.array([0.2627, 0.6780, 0.0593], dtype=np.float32)
LUMA_709 = np.array([0.2126, 0.7152, 0.0722], dtype=np.float32)
TO_709 = np.array(
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]], dtype=np.float32
)
ROWS = 64  # worked on at once, so that a large picture needs little memory beside itself
STEPS = 4096

Floats = npt.NDArray[np.float32]


def tone_map(codes: npt.NDArray[np.uint16], frame: VideoFrame) -> npt.NDArray[np.uint8]:
    """Return sRGB pixels for 16-bit codes of the frame's transfer; both are rows of red, green and blue."""
    hlg = frame.color_trc == HLG
    table = hlg_light() if hlg else pq_light()
    white = max((DEFAULT_PEAK_NITS if hlg else peak_nits(frame)) / WHITE_NITS, 1.0)
    out = np.empty(codes.shape, dtype=np.uint8)
    for top in range(0, codes.shape[0], ROWS):
        light = table[codes[top : top + ROWS]]
        if hlg:
            light = light * (light @ LUMA_2020)[..., None] ** np.float32(0.2) * np.float32(DEFAULT_PEAK_NITS)
        plain = np.maximum((light / np.float32(WHITE_NITS)) @ TO_709.T, 0)
        bright = plain @ LUMA_709
        mapped = plain * ((1 + bright / np.float32(white * white)) / (1 + bright))[..., None]
        steps = (np.minimum(mapped, 1) * (STEPS - 1) + np.float32(0.5)).astype(np.uint16)
        out[top : top + ROWS] = srgb_codes()[steps]
    return out


def peak_nits(frame: VideoFrame) -> float:
    """Return the brightest light that the frame's own metadata announces, or the usual one."""
    content = read_side_data(frame, Type.CONTENT_LIGHT_LEVEL)
    brightest = struct.unpack("=I", content[:4])[0] if content else 0
    if brightest:
        return float(brightest)
    mastering = read_side_data(frame, Type.MASTERING_DISPLAY_METADATA)
    if mastering:
        over, under, _, has_luminance = struct.unpack("=4i", mastering[72:88])
        if has_luminance and under and over > 0:
            return float(over / under)
    return DEFAULT_PEAK_NITS


@lru_cache(maxsize=1)
def pq_light() -> Floats:
    """Return the light of each 16-bit PQ code, in nits."""
    m1, m2, c1, c2, c3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
    code = np.linspace(0, 1, 65536) ** (1 / m2)
    light = 10000 * (np.maximum(code - c1, 0) / (c2 - c3 * code)) ** (1 / m1)
    return light.astype(np.float32)


@lru_cache(maxsize=1)
def hlg_light() -> Floats:
    """Return the scene light of each 16-bit HLG code, from 0 to 1."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    code = np.linspace(0, 1, 65536)
    light = np.where(code <= 1 / 2, code**2 / 3, (np.exp((code - c) / a) + b) / 12)
    return light.astype(np.float32)


@lru_cache(maxsize=1)
def srgb_codes() -> npt.NDArray[np.uint8]:
    """Return the sRGB code of each step of linear light (IEC 61966-2-1)."""
    light = np.linspace(0, 1, STEPS)
    code = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)  # noqa: PLR2004  # the standard's own knee
    return np.round(code * 255).astype(np.uint8)
