"""The time of a live source's frames: its own clock, held to the clock on which they are captured."""

from __future__ import annotations

from collections import deque
from statistics import median
from typing import NamedTuple

_TOLERANCE_S = 0.5
_INTERVALS = 2.5
"""A step is a jump where it is wrong by more than the tolerance, and by more than so many usual intervals."""
_REMEMBERED = 9
_PATIENCE_S = 5.0
"""A network that stood still delivers what it held back within this time, or at least some of it."""
_SOME_S = 0.1
_LEAK = 1e-3
"""Seconds of delay that are forgotten in each second: ten times what two quartz clocks drift apart."""
_SLOWEST = 0.5
_SHORTEST_STEP_S = 1e-3


class SourceTime(NamedTuple):
    """``pts_s``: seconds from the first frame, never less than the frame before.

    ``jump_s`` is how far the source's clock has moved by itself before this frame: ahead above 0, back below 0; 0 where
    it goes on as it should.
    """

    pts_s: float
    jump_s: float = 0.0


class SourceClock:
    """Follows a source's stamps as long as they go on with the capture clock; one thread.

    Stamps give the exact distance of two frames, which the network blurs. But the sender may be started again, or have
    its clock set. Then the frame's time goes on by what has passed on the capture clock, and later stamps count from
    there. A counter that has come to its end and begins again after ``period_s`` seconds (None: it has no end) goes on.

    A network that stands still and then delivers all it held back is no jump: frames come late, but never early. Nor is
    a pause in which both clocks go on. A clock that stood still with its pictures is one, recognised 5 s later. Clocks
    that drift apart are followed. A stamp that runs back by less than the tolerance, or is the same again, gets a time
    between its neighbours'.
    """

    def __init__(self, period_s: float | None = None) -> None:
        self._period_s = period_s
        self._intervals: deque[float] = deque(maxlen=_REMEMBERED)
        self._time_s: float | None = None
        self._began_s = 0.0  # when time 0 was, on the capture clock, by the last stamp that was followed
        self._stamped: tuple[float, float] | None = None
        self._offset_s = 0.0
        self._late_s = 0.0
        self._stalled: tuple[float, float] | None = None

    def see(self, stamp_s: float | None, arrived_s: float) -> SourceTime:
        """The time of the next frame.

        ``stamp_s`` is the source's clock (None: the frame has no stamp), ``arrived_s`` the capture clock
        (``time.monotonic()`` after the read). Of both, only differences count.
        """
        if self._time_s is None:
            self._began_s, on_time_s = arrived_s, 0.0
        else:
            on_time_s = max(arrived_s - self._began_s, self._time_s + _SHORTEST_STEP_S)
        found = SourceTime(on_time_s)
        if stamp_s is not None:
            stamp_s = self._unwrapped(stamp_s, arrived_s)
            found = self._follow(stamp_s, arrived_s, on_time_s)
            self._stamped = stamp_s, arrived_s
        self._time_s = found.pts_s
        return found

    def _follow(self, stamp_s: float, arrived_s: float, on_time_s: float) -> SourceTime:
        """The time of a frame with a stamp; ``on_time_s`` is the one that it has by the capture clock."""
        if self._stamped is None or self._time_s is None:
            return self._anchored(stamp_s, arrived_s, SourceTime(on_time_s))
        step_s, waited_s = stamp_s - self._stamped[0], arrived_s - self._stamped[1]
        gained_s = step_s - waited_s  # above 0: the source's clock was faster than this one
        own_s = stamp_s + self._offset_s
        tolerance_s = max(_TOLERANCE_S, _INTERVALS * median(self._intervals or (0.0,)))
        ran_back = step_s <= 0 and gained_s < -tolerance_s
        too_early = step_s > 0 and gained_s - self._late_s > tolerance_s  # it would have come before it was made
        if ran_back or too_early or own_s < self._time_s - tolerance_s:
            return self._anchored(stamp_s, arrived_s, SourceTime(on_time_s, own_s - on_time_s))
        if step_s > 0:
            self._intervals.append(step_s)
        self._late_s = max(0.0, self._late_s - gained_s - _LEAK * waited_s)
        if lost_s := self._lost(gained_s, arrived_s, tolerance_s):
            later_s = max(own_s + lost_s, self._time_s + _SHORTEST_STEP_S)
            return self._anchored(stamp_s, arrived_s, SourceTime(later_s, -lost_s))
        if own_s <= self._time_s:
            return SourceTime(self._time_s + max(_SLOWEST * waited_s, _SHORTEST_STEP_S))
        self._began_s = arrived_s - own_s
        return SourceTime(own_s)

    def _unwrapped(self, stamp_s: float, arrived_s: float) -> float:
        if self._period_s is None or self._stamped is None:
            return stamp_s
        expected_s = self._stamped[0] + arrived_s - self._stamped[1]
        return stamp_s + self._period_s * round((expected_s - stamp_s) / self._period_s)

    def _anchored(self, stamp_s: float, arrived_s: float, found: SourceTime) -> SourceTime:
        """Count later stamps from this one, whose time is ``found``; returns ``found``."""
        self._offset_s = found.pts_s - stamp_s
        self._began_s = arrived_s - found.pts_s
        self._late_s, self._stalled = 0.0, None
        return found

    def _lost(self, gained_s: float, arrived_s: float, tolerance_s: float) -> float:
        """What the source's clock has lost for good, as it stood still: seconds, 0 where it did not."""
        if gained_s < -tolerance_s:
            self._stalled = self._late_s, arrived_s
        if self._stalled is None:
            return 0.0
        lowest_s, since_s = self._stalled
        if self._late_s < tolerance_s:
            self._stalled = None
        elif self._late_s < lowest_s - _SOME_S:
            self._stalled = self._late_s, arrived_s
        elif arrived_s - since_s > _PATIENCE_S:
            return self._late_s
        return 0.0
