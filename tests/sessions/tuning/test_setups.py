"""Which setups are measured: what the user named is the same in all of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from polyplive.config import EngineOptions, Settings
from polyplive.manifest import ACCURATE, FAST, LIGHT
from polyplive.sessions.tuning import setups
from polyplive.sessions.tuning.setups import Setup, setups_for

EVERY = Settings()


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two processors without bfloat16, and both runtimes."""
    monkeypatch.delenv("POLYPLIVE_MODEL")
    monkeypatch.setattr(setups, "installed_backends", lambda: ("openvino", "onnxruntime", "torch"))
    monkeypatch.setattr(setups, "has_bfloat16", lambda: False)
    monkeypatch.setattr(setups, "processor_features", lambda: ("avx2",))
    monkeypatch.setattr(setups, "processor_count", lambda: 2)


def engine(**options: object) -> Settings:
    return replace(EVERY, engine=EngineOptions(**options))  # type: ignore[arg-type]


def test_by_default_models_runtimes_and_threads_are_compared() -> None:
    assert setups_for(EVERY) == (
        Setup(FAST, "openvino", "float32"),
        Setup(FAST, "onnxruntime", "float32"),
        Setup(FAST, "openvino", "float32", 1),
        Setup(LIGHT, "openvino", "float32"),
        Setup(ACCURATE, "openvino", "float32"),
    )


def test_a_processor_with_bfloat16_is_measured_in_both(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setups, "has_bfloat16", lambda: True)
    found = setups_for(EVERY)
    assert found[0] == Setup(FAST, "openvino", "bfloat16")
    assert Setup(FAST, "openvino", "float32") in found
    assert found[-1] == Setup(ACCURATE, "openvino", "bfloat16")


def test_where_the_processors_features_are_unknown_the_runtime_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setups, "processor_features", lambda: ())
    assert {setup.precision for setup in setups_for(EVERY)} == {"auto"}


@pytest.mark.parametrize(
    ("settings", "field", "value"),
    [
        (replace(EVERY, model="mine.onnx"), "model", "mine.onnx"),
        (replace(EVERY, model=ACCURATE), "model", ACCURATE),
        (replace(EVERY, backend="onnxruntime"), "backend", "onnxruntime"),
        (engine(precision="float32"), "precision", "float32"),
        (engine(precision="bfloat16"), "precision", "bfloat16"),
        (engine(threads=2), "threads", 2),
    ],
)
def test_what_is_named_stays(settings: Settings, field: str, value: object) -> None:
    found = setups_for(settings)
    assert found
    assert {getattr(setup, field) for setup in found} == {value}


def test_where_all_is_named_nothing_is_left_to_choose() -> None:
    named = replace(engine(precision="float32", threads=1), model=FAST, backend="openvino")
    assert setups_for(named) == (Setup(FAST, "openvino", "float32", 1),)
    assert setups_for(named)[0].applied_to(EVERY) == named


@pytest.mark.parametrize("backend", ["torch", "tensorrt", "onnxruntime-cuda", "nonsense"])
def test_gpus_and_baselines_are_not_measured(backend: str) -> None:
    assert setups_for(replace(EVERY, backend=backend)) == ()


def test_where_tensorrt_serves_nothing_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setups, "installed_backends", lambda: ("tensorrt", "openvino"))
    assert setups_for(EVERY) == ()
    assert setups_for(replace(EVERY, backend="openvino"))


def test_a_precision_that_no_runtime_here_has_is_not_measured() -> None:
    assert setups_for(engine(precision="float16")) == ()


def test_the_variable_names_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLYPLIVE_MODEL", "mine.onnx")
    assert {setup.model for setup in setups_for(EVERY)} == {"mine.onnx"}
    assert {setup.model for setup in setups_for(replace(EVERY, model=FAST))} == {FAST}


def test_a_single_processor_is_not_asked_for_fewer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setups, "processor_count", lambda: 1)
    assert {setup.threads for setup in setups_for(EVERY)} == {None}
