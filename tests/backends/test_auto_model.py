"""Which model a command runs that names none, and that a session stays with it."""

from __future__ import annotations

import functools
from dataclasses import replace

import pytest

from polyplive.backends import auto_model, factory, registry
from polyplive.backends.auto_model import faster_model, find_model
from polyplive.backends.base import EngineSpec
from polyplive.backends.factory import open_engine
from polyplive.backends.openvino import OPENVINO
from polyplive.backends.tensorrt.backend import TENSORRT
from polyplive.commands.doctor import _default_model
from polyplive.config import EngineOptions, Settings
from polyplive.errors import DeviceLost, ModelNotFound
from polyplive.manifest import ACCURATE, FAST, LIGHT, find_graph, load_manifest, shipped_models
from polyplive.sessions.engine_room import opening
from polyplive.sessions.engine_room.interrupt import Interrupt
from polyplive.sessions.engine_room.opening import SameModelOpener


@pytest.fixture
def unnamed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("POLYPLIVE_MODEL")
    monkeypatch.setattr(auto_model, "has_matrix_unit", lambda: False)


@pytest.mark.usefixtures("unnamed")
@pytest.mark.parametrize(
    ("matrix_unit", "precision", "wanted"),
    [(False, "auto", FAST), (True, "float32", FAST), (True, "auto", ACCURATE)],
)
def test_auto_opens_what_suits_the_processor_and_says_why(
    monkeypatch: pytest.MonkeyPatch, matrix_unit: bool, precision: str, wanted: str
) -> None:
    monkeypatch.setattr(auto_model, "has_matrix_unit", lambda: matrix_unit)
    lines: list[str] = []
    engine = open_engine(backend="openvino", options=EngineOptions(precision=precision), notify=lines.append)
    assert engine.spec.manifest.name == wanted
    assert lines[0].startswith(f"Model {wanted}: ")
    engine.close()


@pytest.mark.usefixtures("unnamed")
def test_with_a_gpu_it_is_the_accurate_one_also_for_doctor(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []

    def open_graph(graph, options, notify):
        opened.append(graph.stem)
        raise DeviceLost("The GPU is gone")

    both = tuple(replace(backend, open=open_graph, needs=()) for backend in (TENSORRT, OPENVINO))
    monkeypatch.setattr(factory, "candidates", lambda name, notify: both)
    monkeypatch.setattr(registry, "candidates", lambda name: both)
    with pytest.raises(DeviceLost):
        open_engine()
    assert opened == [ACCURATE, FAST]
    found = _default_model()
    assert found.works
    assert found.detail.startswith(f"{ACCURATE}: ")


def test_a_variable_that_names_no_model_is_named_where_it_matters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLYPLIVE_MODEL", "nonsense")
    with pytest.raises(ModelNotFound, match=r"'nonsense' \(POLYPLIVE_MODEL\)"):
        open_engine()
    found = _default_model()
    assert not found.works
    assert "POLYPLIVE_MODEL" in found.detail


@pytest.mark.usefixtures("unnamed")
def test_a_live_session_keeps_its_model_when_the_gpu_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    class Opened:
        class spec:  # noqa: N801
            backend = "tensorrt"

    def start(opener: functools.partial[object], *_: object) -> type[Opened]:
        asked.append(opener.args[0])
        return Opened

    monkeypatch.setattr(opening, "ProcessEngine", start)
    interrupt = Interrupt()
    again = SameModelOpener(Settings(), print)
    again(interrupt)
    again(interrupt)
    SameModelOpener(replace(Settings(), model="mine.onnx"), print)(interrupt)
    interrupt.close()
    assert asked == ["auto", ACCURATE, "mine.onnx"]


@pytest.mark.parametrize(
    ("backend", "precision", "matrix_unit", "wanted"),
    [
        ("tensorrt", "auto", False, ACCURATE),
        ("openvino", "auto", True, ACCURATE),
        ("openvino", "bfloat16", True, ACCURATE),
        ("openvino", "float32", True, FAST),
        ("openvino", "auto", False, FAST),
        ("onnxruntime", "auto", True, FAST),
    ],
)
def test_auto_is_the_accurate_model_where_it_runs_in_real_time(
    monkeypatch: pytest.MonkeyPatch, backend: str, precision: str, matrix_unit: bool, wanted: str
) -> None:
    monkeypatch.setattr(auto_model, "has_matrix_unit", lambda: matrix_unit)
    monkeypatch.delenv("POLYPLIVE_MODEL")
    assert auto_model.auto_model(backend, precision).name == wanted
    monkeypatch.setenv("POLYPLIVE_MODEL", "mine.onnx")
    assert auto_model.auto_model(backend, precision).name == "mine.onnx"
    monkeypatch.setenv("POLYPLIVE_MODEL", "auto")
    assert find_model("auto") == shipped_models()[ACCURATE if matrix_unit else FAST]


def test_a_variable_that_names_no_model_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLYPLIVE_MODEL", "no-such-model")
    with pytest.raises(ModelNotFound, match=r"'no-such-model' \(POLYPLIVE_MODEL\)"):
        find_model("auto")


def test_the_next_faster_model_is_a_shipped_one() -> None:
    assert faster_model(ACCURATE) == faster_model(f"{ACCURATE}-fp16") == FAST
    assert faster_model(FAST) == LIGHT
    assert faster_model(LIGHT) is None
    assert faster_model("/home/someone/mine.onnx") is None


def test_a_session_on_the_accurate_model_can_go_on_with_the_fast_one_on_the_same_runtime() -> None:
    accurate = SameModelOpener(replace(Settings(), model=ACCURATE, backend="openvino"), print)
    spec = EngineSpec.of(load_manifest(find_graph(ACCURATE)), "openvino", "CPU")
    faster = accurate.faster(spec)
    assert faster is not None
    assert (faster._settings.model, faster._settings.backend) == (FAST, "openvino")
    light = faster.faster(EngineSpec.of(load_manifest(find_graph(FAST)), "openvino", "CPU"))
    assert light is not None
    assert light._settings.model == LIGHT
    assert light.faster(EngineSpec.of(load_manifest(find_graph(LIGHT)), "openvino", "CPU")) is None
    own = SameModelOpener(replace(Settings(), model="mine.onnx"), print)
    assert own.faster(spec) is None, "a file may have any name inside"
