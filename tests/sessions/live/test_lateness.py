"""Results that are late for good are told from those that are late for a moment, and from a model that hangs."""

from __future__ import annotations

import random
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from simulated_session import SimulatedSession

from polyplive.sessions.live.freshness import Freshness
from polyplive.sessions.live.lateness import WINDOW_S, Lateness
from polyplive.sessions.live.watchdog import INTERVAL_S

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_AGE_S = 0.2


class Run(SimulatedSession):
    """What is told of an engine that takes ``takes`` at each moment."""

    def __init__(self, takes: Callable[[float], float], frame_s: float = 1 / 30) -> None:
        self.lateness, self.freshness = Lateness(MAX_AGE_S), Freshness(MAX_AGE_S)
        self.told: list[tuple[float, bool]] = [(0.0, False)]
        self._looked_s = self._answered_s = 0.0
        noise = random.Random(3)
        work = lambda: takes(self.now_s) * noise.lognormvariate(0, 0.05)  # noqa: E731
        super().__init__(work, read=self.freshness.frame_read, answered=self.result, look=self.look, frame_s=frame_s)

    def result(self, captured_s: float, now_s: float) -> None:
        self.freshness.answered(captured_s, now_s)
        self._answered_s = now_s

    def look(self, now_s: float) -> None:
        age_s = self.freshness.age_s(now_s)
        if age_s is None or now_s - self._looked_s < INTERVAL_S:
            return
        self._looked_s = now_s
        if self.lateness.look(now_s, age_s, now_s - self._answered_s) != self.told[-1][1]:
            self.told.append((now_s, not self.told[-1][1]))


@pytest.mark.parametrize("takes_s", [0.31, 0.6, 1.5])
def test_results_that_are_always_late_are_told_once_after_some_seconds_with_their_delay(takes_s: float) -> None:
    run = Run(lambda _: takes_s)
    run.until(300)
    assert [is_lasting for _, is_lasting in run.told] == [False, True]
    assert WINDOW_S <= run.told[1][0] <= WINDOW_S + 3 * takes_s + 1
    assert takes_s <= run.lateness.delay_s <= 2.2 * takes_s
    run.lateness.interrupt()
    assert not run.lateness.is_lasting


def test_a_model_in_time_is_never_told_and_a_busy_minute_passes() -> None:
    assert Run(lambda _: 0.06).told == [(0.0, False)]
    run = Run(lambda now_s: 0.4 if 60 <= now_s < 120 else 0.06)
    run.until(200)
    assert [is_lasting for _, is_lasting in run.told] == [False, True, False]
    (_, _), (began_s, _), (ended_s, _) = run.told
    assert 60 + WINDOW_S / 2 - 1 <= began_s <= 60 + WINDOW_S
    assert 120 <= ended_s <= 120 + WINDOW_S


def test_a_short_hitch_is_not_told() -> None:
    run = Run(lambda now_s: 0.5 if now_s % 20 < 2 else 0.06)
    run.until(300)
    assert run.told == [(0.0, False)]


@pytest.mark.parametrize("usual_s", [0.08, 0.1, 0.12, 0.14, 0.16])
def test_about_the_limit_it_does_not_waver(usual_s: float) -> None:
    chance = random.Random(5)
    run = Run(lambda _: usual_s * chance.lognormvariate(0, 0.3))
    run.until(600)
    assert all(after - before > 3 for (before, _), (after, _) in pairwise(run.told[1:]))
    assert len(run.told) <= 12


def test_a_model_that_hangs_is_not_late_but_hangs() -> None:
    run = Run(lambda now_s: 0.06 if now_s < 30 else 60.0)
    run.until(80)
    assert run.told == [(0.0, False)]


def test_a_source_of_few_frames_makes_no_result_late() -> None:
    run = Run(lambda _: 0.06, frame_s=1.0)
    run.until(100)
    assert run.told == [(0.0, False)]
