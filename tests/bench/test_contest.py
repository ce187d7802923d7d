"""Engines that take turns."""

from __future__ import annotations

import jsonschema
import numpy as np
import pytest
from bench_schema import CONTENDER
from colour_engine import SIDE, ColourEngine

from polyplive.backends.options import EngineOptions
from polyplive.benchmark import contest
from polyplive.benchmark.contest import Contender, check_contender, contest_length, parse_contender, run_contest
from polyplive.errors import BackendUnavailable, ConfigError, ModelNotFound

BASE = Contender("as configured", options=EngineOptions(threads=2))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("openvino", {"backend": "openvino"}),
        ("mask", {"cam": False}),
        ("onnxruntime, mask", {"backend": "onnxruntime", "cam": False}),
        ("openvino,float32", {"backend": "openvino", "options": EngineOptions("float32", 2)}),
        ("unet-lite0-fp16", {"model": "unet-lite0-fp16"}),
        ("torch,cam", {"backend": "torch", "cam": True}),
    ],
)
def test_words_change_what_is_configured(text: str, wanted: dict) -> None:
    found = parse_contender(text, BASE)
    assert found.name == text
    for name in ("model", "backend", "options", "cam"):
        assert getattr(found, name) == wanted.get(name, getattr(BASE, name))


@pytest.mark.parametrize("text", ["", "openvino,,mask", " "])
def test_an_empty_word_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="empty part"):
        parse_contender(text, BASE)


def test_they_take_turns_and_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []
    engines: dict[str, ColourEngine] = {}

    class Named(ColourEngine):
        def infer(self, tensor, *, cam=True):
            order.append(self.name)
            return super().infer(tensor, cam=cam)

    def opened(model, backend, options, notify):
        engine = engines[backend] = Named()
        engine.name = backend
        return engine

    monkeypatch.setattr(contest, "open_engine", opened)
    pictures = [np.zeros((1, SIDE, SIDE, 3), np.uint8)]
    told: list[int] = []
    rows = run_contest(
        [Contender("one", backend="a"), Contender("two", backend="b", cam=False)],
        lambda engine: pictures,
        40,
        on_frame=told.append,
    )
    assert order[:8] == ["a", "a", "b", "b"] * 2
    assert len(order) == told[-1] == contest_length(2, 40) == 88
    assert all(engine.closed for engine in engines.values())
    assert (set(engines["a"].cams), set(engines["b"].cams)) == ({True}, {False})
    for row in rows:
        jsonschema.validate(row, CONTENDER)
    assert rows[0]["to_first"] == {"ratio": 1.0, "low": 1.0, "high": 1.0}
    assert [row["name"] for row in rows] == ["one", "two"]


def test_one_that_this_machine_cannot_run_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    first, lines = ColourEngine(), []

    def opened(model, backend, options, notify):
        if backend == "b":
            raise BackendUnavailable("no such card")
        return first

    monkeypatch.setattr(contest, "open_engine", opened)
    pictures = [np.zeros((1, SIDE, SIDE, 3), np.uint8)]
    both = [Contender("one", backend="a"), Contender("two", backend="b")]
    rows = run_contest(both, lambda engine: pictures, 20, lines.append)
    assert [row["name"] for row in rows] == ["one"]
    assert lines == ["--compare two is left out: no such card"]
    assert first.closed
    with pytest.raises(BackendUnavailable):
        run_contest(both[1:], lambda engine: pictures, 20)


@pytest.mark.parametrize(
    ("text", "kind"),
    [("openvino,float16", ConfigError), ("torch,bfloat16", ConfigError), ("no-such-model", ModelNotFound)],
)
def test_what_can_never_run_is_refused_before_anything_is_measured(text: str, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        check_contender(parse_contender(text, BASE))
