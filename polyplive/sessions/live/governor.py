"""The policy that keeps results young: what is saved when they grow too old, and when it is given back.

It has no clock, thread or engine of its own. It is told when results came and how old they were, and asked for the next
step.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

MOST_SPARED = 4
"""At the most, every so-many-th frame has a heatmap of its own."""
WINDOW_S = 3.0
"""Steps follow from the results of so many seconds, all of them later than the last step."""
TOO_OLD = 0.75
"""Results grow too old where this quantile of their ages is above the goal."""
ROOM, ROOM_QUANTILE = 0.8, 0.9
"""There is room where, one step back, this quantile of the ages would be below this share of the goal."""
TURN_S = 5.0
"""A step against the last one comes at least so many seconds after it."""
PATIENCE_S, LONGEST_PATIENCE_S = 10.0, 320.0
"""There has to be room for so many seconds before a step is taken back; twice as many after each relapse."""
RELAPSE_S = 60.0
"""A step that was taken back, and is needed again within so many seconds, was taken back too early."""

_FEWEST = 3
_FADES = 60
"""What a step was seen to be worth is half forgotten after so many times the patience: ten minutes at first."""
_SPARING = 1.05, 1.6
"""The least and the most that one frame fewer with a heatmap may be believed to make results younger, as a ratio."""
_EXCHANGE = 1.05, 30.0
"""The same for the faster model."""


@dataclass(frozen=True, slots=True)
class Step:
    """How work is done: by which ``model`` (0: the chosen one, 1: the next faster one, and so on) with how many maps.

    Every ``every``-th frame has a heatmap of its own (1: each).
    """

    model: int = 0
    every: int = 1


class Governor:
    """Keeps the ages of results below ``goal_s``, step by step: first fewer heatmaps, then the faster model.

    ``step`` is the present one. Times are those of one monotonic clock. One thread at a time.
    """

    def __init__(self, goal_s: float) -> None:
        self.step = Step()
        self._goal_s = goal_s
        self._ages: deque[tuple[float, float]] = deque()
        self._since_s: float | None = None
        self._stepped_s = float("-inf")
        self._last_was_back = False
        self._roomy_since_s: float | None = None
        self._patience_s = PATIENCE_S
        self._age_before_s: float | None = None
        self._ratios: dict[Step, float] = {}

    @property
    def sparest(self) -> Step:
        """The present model with as few heatmaps as there may be."""
        return Step(self.step.model, MOST_SPARED)

    def answered(self, now_s: float, age_s: float) -> None:
        """A result came whose frame had been read ``age_s`` seconds before."""
        if self._since_s is None:
            self._since_s = now_s
        self._ages.append((now_s, age_s))

    def interrupt(self) -> None:
        """Results before and after now cannot be compared: there was no engine, or no signal."""
        self._forget(None)

    def next_step(self, now_s: float, *, cam: bool, models: int) -> Step | None:
        """The step that is due now, if any; it counts once it was ``taken``.

        ``cam`` is whether heatmaps are wanted at all. ``models`` is how many models there are to choose from.
        """
        while len(self._ages) > _FEWEST and now_s - self._ages[0][0] > WINDOW_S:
            self._ages.popleft()
        since_s = self._since_s
        if since_s is None or now_s - since_s < WINDOW_S or len(self._ages) < _FEWEST:
            return None
        if now_s - self._ages[-1][0] > WINDOW_S:
            return None  # it hangs: fewer heatmaps are no help
        ages_s = sorted(age_s for _, age_s in self._ages)
        self._learn(ages_s)
        if _quantile(ages_s, TOO_OLD) > self._goal_s:
            self._roomy_since_s = None
            is_turn_early = self._last_was_back and now_s - self._stepped_s < TURN_S
            return None if is_turn_early else self._onward(cam, models)
        return self._back_when_roomy(ages_s, now_s, cam)

    def taken(self, step: Step, now_s: float) -> None:
        """``step`` holds from now on."""
        is_back = (step.model, step.every) < (self.step.model, self.step.every)
        if not is_back and self._last_was_back and now_s - self._stepped_s < RELAPSE_S:
            self._patience_s = min(2 * self._patience_s, LONGEST_PATIENCE_S)
        newest_s = sorted(age_s for time_s, age_s in self._ages if now_s - time_s < WINDOW_S / 3)
        self._forget(now_s)
        self._age_before_s = _quantile(newest_s, 0.5) if newest_s and not is_back else None
        self.step, self._stepped_s, self._last_was_back = step, now_s, is_back

    def refused(self) -> None:
        """The step that was due cannot be taken; the next one is due later."""
        self._patience_s = min(2 * self._patience_s, LONGEST_PATIENCE_S)
        self._forget(None)

    def _forget(self, since_s: float | None) -> None:
        self._ages.clear()
        self._since_s = since_s
        self._roomy_since_s = self._age_before_s = None

    def _onward(self, cam: bool, models: int) -> Step | None:
        model, every = self.step.model, self.step.every
        if cam and every < MOST_SPARED:
            return Step(model, every + 1)
        return Step(model + 1) if model + 1 < models else None

    def _back(self, cam: bool) -> Step | None:
        model, every = self.step.model, self.step.every
        if every > 1:
            return Step(model, every - 1 if cam else 1)
        return Step(model - 1, MOST_SPARED if cam else 1) if model else None

    def _back_when_roomy(self, ages_s: list[float], now_s: float, cam: bool) -> Step | None:
        if self._last_was_back and now_s - self._stepped_s >= RELAPSE_S:
            self._patience_s = PATIENCE_S
        expected_s = _quantile(ages_s, ROOM_QUANTILE) * self._believed_ratio(now_s)
        if expected_s > ROOM * self._goal_s:
            self._roomy_since_s = None
            return None
        if self._roomy_since_s is None:
            self._roomy_since_s = now_s
        is_due = now_s - self._roomy_since_s >= max(self._patience_s, TURN_S)
        return self._back(cam) if is_due else None

    def _believed_ratio(self, now_s: float) -> float:
        """How much older results are to be expected one step back; the belief fades, for loads come and go."""
        ratio = self._ratios.get(self.step, _SPARING[1])
        return 1 + (ratio - 1) * math.exp2((self._stepped_s - now_s) / (_FADES * self._patience_s))

    def _learn(self, ages_s: list[float]) -> None:
        """How much younger the last step made results, so that it is not taken back in vain."""
        if self._age_before_s is None:
            return
        least, most = _SPARING if self.step.every > 1 else _EXCHANGE
        ratio = self._age_before_s / max(_quantile(ages_s, 0.5), 1e-6)
        self._ratios[self.step] = min(max(ratio, least), most)
        self._age_before_s = None


def _quantile(ordered: list[float], share: float) -> float:
    """The first of these values that at least this share of them does not exceed."""
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]
