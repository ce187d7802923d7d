"""A recording at a glance: what was analysed, the tracks, the picture's quality, and what a person marked."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from polyplive.review.tracks import Span, Track
    from polyplive.sinks.base import Mark

SMALLEST_GAP_S = 0.5
"""Seconds. The end of a recording is known no better."""


class Quality(Enum):
    """What may be wrong with a stretch of picture; ``value`` is its word. It never mutes a finding."""

    BLURRED = "blurred"
    DARK = "too dark"
    BRIGHT = "too bright"
    OUTSIDE = "outside the body"
    COVERED = "stool or fluid"


@dataclass(frozen=True, slots=True)
class QualitySpan:
    """A stretch of video, in seconds, with a flaw of the picture."""

    quality: Quality
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Timeline:
    """A recording of ``duration_s`` seconds. Times are seconds of the video.

    ``analysed`` are the stretches whose frames were analysed, in order, without overlap. ``marks`` were made in the
    session that recorded it.
    """

    duration_s: float
    analysed: tuple[Span, ...] = ()
    tracks: tuple[Track, ...] = ()
    quality: tuple[QualitySpan, ...] = ()
    marks: tuple[Mark, ...] = ()

    @property
    def coverage(self) -> float:
        """The share of the recording that was analysed, in [0, 1]."""
        if self.duration_s <= 0:
            return 0.0
        return min(sum(end - start for start, end in self.analysed) / self.duration_s, 1.0)

    @property
    def gaps(self) -> tuple[Span, ...]:
        """The stretches that were not analysed, in order; what is shorter than ``SMALLEST_GAP_S`` is none."""
        edges = [0.0, *(edge for span in self.analysed for edge in span), self.duration_s]
        pairs = zip(edges[::2], edges[1::2], strict=True)
        return tuple((start, end) for start, end in pairs if end - start >= SMALLEST_GAP_S)

    @property
    def in_view_s(self) -> float:
        """For how many seconds at least one finding is seen."""
        seen, until_s = 0.0, 0.0
        for start, end in sorted(span for track in self.tracks for span in track.spans):
            seen += max(end - max(start, until_s), 0.0)
            until_s = max(until_s, end)
        return seen
