"""Setups measured in turn, in real processes: what each takes, and what becomes of those that fail."""

from __future__ import annotations

import functools
import threading
import time
from typing import TYPE_CHECKING

import pytest
from faulty_engines import HANGS_AFTER_S, LATE_S, SLOW_S, fail_to_open, open_faulty
from processes import EQUAL, PATIENCE_S, is_alive, wait_until

from polyplive.errors import EngineClosed
from polyplive.sessions.engine_room.interrupt import Interrupt
from polyplive.sessions.engine_room.process_engine import ProcessEngine, ProcessLimits
from polyplive.sessions.tuning import measurement, trial
from polyplive.sessions.tuning.measurement import measure
from polyplive.sessions.tuning.picture_load import FPS, PictureLoad
from polyplive.sessions.tuning.setups import Setup
from polyplive.sessions.tuning.trial import Trial

if TYPE_CHECKING:
    from collections.abc import Iterator

LEAST_MS = {"": 0.0, "late": 1e3 * LATE_S, "slow": 1e3 * SLOW_S}
"""What the faults that only take time take at the least."""


class CountedTrial(Trial):
    """Counts its pictures, and finds each as long as its fault makes it: what this machine adds is left out."""

    runs = 0

    def __init__(self, engine: ProcessEngine, fault: str) -> None:
        super().__init__(engine)
        self._least_ms = LEAST_MS.get(fault, 0.0)

    def run(self) -> float:
        self.runs += 1
        assert super().run() >= self._least_ms
        return 1.0 + self._least_ms


class Starts:
    """Starts the fault that a setup's model names; ``processes`` are all that it started."""

    def __init__(self) -> None:
        self.processes: list[int] = []
        self.trials: dict[str, CountedTrial] = {}

    def __call__(self, setup: Setup, opening_s: float, interrupt: Interrupt | None) -> Trial:
        opener = functools.partial(open_faulty, fault=setup.model)
        if setup.backend == "opening":
            opener = functools.partial(fail_to_open, fault=setup.model)
        answer_s = HANGS_AFTER_S if setup.model == "hang" else PATIENCE_S
        limits = ProcessLimits(opening_s=opening_s, answer_s=answer_s, niceness=EQUAL)
        engine = ProcessEngine(opener, limits, interrupt=interrupt)
        self.processes.append(engine.process_id)
        self.trials[setup.model] = CountedTrial(engine, setup.model)
        return self.trials[setup.model]


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine a process takes its time to start."""
    monkeypatch.setattr(measurement, "OPENING_S", PATIENCE_S)
    monkeypatch.setattr(trial, "ANSWER_S", PATIENCE_S)
    monkeypatch.setattr(measurement, "SPAN_S", 0.3)


@pytest.fixture
def starts() -> Iterator[Starts]:
    """Each process that was started has ended with the test."""
    made = Starts()
    threads = threading.active_count()
    yield made
    assert not any(is_alive(process) for process in made.processes)
    assert threading.active_count() == threads


def setup(fault: str, when: str = "running") -> Setup:
    return Setup(fault, when, "float32")


def test_a_slower_setup_takes_longer_and_a_failing_one_says_why(starts: Starts) -> None:
    asked = [setup(""), setup("late"), setup("nan"), setup("kill"), setup("hang"), setup("raise", "opening")]
    rows = measure(asked, start=starts)
    assert [row.setup for row in rows] == asked
    sound, late, *failed = rows
    assert sound.ms is not None
    assert late.ms is not None
    assert sound.ms < late.ms
    assert not sound.failure
    assert not late.failure
    assert all(row.ms is None for row in failed)
    words = ["no numbers", "SIGKILL", "has not answered", "The runtime failed"]
    assert all(word in row.failure for word, row in zip(words, failed, strict=True)), failed


def test_what_is_not_open_in_time_is_left_out(starts: Starts) -> None:
    def start(asked: Setup, opening_s: float, interrupt: Interrupt | None) -> Trial:
        return starts(asked, 0.5 if asked.backend == "opening" else opening_s, interrupt)

    hangs, sound = measure([setup("hang", "opening"), setup("")], start=start)
    assert hangs.failure == f"It was not open within {PATIENCE_S:g} s."
    assert sound.ms is not None


def test_what_is_not_begun_in_time_is_not_begun(monkeypatch: pytest.MonkeyPatch, starts: Starts) -> None:
    monkeypatch.setattr(measurement, "OPENING_S", 0.0)
    (late,) = measure([setup("")], start=starts)
    assert late.failure == "It was not open within 0 s."
    assert not starts.processes


def test_one_that_cannot_be_the_best_gets_no_turns(starts: Starts) -> None:
    sound, slow = measure([setup(""), setup("slow")], start=starts)
    assert sound.ms is not None
    assert slow.ms is not None
    assert slow.ms > sound.ms
    assert starts.trials["slow"].runs == 2 < starts.trials[""].runs


def test_a_setup_whose_answers_differ_from_float32_is_left_out(starts: Starts) -> None:
    differs = Setup("", "running", "bfloat16")

    def start(asked: Setup, opening_s: float, interrupt: Interrupt | None) -> Trial:
        trial = starts(asked, opening_s, interrupt)
        if asked is differs:
            trial._picture = 255 - trial._picture
        return trial

    exact, other = measure([setup(""), differs], start=start)
    assert exact.ms is not None
    assert other.failure == "Its answers differ from those of float32."


def test_an_interrupt_ends_it_at_once_and_leaves_no_process(starts: Starts) -> None:
    interrupt, ended = Interrupt(), []

    def run() -> None:
        with pytest.raises(EngineClosed):
            measure([setup(""), setup("hang", "opening")], interrupt, starts)
        ended.append(True)

    thread = threading.Thread(target=run)
    thread.start()
    wait_until(lambda: starts.processes, "the first is open")
    interrupt.set()
    thread.join(PATIENCE_S)
    assert ended
    interrupt.close()


def test_the_load_of_a_picture_runs_until_it_is_left() -> None:
    began_s = time.perf_counter()
    with PictureLoad() as load:
        wait_until(lambda: len(load.taken_ms(began_s, time.perf_counter())) > 3, "pictures")
    ended_s = time.perf_counter()
    taken = load.taken_ms(began_s, ended_s)
    assert len(taken) <= (ended_s - began_s) * FPS + 2
    assert all(each > 0 for each in taken)
    assert load.taken_ms(ended_s, ended_s + 1) == []
