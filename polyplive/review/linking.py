"""Makes tracks of a recording's findings: which finding of a frame is which finding of the frames before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyplive.review.joining import Joiner
from polyplive.review.motion import Place
from polyplive.review.tracks import Sighting

if TYPE_CHECKING:
    from polyplive.review.findings import FrameFindings
    from polyplive.review.tracks import Track


class Linker:
    """Takes frame after frame; one thread. The same frames give the same tracks.

    Sightings are followed from frame to frame (``tracklets.py``) and joined over gaps (``joining.py``). What has too
    little evidence to be a finding is in no track. Further frames only add sightings and tracks: no number that was
    given changes. Frames from before the last one, as a session that went back gives them, are put in their place; then
    tracks are made anew, and numbers may change. A frame that comes twice counts once.

    ``frame_s`` is how long a frame lasts, in seconds.
    """

    def __init__(self, frame_s: float) -> None:
        self._frame_s = frame_s
        self._joiner = Joiner(frame_s)
        self._frames: dict[int, list[tuple[Sighting, Place]]] = {}
        self._last = -1
        self._in_order = True

    def add(self, frame: FrameFindings) -> None:
        """Take a frame's findings."""
        if not frame.detections or frame.index in self._frames:
            return
        found = []
        for one in frame.detections:
            share = one.area_px / (frame.width * frame.height)
            sighting = Sighting(frame.index, frame.time_s, one.bbox, one.area_px, share, one.score, one.track)
            found.append((sighting, Place.of(one.bbox, frame.width, frame.height)))
        self._frames[frame.index] = found
        self._in_order &= frame.index > self._last
        self._last = max(frame.index, self._last)
        if self._in_order:
            self._joiner.add(found)

    def tracks(self) -> tuple[Track, ...]:
        """The tracks so far, numbered from 1 as each had its evidence: by first appearance, but for moments.

        It may be called at any time, and again; where nothing changed it gives the same tuple.
        """
        if not self._in_order:
            self._joiner = Joiner(self._frame_s)
            for index in sorted(self._frames):
                self._joiner.add(self._frames[index])
            self._in_order = True
        return self._joiner.tracks()
