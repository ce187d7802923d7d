"""A small picture of each track where it is seen best, for reports: only the field of view, in true shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import cv2

from polyplive.overlay.true_shape import in_true_shape, true_size

if TYPE_CHECKING:
    from collections.abc import Iterable
    from fractions import Fraction

    from polyplive.review.tracks import Track
    from polyplive.types import Image, Roi

WIDTH = 480
"""The most pixels across."""
_QUALITY = 85

Jpeg: TypeAlias = bytes


def small_picture(image: Image, roi: Roi, sample_aspect: Fraction) -> Image:
    """A copy of ``roi`` of ``image`` (uint8 [H, W, 3] BGR) with square pixels, at most ``WIDTH`` wide.

    What is burned in around the field of view, which may name a patient, is not in it.
    """
    inside = image[roi.slices]
    width, height = true_size(inside.shape[1], inside.shape[0], sample_aspect)
    if width <= WIDTH:
        return in_true_shape(inside, sample_aspect).copy()
    size = (WIDTH, max(1, round(height * WIDTH / width)))
    small: Image = cv2.resize(inside, size, interpolation=cv2.INTER_AREA)
    return small


def as_jpeg(image: Image) -> Jpeg | None:
    """``image`` (uint8 [H, W, 3] BGR) encoded; None where that is not possible."""
    encoded, jpeg = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return jpeg.tobytes() if encoded else None


class BestPictures:
    """Keeps, of frames that go by, the picture in which each of the events' tracks is seen best; one thread."""

    def __init__(self) -> None:
        self._best: dict[int, tuple[float, float, Image]] = {}

    def wants(self, events_track: int, worth: float) -> bool:
        """Whether a picture of this ``worth`` (as ``Sighting.worth``) is better than the one that is kept."""
        kept = self._best.get(events_track)
        return kept is None or worth > kept[0]

    def keep(self, events_track: int, worth: float, time_s: float, picture: Image) -> None:
        """Keep a picture of a frame at ``time_s`` seconds, as ``small_picture`` made it."""
        self._best[events_track] = worth, time_s, picture

    def of(self, tracks: Iterable[Track]) -> dict[int, Jpeg]:
        """Each track's best picture, by its number."""
        found = {}
        for track in tracks:
            numbers = {one.events_track for one in track.sightings}
            kept = [self._best[number] for number in sorted(numbers) if number in self._best]
            jpeg = as_jpeg(max(kept, key=lambda one: one[0])[2]) if kept else None
            if jpeg is not None:
                found[track.number] = jpeg
        return found
