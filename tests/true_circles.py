"""Circles that were filmed with pixels that are not square, and how round they are on screen."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PyQt6.QtWidgets import QWidget

    from polyplive.gui.session.live_page import LivePage
    from polyplive.gui.session.replay_page import ReplayPage

SHAPES = {
    "PAL, 16:9": ((360, 288), Fraction(64, 45)),
    "NTSC, 16:9": ((360, 240), Fraction(40, 33)),
    "NTSC, 4:3": ((360, 240), Fraction(10, 11)),
    "HDV": ((360, 270), Fraction(4, 3)),
    "one field": ((360, 144), Fraction(1, 2)),
}


def disc(width: int, height: int, aspect: Fraction) -> NDArray[np.uint8]:
    """uint8 [height, width, 3] BGR: what a camera with such pixels makes of a red disc."""
    image = np.full((height, width, 3), 110, np.uint8)
    radius = 0.35 * min(height, width * aspect)
    rows, columns = np.mgrid[:height, :width] + 0.5
    image[np.hypot((columns - width / 2) * float(aspect), rows - height / 2) < radius] = (30, 30, 230)
    return image


def seen(widget: QWidget) -> NDArray[np.uint8]:
    """What is on screen: uint8 [H, W, 3] BGR."""
    grabbed = widget.grab().toImage().convertToFormat(widget.grab().toImage().Format.Format_RGB32)
    pixels = grabbed.constBits().asarray(grabbed.sizeInBytes())
    rows = np.frombuffer(pixels, np.uint8).reshape(grabbed.height(), grabbed.bytesPerLine() // 4, 4)
    return np.ascontiguousarray(rows[:, : grabbed.width(), :3])


def red(image: NDArray[np.uint8]) -> tuple[int, int, int, int]:
    """The box (x, y, width, height) around what is red."""
    return cv2.boundingRect(((image[..., 2] > 170) & (image[..., 1] < 90)).astype(np.uint8))


def check_round(image: NDArray[np.uint8], least: int) -> None:
    """A disc is in ``image``, at least ``least`` pixels wide."""
    _, _, width, height = red(image)
    assert min(width, height) >= least
    assert width == pytest.approx(height, rel=0.02, abs=3)


def only_the_picture(window: ReplayPage | LivePage) -> None:
    window.display.set(visible=False, status=False, figures=False)
    window._redraw()
