from __future__ import annotations

import cv2
import numpy as np
import pytest

from polyplive.pipeline.preprocess import preprocess
from polyplive.pixels.shrink import shrink
from polyplive.types import Frame, Roi


def test_the_tensor_is_rgb_contiguous_and_of_the_models_size() -> None:
    image = np.full((480, 640, 3), (10, 20, 30), np.uint8)
    tensor = preprocess(Frame(image), Roi(0, 0, 640, 480), 352, 256)
    assert tensor.shape == (1, 352, 256, 3)
    assert tensor.dtype == np.uint8
    assert tensor.flags.c_contiguous
    assert (tensor == (30, 20, 10)).all()
    assert (image == (10, 20, 30)).all()


def test_only_the_region_is_seen() -> None:
    image = np.zeros((200, 300, 3), np.uint8)
    image[40:140, 60:210] = 255
    assert preprocess(Frame(image), Roi(60, 40, 150, 100), 64, 64).min() == 255
    image[:] = 255 - image
    assert preprocess(Frame(image), Roi(60, 40, 150, 100), 64, 64).max() == 0


def test_the_same_size_is_passed_on_bit_for_bit() -> None:
    image = np.random.default_rng(0).integers(0, 256, (64, 96, 3), dtype=np.uint8)
    assert np.array_equal(preprocess(Frame(image), Roi(0, 0, 96, 64), 64, 96)[0], image[..., ::-1])


def test_the_callers_array_is_filled() -> None:
    image = np.full((100, 100, 3), 77, np.uint8)
    out = np.zeros((1, 32, 32, 3), np.uint8)
    assert preprocess(Frame(image), Roi(0, 0, 100, 100), 32, 32, out) is out
    assert (out == 77).all()


@pytest.mark.parametrize(
    "out",
    [
        np.zeros((1, 32, 31, 3), np.uint8),
        np.zeros((1, 32, 32, 3), np.float32),
        np.zeros((1, 32, 64, 3), np.uint8)[:, :, ::2],
    ],
)
def test_an_array_that_does_not_fit_is_refused(out: np.ndarray) -> None:
    with pytest.raises(ValueError, match="expected a contiguous uint8 array"):
        preprocess(Frame(np.zeros((100, 100, 3), np.uint8)), Roi(0, 0, 100, 100), 32, 32, out)


def test_a_region_outside_of_the_image_is_refused() -> None:
    with pytest.raises(ValueError, match="reaches outside"):
        preprocess(Frame(np.zeros((100, 100, 3), np.uint8)), Roi(50, 0, 51, 100), 32, 32)


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (3, 2), (4096, 2160)])
def test_any_size_of_frame(size: tuple[int, int]) -> None:
    height, width = size
    image = np.full((height, width, 3), 99, np.uint8)
    assert (preprocess(Frame(image), Roi(0, 0, width, height), 352, 352) == 99).all()


@pytest.mark.parametrize("factor", [1.3, 2.0, 2.7, 3.0, 4.0, 5.45, 7.9])
def test_shrinking_does_not_alias(factor: float) -> None:
    """Noise finer than the model's pixels must fade as averaging by area makes it fade, within a factor of two."""
    side = round(96 * factor)
    image = np.random.default_rng(1).integers(0, 256, (side, side, 3), dtype=np.uint8)
    by_area = cv2.resize(image, (96, 96), interpolation=cv2.INTER_AREA)
    assert shrink(image, 96, 96).std() < 2 * by_area.std()


@pytest.mark.parametrize("roi", [Roi(40, 20, 350, 351), Roi(0, 0, 1000, 701), Roi(101, 33, 123, 222)])
def test_a_spot_keeps_its_place_in_the_region(roi: Roi) -> None:
    """Integer coordinates are pixel centres in the tensor and in the frame: a spot's centre keeps its share of both."""
    centre = np.array([roi.x + 0.3 * roi.width, roi.y + 0.6 * roi.height])
    columns, rows = np.meshgrid(np.arange(1000), np.arange(701))
    distance = (columns - centre[0]) ** 2 + (rows - centre[1]) ** 2
    spot = (255 * np.exp(-distance / (2 * 12.0**2))).astype(np.uint8)
    tensor = preprocess(Frame(np.dstack([spot] * 3)), roi, 128, 160)[0, ..., 0].astype(float)
    ys, xs = np.mgrid[0:128, 0:160]
    seen = np.array([(xs * tensor).sum(), (ys * tensor).sum()]) / tensor.sum()
    share = (seen + 0.5) / (160, 128)
    in_frame = share * (roi.width, roi.height) - 0.5 + (roi.x, roi.y)
    assert in_frame == pytest.approx(centre, abs=0.3)
