"""What is wrong with one picture, by simple figures of a small copy of it.

Bounds were set so that hardly a picture of Kvasir-SEG's, BKAI-IGH's and PolypGen's training sets has a flaw (1 % at
most are blurred), and the same pictures have, blurred by 4 of their 352 pixels. They are meant for white light: dyes,
and modes that tint the mucosa yellow, read as stool or fluid.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from polyplive.review.timeline import Quality

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polyplive.types import Frame, Image, Roi

ACROSS = 160
"""Pixels across of the copy that is looked at."""

_SEEN_FROM = 22  # darker pixels are border or shadow and have no colour
_SHARPEST_BLUR = 0.18
_DARKEST, _BRIGHTEST = 35.0, 165.0  # mean luma
_WHITE_FROM, _MOST_WHITE = 245, 0.25
_LEAST_WARM = 0.2
_STOOL_HUES, _STOOL_SATURATION, _MOST_STOOL = (17, 45), 90, 0.5  # OpenCV's hue, 0 to 179: yellow to green
_LEAST_CONTRAST = 4.0
_WARMER = 1.1


@dataclass(frozen=True, slots=True)
class PictureFigures:
    """Figures of a picture. ``sharpness`` is the deviation of luma's Laplacian by luma's own (0: flat).

    (Variance of the Laplacian: Pech-Pacheco et al., "Diatom autofocusing in brightfield microscopy", ICPR 2000.)
    ``luma`` is its mean, 0 to 255. ``white``, ``warm`` and ``yellow`` are shares of the pixels in [0, 1]: overexposed;
    redder than blue and green, as mucosa is; of the hue of stool and bile.
    """

    sharpness: float
    luma: float
    white: float
    warm: float
    yellow: float

    @property
    def flaws(self) -> frozenset[Quality]:
        """What is wrong with it. Of a picture that is too dark or too bright nothing else is said."""
        if self.luma < _DARKEST:
            return frozenset({Quality.DARK})
        if self.luma > _BRIGHTEST or self.white > _MOST_WHITE:
            return frozenset({Quality.BRIGHT})
        checks = {
            Quality.BLURRED: self.sharpness < _SHARPEST_BLUR,
            Quality.OUTSIDE: self.warm < _LEAST_WARM and self.yellow < _MOST_STOOL,
            Quality.COVERED: self.yellow >= _MOST_STOOL,
        }
        return frozenset(quality for quality, holds in checks.items() if holds)


def frame_flaws(frame: Frame, roi: Roi) -> frozenset[Quality]:
    """What is wrong with the field of view ``roi`` of ``frame``; any thread."""
    height = max(1, round(roi.height * ACROSS / roi.width))
    rows, columns = roi.slices
    return picture_figures(frame.picture.part_at(rows, columns, height, ACROSS)).flaws


def picture_figures(picture: Image) -> PictureFigures:
    """The figures of ``picture``, uint8 [h, w, 3] BGR, ``ACROSS`` pixels wide: sharpness depends on the size."""
    luma = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    hue, saturation, value = cv2.split(cv2.cvtColor(picture, cv2.COLOR_BGR2HSV))
    seen = value >= _SEEN_FROM
    blue, green, red = (plane.astype(np.float32) for plane in cv2.split(picture))
    warm = (red > _WARMER * green) & (red > _WARMER * blue)
    yellow = (hue >= _STOOL_HUES[0]) & (hue <= _STOOL_HUES[1]) & (saturation >= _STOOL_SATURATION)
    return PictureFigures(
        _sharpness(luma, seen),
        float(luma.mean()),
        float((luma >= _WHITE_FROM).mean()),
        _share(warm, seen),
        _share(yellow, seen),
    )


def _share(held: NDArray[np.bool_], seen: NDArray[np.bool_]) -> float:
    return float((held & seen).sum() / max(int(seen.sum()), 1))


def _sharpness(luma: NDArray[np.uint8], seen: NDArray[np.bool_]) -> float:
    """Away from the border of the picture, which is always sharp."""
    inner = cv2.erode(seen.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    if not inner.any():
        return 0.0
    edges = cv2.Laplacian(luma, cv2.CV_32F)[inner]
    return float(edges.std() / max(float(luma[inner].std()), _LEAST_CONTRAST))
