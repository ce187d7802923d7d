"""Tracklets: sightings that follow each other from frame to frame, by where the finding should be next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyplive.pipeline.confirmation import weight
from polyplive.review.assignment import assign
from polyplive.review.motion import Motion, Place

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from polyplive.review.tracks import Sighting

REACH, REACH_A_SECOND = 0.9, 1.0
"""How far from where it should be a finding may be (``Place.distance``), and how much more a second it was unseen."""

FRESH_S = 0.2
"""Seconds. A tracklet that was seen within them has the first choice; one unseen for longer has what is left."""

EVIDENCE_FROM = 0.5
"""The score above which a sighting is evidence; what is kept below it, or found at a lower threshold, adds none."""

ENDS_S = 1.0
"""Seconds. How far from its ends a tracklet is looked at for the whole of its finding."""

_ROUNDING = 1e-9
"""Sums of weights may fall this far short of whole frames."""


class Tracklet:
    """A run of sightings of one finding; one thread.

    ``evidence`` counts its frames as live does (``pipeline/confirmation.py``): each by how far its score is above
    ``EVIDENCE_FROM``.
    """

    def __init__(self, sighting: Sighting, place: Place) -> None:
        self.sightings: list[Sighting] = []
        self.evidence = 0.0
        self._places: list[Place] = []
        self._motion = Motion(place, sighting.time_s)
        self.see(sighting, place)

    def see(self, sighting: Sighting, place: Place) -> None:
        """Take its next sighting."""
        self.sightings.append(sighting)
        self._places.append(place)
        self._motion.see(place, sighting.time_s)
        self.evidence += weight(sighting.score, EVIDENCE_FROM)

    def has_evidence(self, frames: float) -> bool:
        """Whether there is evidence of so many whole frames."""
        return self.evidence >= frames - _ROUNDING

    @property
    def first_s(self) -> float:
        """When it was seen first, in seconds."""
        return self.sightings[0].time_s

    @property
    def last_s(self) -> float:
        """When it was seen last, in seconds."""
        return self.sightings[-1].time_s

    def reach(self, place: Place, time_s: float) -> float:
        """How far ``place`` is from where it should be at that time; above 1 it is out of its reach."""
        return self._motion.at(time_s).distance(place) / (REACH + REACH_A_SECOND * (time_s - self.last_s))

    def first_places(self) -> set[Place]:
        """Of its first second: where it began, where it was largest, and where it was last."""
        places = list(_within(self.sightings, self._places, self.first_s))
        return {places[0], max(places, key=_area), places[-1]}

    def last_places(self) -> set[Place]:
        """Of its last second: where it ended, and where it was largest: what goes from view is cut off bit by bit."""
        places = list(_within(reversed(self.sightings), reversed(self._places), self.last_s))
        return {places[0], max(places, key=_area)}


def follow(known: Sequence[Tracklet], found: Sequence[Place], time_s: float) -> dict[int, int]:
    """Index in ``found`` -> index in ``known`` of the same finding at ``time_s`` seconds, each at most once.

    Those seen just before come first (Wojke et al., "Deep SORT", ICIP 2017, section 2.3); within each round the sum
    of distances is least.
    """
    matched: dict[int, int] = {}
    for fresh in (True, False):
        rows = [row for row, tracklet in enumerate(known) if (time_s - tracklet.last_s <= FRESH_S) is fresh]
        columns = [column for column in range(len(found)) if column not in matched]
        costs = [[known[row].reach(found[column], time_s) for column in columns] for row in rows]
        matched |= {columns[column]: rows[row] for row, column in assign(costs, 1.0).items()}
    return matched


def _within(sightings: Iterable[Sighting], places: Iterable[Place], end_s: float) -> Iterable[Place]:
    """The places within ``ENDS_S`` of an end, from there on."""
    for sighting, place in zip(sightings, places, strict=True):
        if abs(sighting.time_s - end_s) > ENDS_S:
            return
        yield place


def _area(place: Place) -> float:
    return place.area
