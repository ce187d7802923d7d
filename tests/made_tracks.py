"""Tracks for tests of reviews: a box that stays in one place for some frames at 25 frames a second."""

from __future__ import annotations

from polyplive.review.timeline import Timeline
from polyplive.review.tracks import Sighting, Track

FPS = 25.0


def made_track(number: int, first: int, last: int, box: tuple[int, int, int, int] = (10, 10, 40, 40)) -> Track:
    """A track with this number in the frames from ``first`` to ``last``."""
    sightings = tuple(
        Sighting(index, index / FPS, box, box[2] * box[3], 0.05, 0.8, number) for index in range(first, last + 1)
    )
    return Track(number, sightings, 1 / FPS)


def made_timeline(*tracks: Track, analysed_s: float = 100.0) -> Timeline:
    """A recording of 100 s that was analysed from its beginning for so many seconds."""
    return Timeline(100.0, ((0.0, analysed_s),), tracks)
