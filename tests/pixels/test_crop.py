"""A part of a picture at the size of a view: it lies where it should, and is made of its own samples alone."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from coded_picture import LAYOUTS, coded

from polyplive.pixels.crop import Crop, Cut
from polyplive.pixels.picture import BgrPicture, Picture, YuvPicture
from polyplive.types import Frame

CROPS = [
    Crop(0, 0, 321, 243),
    Crop(40.3, 61.7, 107.9, 81.7),
    Crop(0, 0, 80.25, 60.75),
    Crop(240.75, 182.25, 80.25, 60.75),
    Crop(160.1, 0, 40.125, 30.375),
]


@pytest.fixture(scope="module")
def smooth() -> np.ndarray:
    """What two ways of interpolating agree on: without a sensor's noise."""
    colours = np.random.default_rng(5).normal((70, 90, 170), (15, 20, 35), (13, 17, 3)).astype(np.float32)
    return np.rint(cv2.resize(colours, (321, 243), interpolation=cv2.INTER_CUBIC)).clip(0, 255).astype(np.uint8)


def by_the_formula(image: np.ndarray, start: tuple[float, float], crop: Crop, width: int, height: int) -> np.ndarray:
    """Between the four pixels around each place, in floats; the part begins at ``start`` (across, down)."""
    found = image.astype(float)
    for axis, (first, length, count) in enumerate(((start[1], crop.height, height), (start[0], crop.width, width))):
        places = (first + (np.arange(count) + 0.5) * length / count - 0.5).clip(0, image.shape[axis] - 1)
        before = np.floor(places).astype(int)
        after = np.minimum(before + 1, image.shape[axis] - 1)
        share = (places - before).reshape((-1, 1, 1) if axis == 0 else (1, -1, 1))
        found = found.take(before, axis) * (1 - share) + found.take(after, axis) * share
    return found


@pytest.mark.parametrize("crop", CROPS)
@pytest.mark.parametrize("size", [(400, 303), (1284, 972)])
def test_pixels_lie_between_those_around_them(crop: Crop, size: tuple[int, int]) -> None:
    image = np.random.default_rng(1).integers(0, 256, (243, 321, 3), np.uint8)
    found = Frame(image).bgra_at(*size, crop=crop)
    assert (found[..., 3] == 255).all()
    cut = Cut.of((243, 321), crop, size[::-1])
    start = [
        first.start + before / growth
        for first, before, growth in zip((cut.columns, cut.rows), cut.before, cut.growth, strict=True)
    ]
    beside = np.abs(np.array(start) - (crop.x, crop.y)) * (size[0] / crop.width, size[1] / crop.height)
    assert beside.max() < 0.5 + 1e-5, "at most half a pixel of the view beside where it should be"
    difference = np.abs(found[..., :3] - by_the_formula(image, start, crop, *size))
    assert difference.max() < 2


@pytest.mark.parametrize("bits", [8, 10])
@pytest.mark.parametrize("is_centred", [True, False])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_part_is_what_the_whole_shows_there(smooth: np.ndarray, layout: str, is_centred: bool, bits: int) -> None:
    even = smooth[:240, :320]
    picture = YuvPicture(coded(even, layout, bits=bits, is_centred=is_centred))
    parts = [((500, 375), (0, 0, 500, 375)), ((1280, 960), (317, 404, 300, 200)), ((192, 144), (33, 21, 90, 61))]
    for whole, (left, top, width, height) in parts:
        across, down = 320 / whole[0], 240 / whole[1]
        crop = Crop(left * across, top * down, width * across, height * down)
        part = picture.bgra_at(width, height, crop=crop)
        expected = picture.bgra_at(*whole)[top : top + height, left : left + width]
        assert np.abs(part.astype(int) - expected).max() <= 3


@pytest.mark.parametrize("size", [(90, 68), (20, 15)])
def test_a_part_that_becomes_smaller_does_not_alias(size: tuple[int, int]) -> None:
    board = np.indices((400, 400)).sum(0) % 2 * 255
    picture = BgrPicture(np.repeat(board[..., None], 3, 2).astype(np.uint8))
    found = picture.bgra_at(*size, crop=Crop(33.3, 41.9, 300, 226.7))
    assert found[..., :3].std() < 75, "no finer pattern is seen as a coarser one"


def planes_and_pixels(image: np.ndarray) -> tuple[Picture, Picture]:
    return YuvPicture(coded(image)), BgrPicture(image)


def test_only_its_own_samples_are_read(smooth: np.ndarray) -> None:
    other = smooth.copy()
    other[:100] = other[150:] = 0
    other[:, :100] = other[:, 200:] = 255
    crop = Crop(111.3, 110.2, 80.5, 33.3)
    for one, changed in zip(planes_and_pixels(smooth), planes_and_pixels(other), strict=True):
        assert np.array_equal(one.bgra_at(300, 120, crop=crop), changed.bgra_at(300, 120, crop=crop))
    cut = Cut.of((243, 321), crop, (120, 300), (2, 2))
    assert (cut.rows, cut.columns) == (slice(53, 74), slice(53, 98)), "and some beside them"


def test_it_fills_the_callers_array_and_is_deterministic(smooth: np.ndarray) -> None:
    crop = Crop(10.5, 20.25, 50, 40)
    for picture in planes_and_pixels(smooth):
        out = np.zeros((120, 200, 4), np.uint8)
        assert picture.bgra_at(200, 120, out, crop) is out
        assert np.array_equal(out, picture.bgra_at(200, 120, crop=crop))
        with pytest.raises(ValueError, match="expected a contiguous uint8 array"):
            picture.bgra_at(120, 200, out, crop)


@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (3, 2)])
def test_the_smallest_pictures(shape: tuple[int, int]) -> None:
    image = np.full((*shape, 3), (40, 90, 160), np.uint8)
    crop = Crop(0.4 * shape[1], 0.4 * shape[0], shape[1] / 8, shape[0] / 8)
    for picture in planes_and_pixels(image):
        assert np.abs(picture.bgra_at(70, 50, crop=crop)[..., :3].astype(int) - (40, 90, 160)).max() <= 2
