"""A frame's way to the screen: the newest waits in a slot, each is counted once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyplive.live.ledger import HIDDEN, REPLACED
from polyplive.rate import Rate
from polyplive.slot import LatestSlot

if TYPE_CHECKING:
    from polyplive.live.ledger import Ledger
    from polyplive.types import Frame


class Screen:
    """Used under the session's lock. ``visible`` is whether anyone can see the window."""

    def __init__(self, ledger: Ledger) -> None:
        self.visible = True
        self.rate = Rate()
        self._ledger = ledger
        self._slot: LatestSlot[Frame] = LatestSlot()
        self._taken: Frame | None = None
        self._is_counted = True

    def offer(self, frame: Frame) -> None:
        """A new frame, in place of one that was not taken in time."""
        self._miss(self._slot.put(frame))

    def newest(self) -> Frame | None:
        """What to show: the new frame if there is one, else the last one again."""
        frame = self._slot.take_now()
        if frame is not None:
            self._miss(None if self._is_counted else self._taken)
            self._taken, self._is_counted = frame, False
        return self._taken

    def drawn(self, frame: Frame) -> bool:
        """The frame went to the screen; True the first time."""
        if self._is_counted or frame is not self._taken:
            return False
        self._is_counted = True
        self._ledger.shown += 1
        self.rate.tick()
        return True

    def close(self) -> None:
        """What was not drawn will not be."""
        self._miss(self._slot.close())
        self._miss(None if self._is_counted else self._taken)
        self._is_counted = True

    def _miss(self, frame: Frame | None) -> None:
        if frame is not None:
            self._ledger.unshown[REPLACED if self.visible else HIDDEN] += 1
