"""Makes tracks of a recording's findings: which finding of a frame is which finding of the frames before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyplive.review.tracks import Sighting, Track

if TYPE_CHECKING:
    from polyplive.review.findings import FrameFindings


class Linker:
    """Takes frame after frame, in order; one thread. The same frames give the same tracks.

    ``frame_s`` is how long a frame lasts, in seconds.
    """

    def __init__(self, frame_s: float) -> None:
        self._frame_s = frame_s
        self._sightings: dict[int, list[Sighting]] = {}

    def add(self, frame: FrameFindings) -> None:
        """Take the next frame's findings."""
        for one in frame.detections:
            share = one.area_px / (frame.width * frame.height)
            sighting = Sighting(frame.index, frame.time_s, one.bbox, one.area_px, share, one.score, one.track)
            self._sightings.setdefault(one.track, []).append(sighting)

    def tracks(self) -> tuple[Track, ...]:
        """The tracks so far, numbered from 1 by first appearance. It may be called at any time, and again."""
        groups = sorted(self._sightings.values(), key=lambda group: group[0].index)
        return tuple(Track(number, tuple(group), self._frame_s) for number, group in enumerate(groups, 1))
