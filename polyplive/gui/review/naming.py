"""Which finding of the review is which finding on the picture, so that both have one number; without Qt."""

from __future__ import annotations

import bisect
from typing import TYPE_CHECKING

from polyplive.pipeline.tracking import match
from polyplive.review.decisions import Verdict

if TYPE_CHECKING:
    from polyplive.gui.review.arrays import TimelineArrays
    from polyplive.gui.review.shown import Shown
    from polyplive.review.tracks import Sighting, Track
    from polyplive.types import Prediction

LEAST_OVERLAP = 0.3
"""Intersection over union of boxes. The player may have another threshold than the analysis."""
NEAR_FRAMES = 3
"""So far away may the analysed frame be that a frame is compared with, where it was not analysed itself."""
_AROUND_S = 1.0


def names_of(prediction: Prediction, at_s: float, shown: Shown) -> tuple[tuple[int, str], ...]:
    """What labels call the findings of ``prediction``, made at ``at_s`` seconds of the video (``Hud.names``).

    A finding that the review knows has its number there, and its verdict; one that it does not know yet has none.
    """
    numbers, names = numbers_of(prediction, at_s, shown), []
    for detection in prediction.detections:
        name, number = "Polyp", numbers.get(detection.track)
        if number is not None:
            verdict = shown.verdict(number)
            name = f"Polyp {number}" + (f" {verdict.value}" if verdict is not Verdict.UNSEEN else "")
        names.append((detection.track, name))
    return tuple(names)


def numbers_of(prediction: Prediction, at_s: float, shown: Shown) -> dict[int, int]:
    """The review's numbers of the findings of ``prediction``, by their own; without those that it does not know."""
    if not prediction.detections:
        return {}
    near = [(track, _sighting(track, prediction.index)) for track in shown.arrays.tracks_at(at_s, _AROUND_S)]
    known = [(track, sighting) for track, sighting in near if sighting is not None]
    matched = match([one.box for _, one in known], [one.bbox for one in prediction.detections], LEAST_OVERLAP)
    return {prediction.detections[place].track: known[other][0].number for place, other in matched.items()}


def same_track(track: Track, arrays: TimelineArrays) -> int | None:
    """The number that ``track`` has in another timeline, by what was seen of it best; None where it is not there."""
    best = track.best
    near = [(one, _sighting(one, best.index)) for one in arrays.tracks_at(best.time_s, _AROUND_S)]
    known = [(one, sighting) for one, sighting in near if sighting is not None]
    matched = match([sighting.box for _, sighting in known], [best.box], LEAST_OVERLAP)
    return known[matched[0]][0].number if matched else None


def _sighting(track: Track, index: int) -> Sighting | None:
    """The sighting in a frame, or the nearest that is near enough."""
    after = bisect.bisect_left(track.sightings, index, key=lambda one: one.index)
    around = track.sightings[max(after - 1, 0) : after + 1]
    nearest = min(around, key=lambda one: abs(one.index - index))
    return nearest if abs(nearest.index - index) <= NEAR_FRAMES else None
