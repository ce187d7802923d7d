"""Whether results are too old most of the time, with hysteresis: then their delay is shown, and what could be done."""

from __future__ import annotations

from collections import deque

WINDOW_S = 8.0
"""Results are judged by so many seconds."""
BEGINS, ENDS = 0.5, 0.2
"""They are late for good from the first share of that time on, until they are late for no more than the second."""
HANGS_S = 3.0
"""A model that has given nothing for so long is not late: it hangs, and that is told otherwise."""


class Lateness:
    """Follows the age of the newest result. Used under the session's lock; times are those of one monotonic clock.

    At each look the newest result has an age, and is late where that is above ``max_age_s``. ``is_lasting`` says
    whether this is so most of the time.
    """

    def __init__(self, max_age_s: float) -> None:
        self.max_age_s = max_age_s
        self.is_lasting = False
        self._ages: deque[tuple[float, float]] = deque()
        self._since_s: float | None = None

    @property
    def delay_s(self) -> float:
        """The usual (median) age of the newest result in the last seconds; 0 before the first."""
        ages_s = sorted(age_s for _, age_s in self._ages)
        return ages_s[len(ages_s) // 2] if ages_s else 0.0

    def interrupt(self) -> None:
        """Results before and after now cannot be compared: there was no engine, no signal, or another way to work."""
        self.is_lasting = False
        self._ages.clear()
        self._since_s = None

    def look(self, now_s: float, age_s: float, since_answer_s: float) -> bool:
        """``is_lasting`` at ``now_s``; to be called at even distances.

        The newest result's frame is ``age_s`` old, and the result itself came ``since_answer_s`` ago.
        """
        if self._since_s is None:
            self._since_s = now_s
        self._ages.append((now_s, age_s))
        while now_s - self._ages[0][0] > WINDOW_S:
            self._ages.popleft()
        late = sum(age_s > self.max_age_s for _, age_s in self._ages) / len(self._ages)
        if self.is_lasting:
            self.is_lasting = late > ENDS
        else:
            is_whole = now_s - self._since_s >= WINDOW_S
            self.is_lasting = is_whole and late > BEGINS and since_answer_s <= HANGS_S
        return self.is_lasting
