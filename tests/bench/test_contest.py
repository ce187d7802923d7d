"""Engines that take turns, each in a process of its own."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time

import jsonschema
import numpy as np
import pytest
from bench_schema import CONTENDER
from colour_engine import SIDE, ColourEngine, SpoiltEngine

from polyplive.backends.factory import missing
from polyplive.benchmark.contender import Contender
from polyplive.benchmark.contest import contest_length, run_contest
from polyplive.benchmark.racer import Racer, _answer_all
from polyplive.errors import BackendUnavailable, InferenceError, NotFinite
from polyplive.machine import has_nvidia_gpu

OPENVINO = Contender("mask alone", "polyplive-fast", backend="openvino", cam=False)


def pictures(spec):
    return [np.full((1, spec.height, spec.width, 3), 90, np.uint8)]


def runs(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    return True


class InTurn:
    """A racer without a process, which writes down when it runs."""

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
    racers: list[InTurn] = []
    told: list[int] = []

    def enter(contender, notify):
        racers.append(InTurn(contender.name, order))
        return racers[-1]

    both = [Contender("one", backend="a"), Contender("two", backend="b", cam=False)]
    rows = run_contest(both, pictures, 40, on_frame=told.append, enter=enter)
    assert order[:8] == ["one", "one", "two", "two"] * 2
    assert len(order) == told[-1] == contest_length(2, 40) == 88
    assert all(racer.closed for racer in racers)
    for row in rows:
        jsonschema.validate(row, CONTENDER)
    assert rows[0]["to_first"] == {"ratio": 1.0, "low": 1.0, "high": 1.0}
    assert rows[1]["to_first"]["ratio"] == pytest.approx(0.5)
    assert [row["name"] for row in rows] == ["one", "two"]


def test_every_engine_has_a_process_of_its_own_and_one_that_cannot_run_is_left_out() -> None:
    if has_nvidia_gpu() and not missing("tensorrt"):
        pytest.skip("TensorRT runs here")
    entered: list[Racer] = []
    lines: list[str] = []

    def enter(contender, notify):
        entered.append(Racer(contender, notify))
        return entered[-1]

    others = [Contender(name, "polyplive-fast", backend=name) for name in ("tensorrt", "onnxruntime")]
    rows = run_contest([OPENVINO, *others], pictures, 20, lines.append, enter=enter)
    assert [row["name"] for row in rows] == ["mask alone", "onnxruntime"]
    assert [row["backend"] for row in rows] == ["openvino", "onnxruntime"]
    assert len(lines) == 1
    assert lines[0].startswith("--compare tensorrt is left out: ")
    ids = [racer.process_id for racer in entered]
    assert len({os.getpid(), *ids}) == 3
    assert not any(runs(number) for number in ids)


def test_an_engine_that_answers_no_numbers_has_no_speed() -> None:
    here, there = multiprocessing.Pipe()
    engine = SpoiltEngine()
    here.send(pictures(engine.spec))
    here.send(3)
    with pytest.raises(NotFinite, match="colour"):
        _answer_all(there, engine, cam=True)
    assert here.recv() == ("done", None)


def test_where_the_first_cannot_run_its_error_comes_through() -> None:
    if has_nvidia_gpu() and not missing("tensorrt"):
        pytest.skip("TensorRT runs here")
    with pytest.raises(BackendUnavailable) as caught:
        run_contest([Contender("tensorrt", backend="tensorrt"), OPENVINO], pictures, 20)
    assert caught.value.hint


def test_a_process_that_dies_is_one_line() -> None:
    racer = Racer(OPENVINO)
    try:
        racer.load(pictures(racer.spec))
        assert len(racer.turn(3)) == 3
        os.kill(racer.process_id, signal.SIGKILL)
        with pytest.raises(InferenceError, match="mask alone ended by itself"):
            racer.turn(3)
    finally:
        racer.close()
        racer.close()


def test_ctrl_c_leaves_the_engines_to_the_process_that_started_them() -> None:
    racer = Racer(OPENVINO)
    try:
        racer.load(pictures(racer.spec))
        os.kill(racer.process_id, signal.SIGINT)
        time.sleep(0.1)
        assert len(racer.turn(2)) == 2
    finally:
        racer.close()
    assert not runs(racer.process_id)
