"""Tracks: each finding of a recording through time, from its first to its last sighting."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from polyplive.pipeline.tracking import Box

Span: TypeAlias = tuple[float, float]
"""From a second of the video to a second of it."""

GAP_S = 1.0
"""Seconds. A track that is unseen for longer shows as two bars."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """A track in one frame.

    ``index`` is the frame's, ``time_s`` its time in seconds. ``box`` and ``area_px`` are in the frame's own pixels,
    ``share`` is the area as a share of the picture, ``score`` is in [0, 1]. ``events_track`` is the number that the
    events give the detection: index and number together name it there.
    """

    index: int
    time_s: float
    box: Box
    area_px: int
    share: float
    score: float
    events_track: int

    @property
    def worth(self) -> float:
        """How well it shows the finding: the score times the root of its share of the picture, in [0, 1]."""
        return self.score * math.sqrt(self.share)


@dataclass(frozen=True)
class Track:
    """One finding over the whole recording. ``number`` counts from 1 by first appearance; ``sightings`` are in order.

    ``label`` is its class, empty where the model has none. ``frame_s`` is how long a frame lasts, in seconds.
    """

    number: int
    sightings: tuple[Sighting, ...]
    frame_s: float
    label: str = ""

    @property
    def first_s(self) -> float:
        """The time of its first sighting, in seconds."""
        return self.sightings[0].time_s

    @property
    def last_s(self) -> float:
        """The end of its last sighting, in seconds."""
        return self.sightings[-1].time_s + self.frame_s

    @cached_property
    def best(self) -> Sighting:
        """The sighting that shows it best (``Sighting.worth``); the first of equals."""
        return max(self.sightings, key=lambda one: one.worth)

    @cached_property
    def largest(self) -> Sighting:
        """The sighting of the largest share of the picture."""
        return max(self.sightings, key=lambda one: one.share)

    @cached_property
    def mean_score(self) -> float:
        """The mean of its scores, in [0, 1]."""
        return sum(one.score for one in self.sightings) / len(self.sightings)

    @cached_property
    def peak_score(self) -> float:
        """Its highest score, in [0, 1]."""
        return max(one.score for one in self.sightings)

    @cached_property
    def spans(self) -> tuple[Span, ...]:
        """The stretches of time in which it is seen, in order, with gaps of more than ``GAP_S`` between them."""
        spans: list[Span] = []
        for one in self.sightings:
            end_s = one.time_s + self.frame_s
            if spans and one.time_s - spans[-1][1] <= GAP_S:
                spans[-1] = spans[-1][0], max(end_s, spans[-1][1])
            else:
                spans.append((one.time_s, end_s))
        return tuple(spans)

    @cached_property
    def in_view_s(self) -> float:
        """For how many seconds it is seen."""
        return sum(end - start for start, end in self.spans)
