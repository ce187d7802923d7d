"""HDR and wide-gamut recordings by real encoders, against the published points and matrices of the ITU."""

from __future__ import annotations

import itertools
from fractions import Fraction
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest

from polyplive.errors import SourceUnreadable
from polyplive.sources.file import FileSource
from polyplive.sources.picture.tone_mapping import Light, to_sdr

if TYPE_CHECKING:
    from pathlib import Path

    from polyplive.types import Image

PQ, HLG, SDR_2020 = 16, 18, 14
BT2020 = 9
SIDE = 8
TO_2020 = np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]])
"""Linear BT.709 to linear BT.2020, as ITU-R BT.2087 prints it."""
LEVELS = np.array(list(itertools.product((0.0, 0.5, 1.0), repeat=3)))
"""27 colours, red, green and blue as BT.709 codes them."""


def pq(light: object) -> np.ndarray:
    """The PQ signal of a light in cd/m2 (SMPTE ST 2084, the inverse EOTF)."""
    share = (np.asarray(light, float) / 10_000) ** 0.1593017578125
    return ((0.8359375 + 18.8515625 * share) / (1 + 18.6875 * share)) ** 78.84375


def write(
    path: Path,
    patches: np.ndarray,
    transfer: int,
    codec: str = "libx265",
    pix_fmt: str = "yuv444p10le",
    more: str = "",
    matrix: int = BT2020,
    primaries: int = BT2020,
    frames: int = 2,
) -> Path:
    """A clip of squares, one for each R'G'B' of ``patches`` [N, 3] from 0 to 1; limited range, BT.2020's matrix."""
    kr, kb = (0.2627, 0.0593) if matrix == BT2020 else (0.2126, 0.0722)
    red, green, blue = patches.T
    luma = kr * red + (1 - kr - kb) * green + kb * blue
    coded = 64 + 876 * luma, 512 + 896 * (blue - luma) / (2 - 2 * kb), 512 + 896 * (red - luma) / (2 - 2 * kr)
    options = {"crf": "0", "preset": "ultrafast"}
    if codec == "libx265":
        options = {"preset": "ultrafast", "x265-params": f"lossless=1:bframes=0:log-level=none{more}"}
    with av.open(str(path), "w") as output:
        stream = output.add_stream(codec, rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = max(64, SIDE * len(patches)), 64, pix_fmt
        context = stream.codec_context
        context.color_primaries, context.color_trc, context.colorspace, context.color_range = (
            primaries, transfer, matrix, 1,
        )  # fmt: skip
        for place in range(frames):
            picture = av.VideoFrame(stream.width, stream.height, pix_fmt)
            picture.colorspace, picture.color_range = matrix, 1
            picture.color_trc, picture.color_primaries = transfer, primaries
            for plane, values in zip(picture.planes, coded, strict=True):
                wide = np.frombuffer(memoryview(plane), np.uint16).reshape(plane.height, -1)
                square = SIDE * plane.width // stream.width
                row = np.repeat(np.rint(values).astype(np.uint16), square)
                wide[:, : plane.width] = 512
                wide[:, : len(row)] = row
            picture.pts, picture.time_base = place, Fraction(1, 25)
            output.mux(stream.encode(picture))
        output.mux(stream.encode())
    return path


def shown(image: Image, count: int) -> np.ndarray:
    """Red, green and blue at the middle of each square, int [N, 3]."""
    return image[32, SIDE // 2 : SIDE * count : SIDE, ::-1].astype(int)


def decoded(path: Path, count: int) -> np.ndarray:
    with FileSource(path) as source:
        frame = source.read()
    assert frame is not None
    return shown(frame.image, count)


def _agree(found: np.ndarray, wanted: np.ndarray) -> None:
    """In the signal; near black, where that is steep, in light."""
    signal, light = np.abs(found - 255 * wanted), np.abs((found / 255) ** 2.4 - wanted**2.4)
    assert np.where(wanted > 0.1, signal, 0).max() <= 4
    assert np.where(wanted > 0.1, 0, light).max() < 0.01


def grey(values: np.ndarray) -> np.ndarray:
    return np.repeat(np.asarray(values, float)[:, None], 3, axis=1)


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts"])
def test_pq_white_is_nearly_white_and_grey_stays_grey(name: str, tmp_path: Path) -> None:
    light = np.array([0, 0.5, 2, 10, 26, 50, 90, 150, 203, 300, 500, 1000, 4000])
    path = write(tmp_path / name, grey(pq(light)), PQ)
    found = decoded(path, len(light))
    assert np.ptp(found, axis=1).max() <= 1
    assert (np.diff(found[:, 1]) >= 0).all()
    at = dict(zip(light.tolist(), found[:, 1].tolist(), strict=True))
    assert at[0] == 0
    assert at[203] == pytest.approx(230, abs=2), "BT.2408: diffuse white, which is white in SDR"
    assert at[1000] == at[4000] == 255
    for dark in (2, 10, 26, 50, 90):  # below the curve's knee light is kept
        assert at[dark] == pytest.approx(255 * (dark / 203) ** (1 / 2.4), abs=2)
    with FileSource(path) as source:
        assert source.info.notices == ("is HDR (PQ); its light is mapped to that of an ordinary picture (SDR)",)


@pytest.mark.parametrize(("codec", "pix_fmt"), [("libx265", "yuv420p10le"), ("libx264", "yuv422p10le")])
def test_hlg_and_pq_agree_at_the_points_of_bt2408(codec: str, pix_fmt: str, tmp_path: Path) -> None:
    """Table 1 of BT.2408: the grey card is at 38 % in both, diffuse white at 75 % of HLG and 58 % of PQ."""
    hlg = decoded(write(tmp_path / "hlg.mp4", grey([0.38, 0.75, 1.0]), HLG, codec, pix_fmt), 3)
    wide = decoded(write(tmp_path / "pq.mp4", grey([0.38, 0.58, pq(1000)]), PQ, codec, pix_fmt), 3)
    assert np.abs(hlg - wide).max() <= 3
    assert hlg[0, 1] == pytest.approx(255 * (26 / 203) ** (1 / 2.4), abs=3)
    assert hlg[1, 1] == pytest.approx(230, abs=2)
    assert hlg[2].tolist() == [255, 255, 255]
    assert np.ptp(hlg, axis=1).max() <= 1


def test_27_colours_of_pq_below_the_knee_are_those_of_sdr(tmp_path: Path) -> None:
    dimmed = LEVELS * 0.7  # SDR's signal: 0.425 of white, 86 cd/m2
    light = 203 * dimmed**2.4 @ TO_2020.T
    _agree(decoded(write(tmp_path / "a.mp4", pq(light.clip(0)), PQ), 27), dimmed)


def test_bright_colours_keep_their_hue(tmp_path: Path) -> None:
    """Tissue red, mucosa, green and blue at 600 cd/m2 in the brightest component: the other two in proportion."""
    linear = np.array([[1.0, 0.25, 0.2], [1.0, 0.6, 0.45], [0.3, 1.0, 0.4], [0.3, 0.4, 1.0]])
    found = decoded(write(tmp_path / "a.mp4", pq(600 * linear @ TO_2020.T), PQ), 4) / 255
    assert found.max(axis=1) == pytest.approx(0.996, abs=0.01)
    assert found**2.4 == pytest.approx(linear, abs=0.02)


def test_what_is_beyond_bt709_loses_saturation_and_no_channel_runs_over() -> None:
    signal = np.random.default_rng(3).random((4000, 3))
    for light in (Light(PQ, BT2020), Light(HLG, BT2020), Light(SDR_2020, BT2020), Light(PQ, BT2020, 300.0)):
        found = to_sdr(light, signal)
        assert np.isfinite(found).all()
        assert found.min() >= 0
        assert found.max() <= 1
    pure_green = to_sdr(Light(SDR_2020, BT2020), np.array([[0.0, 0.6, 0.0]]))[0]
    luminance = pure_green**2.4 @ np.array([0.2126, 0.7152, 0.0722])
    assert luminance == pytest.approx(0.6780 * 0.6**2.4, rel=0.01), "where nothing is brighter than white"
    assert pure_green.argmax() == 1


def test_a_lower_peak_that_the_stream_tells_leaves_white_brighter(tmp_path: Path) -> None:
    patches = grey(pq([203]))
    usual = decoded(write(tmp_path / "a.mp4", patches, PQ), 1)[0, 1]
    display = ":hdr10=1:master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(4000000,50)"
    mastered = decoded(write(tmp_path / "b.mp4", patches, PQ, more=display), 1)[0, 1]
    content = decoded(write(tmp_path / "c.mp4", patches, PQ, more=f"{display}:max-cll=250,100"), 1)[0, 1]
    assert usual + 4 < mastered < content - 4
    bright = decoded(write(tmp_path / "d.mp4", patches, PQ, more=":hdr10=1:max-cll=4000,400"), 1)[0, 1]
    assert bright == usual


def test_27_colours_of_bt2020_in_sdr(tmp_path: Path) -> None:
    wide = (LEVELS**2.4 @ TO_2020.T).clip(0, 1) ** (1 / 2.4)
    path = write(tmp_path / "a.mp4", wide, SDR_2020, "libx265", "yuv444p10le")
    _agree(decoded(path, 27), LEVELS)
    with FileSource(path) as source:
        assert source.info.notices == ()


@pytest.mark.parametrize(("codec", "name"), [("libx264", "a.mp4"), ("prores_ks", "a.mov"), ("ffv1", "a.mkv")])
def test_27_colours_of_422_in_ten_bits(codec: str, name: str, tmp_path: Path) -> None:
    path = write(tmp_path / name, LEVELS, 1, codec, "yuv422p10le", matrix=1, primaries=1)
    assert np.abs(decoded(path, 27) - 255 * LEVELS).max() <= 4


def test_every_seek_gives_the_same_light(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mkv", grey(pq([26, 203])), PQ, more=":keyint=4", frames=12)
    with FileSource(path) as source:
        frames = [frame.image for frame in source]
        for number in (7, 2, 11, 0):
            source.seek(number / 25)
            again = source.read()
            assert again is not None
            assert again.index == number
            assert np.array_equal(again.image, frames[number])


@pytest.mark.parametrize(("matrix", "name"), [(8, "YCgCo"), (10, "constant luminance"), (14, "ICtCp")])
def test_a_code_that_cannot_be_converted_is_refused_with_what_to_do(matrix: int, name: str, tmp_path: Path) -> None:
    path = write(tmp_path / "a.mkv", grey([0.5]), PQ, matrix=matrix)
    with pytest.raises(SourceUnreadable) as refused:
        FileSource(path)
    assert name in str(refused.value)
    assert "Convert the video first: ffmpeg -i" in str(refused.value)
    assert "\n" not in str(refused.value)
