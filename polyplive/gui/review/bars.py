"""The bars of a timeline: which lane each track has, and which bar lies at a place; without Qt."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from polyplive.gui.review.axis import TimeAxis
    from polyplive.review.tracks import Track

MOST_LANES = 8
"""Tracks that are in view together, beyond so many, share lanes."""
_APART_S = 0.5
"""Two tracks on one lane are at least so far apart."""
NARROWEST = 3.0
"""Logical pixels. A bar is drawn at least so wide: a finding of one frame in an hour is seen."""


@dataclass(frozen=True, slots=True, eq=False)
class Bars:
    """All bars, in order of their tracks: ``start_s``, ``end_s`` (float64 [n]), ``lane`` and ``number`` (int64 [n])."""

    start_s: NDArray[np.float64]
    end_s: NDArray[np.float64]
    lane: NDArray[np.int64]
    number: NDArray[np.int64]
    lanes: int

    @classmethod
    def of(cls, tracks: Sequence[Track]) -> Bars:
        """A bar for each stretch in which a track is seen."""
        given, lanes = _lanes(tracks)
        found = [
            (start_s, end_s, lane, track.number)
            for track, lane in zip(tracks, given, strict=True)
            for start_s, end_s in track.spans
        ]
        starts, ends, places, numbers = zip(*found, strict=True) if found else ((), (), (), ())
        floats, whole = np.float64, np.int64
        return cls(
            np.array(starts, floats), np.array(ends, floats), np.array(places, whole), np.array(numbers, whole), lanes
        )

    def seen(self, axis: TimeAxis) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """The bars on ``axis``: their places in the arrays above, first pixels and widths (int64 [n] each).

        Of bars of one track that fall on the same pixels, one is given: more could not be seen.
        """
        places = np.flatnonzero((self.end_s >= axis.start_s) & (self.start_s <= axis.end_s))
        first = np.floor(axis.xs_of(self.start_s[places]))
        last = np.maximum(np.ceil(axis.xs_of(self.end_s[places])), first + NARROWEST)
        first, last = np.clip(first, -8, axis.width + 8), np.clip(last, -8, axis.width + 8)
        x, width = first.astype(np.int64), np.maximum(last - first, NARROWEST).astype(np.int64)
        same = np.zeros(len(places), bool)
        if len(places) > 1:
            number = self.number[places]
            same[1:] = (number[1:] == number[:-1]) & (x[1:] == x[:-1]) & (width[1:] == width[:-1])
        kept = ~same
        return places[kept], x[kept], width[kept]

    def number_at(self, axis: TimeAxis, x: float, lane: int, reach: float = 2.0) -> int | None:
        """The track of the bar at pixel ``x`` of ``lane``, or the nearest that is no farther than ``reach`` pixels."""
        places, first, width = self.seen(axis)
        there = self.lane[places] == lane
        away = np.maximum(np.maximum(first - x, x - (first + width)), 0)
        away = np.where(there, away, np.inf)
        if not len(away) or away.min() > reach:
            return None
        return int(self.number[places[away.argmin()]])


def _lanes(tracks: Sequence[Track]) -> tuple[list[int], int]:
    """The lane of each track, which keeps it from its first to its last sighting: the first lane that is free."""
    free: list[int] = []
    taken: list[tuple[float, int]] = []  # until when, and which
    lanes, given = 0, []
    for track in tracks:
        while taken and taken[0][0] + _APART_S <= track.first_s:
            heapq.heappush(free, heapq.heappop(taken)[1])
        if free:
            lane = heapq.heappop(free)
        elif lanes < MOST_LANES:
            lane, lanes = lanes, lanes + 1
        else:
            lane = heapq.heappop(taken)[1]  # which is free the soonest
        heapq.heappush(taken, (track.last_s, lane))
        given.append(lane)
    return given, max(lanes, 1)
