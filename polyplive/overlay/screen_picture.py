"""The picture with its overlay as another program shows it: square pixels, and no more of them than a screen has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2

from polyplive.overlay.compositor import compose, elements
from polyplive.overlay.target import Target
from polyplive.overlay.true_shape import true_size

if TYPE_CHECKING:
    from polyplive.types import Frame, Hud, Image, OverlaySettings, Prediction


def screen_picture(
    frame: Frame, prediction: Prediction | None, settings: OverlaySettings, hud: Hud | None, most: tuple[int, int]
) -> Image:
    """uint8 [H, W, 3] BGR, a new array: ``compose`` in the frame's true shape, at most ``most`` (width, height) large.

    A larger picture is made smaller before anything is drawn, so that text stays readable. Any thread.
    """
    width, height = true_size(frame.width, frame.height, frame.sample_aspect)
    share = min(1.0, most[0] / width, most[1] / height)
    width, height = max(1, round(width * share)), max(1, round(height * share))
    if (width, height) == (frame.width, frame.height):
        return compose(frame, prediction, settings, hud)
    picture: Image = cv2.cvtColor(frame.bgra_at(width, height), cv2.COLOR_BGRA2BGR)
    for element in elements(Target((frame.width, frame.height), width, height), prediction, settings, hud):
        element.draw(picture)
    return picture
