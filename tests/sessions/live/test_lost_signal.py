"""A signal that is lost without an error is seen in a source's planes as in its pixels."""

from __future__ import annotations

import numpy as np
import pytest
from coded_picture import LAYOUTS, coded

from polyplive.pixels.picture import BgrPicture, Picture, YuvPicture
from polyplive.sessions.live.lost_signal import LostSignalDetector


def noise(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(90, 130, (96, 128, 3), dtype=np.uint8)


def shown(image: np.ndarray, kind: str) -> Picture:
    return BgrPicture(image.copy()) if kind == "pixels" else YuvPicture(coded(image, kind))


def problem(images: list[np.ndarray], kind: str) -> str:
    """What is wrong after those pictures, one a second."""
    detector = LostSignalDetector()
    for second, image in enumerate(images):
        detector.look(shown(image, kind), float(second))
    return detector.problem(float(len(images)), 2.0)


@pytest.mark.parametrize("kind", ["pixels", *LAYOUTS])
def test_repeats_and_flat_pictures_are_told_from_a_camera(kind: str) -> None:
    images = [noise(seed) for seed in range(5)]
    assert problem(images, kind) == ""
    assert "stopped changing" in problem([*images, *[images[-1]] * 4], kind)
    assert problem([*images, *[images[-1]] * 4, noise(9)], kind) == ""
    assert "flat colour" in problem([*images, *[np.full_like(images[0], (200, 30, 30))] * 4], kind)


@pytest.mark.parametrize("kind", ["pixels", *LAYOUTS])
def test_one_changed_pixel_is_no_repeat(kind: str) -> None:
    """Also where no sample is looked at first."""
    images = []
    for number in range(6):
        image = noise(0)
        image[17, 23] = 255 * (number % 2)
        images.append(image)
    assert problem(images, kind) == ""


def test_a_change_of_size_or_of_kind_is_no_repeat() -> None:
    pictures = [shown(noise(0), "pixels"), shown(noise(0), "4:2:0"), shown(noise(0)[:50].copy(), "4:2:0")] * 3
    detector = LostSignalDetector()
    for second, picture in enumerate(pictures):
        detector.look(picture, float(second))
    assert detector.problem(9.0, 2.0) == ""
