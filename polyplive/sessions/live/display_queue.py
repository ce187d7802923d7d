"""Frames on their way to the screen: only the newest waits, and each frame is counted once."""

from __future__ import annotations

from array import array
from collections import OrderedDict
from typing import TYPE_CHECKING

from polyplive.sessions.live.frame_counts import HIDDEN, REPLACED
from polyplive.sessions.rate import Rate
from polyplive.sessions.slot import LatestSlot
from polyplive.stats import Delays

if TYPE_CHECKING:
    from polyplive.sessions.live.frame_counts import FrameCounts
    from polyplive.types import Frame, Prediction


_REMEMBERED = 4096
"""The number of frames whose delay is remembered for their result: about a minute, longer than any result takes."""


class DisplayQueue:
    """Holds the newest frame until the window takes it. Used under the session's lock.

    ``visible`` is whether anyone can see the window.
    """

    def __init__(self, counts: FrameCounts) -> None:
        self.visible = True
        self.rate = Rate()
        self.delays = Delays()
        """The time from reading to painting, in milliseconds, of each painted frame."""
        self.painted_s = array("d")
        """When each frame was painted; ``time.monotonic()``."""
        self._delays_ms: OrderedDict[int, float] = OrderedDict()
        self._newest: Frame | None = None
        self._counts = counts
        self._slot: LatestSlot[Frame] = LatestSlot()
        self._taken: Frame | None = None
        self._is_counted = True

    def offer(self, frame: Frame) -> None:
        """Take a new frame; it replaces one that the window has not taken yet."""
        self._newest = frame
        self._miss(self._slot.put(frame))

    def newest(self) -> Frame | None:
        """The frame to show: the new one if there is one, else the last one again."""
        frame = self._slot.take_now()
        if frame is not None:
            self._miss(None if self._is_counted else self._taken)
            self._taken, self._is_counted = frame, False
        return self._taken

    @property
    def taken(self) -> Frame | None:
        """The frame that the window took last; None before the first."""
        return self._taken

    def drawn(self, frame: Frame, now_s: float, prediction: Prediction | None = None) -> None:
        """Note that the frame was painted at ``now_s``, with ``prediction`` drawn on it; only the first time counts."""
        if self._is_counted or frame is not self._taken:
            return
        self._is_counted = True
        self._counts.painted(prediction)
        self.rate.tick()
        self.painted_s.append(now_s)
        delay_ms = (now_s - frame.captured_s) * 1e3
        self.delays.add(delay_ms)
        self._delays_ms[frame.index] = delay_ms
        if len(self._delays_ms) > _REMEMBERED:
            self._delays_ms.popitem(last=False)

    def delay_ms(self, frame: Frame) -> float | None:
        """Milliseconds from the frame's read until it was painted; None where it never was."""
        return self._delays_ms.get(frame.index)

    def may_still_show(self, frame: Frame) -> bool:
        """Whether the frame still waits to be taken or painted."""
        return (frame is self._taken and not self._is_counted) or (frame is self._newest and not self._slot.is_empty)

    def close(self) -> None:
        """Count a frame that is still waiting as not shown."""
        self._miss(self._slot.close())
        self._miss(None if self._is_counted else self._taken)
        self._is_counted = True

    def _miss(self, frame: Frame | None) -> None:
        if frame is not None:
            self._counts.unshown[REPLACED if self.visible else HIDDEN] += 1
