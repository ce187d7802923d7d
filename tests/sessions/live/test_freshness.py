"""Ready and stale have hysteresis: neither results at about the longest age nor a hung engine is told wrongly."""

from __future__ import annotations

import random
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from simulated_session import SimulatedSession

from polyplive.sessions.live.freshness import CALM_S, HOLDS_S, Freshness

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_AGE_S = 0.25
FRAME_S = 1 / 30


class Run(SimulatedSession):
    """What is told of an engine that ``takes`` so long."""

    def __init__(self, takes: Callable[[], float], frame_s: float = FRAME_S) -> None:
        self.freshness = Freshness(MAX_AGE_S)
        self.told: list[tuple[float, bool]] = [(0.0, False)]
        fresh = self.freshness
        super().__init__(takes, read=fresh.frame_read, answered=fresh.answered, look=self.look, frame_s=frame_s)

    def look(self, now_s: float) -> None:
        is_fresh = self.freshness.look(now_s)
        if is_fresh != self.told[-1][1]:
            self.told.append((now_s, is_fresh))

    def changes(self, from_s: float = 0.0, to_s: float = 1e9) -> int:
        return sum(from_s <= time_s < to_s for time_s, _ in self.told[1:])


@pytest.mark.parametrize("usual_s", [0.1, 0.11, 0.115, 0.12, 0.125, 0.13, 0.15, 0.2, 0.25])
@pytest.mark.parametrize("spread", [0.02, 0.1, 0.3])
def test_results_that_come_at_about_the_longest_age_change_the_state_at_most_once_a_minute(
    usual_s: float, spread: float
) -> None:
    chance = random.Random(4)
    run = Run(lambda: usual_s * chance.lognormvariate(0, spread))
    run.until(600)
    for minute in range(9):
        assert run.changes(60 * minute + 1.0, 60 * minute + 61.0) <= 2
    assert run.changes(from_s=1.0) <= 10


def test_a_change_of_every_result_is_what_it_was_without_hysteresis() -> None:
    """The conditions of the test above are those that made it waver."""
    chance = random.Random(4)
    run = Run(lambda: 0.125 * chance.lognormvariate(0, 0.1))
    wavering = 0
    for step in range(1, 600):
        before = run.freshness.is_late(run.now_s)
        run.until(step / 10)
        wavering += run.freshness.is_late(run.now_s) != before
    assert wavering > 60


def test_the_first_result_counts_at_once() -> None:
    run = Run(lambda: 0.02)
    run.until(0.2)
    assert run.told[1] == (pytest.approx(0.02, abs=1e-6), True)


def test_a_hung_engine_is_told_when_its_last_result_is_too_old() -> None:
    times = iter([0.02] * 100)
    run = Run(lambda: next(times, 1e9))
    run.until(20)
    (hung_s, is_fresh) = run.told[-1]
    assert not is_fresh
    last_s = 99 * FRAME_S
    assert MAX_AGE_S <= hung_s - last_s <= MAX_AGE_S + 2 * FRAME_S
    assert run.changes() == 2


def test_one_late_result_is_forgotten_soon_and_relapses_later_and_later() -> None:
    late = [20.0, 25.0, 50.0]
    run = Run(lambda: 0.4 if late and run.now_s >= late[0] and late.pop(0) else 0.02)
    run.until(250)
    stale = [after - before for (before, is_fresh), (after, _) in pairwise(run.told[1:]) if not is_fresh]
    assert len(stale) == 3
    for lasted_s, (hold_s, _) in zip(stale, HOLDS_S, strict=True):
        assert hold_s <= lasted_s <= hold_s + 1


def test_results_that_come_barely_in_time_are_shown_again_after_a_minute() -> None:
    late = [20.0]
    run = Run(lambda: 0.4 if late and run.now_s >= late[0] and late.pop(0) else 0.1)  # each 0.23 s old at its end
    run.until(200)
    assert run.changes() == 3
    assert run.freshness.is_fresh
    assert run.told[3][0] - run.told[2][0] == pytest.approx(HOLDS_S[0][1], abs=1)


def test_after_a_calm_minute_a_late_result_is_forgotten_soon_again() -> None:
    late = [20.0, 25.0, 45.0 + CALM_S + HOLDS_S[1][0]]
    run = Run(lambda: 0.4 if late and run.now_s >= late[0] and late.pop(0) else 0.02)
    run.until(300)
    stale = [after - before for (before, is_fresh), (after, _) in pairwise(run.told[1:]) if not is_fresh]
    assert stale[2] <= HOLDS_S[0][0] + 1


def test_a_slow_source_is_no_late_model() -> None:
    run = Run(lambda: 0.05, frame_s=0.6)
    run.until(60)
    assert run.changes(from_s=1.0) == 0
    assert run.freshness.is_fresh


def test_after_an_interruption_the_next_result_counts_at_once() -> None:
    run = Run(lambda: 0.02)
    run.until(5)
    run.freshness.interrupt()
    assert not run.freshness.look(run.now_s)
    before_s = run.now_s
    run.until(before_s + 0.2)
    assert run.freshness.is_fresh
    assert run.freshness.hold_s == 0
