"""Finds lost frames of a capture device from gaps in the device's own clock."""

from __future__ import annotations

from collections import deque
from statistics import median

_REMEMBERED = 9
_ENOUGH = 5
_LATE = 2.5
"""A frame is late if it waited this many intervals longer than the fastest one; newer frames are then in the queue."""
_LATE_IN_A_ROW = 8
_AGES = 300


class GapCounter:
    """Follows the time stamps of a device with a steady rate; one thread.

    The interval is the median of the last 9. A change of rate and lost frames differ in how long frames wait. A device
    loses a frame when all its buffers are full, and then the frames in them come late.
    """

    def __init__(self) -> None:
        self._intervals: deque[float] = deque(maxlen=_REMEMBERED)
        self._ages: deque[float] = deque(maxlen=_AGES)
        self._last: float | None = None
        self._long_and_prompt: float | None = None
        self._late_in_a_row = 0

    def see(self, stamp_s: float, arrived_s: float, *, jumped: bool = False) -> tuple[int, bool]:
        """How many frames are missing before this one, and whether this one is so late that it should be skipped.

        ``stamp_s`` is the device's clock, ``arrived_s`` this machine's; only differences count. At most 8 frames in a
        row are late, so that a clock that drifts stops no video. Where the clock has ``jumped`` before this frame,
        nothing is known of what lies between: no frame is called missing, and how long frames wait is learned anew.
        """
        last, self._last = self._last, stamp_s
        if jumped:
            self._ages.clear()
            last = None
        step = stamp_s - last if last is not None else 0.0
        age = arrived_s - stamp_s
        self._ages.append(age)
        waited = age - min(self._ages)
        interval = self._interval(step, waited)
        if step > 0:
            self._intervals.append(step)
        if interval is None:
            return 0, False
        missed = max(0, round(step / interval) - 1)
        late = waited > _LATE * interval and self._late_in_a_row < _LATE_IN_A_ROW
        self._late_in_a_row = self._late_in_a_row + 1 if late else 0
        return missed, late

    def _interval(self, step: float, waited: float) -> float | None:
        """The usual interval, None before it is known.

        Two equal long intervals whose frames did not wait are a new rate.
        """
        if len(self._intervals) < _ENOUGH:
            return None
        usual = median(self._intervals)
        before, self._long_and_prompt = self._long_and_prompt, None
        if step > 1.5 * usual and waited < usual:
            if before is not None and abs(step - before) < 0.2 * step:
                self._intervals.extend([step] * _REMEMBERED)
                return step
            self._long_and_prompt = step
        return usual
