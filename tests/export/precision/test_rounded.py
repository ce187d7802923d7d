"""A model that rounds all that it calculates, as narrow hardware would."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from export_helpers import SIDE, frame, tiny_checkpoint
from polyplive.export.graph.export_model import ExportSettings, export_model
from polyplive.export.precision.rounded import main

from polyplive.backends.factory import open_engine
from polyplive.manifest import load_manifest


def answer(graph: Path) -> np.ndarray:
    engine = open_engine(graph, "onnxruntime")
    probability = engine.infer(frame(1)[None]).probability
    engine.close()
    return probability


def test_it_is_a_model_of_its_own_that_runs_in_float32(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    graph = export_model(ExportSettings(tiny_checkpoint(tmp_path / "best.pt"), "tiny", tmp_path)).graph
    far = {}
    for precision in ("float16", "bfloat16"):
        assert main([str(graph), "--to", precision, "--out", str(tmp_path / "out")]) == 0
        written = tmp_path / "out" / f"tiny-as-{precision}.onnx"
        assert f"--model {written}" in capsys.readouterr().out
        manifest = load_manifest(written)
        assert (manifest.precision, manifest.weights, manifest.input_height) == ("float32", "float32", SIDE)
        far[precision] = np.abs(answer(written) - answer(graph)).max()
    assert 0 < far["float16"] < far["bfloat16"] < 0.1


def test_what_cannot_be_rounded_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    settings = ExportSettings(tiny_checkpoint(tmp_path / "best.pt"), "tiny", tmp_path, float16=True)
    half = export_model(settings).half.graph
    for model in (str(half), "no-such-model", str(tmp_path / "gone.onnx")):
        assert main([model, "--to", "float16", "--out", str(tmp_path / "out")]) == 1
        told = capsys.readouterr().err
        assert told.startswith("rounded: ")
        assert told.count("\n") == 1
    assert not (tmp_path / "out").exists()
