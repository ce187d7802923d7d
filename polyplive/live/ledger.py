"""Where every frame went."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from polyplive.types import Tally

if TYPE_CHECKING:
    from collections.abc import Mapping

BUSY = "busy"
"""A newer frame came before the engine was free."""
NO_ENGINE = "no engine"
"""The engine was being opened, or started again."""
FAILED = "failed"
"""The engine gave an error or numbers that are none."""
HUNG = "hung"
"""The engine was given up while it worked on this frame."""
LEFT_BEHIND = "left behind"
"""It came from an opening of the source that had been given up."""
UNFINISHED = "unfinished"
"""The session ended first."""

REPLACED = "replaced"
"""A newer frame came before the window was ready to show this one."""
HIDDEN = "hidden"
"""The window was minimised or covered."""


class Ledger:
    """Counts the two ways of each frame, to the model and to the screen; used under the session's lock.

    At the end: received = processed + dropped, and received = shown + unshown, each sum over all causes. Frames that
    the source lost before they were read are dropped as well, by the source's causes, and count as read.
    """

    def __init__(self) -> None:
        self.received = self.processed = self.shown = self.marked = 0
        self.dropped: Counter[str] = Counter()
        self.unshown: Counter[str] = Counter()
        self._lost_before: Counter[str] = Counter()
        self._lost_now: Counter[str] = Counter()

    def left_behind(self, on_screen: bool) -> None:
        """A frame that came too late to be of use to anyone."""
        self.received += 1
        self.dropped[LEFT_BEHIND] += 1
        if on_screen:
            self.unshown[LEFT_BEHIND] += 1

    def source_lost(self, lost: Mapping[str, int]) -> None:
        """What the source that is open has lost so far."""
        self._lost_now = Counter(lost)

    def source_closed(self) -> None:
        """The next source counts from zero again."""
        self._lost_before += self._lost_now
        self._lost_now = Counter()

    @property
    def all_dropped(self) -> dict[str, int]:
        """On the way to the model, by cause, the source's losses included."""
        total = self.dropped + self._lost_before + self._lost_now
        return {cause: count for cause, count in total.items() if count}

    def tally(self) -> Tally:
        """As events and reports give it."""
        lost = sum((self._lost_before + self._lost_now).values())
        return Tally(self.received + lost, self.processed, self.all_dropped)
