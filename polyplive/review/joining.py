"""Joins tracklets to tracks: which run of sightings is the return of a finding that was lost before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyplive.review.assignment import assign
from polyplive.review.tracklets import Tracklet, follow
from polyplive.review.tracks import Track

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polyplive.review.motion import Place
    from polyplive.review.tracks import Sighting

MIN_EVIDENCE = 3.0
"""What is seen with less evidence, in whole frames, is no finding: as in a live session, where nothing of it is shown.
"""

FOLLOW_S = 0.5
"""Seconds. A finding that was unseen for longer is not followed any more, but may return."""

FOLLOW_UNSURE_S = 0.25
"""The same for what has too little evidence yet."""

RETURN_S, RETURN_APART, RETURN_GROWTH = 12.0, 0.2, 2.0
"""What a return may differ in at most: seconds unseen, shares of the picture's sides, doublings of the finding's sides.

Each difference counts as a part of its most, and the parts together have to stay below 1.
"""


class Joiner:
    """Takes the sightings of frame after frame, in order; one thread. The same sightings give the same tracks.

    A run of sightings with enough evidence is the return of a lost finding, where it is near enough to it in time,
    place and size, or else a new one. That is decided once: a track keeps its number and only gains sightings.
    """

    def __init__(self, frame_s: float) -> None:
        self._frame_s = frame_s
        self._unsure: list[Tracklet] = []
        self._followed: dict[Tracklet, _Chain] = {}
        self._chains: list[_Chain] = []
        self._tracks: tuple[Track, ...] | None = ()

    def add(self, found: Sequence[tuple[Sighting, Place]]) -> None:
        """Take the sightings of the next frame that has any, each with its place."""
        time_s = found[0][0].time_s
        self._unsure = [one for one in self._unsure if time_s - one.last_s <= FOLLOW_UNSURE_S]
        self._followed = {one: chain for one, chain in self._followed.items() if time_s - one.last_s <= FOLLOW_S}
        known = [*self._followed, *self._unsure]
        matched = follow(known, [place for _, place in found], time_s)
        for position, (sighting, place) in enumerate(found):
            if position not in matched:
                self._unsure.append(Tracklet(sighting, place))
                continue
            tracklet = known[matched[position]]
            tracklet.see(sighting, place)
            if tracklet in self._followed:
                self._followed[tracklet].changed()
                self._tracks = None
        self._decide()

    def tracks(self) -> tuple[Track, ...]:
        """The tracks so far, by number; what has not changed since the last call is not made anew."""
        if self._tracks is None:
            self._tracks = tuple(chain.track(self._frame_s) for chain in self._chains)
        return self._tracks

    def _decide(self) -> None:
        """Give each run with enough evidence its track. What has half of it has a claim to a return already."""
        if not any(one.has_evidence(MIN_EVIDENCE) for one in self._unsure):
            return
        claims = [one for one in self._unsure if one.has_evidence(MIN_EVIDENCE / 2)]
        costs = [[_return_cost(chain.newest, one) for chain in self._chains] for one in claims]
        returns = assign(costs, 1.0)
        for row, one in enumerate(claims):
            if not one.has_evidence(MIN_EVIDENCE):
                continue
            if row in returns:
                chain = self._chains[returns[row]]
                self._followed.pop(chain.newest, None)
                chain.join(one)
            else:
                chain = _Chain(len(self._chains) + 1, one)
                self._chains.append(chain)
            self._unsure.remove(one)
            self._followed[one] = chain
            self._tracks = None


class _Chain:
    """The tracklets of one finding, and the track that they make."""

    def __init__(self, number: int, first: Tracklet) -> None:
        self._number = number
        self._tracklets = [first]
        self._track: Track | None = None

    @property
    def newest(self) -> Tracklet:
        return self._tracklets[-1]

    def join(self, tracklet: Tracklet) -> None:
        self._tracklets.append(tracklet)
        self._track = None

    def changed(self) -> None:
        """One of its tracklets has a sighting more."""
        self._track = None

    def track(self, frame_s: float) -> Track:
        if self._track is None:
            sightings = tuple(one for tracklet in self._tracklets for one in tracklet.sightings)
            self._track = Track(self._number, sightings, frame_s)
        return self._track


def _return_cost(lost: Tracklet, found: Tracklet) -> float:
    """How much speaks against ``found`` being the return of ``lost``; from 1 on it is another finding."""
    unseen_s = found.first_s - lost.last_s
    if not 0 < unseen_s < RETURN_S:
        return 1.0
    differences = [_difference(old, new) for old in lost.last_places() for new in found.first_places()]
    return unseen_s / RETURN_S + min(differences)


def _difference(old: Place, new: Place) -> float:
    apart = old.apart(new) * (1 - old.inside(new))  # what lies within the other is in its place
    return apart / RETURN_APART + old.growth(new) / RETURN_GROWTH
