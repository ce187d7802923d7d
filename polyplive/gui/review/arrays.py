"""What painting needs of a timeline, computed once; any thread, so that the window need not wait for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from polyplive.gui.review.bars import Bars
from polyplive.review.timeline import Quality, Timeline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from polyplive.review.tracks import Span, Track


@dataclass(frozen=True, slots=True, eq=False)
class TimelineArrays:
    """A ``timeline`` as arrays. All times are seconds of the video.

    ``analysed`` are its stretches (float64 [n, 2]), ``quality`` those with each flaw, by their start. By track:
    ``numbers`` (int64), ``best_s`` when it is seen best, ``peak`` its highest score, ``extent`` from when to when it
    goes ([n, 2]).
    """

    timeline: Timeline
    bars: Bars
    analysed: NDArray[np.float64]
    quality: dict[Quality, NDArray[np.float64]]
    numbers: NDArray[np.int64]
    best_s: NDArray[np.float64]
    peak: NDArray[np.float64]
    extent: NDArray[np.float64]

    @classmethod
    def of(cls, timeline: Timeline) -> TimelineArrays:
        """Of a hundred thousand sightings it takes a tenth of a second."""
        tracks = timeline.tracks
        quality = {
            kind: _spans([(one.start_s, one.end_s) for one in timeline.quality if one.quality is kind])
            for kind in Quality
        }
        return cls(
            timeline,
            Bars.of(tracks),
            _spans(timeline.analysed),
            {kind: spans[spans[:, 0].argsort()] for kind, spans in quality.items()},
            np.array([track.number for track in tracks], np.int64),
            np.array([track.best.time_s for track in tracks], np.float64),
            np.array([track.peak_score for track in tracks], np.float64),
            _spans([(track.first_s, track.last_s) for track in tracks]),
        )

    def tracks_at(self, time_s: float, reach_s: float = 0.0) -> list[Track]:
        """The tracks that are in view at a time, or were before it and will be after it, up to ``reach_s`` away."""
        around = (self.extent[:, 0] - reach_s <= time_s) & (time_s <= self.extent[:, 1] + reach_s)
        return [self.timeline.tracks[place] for place in np.flatnonzero(around).tolist()]


def _spans(spans: Sequence[Span]) -> NDArray[np.float64]:
    return np.array(spans, np.float64).reshape(-1, 2)
