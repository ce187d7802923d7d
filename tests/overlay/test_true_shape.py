"""What is drawn on pixels that are not square."""

from __future__ import annotations

import dataclasses
from fractions import Fraction

import cv2
import numpy as np
import pytest

from polyplive.overlay.compositor import compose, footprint
from polyplive.overlay.true_shape import in_true_shape, true_size
from polyplive.pipeline.postprocess import Postprocessor
from polyplive.types import Figures, Frame, Hud, OverlaySettings, Prediction, Roi, SessionState

HUD = Hud(SessionState.STALE, "the model is busy", Figures(24.9, 3.2, 31.4, 2))
TEXT = OverlaySettings(contour=False, mask=False, heatmap=False, status=True, figures=True)
ASPECTS = [Fraction(64, 45), Fraction(40, 33), Fraction(10, 11), Fraction(1, 2), Fraction(2)]


def smooth(width: int, height: int, aspect: Fraction) -> Frame:
    """A picture that can be scaled without loss: nothing in it is small."""
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    image = np.stack([60 + 90 * columns / width, 80 + 60 * rows / height, 150 + 0 * rows], axis=2)
    return Frame(image.astype(np.uint8), 0, 0.0, sample_aspect=aspect)


def finding(width: int, height: int) -> Prediction:
    rows, columns = (np.mgrid[0:128, 0:128] + 0.5) / 128
    distance = np.hypot(columns - 0.5, rows - 0.6) - 0.2
    probability = (1 / (1 + np.exp(distance * 80))).astype(np.float32)
    roi = Roi(0, 0, width, height)
    found = Postprocessor().run(probability, roi, 0.5)
    cam = cv2.resize(probability, (22, 22)) * 900
    return Prediction(0, roi, probability, cam, 800.0, 0.5, found, 0.0)


@pytest.mark.parametrize("aspect", ASPECTS)
def test_text_looks_as_it_does_on_square_pixels(aspect: Fraction) -> None:
    size = (720, 432) if aspect >= 1 else (720, 288)
    shown = true_size(*size, aspect)
    reshaped = in_true_shape(compose(smooth(*size, aspect), finding(*size), TEXT, HUD), aspect)
    straight = compose(smooth(*shown, Fraction(1)), finding(*shown), TEXT, HUD)
    bare = smooth(*shown, Fraction(1)).image
    drawn, expected = (np.abs(image.astype(int) - bare).max(axis=2) > 20 for image in (reshaped, straight))
    assert expected.mean() > 0.01
    assert (drawn != expected).sum() < 0.15 * expected.sum()
    assert cv2.matchTemplate(reshaped, straight, cv2.TM_CCOEFF_NORMED).max() > 0.93


@pytest.mark.parametrize("aspect", ASPECTS)
@pytest.mark.parametrize("size", [(320, 240), (161, 97), (33, 200)])
def test_outside_the_footprint_every_pixel_is_the_sources(aspect: Fraction, size: tuple[int, int]) -> None:
    noise = np.random.default_rng(3).integers(0, 256, (size[1], size[0], 3), np.uint8)
    frame = Frame(noise, 0, 0.0, sample_aspect=aspect)
    settings = OverlaySettings(legend=True)
    image = compose(frame, finding(*size), settings, HUD)
    outside = ~footprint(image.shape, finding(*size), settings, HUD, aspect)
    assert (image[outside] == noise[outside]).all()
    assert 0.05 < outside.mean() < 1
    assert (compose(frame, finding(*size), settings, HUD) == image).all()


def test_contours_stay_where_the_pixels_are() -> None:
    """The shape of pixels changes no coordinate: only pads with text differ."""
    frame = smooth(320, 240, Fraction(64, 45))
    settings = OverlaySettings(scores=False)
    square = dataclasses.replace(frame, sample_aspect=Fraction(1))
    assert (compose(frame, finding(320, 240), settings) == compose(square, finding(320, 240), settings)).all()


@pytest.mark.parametrize("aspect", [*ASPECTS, Fraction(1), Fraction(1, 8), Fraction(8)])
def test_no_side_shrinks(aspect: Fraction) -> None:
    image = np.zeros((36, 45, 3), np.uint8)
    grown = in_true_shape(image, aspect)
    assert grown.shape[0] >= 36
    assert grown.shape[1] >= 45
    assert grown.shape[1] / grown.shape[0] == pytest.approx(45 * float(aspect) / 36, rel=0.02)
    assert (grown is image) == (aspect == 1)
