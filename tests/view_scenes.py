"""Scenes for tests of views: frames with something in every corner, findings to draw, and what a screen has to show."""

from __future__ import annotations

import dataclasses
import itertools
from fractions import Fraction
from typing import TYPE_CHECKING

import cv2
import numpy as np

from polyplive.gui.view.scene import Scene
from polyplive.overlay.compositor import covered, elements
from polyplive.pipeline.postprocess import Postprocessor
from polyplive.strength import Strength
from polyplive.types import Caption, Figures, Frame, Hud, OverlaySettings, Prediction, Roi, SessionState

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polyplive.overlay.target import Target

EVERYTHING = OverlaySettings(legend=True, caption=True, status=True, figures=True)
HUD = Hud(SessionState.READY, "", Figures(24.9, 3.2, 31.4, 2), Caption(7, 0.28, "polyplive-fast 2.0"))


def finding(width: int, height: int, *polyps: tuple[float, float, float]) -> Prediction:
    """Discs at (x, y, radius) in shares of the field of view, each with a spot of heat; dotted, dashed, whole."""
    roi = Roi(width // 10, height // 12, width * 8 // 10, height * 10 // 12)
    rows, columns = (np.mgrid[0:128, 0:128] + 0.5) / 128
    probability = np.zeros((128, 128), np.float32)
    for x, y, radius in polyps or ((0.3, 0.4, 0.15), (0.75, 0.7, 0.08)):
        distance = np.hypot(columns - x, rows - y) - radius
        probability = np.maximum(probability, 1 / (1 + np.exp(distance * 80))).astype(np.float32)
    cam = cv2.resize(probability, (22, 22), interpolation=cv2.INTER_AREA) * 900
    found = zip(Postprocessor().run(probability, roi, 0.5), itertools.cycle(Strength), strict=False)
    found = tuple(dataclasses.replace(one, strength=strength) for one, strength in found)
    return Prediction(0, roi, probability, cam, 800.0, 0.5, found, 0.0)


def scene(
    width: int = 320, height: int = 240, aspect: Fraction = Fraction(1), *, number: int = 0, two: bool = False
) -> Scene:
    """Noise of that size with two findings; another picture for another ``number``."""
    noise = np.random.default_rng(number).integers(0, 256, (height, width, 3), np.uint8)
    frame = Frame(noise, number, 0.0, sample_aspect=aspect)
    return Scene(frame, finding(width, height), EVERYTHING, HUD, side_by_side=two)


def free_of_overlay(shown: Scene, target: Target) -> NDArray[np.bool_]:
    """Where nothing may be drawn at that size: bool [height, width]."""
    return ~covered(target, elements(target, shown.prediction, shown.settings, shown.hud))
