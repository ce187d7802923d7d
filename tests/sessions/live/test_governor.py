"""The governor's policy on a schedule of loads: its steps come in order, go back, and never oscillate."""

from __future__ import annotations

import random
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from simulated_session import SimulatedSession

from polyplive.sessions.live.governor import TOO_OLD, TURN_S, WINDOW_S, Governor, Step
from polyplive.sessions.live.watchdog import INTERVAL_S

if TYPE_CHECKING:
    from collections.abc import Callable

GOAL_S = 0.12
MASK_S, MAP_S = 0.03, 0.045
"""The chosen model's times; the faster one takes a fifth."""
LADDER = [Step(model, every) for model in (0, 1) for every in (1, 2, 3, 4)]


class Run(SimulatedSession):
    """A governed session whose engine is slowed by ``factor`` at each moment; what was stepped, and when."""

    def __init__(self, factor: Callable[[float], float], *, models: int = 2, cam: bool = True) -> None:
        self.governor = Governor(GOAL_S)
        self.factor, self.models, self.cam = factor, models, cam
        self.steps: list[tuple[float, Step]] = [(0.0, Step())]
        self.ages: list[tuple[float, float]] = []
        self._since_map = 0
        self._looked_s = 0.0
        self._noise = random.Random(7)
        super().__init__(self.work_s, answered=self.result, look=self.govern)

    def work_s(self) -> float:
        step = self.governor.step
        self._since_map += 1
        with_map = self.cam and self._since_map >= step.every
        if with_map:
            self._since_map = 0
        usual_s = (MAP_S if with_map else MASK_S) / (1, 5)[step.model]
        return usual_s * self.factor(self.now_s) * self._noise.lognormvariate(0, 0.05)

    def result(self, captured_s: float, now_s: float) -> None:
        self.ages.append((now_s, now_s - captured_s))
        self.governor.answered(now_s, now_s - captured_s)

    def govern(self, now_s: float) -> None:
        if now_s - self._looked_s < INTERVAL_S:
            return
        self._looked_s = now_s
        step = self.governor.next_step(now_s, cam=self.cam, models=self.models)
        if step is not None:
            self.governor.taken(step, now_s)
            self.steps.append((now_s, step))

    def share_too_old(self, from_s: float, to_s: float) -> float:
        ages = [age_s for now_s, age_s in self.ages if from_s <= now_s < to_s]
        return sum(age_s > GOAL_S for age_s in ages) / len(ages)


def places(run: Run) -> list[int]:
    return [LADDER.index(step) for _, step in run.steps]


def check_pace(run: Run) -> None:
    """One place at a time, and no step against another one sooner than ``TURN_S``."""
    found = places(run)
    moves = [after - before for before, after in pairwise(found)]
    assert all(abs(move) == 1 for move in moves), found
    times = [time_s for time_s, _ in run.steps[1:]]
    for (before_s, after_s), (one, other) in zip(pairwise(times), pairwise(moves), strict=True):
        assert after_s - before_s >= (WINDOW_S if one == other == 1 else TURN_S) - 1e-6


def test_with_room_nothing_is_done() -> None:
    run = Run(lambda _: 1.0)
    run.until(600)
    assert run.steps == [(0.0, Step())]


def test_a_load_that_comes_and_goes_takes_the_steps_in_order_and_gives_them_back() -> None:
    run = Run(lambda now_s: 8.0 if 60 <= now_s < 180 else 1.0)
    run.until(400)
    check_pace(run)
    assert places(run) == [0, 1, 2, 3, 4, 3, 2, 1, 0]
    taken_s = [time_s for time_s, _ in run.steps]
    assert 60 < taken_s[1] < 60 + 2 * WINDOW_S
    assert taken_s[4] < 60 + 6 * WINDOW_S
    assert taken_s[5] > 180
    assert run.share_too_old(90, 180) < 0.05


def test_fewer_maps_are_enough_where_they_are() -> None:
    run = Run(lambda now_s: 2.0 if now_s >= 60 else 1.0)
    run.until(600)
    assert [step for _, step in run.steps] == [Step(), Step(0, 2)]
    assert run.share_too_old(300, 600) < 1 - TOO_OLD


def test_there_is_an_end_and_no_model_beyond_it() -> None:
    run = Run(lambda _: 60.0, models=1)
    run.until(300)
    assert places(run) == [0, 1, 2, 3]


def test_where_no_heatmap_is_wanted_only_the_model_changes() -> None:
    run = Run(lambda now_s: 8.0 if 60 <= now_s < 180 else 1.0, cam=False)
    run.until(300)
    assert [step for _, step in run.steps] == [Step(0), Step(1), Step(0)]


@pytest.mark.parametrize("factor", [1.5, 2.0, 2.5, 3.0, 3.5, 5.0, 10.0, 20.0])
def test_a_constant_load_settles(factor: float) -> None:
    run = Run(lambda _: factor)
    run.until(600)
    check_pace(run)
    assert sum(time_s > 120 for time_s, _ in run.steps) <= 6, run.steps


@pytest.mark.parametrize("every_s", [0.5, 2.0, 4.0, 10.0, 30.0])
def test_a_load_that_swings_makes_no_step_go_back_and_forth(every_s: float) -> None:
    run = Run(lambda now_s: 8.0 if now_s % (2 * every_s) < every_s else 1.0)
    run.until(600)
    check_pace(run)


def test_random_loads_make_no_step_go_back_and_forth() -> None:
    for seed in range(5):
        chance = random.Random(seed)
        loads = [chance.lognormvariate(0.5, 1.0) for _ in range(100)]
        run = Run(lambda now_s, loads=loads: loads[int(now_s / 7) % 100])
        run.until(700)
        check_pace(run)


def test_an_engine_that_hangs_is_not_helped_by_fewer_maps() -> None:
    run = Run(lambda now_s: 1e6 if now_s >= 60 else 1.0)
    run.until(300)
    assert run.steps == [(0.0, Step())]


def test_after_an_interruption_steps_wait_for_new_results() -> None:
    governor = Governor(GOAL_S)
    for tenth in range(60):
        governor.answered(tenth / 10, 1.0)
    governor.interrupt()
    assert governor.next_step(6.0, cam=True, models=2) is None
    for tenth in range(60, 60 + int(10 * WINDOW_S)):
        governor.answered(tenth / 10, 1.0)
        assert governor.next_step(tenth / 10, cam=True, models=2) is None
    assert governor.next_step(6.0 + WINDOW_S, cam=True, models=2) == Step(0, 2)
