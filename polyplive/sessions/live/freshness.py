"""Whether results come in time, with hysteresis: a session does not waver between ready and stale."""

from __future__ import annotations

from collections import deque

WELL = 0.8
"""The share of the longest age up to which a result comes well in time."""
HOLDS_S = ((2.0, 60.0), (15.0, 120.0), (60.0, 120.0))
"""Late results are forgotten after so many seconds well in time, or so many in time; the next pair after a relapse."""
CALM_S = 60.0
"""Being late again within so many seconds is a relapse."""

_REMEMBERED = 1024


class Freshness:
    """Follows the age of the newest result. Used under the session's lock; times are those of one monotonic clock.

    Late results are told at once: the newest one is older than ``max_age_s`` and a newer frame waits. They are
    forgotten only after results have come in time for a while. Results that come at about ``max_age_s`` would
    otherwise change the state several times a second. After an interruption (no engine, no signal) the first result
    counts at once.
    """

    def __init__(self, max_age_s: float) -> None:
        self.is_fresh = False
        """Whether results come in time, at the last ``look``."""
        self._max_age_s = max_age_s
        self._result_s: float | None = None
        self._newer: deque[float] = deque(maxlen=_REMEMBERED)
        self._was_late = False
        self._relapses = 0
        self._since_s: list[float | None] = [None, None]
        self._returned_s: float | None = None

    @property
    def hold_s(self) -> float:
        """For how many seconds results have to come well in time to count again; 0 where the next one counts."""
        return HOLDS_S[self._relapses][0] if self._was_late else 0.0

    def frame_read(self, captured_s: float) -> None:
        """A frame was read; its result is expected from now on."""
        self._newer.append(captured_s)

    def answered(self, captured_s: float, now_s: float) -> None:
        """A result came, of the frame that was read at ``captured_s``."""
        self.look(now_s)  # the last one is at its oldest now
        while self._newer and self._newer[0] <= captured_s:
            self._newer.popleft()
        self._result_s = captured_s
        self.look(now_s)

    def interrupt(self) -> None:
        """No result can be expected: there is no engine, or no signal."""
        self.is_fresh = self._was_late = False
        self._result_s = None

    def look(self, now_s: float) -> bool:
        """``is_fresh`` at ``now_s``."""
        if self._result_s is None:
            return False
        age_s = self._age_of(self._result_s, now_s)
        if self.is_fresh:
            if age_s > self._max_age_s:
                self._become_late(now_s)
        elif not self._was_late:
            self.is_fresh = age_s <= self._max_age_s
        elif self._is_held_out(age_s, now_s):
            self.is_fresh, self._was_late, self._returned_s = True, False, now_s
        return self.is_fresh

    def is_late(self, now_s: float) -> bool:
        """Whether the newest result is too old at this moment."""
        age_s = self.age_s(now_s)
        return age_s is not None and age_s > self._max_age_s

    def age_s(self, now_s: float) -> float | None:
        """How long the newest result has been late coming, 0 where no newer frame waits; None without a result."""
        return None if self._result_s is None else self._age_of(self._result_s, now_s)

    def _age_of(self, result_s: float, now_s: float) -> float:
        """How long the newest result has been late coming.

        A source that sends a frame a second is no fault of the model: until the next frame comes nothing is late, and
        after a pause the wait for that frame's result counts alone.
        """
        if not self._newer:
            return 0.0
        next_s = self._newer[0]
        return now_s - (next_s if next_s - result_s > WELL * self._max_age_s else result_s)

    def _become_late(self, now_s: float) -> None:
        is_relapse = self._returned_s is not None and now_s - self._returned_s < CALM_S
        self._relapses = min(self._relapses + 1, len(HOLDS_S) - 1) if is_relapse else 0
        self.is_fresh, self._was_late, self._since_s = False, True, [None, None]

    def _is_held_out(self, age_s: float, now_s: float) -> bool:
        """Whether results have come well in time, or in time, for long enough."""
        done = False
        for which, share in enumerate((WELL, 1.0)):
            since_s = self._since_s[which]
            if age_s > share * self._max_age_s:
                self._since_s[which] = None
            elif since_s is None:
                self._since_s[which] = now_s
            else:
                done |= now_s - since_s >= HOLDS_S[self._relapses][which]
        return done
