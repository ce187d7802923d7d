"""The findings of a session as tracks, each from its first to its last frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2

from polyplive.overlay.true_shape import in_true_shape, true_size
from polyplive.types import SQUARE

if TYPE_CHECKING:
    from fractions import Fraction

    from polyplive.types import Detection, Image

_THUMBNAIL_WIDTH = 480


@dataclass(slots=True)
class TrackSummary:
    """One polyp over the whole session. Times are seconds of the video.

    ``picture`` is a small composite (BGR) in its true shape, with square pixels.
    """

    number: int
    first_s: float
    last_s: float
    frames: int = 0
    best_score: float = -1.0
    best_s: float = 0.0
    largest_px: int = 0
    picture: Image | None = None

    def add(self, detection: Detection, image: Image, time_s: float, sample_aspect: Fraction = SQUARE) -> None:
        """Add a frame in which it was found: ``image`` (uint8 [H, W, 3] BGR) at ``time_s`` seconds.

        ``sample_aspect`` is the width of its pixels by their height.
        """
        self.last_s = time_s
        self.frames += 1
        self.largest_px = max(self.largest_px, detection.area_px)
        if detection.score > self.best_score:
            self.best_score, self.best_s = detection.score, time_s
            self.picture = _small(image, sample_aspect)


def _small(image: Image, sample_aspect: Fraction) -> Image:
    """A copy in true shape, of at most the thumbnail's width."""
    width, height = true_size(image.shape[1], image.shape[0], sample_aspect)
    if width <= _THUMBNAIL_WIDTH:
        shaped = in_true_shape(image, sample_aspect)
        return shaped.copy() if shaped is image else shaped
    size = (_THUMBNAIL_WIDTH, max(1, round(height * _THUMBNAIL_WIDTH / width)))
    small: Image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return small
