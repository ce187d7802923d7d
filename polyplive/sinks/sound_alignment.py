"""Where the sound of recorded frames lies in the source, and in the recording."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import Enum
from statistics import median_low
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from fractions import Fraction

    from polyplive.types import Frame

CLOCK = 90_000
"""Ticks per second."""
_SAME = CLOCK // 100
_SMALL = CLOCK // 2
_WINDOW = 9


class Entry(Enum):
    """How the sound of a stretch follows that of the one before."""

    ON = "the source goes on"
    NEXT = "the source goes on, in the next recording"
    SOUGHT = "another place of the source"
    BREAK = "the source goes on with another clock"


@dataclass(frozen=True, slots=True)
class Stretch:
    """From ``begin`` to ``end`` of the recording, sound lies ``offset`` later than in the source; all in ticks."""

    begin: int
    end: int
    offset: int
    entry: Entry


@dataclass(frozen=True, slots=True)
class _Place:
    index: int
    ticks: int
    offset: int | None


class SoundAlignment:
    """Turns the times of frames into stretches without a gap, each from one frame to the next.

    A frame's own stamp may be wrong. So sound moves only where most of the frames that follow agree, and lags behind by
    a few frames. ``last_index`` is the last frame decided on, at first that of the recording before (None: there is
    none).
    """

    def __init__(self, last_index: int | None = None) -> None:
        self._window: deque[_Place] = deque()
        self._offset: int | None = None
        self._end = 0
        self.last_index = last_index

    def add(self, frame: Frame, shown_s: Fraction, length_s: Fraction) -> Iterator[Stretch]:
        """Take the next frame, shown from ``shown_s`` on, for ``length_s`` if it is the last. What is known by now."""
        ticks, self._end = round(shown_s * CLOCK), round((shown_s + length_s) * CLOCK)
        offset = None if frame.stamp_s is None else ticks - round(frame.stamp_s * CLOCK)
        self._window.append(_Place(frame.index, ticks, offset))
        if len(self._window) > _WINDOW:
            yield from self._decide(self._window[1].ticks)

    def rest(self) -> Iterator[Stretch]:
        """The stretches that are left, after the last frame."""
        while self._window:
            yield from self._decide(self._window[1].ticks if len(self._window) > 1 else self._end)

    def _decide(self, end: int) -> Iterator[Stretch]:
        place = self._window[0]
        entry = self._enter(place, [other.offset for other in self._window if other.offset is not None])
        self._window.popleft()
        self.last_index = place.index
        if self._offset is not None:
            yield Stretch(place.ticks, end, self._offset, entry)

    def _enter(self, place: _Place, offsets: list[int]) -> Entry:
        """Choose the offset from ``place`` on; ``offsets`` are those of its frame and of the next ones."""
        before, follows = self._offset, self.last_index is not None and place.index == self.last_index + 1
        if before is None:
            self._offset = median_low(offsets) if offsets else None
            return Entry.NEXT if follows else Entry.SOUGHT
        now = place.offset
        if now is None or abs(now - before) <= _SAME:
            return Entry.ON
        if 2 * sum(abs(other - now) <= _SAME for other in offsets) <= len(offsets):
            return Entry.ON
        self._offset = now
        if not follows:
            return Entry.SOUGHT
        return Entry.ON if abs(now - before) <= _SMALL else Entry.BREAK
