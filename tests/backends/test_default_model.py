"""Which model a command runs that names none, and that a session stays with it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from polyplive import manifest
from polyplive.backends import factory
from polyplive.backends.factory import open_engine
from polyplive.backends.options import EngineOptions
from polyplive.commands import session_setup
from polyplive.commands.doctor import _default_model
from polyplive.commands.session_setup import SameModel
from polyplive.config import Settings
from polyplive.errors import DeviceLost, ModelNotFound
from polyplive.manifest import ACCURATE, FAST


@pytest.fixture
def unnamed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("POLYPLIVE_MODEL")
    monkeypatch.setattr(manifest, "has_matrix_unit", lambda: False)


@pytest.mark.usefixtures("unnamed")
@pytest.mark.parametrize(
    ("matrix_unit", "precision", "wanted"),
    [(False, "auto", FAST), (True, "float32", FAST), (True, "auto", ACCURATE)],
)
def test_auto_opens_what_suits_the_processor_and_says_why(
    monkeypatch: pytest.MonkeyPatch, matrix_unit: bool, precision: str, wanted: str
) -> None:
    monkeypatch.setattr(manifest, "has_matrix_unit", lambda: matrix_unit)
    lines: list[str] = []
    engine = open_engine(backend="openvino", options=EngineOptions(precision=precision), notify=lines.append)
    assert engine.spec.manifest.name == wanted
    assert lines[0].startswith(f"Model {wanted}: ")
    engine.close()


@pytest.mark.usefixtures("unnamed")
def test_with_a_gpu_it_is_the_accurate_one_also_for_doctor(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []

    def open_graph(model, name, options, notify):
        opened.append(model.stem)
        raise DeviceLost("The GPU is gone")

    monkeypatch.setattr(factory, "_open", open_graph)
    monkeypatch.setattr(factory, "_names", lambda backend, notify: ("tensorrt", "openvino"))
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
        class engine:  # noqa: N801
            class spec:  # noqa: N801
                backend = "tensorrt"

    def open_pipeline(settings: Settings) -> type[Opened]:
        asked.append(settings.model)
        return Opened

    monkeypatch.setattr(session_setup, "open_pipeline", open_pipeline)
    opener = SameModel(Settings())
    opener()
    opener()
    SameModel(replace(Settings(), model="mine.onnx"))()
    assert asked == ["auto", ACCURATE, "mine.onnx"]
