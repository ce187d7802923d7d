"""Which of the measured setups runs."""

from __future__ import annotations

import pytest

from polyplive.manifest import ACCURATE, FAST, LIGHT
from polyplive.sessions.tuning.choice import AROUND_MS, GOAL_MS, choose
from polyplive.sessions.tuning.measurement import Row
from polyplive.sessions.tuning.setups import Setup

ENOUGH_MS = GOAL_MS - AROUND_MS


def row(model: str, ms: float | None, precision: str = "float32", backend: str = "openvino", **more: object) -> Row:
    return Row(Setup(model, backend, precision), ms, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(("accurate_ms", "wanted"), [(ENOUGH_MS, ACCURATE), (ENOUGH_MS + 0.1, FAST), (None, FAST)])
def test_the_accurate_model_runs_where_the_goal_holds_with_it(accurate_ms: float | None, wanted: str) -> None:
    choice = choose([row(FAST, 9.0), row(ACCURATE, accurate_ms)])
    assert choice is not None
    assert choice.row.setup.model == wanted
    assert choice.holds
    assert f"below {GOAL_MS:.0f} ms holds" in str(choice)


@pytest.mark.parametrize(("fast_ms", "wanted"), [(ENOUGH_MS, FAST), (ENOUGH_MS + 0.1, LIGHT), (None, LIGHT)])
def test_the_light_model_runs_where_the_fast_one_misses_the_goal(fast_ms: float | None, wanted: str) -> None:
    choice = choose([row(FAST, fast_ms), row(LIGHT, 5.0), row(ACCURATE, 200.0)])
    assert choice is not None
    assert choice.row.setup.model == wanted
    assert choice.holds


def test_where_no_model_holds_the_goal_the_fastest_runs_and_it_is_said() -> None:
    choice = choose([row(FAST, 60.0), row(ACCURATE, 500.0)])
    assert choice is not None
    assert choice.row.setup.model == FAST
    assert not choice.holds
    assert "cannot be held here" in str(choice)


def test_the_accurate_model_runs_where_it_alone_does_and_nothing_where_none_does() -> None:
    choice = choose([row(FAST, None, failure="no"), row(ACCURATE, 200.0)])
    assert choice is not None
    assert choice.row.setup.model == ACCURATE
    assert choose([row(FAST, None, failure="no")]) is None
    assert choose([]) is None


def test_the_faster_runtime_runs() -> None:
    rows = [row(FAST, 21.0), row(FAST, 19.5, backend="onnxruntime"), row(FAST, 40.0, backend="other")]
    choice = choose(rows)
    assert choice is not None
    assert choice.row.setup.backend == "onnxruntime"


@pytest.mark.parametrize(("bfloat16_ms", "wanted"), [(10.0, "bfloat16"), (19.4, "float32"), (25.0, "float32")])
def test_a_rounder_arithmetic_has_to_be_worth_it(bfloat16_ms: float, wanted: str) -> None:
    choice = choose([row(FAST, bfloat16_ms, "bfloat16"), row(FAST, 20.0)])
    assert choice is not None
    assert choice.row.setup.precision == wanted


def test_what_slows_the_picture_is_left_for_what_does_not() -> None:
    rude, polite = row(FAST, 15.0, picture_ms=9.0), row(FAST, 18.0, backend="onnxruntime", picture_ms=5.0)
    slow = row(FAST, 19.0, backend="other", picture_ms=2.0)
    for rows, wanted in (((rude, polite), polite), ((rude,), rude), ((rude, slow), rude), ((polite, slow), slow)):
        choice = choose(rows)
        assert choice is not None
        assert choice.row is wanted, rows


def test_a_model_of_the_users_own_is_chosen_from_alone() -> None:
    choice = choose([row("mine.onnx", 90.0), row("mine.onnx", 80.0, backend="onnxruntime")])
    assert choice is not None
    assert choice.row.setup.backend == "onnxruntime"
