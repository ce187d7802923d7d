"""Engines that take turns, each in a process of its own."""

from __future__ import annotations

import dataclasses
import itertools
import os
import signal

import jsonschema
import numpy as np
import pytest
from bench_schema import CANDIDATE
from colour_engine import SIDE, ColourEngine
from faulty_engines import faulty, open_spoilt
from processes import is_alive
from stepped_clock import SteppedClock

from polyplive.backends.base import Outputs
from polyplive.backends.tensorrt.backend import TENSORRT
from polyplive.benchmark import candidate_process, comparison
from polyplive.benchmark import process_cost as process_cost_module
from polyplive.benchmark.candidate import Candidate
from polyplive.benchmark.candidate_process import SETTLING, CandidateProcess
from polyplive.benchmark.comparison import comparison_length, run_comparison
from polyplive.benchmark.process_cost import process_cost, process_cost_length
from polyplive.errors import BackendUnavailable, EngineCrashed, NotFinite
from polyplive.sessions.engine_room.process_engine import ProcessEngine
from polyplive.system.machine import has_nvidia_gpu

OPENVINO = Candidate("mask alone", "polyplive-fast", backend="openvino", cam=False)


def pictures(spec):
    return [np.full((1, spec.height, spec.width, 3), 90, np.uint8)]


class InTurn:
    """A process without a process, which writes down when it runs."""

    def __init__(self, name: str, order: list[str]) -> None:
        self.spec = ColourEngine().spec
        self.name, self.order = name, order
        self.loaded = self.closed = False

    def load(self, given) -> None:
        assert given[0].shape == (1, SIDE, SIDE, 3)
        self.loaded = True

    def turn(self, frames: int) -> list[float]:
        assert self.loaded
        self.order += [self.name] * frames
        return [0.01 if self.name == "one" else 0.02] * frames

    def close(self) -> None:
        self.closed = True


def test_they_take_turns_and_are_closed() -> None:
    order: list[str] = []
    processes: list[InTurn] = []
    told: list[int] = []

    def start(candidate, notify):
        processes.append(InTurn(candidate.name, order))
        return processes[-1]

    both = [Candidate("one", backend="a"), Candidate("two", backend="b", cam=False)]
    rows = run_comparison(both, pictures, 40, on_frame=told.append, start=start)
    assert order[:8] == ["one", "one", "two", "two"] * 2
    assert len(order) == told[-1] == comparison_length(2, 40) == 88
    assert all(process.closed for process in processes)
    for row in rows:
        jsonschema.validate(row, CANDIDATE)
    assert rows[0]["to_first"] == {"ratio": 1.0, "low": 1.0, "high": 1.0}
    assert rows[1]["to_first"]["ratio"] == pytest.approx(0.5)
    assert [row["name"] for row in rows] == ["one", "two"]


def test_every_engine_has_a_process_of_its_own_and_one_that_cannot_run_is_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if has_nvidia_gpu() and not TENSORRT.missing():
        pytest.skip("TensorRT runs here")
    monkeypatch.setattr(comparison, "_ROUNDS", 4)
    started: list[CandidateProcess] = []
    lines: list[str] = []

    def start(candidate, notify):
        started.append(CandidateProcess(candidate, notify))
        return started[-1]

    others = [Candidate(name, "polyplive-fast", backend=name) for name in ("tensorrt", "onnxruntime")]
    rows = run_comparison([OPENVINO, *others], pictures, 2, lines.append, start=start)
    assert [row["name"] for row in rows] == ["mask alone", "onnxruntime"]
    assert [row["backend"] for row in rows] == ["openvino", "onnxruntime"]
    assert len(lines) == 1
    assert lines[0].startswith("--compare tensorrt is left out: ")
    ids = [process.process_id for process in started]
    assert len({os.getpid(), *ids}) == 3
    assert not any(is_alive(number) for number in ids)


def test_an_engine_that_answers_no_numbers_has_no_speed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(candidate_process, "open_engine", open_spoilt)
    spoilt = CandidateProcess(OPENVINO)
    spoilt.load(pictures(spoilt.spec))
    with pytest.raises(NotFinite, match="colour"):
        spoilt.turn(3)
    spoilt.close()


def test_the_cost_of_a_process_is_measured_between_an_engine_here_and_one_there() -> None:
    told: list[int] = []
    there = ProcessEngine(faulty())
    cost = process_cost(ColourEngine(), there, pictures(there.spec), 20, told.append)
    there.close()
    assert cost.low <= cost.p50 <= cost.high
    assert cost.exchange > 0, "an answer comes after the runtime has ended"
    assert told[-1] == process_cost_length(20) == 40


def test_the_cost_of_a_process_is_what_it_takes_longer_than_the_same_engine_here(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On a clock that only the engines move, on a machine that is three times slower during some pairs of turns."""
    clock = SteppedClock()
    monkeypatch.setattr(process_cost_module, "time", clock)
    calls = itertools.count()

    class Timed(ColourEngine):
        """Works for 30 ms, and its answer comes ``later_s`` after that."""

        def __init__(self, later_s: float) -> None:
            super().__init__()
            self._later_s = later_s

        def infer(self, tensor, *, cam: bool = True) -> Outputs:
            slower = 3 if next(calls) // (2 * (SETTLING + 1)) % 5 == 4 else 1
            clock.step(slower * (0.030 + self._later_s))
            return dataclasses.replace(super().infer(tensor, cam=cam), infer_s=slower * 0.030)

    cost = process_cost(Timed(0.0), Timed(0.002), pictures(ColourEngine().spec), 20)
    assert (cost.low, cost.p50, cost.high) == pytest.approx((2, 2, 6)), "what slows both is no part of it"
    assert cost.exchange == pytest.approx(2), "nor is the runtime's own time part of the exchange"


def test_where_the_first_cannot_run_its_error_comes_through() -> None:
    if has_nvidia_gpu() and not TENSORRT.missing():
        pytest.skip("TensorRT runs here")
    with pytest.raises(BackendUnavailable) as caught:
        run_comparison([Candidate("tensorrt", backend="tensorrt"), OPENVINO], pictures, 20)
    assert caught.value.hint


def test_a_process_that_dies_is_one_line() -> None:
    one = CandidateProcess(OPENVINO)
    try:
        one.load(pictures(one.spec))
        assert len(one.turn(3)) == 3
        os.kill(one.process_id, signal.SIGKILL)
        with pytest.raises(EngineCrashed, match=r"mask alone: the model's process ended by itself \(SIGKILL\)"):
            one.turn(3)
    finally:
        one.close()
        one.close()


def test_ctrl_c_leaves_the_engines_to_the_process_that_started_them() -> None:
    one = CandidateProcess(OPENVINO)
    try:
        one.load(pictures(one.spec))
        os.kill(one.process_id, signal.SIGINT)
        assert len(one.turn(2)) == 2
    finally:
        one.close()
    assert not is_alive(one.process_id)
