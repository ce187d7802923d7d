"""Counts of frames: processed, shown, or dropped by cause."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from polyplive.types import Tally

if TYPE_CHECKING:
    from collections.abc import Mapping

    from polyplive.types import Prediction

BUSY = "busy"
"""A newer frame came before the engine was free."""
NO_ENGINE = "no engine"
"""The engine was being opened, or started again."""
FAILED = "failed"
"""The engine raised an error, or its answer held NaN or infinity."""
HUNG = "hung"
"""The engine was ended while it processed this frame."""
LEFT_BEHIND = "left behind"
"""It came from a capture thread that had been abandoned."""
UNFINISHED = "unfinished"
"""The session ended first."""

REPLACED = "replaced"
"""A newer frame came before the window was ready to show this one."""
HIDDEN = "hidden"
"""The window was minimised or covered."""


class PartCounts:
    """Counts the frames of a part of a session, from the frame with index ``first`` on.

    At its end received = recorded + dropped, with those frames as unfinished that had neither a result nor a cause.
    """

    def __init__(self, first: int, lost: Counter[str]) -> None:
        self.first = first
        self.received = self.recorded = 0
        self.dropped: Counter[str] = Counter()
        self._lost = lost

    def tally(self, lost: Counter[str]) -> Tally:
        """The tally of the part; ``lost`` is what the source has lost in the whole session, by cause."""
        lost = lost - self._lost
        unfinished = self.received - self.recorded - self.dropped.total()
        dropped = self.dropped + lost + Counter({UNFINISHED: unfinished})
        return Tally(self.received + lost.total(), self.recorded, dict(dropped))


class FrameCounts:
    """Counts where each frame went, on its way to the model and on its way to the screen.

    Used under the session's lock.

    At the end received = processed + dropped, and received = shown + unshown, summed over all causes. Frames that the
    source lost before they were read count as read and as dropped, by the source's causes.
    """

    def __init__(self) -> None:
        self.received = self.processed = self.shown = self.marked = 0
        self.overlaid = self.marks_shown = 0
        """Shown frames that had an overlay when they came to the screen, and those of them with a finding marked."""
        self.dropped: Counter[str] = Counter()
        self.unshown: Counter[str] = Counter()
        self._lost_before: Counter[str] = Counter()
        self._lost_now: Counter[str] = Counter()
        self._part: PartCounts | None = None

    def read(self, index: int) -> None:
        """Count a frame that was read."""
        self.received += 1
        if self._part is not None:
            self._part.received += index >= self._part.first

    def drop(self, index: int, cause: str) -> None:
        """Count a frame that has no result."""
        self.dropped[cause] += 1
        if self._part is not None and index >= self._part.first:
            self._part.dropped[cause] += 1

    def record(self, index: int) -> None:
        """Count a frame whose result is final and goes to the recorders."""
        if self._part is not None:
            self._part.recorded += index >= self._part.first

    def begin_part(self, first: int) -> None:
        """Count the frames from index ``first`` on apart, too."""
        self._part = PartCounts(first, self._lost)

    def part_tally(self) -> Tally:
        """The tally of the part that was begun last."""
        return self._part.tally(self._lost) if self._part is not None else self.tally()

    def left_behind(self, on_screen: bool) -> None:
        """Count a frame from an abandoned capture thread; nothing can use it."""
        self.received += 1
        self.dropped[LEFT_BEHIND] += 1
        if on_screen:
            self.unshown[LEFT_BEHIND] += 1

    def painted(self, prediction: Prediction | None) -> None:
        """Count a frame that came to the screen with what ``prediction`` holds drawn on it; None: without overlay."""
        self.shown += 1
        self.overlaid += prediction is not None
        self.marks_shown += prediction is not None and bool(prediction.detections)

    def source_lost(self, lost: Mapping[str, int]) -> None:
        """Note how many frames the open source has lost so far, by cause."""
        self._lost_now = Counter(lost)

    def source_closed(self) -> None:
        """Note that the next source counts its losses from zero again."""
        self._lost_before += self._lost_now
        self._lost_now = Counter()

    @property
    def all_dropped(self) -> dict[str, int]:
        """Frames that the model did not get, by cause, including the source's losses."""
        total = self.dropped + self._lost
        return {cause: count for cause, count in total.items() if count}

    def tally(self) -> Tally:
        """The tally for events and reports."""
        return Tally(self.received + self._lost.total(), self.processed, self.all_dropped)

    @property
    def _lost(self) -> Counter[str]:
        return self._lost_before + self._lost_now
