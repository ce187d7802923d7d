"""The times of frames that were given, so that they are the same when these frames are given again."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right

from polyplive.sources.reading.timeline import ROUNDING_S, FrameTime


class GivenTimes:
    """Times by number; numbers and times rise. A frame takes 25 bytes. One thread."""

    def __init__(self) -> None:
        self._numbers = array("q")
        self._times_s = array("d")
        self._stamps_s = array("d")
        self._repaired = bytearray()

    @property
    def end_s(self) -> float:
        """The time of the last frame; 0 where there is none."""
        return self._times_s[-1] if self._times_s else 0.0

    def add(self, number: int, time: FrameTime) -> None:
        """Add the frame behind the last one."""
        self._numbers.append(number)
        self._times_s.append(time.time_s)
        self._stamps_s.append(time.stamp_s)
        self._repaired.append(time.is_repaired)

    def time(self, number: int) -> FrameTime | None:
        """The time of frame ``number``; None where it was not given."""
        place = bisect_left(self._numbers, number)
        if place == len(self._numbers) or self._numbers[place] != number:
            return None
        return FrameTime(self._times_s[place], self._stamps_s[place], bool(self._repaired[place]))

    def number_at(self, time_s: float) -> int:
        """The last frame whose time is at most ``time_s``; -1 where there is none."""
        place = bisect_right(self._times_s, time_s + ROUNDING_S)
        return self._numbers[place - 1] if place else -1

    def forget_below(self, number: int) -> None:
        """Forget the frames before ``number``."""
        place = bisect_left(self._numbers, number)
        for values in (self._numbers, self._times_s, self._stamps_s, self._repaired):
            del values[:place]
