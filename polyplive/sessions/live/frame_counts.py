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
        total = self.dropped + self._lost_before + self._lost_now
        return {cause: count for cause, count in total.items() if count}

    def tally(self) -> Tally:
        """The tally for events and reports."""
        lost = sum((self._lost_before + self._lost_now).values())
        return Tally(self.received + lost, self.processed, self.all_dropped)
