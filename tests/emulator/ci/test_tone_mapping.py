"""High dynamic range brought to a screen: bright stays brighter than dark, white is white, colours keep their hue."""

import io
import struct
from fractions import Fraction

import av
import numpy as np
import pytest
from PIL import Image

from emulator.ci.api import SnapshotRequest, answer_snapshot
from emulator.ci.tone import HLG, PQ, peak_nits, to_screen
from emulator.film import paint_frame, read_stripes
from tests.emulator.films import CORPUS


def frame(transfer):
    one = av.VideoFrame(16, 16, "yuv420p10le")
    one.color_trc = transfer
    return one


def pq_code(nits):
    """SMPTE ST 2084's inverse EOTF, as 16-bit codes."""
    power = (np.asarray(nits, dtype=float) / 10000) ** 0.1593017578125
    return np.round(65535 * ((0.8359375 + 18.8515625 * power) / (1 + 18.6875 * power)) ** 78.84375).astype(np.uint16)


def greys(codes, transfer):
    return to_screen(np.repeat(np.asarray(codes, dtype=np.uint16)[None, :, None], 3, axis=2), frame(transfer))[0]


def test_pq_light_is_shown_as_the_stated_curve_has_it():
    shown = greys(pq_code([0, 50, 203, 1000, 4000]), PQ)[:, 1].astype(int)
    white = 1000 / 203

    def srgb(nits):
        light = nits / 203
        light = min(light * (1 + light / white**2) / (1 + light), 1)
        return round(255 * (light * 12.92 if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055))

    assert shown.tolist() == pytest.approx([srgb(nits) for nits in (0, 50, 203, 1000, 4000)], abs=1)
    assert shown[0] == 0
    assert 180 <= shown[2] <= 195, "diffuse white is light, and leaves room for what is brighter"
    assert shown[3] == shown[4] == 255, "the peak is white, and so is what lies beyond"


@pytest.mark.parametrize("transfer", [PQ, HLG])
def test_brighter_is_never_shown_darker_and_grey_stays_grey(transfer):
    shown = greys(np.arange(0, 65536, 64), transfer).astype(int)
    assert (np.diff(shown[:, 1]) >= 0).all()
    assert np.abs(shown - shown[:, :1]).max() <= 1
    assert shown[0, 1] == 0
    assert shown[-1, 1] == 255


def test_hlg_reference_white_is_light():
    # ITU-R BT.2408: HDR reference white is 75 % of the HLG signal, 203 nits on a display of 1000.
    assert 180 <= greys([round(0.75 * 65535)], HLG)[0, 1] <= 195


def test_a_saturated_colour_keeps_its_order_of_channels():
    red = pq_code([[[150, 20, 10]]])
    shown = to_screen(red, frame(PQ))[0, 0]
    assert shown[0] > 100 > shown[1]
    assert shown[0] > 2 * shown[2]


def test_a_picture_of_any_height_is_worked_on_whole():
    rows = np.repeat(pq_code(np.linspace(1, 900, 150))[:, None, None], 3, axis=2)
    assert (np.diff(to_screen(rows, frame(PQ))[:, 0, 1].astype(int)) >= 0).all()


@pytest.mark.parametrize("name", ["pq.mp4", "hlg.mkv", "pq-av1.mp4"])
def test_a_film_in_high_dynamic_range_comes_out_watchable(tmp_path, name):
    film = next(one for one in CORPUS if one.name == name)
    film.make(tmp_path / name)
    with (tmp_path / name).open("rb") as stream:
        picture = answer_snapshot(SnapshotRequest(Fraction(1), format="png"), stream)
    image = Image.open(io.BytesIO(picture.body))
    assert read_stripes(image) == 1000
    shown = np.asarray(image.convert("L"), dtype=float)
    meant = np.asarray(paint_frame(Fraction(1), size=(192, 108)).convert("L"), dtype=float)
    assert 0.7 < shown.mean() / meant.mean() < 1.3
    assert np.corrcoef(shown.ravel(), meant.ravel())[0, 1] > 0.95
    assert shown.max() > 225
    assert shown.std() > 0.7 * meant.std(), "it is not washed out"


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
def test_the_peak_is_what_the_film_says_or_the_usual_one(kind, data, nits):
    from types import SimpleNamespace

    from av.sidedata.sidedata import Type

    assert peak_nits(SimpleNamespace(side_data=[Carrying(Type[kind], data)])) == nits
