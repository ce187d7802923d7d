"""The times of a recording's frames, in ticks of its own clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fractions import Fraction

_USUAL_TICKS, MOST_TICKS = 30_000, 60_000
"""A second. The more there are, the shorter is the pause that MP4 can hold: 2 ** 31 ticks."""


def ticks_per_second(rate: Fraction) -> int:
    """A clock of 30,000 to 60,000 ticks a second on which frames at ``rate`` (frames a second) lie exactly.

    A frame of any other time lies at most 17 microseconds beside it. For a rate without such a clock: 30,000.
    """
    ticks = rate.numerator * -(-_USUAL_TICKS // rate.numerator)
    return ticks if ticks <= MOST_TICKS else _USUAL_TICKS


class FrameClock:
    """Gives each frame of one recording its time in ticks, from 0 and always increasing. One thread.

    Times keep their distance from the first one, to the nearest tick. A frame without a time comes one frame after the
    last. So does a frame whose time lies before the last one's, and those after it follow its clock; where it was one
    frame alone, they keep theirs.
    """

    def __init__(self, per_second: int, rate: Fraction) -> None:
        """``per_second`` ticks; frames come at ``rate`` a second where they have no times."""
        self._per_second = per_second
        self.step = max(1, round(per_second / rate))
        """How long a frame lasts, in ticks."""
        self._last = -1
        self._last_s = 0.0
        self._start_s: float | None = None
        self._start_before_s: float | None = None

    def ticks(self, pts_s: float | None) -> int:
        """The next frame's time; ``pts_s`` is the one that it came with, in seconds."""
        following = self._last + self.step if self._last >= 0 else 0
        self._last = following if pts_s is None else self._placed(pts_s, following)
        return self._last

    def _placed(self, pts_s: float, following: int) -> int:
        before_s, self._start_before_s = self._start_before_s, None
        if before_s is not None and self._since(before_s, pts_s) > self._last:
            self._start_s = before_s
        is_later, self._last_s = pts_s > self._last_s, pts_s
        if self._start_s is None:
            self._start_s = pts_s - following / self._per_second
        found = self._since(self._start_s, pts_s)
        if found > self._last:
            return found
        if is_later:  # less than a tick later, or frames without a time took its place
            return self._last + 1
        self._start_before_s, self._start_s = self._start_s, pts_s - following / self._per_second
        return following

    def _since(self, start_s: float, pts_s: float) -> int:
        return round((pts_s - start_s) * self._per_second)
