"""Spoilt pictures: every way changes the picture, alike each time, and moves the truth with it."""

from __future__ import annotations

import numpy as np
import pytest
from colour_engine import red_disc

from polyplive.evaluation.disturbances import DISTURBANCES, generator_for

WIDTH, HEIGHT = 200, 160
MOVING = {"black border", "rotated"}


def scene() -> tuple[np.ndarray, np.ndarray]:
    """A red disc off the centre, on grey with a texture."""
    image = red_disc(WIDTH, HEIGHT, (70, 60), 30)
    texture = np.random.default_rng(1).integers(-15, 16, image.shape)
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    return np.clip(image + texture, 0, 255).astype(np.uint8), (columns - 70) ** 2 + (rows - 60) ** 2 <= 30**2


@pytest.mark.parametrize("name", DISTURBANCES)
def test_it_changes_a_copy_the_same_way_for_the_same_name(name: str) -> None:
    image, truth = scene()
    first = DISTURBANCES[name](image, truth, generator_for("a"))
    again = DISTURBANCES[name](image, truth, generator_for("a"))
    kept, kept_truth = scene()
    np.testing.assert_array_equal(image, kept)
    np.testing.assert_array_equal(truth, kept_truth)
    for one, other in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, other)
    spoilt, moved = first
    assert (spoilt.shape, spoilt.dtype, moved.shape, moved.dtype) == (image.shape, np.uint8, truth.shape, bool)
    assert np.abs(spoilt.astype(int) - image).mean() > 1
    assert np.array_equal(moved, truth) == (name not in MOVING)


@pytest.mark.parametrize("name", sorted(MOVING))
def test_the_truth_moves_with_the_picture(name: str) -> None:
    image, truth = scene()
    spoilt, moved = DISTURBANCES[name](image, truth, generator_for("b"))
    red = spoilt[..., 2].astype(int) - spoilt[..., 1] > 90
    assert np.count_nonzero(red & moved) / np.count_nonzero(red | moved) > 0.95


def test_pictures_are_spoilt_differently() -> None:
    image, truth = scene()
    turned = [DISTURBANCES["rotated"](image, truth, generator_for(stem))[1] for stem in ("a", "b")]
    assert not np.array_equal(*turned)


def test_interlacing_combs_the_edge_of_what_moved() -> None:
    image, truth = scene()
    spoilt, _ = DISTURBANCES["interlaced"](image, truth, generator_for("a"))
    np.testing.assert_array_equal(spoilt[::2], image[::2])
    assert (np.abs(spoilt[1::2].astype(int) - image[1::2]).max(axis=(1, 2)) > 60).any()


@pytest.mark.parametrize("name", ["motion blur", "defocus", "low resolution"])
def test_blur_keeps_the_brightness_and_takes_the_detail(name: str) -> None:
    def detail(picture: np.ndarray) -> float:
        return float(
            np.abs(np.diff(picture.astype(int), axis=1)).mean() + np.abs(np.diff(picture.astype(int), axis=0)).mean()
        )

    image, truth = scene()
    spoilt, _ = DISTURBANCES[name](image, truth, generator_for("a"))
    assert spoilt.mean() == pytest.approx(image.mean(), abs=1.5)
    assert detail(spoilt) < 0.75 * detail(image)
