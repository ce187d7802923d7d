"""A decoded picture's colours are those of the formula, rounded, whatever the layout of its samples."""

from __future__ import annotations

import av
import numpy as np
import pytest
from av.filter import Graph
from av.video.reformatter import Colorspace, Interpolation, VideoReformatter

from polyplive.sources.picture.conversion import PictureMaker

SHARES = {Colorspace.ITU709: (0.2126, 0.0722), Colorspace.ITU601: (0.299, 0.114), Colorspace.BT2020: (0.2627, 0.0593)}
LIMITED, FULL = 1, 2
CELLS = {"yuv420p": (2, 2), "yuv422p": (2, 1), "yuv444p": (1, 1)}
"""Pixels beside and below one another that share a chroma sample."""


def expected(samples: list[np.ndarray], name: str, matrix: int, colour_range: int) -> np.ndarray:
    """float64 [H, W, 3] BGR by the formula (ITU-R BT.709-6, section 3)."""
    red, blue = SHARES[Colorspace(matrix)]
    height, width = samples[0].shape
    across, down = CELLS[name]
    planes = [np.repeat(np.repeat(plane, across, 1), down, 0)[:height, :width] for plane in samples[1:]]
    black, luma, chroma = (0, 255, 255) if colour_range == FULL else (16, 219, 224)
    y = (samples[0] - black) / luma
    u, v = ((plane - 128) / chroma for plane in planes)
    to_red, to_blue = 2 * (1 - red) * v, 2 * (1 - blue) * u
    green = y - (red * to_red + blue * to_blue) / (1 - red - blue)
    return np.clip(255 * np.dstack([y + to_blue, green, y + to_red]), 0, 255)


def picture(name: str, size: tuple[int, int], matrix: int, colour_range: int) -> tuple[av.VideoFrame, list[np.ndarray]]:
    """Random samples of colours that are there in a recording, and each plane's samples as float64."""
    rng = np.random.default_rng(0)
    frame = av.VideoFrame(*size, name)
    frame.colorspace, frame.color_range = matrix, colour_range
    samples = []
    for plane, (low, high) in zip(frame.planes, ((40, 210), (90, 150), (110, 180)), strict=True):
        lines = rng.integers(low, high, (plane.height, plane.line_size)).astype(np.uint8)
        plane.update(lines.tobytes())
        samples.append(lines[:, : plane.width].astype(float))
    return frame, samples


@pytest.mark.parametrize("colour_range", [LIMITED, FULL])
@pytest.mark.parametrize("matrix", SHARES)
@pytest.mark.parametrize("name", CELLS)
def test_planes_follow_the_formula(name: str, matrix: int, colour_range: int) -> None:
    frame, samples = picture(name, (160, 96), matrix, colour_range)
    errors = PictureMaker().picture(frame).bgr() - expected(samples, name, matrix, colour_range)
    assert np.abs(errors).max() < 0.75
    assert np.abs(errors.mean((0, 1))).max() < 0.1


@pytest.mark.parametrize("size", [(1, 1), (2, 1), (1, 2), (3, 5), (5, 3), (1, 4), (4, 1), (17, 9)])
@pytest.mark.parametrize("name", CELLS)
def test_odd_sides(name: str, size: tuple[int, int]) -> None:
    frame, samples = picture(name, size, Colorspace.ITU709, LIMITED)
    errors = PictureMaker().picture(frame).bgr() - expected(samples, name, Colorspace.ITU709, LIMITED)
    assert errors.shape == (size[1], size[0], 3)
    assert np.abs(errors).max() < 0.75


@pytest.mark.parametrize("colour_range", [LIMITED, FULL])
@pytest.mark.parametrize(
    ("layout", "name"), [("nv12", "yuv420p"), ("nv21", "yuv420p"), ("yuyv422", "yuv422p"), ("uyvy422", "yuv422p")]
)
def test_layouts_of_cards_give_the_same_pixels_as_planes(layout: str, name: str, colour_range: int) -> None:
    frame, _ = picture(name, (162, 90), Colorspace.ITU709, colour_range)
    # With several threads FFmpeg may write a few pixels past a row, over those that another thread has just written.
    sorted_otherwise = VideoReformatter().reformat(
        frame, format=layout, src_color_range=colour_range, dst_color_range=colour_range, threads=1
    )
    maker = PictureMaker()
    assert np.array_equal(maker.picture(sorted_otherwise).bgr(), maker.picture(frame).bgr())


@pytest.mark.parametrize("layout", ["yuv420p10le", "yuv422p10le", "yuv444p12le", "p010le", "yuv411p", "yuv410p"])
def test_other_layouts_are_not_biased(layout: str) -> None:
    colours = np.random.default_rng(1).integers(40, 220, (6, 8, 3), np.uint8)
    image = np.repeat(np.repeat(colours, 16, 0), 16, 1)
    frame = VideoReformatter().reformat(
        av.VideoFrame.from_ndarray(image, format="bgr24"),
        format=layout,
        dst_colorspace=Colorspace.ITU601,
        interpolation=Interpolation.AREA | Interpolation.ACCURATE_RND,
    )
    errors = PictureMaker().picture(frame).bgr()[8::16, 8::16].astype(int) - colours
    assert np.abs(errors).max() <= 3
    assert np.abs(errors.mean((0, 1))).max() < 0.5


def test_a_picture_that_lies_upside_down_in_memory() -> None:
    frame, _ = picture("yuv420p", (64, 48), Colorspace.ITU709, LIMITED)
    graph = Graph()
    given = graph.add_buffer(width=64, height=48, format="yuv420p", time_base=1)
    graph.link_nodes(given, graph.add("vflip"), graph.add("buffersink")).configure()
    graph.push(frame)
    flipped = graph.pull()
    assert flipped.planes[0].line_size < 0
    maker = PictureMaker()
    assert np.array_equal(maker.picture(flipped).bgr(), maker.picture(frame).bgr()[::-1])
