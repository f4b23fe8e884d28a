"""High dynamic range brought to a screen: bright stays brighter than dark, white is white, colours keep their hue."""

import io
import struct
from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image

from emulator.ci.service import SnapshotRequest, answer_snapshot
from emulator.ci.tone_mapping import HLG, PQ, peak_nits, tone_map
from emulator.films.corpus import CORPUS
from emulator.films.film import paint_frame, read_stripes


def frame(transfer):
    entry = av.VideoFrame(16, 16, "yuv420p10le")
    entry.color_trc = transfer
    return entry


def pq_code(nits):
    """SMPTE ST 2084's inverse EOTF, as 16-bit codes."""
    power = (np.asarray(nits, dtype=float) / 10000) ** 0.1593017578125
    return np.round(65535 * ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375).astype(np.uint16)


def greys(codes, transfer):
    return tone_map(np.repeat(np.asarray(codes, dtype=np.uint16)[None, :, None], 3, axis=2), frame(transfer))[0]


def test_pq_curve():
    """PQ light is shown as the stated curve has it."""
    levels = greys(pq_code([0, 50, 203, 1000, 4000]), PQ)[:, 1].astype(int)
    white = 1000 / 203

    def srgb(nits):
        light = nits / 203
        light = min(light * (1 + light / white**2) / (1 + light), 1)
        return round(255 * (light * 12.92 if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055))

    assert levels.tolist() == pytest.approx([srgb(nits) for nits in (0, 50, 203, 1000, 4000)], abs=1)
    assert levels[0] == 0
    assert 180 <= levels[2] <= 195, "diffuse white is light, and brighter values fit above it"
    assert levels[3] == levels[4] == 255, "the peak is white, and so is what lies beyond"


@pytest.mark.parametrize("transfer", [PQ, HLG])
def test_monotonic(transfer):
    """Brighter is never shown darker and grey stays grey."""
    levels = greys(np.arange(0, 65536, 64), transfer).astype(int)
    assert (np.diff(levels[:, 1]) >= 0).all()
    assert np.abs(levels - levels[:, :1]).max() <= 1
    assert levels[0, 1] == 0
    assert levels[-1, 1] == 255


def test_hlg_white():
    """HLG's reference white is light."""
    # ITU-R BT.2408: HDR reference white is 75 % of the HLG signal, 203 nits on a display of 1000.
    assert 180 <= greys([round(0.75 * 65535)], HLG)[0, 1] <= 195


def test_saturated_colour():
    """A saturated colour keeps its order of channels."""
    red = pq_code([[[150, 20, 10]]])
    levels = tone_map(red, frame(PQ))[0, 0]
    assert levels[0] > 100 > levels[1]
    assert levels[0] > 2 * levels[2]


def test_any_height():
    """A picture of any height is worked on whole."""
    rows = np.repeat(pq_code(np.linspace(1, 900, 150))[:, None, None], 3, axis=2)
    assert (np.diff(tone_map(rows, frame(PQ))[:, 0, 1].astype(int)) >= 0).all()


@pytest.mark.parametrize("name", ["pq.mp4", "hlg.mkv", "pq-av1.mp4"])
def test_hdr_film(tmp_path, name):
    """A film in high dynamic range comes out watchable."""
    film = next(entry for entry in CORPUS if entry.name == name)
    film.make(tmp_path / name)
    with (tmp_path / name).open("rb") as stream:
        picture = answer_snapshot(SnapshotRequest(Fraction(1), format="png"), stream)
    image = Image.open(io.BytesIO(picture.body))
    assert read_stripes(image) == 1000
    levels = np.asarray(image.convert("L"), dtype=float)
    painted = np.asarray(paint_frame(Fraction(1), size=(192, 108)).convert("L"), dtype=float)
    assert 0.7 < levels.mean() / painted.mean() < 1.3
    assert np.corrcoef(levels.ravel(), painted.ravel())[0, 1] > 0.95
    assert levels.max() > 225
    assert levels.std() > 0.7 * painted.std(), "it is not washed out"


class Carrying:
    """A frame that carries data beside its pixels, as PyAV hands it over."""

    def __init__(self, kind, data):
        self.type, self._data = kind, data

    def __bytes__(self):
        return self._data


@pytest.mark.parametrize(
    ("kind", "data", "nits"),
    [
        ("CONTENT_LIGHT_LEVEL", struct.pack("=2I", 4000, 400), 4000),
        ("CONTENT_LIGHT_LEVEL", struct.pack("=2I", 0, 0), 1000),
        ("MASTERING_DISPLAY_METADATA", bytes(72) + struct.pack("=4i", 6000000, 10000, 0, 1), 600),
        ("MASTERING_DISPLAY_METADATA", bytes(72) + struct.pack("=4i", 6000000, 10000, 0, 0), 1000),
        ("MASTERING_DISPLAY_METADATA", bytes(72) + struct.pack("=4i", 6000000, 0, 0, 1), 1000),
    ],
)
def test_peak(kind, data, nits):
    """The peak is what the film says, or the usual one."""
    from types import SimpleNamespace

    from av.sidedata.sidedata import Type

    assert peak_nits(SimpleNamespace(side_data=[Carrying(Type[kind], data)])) == nits
