"""A float16 graph made on the machine that wants it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from export_helpers import demo_pictures, frame, tiny_checkpoint
from polyplive.export.graph.export_model import ExportSettings, export_model
from polyplive.export.precision.float16_file import float16_file
from polyplive.export.precision.narrow_graph import rounded_graph

from polyplive.backends.auto_model import find_model
from polyplive.backends.factory import open_engine
from polyplive.backends.onnx_file.stored_weights import float_weights
from polyplive.errors import ExportError
from polyplive.manifest import ACCURATE, FAST, LIGHT, load_manifest, sha256_of


@pytest.mark.parametrize("int8", [False, True])
def test_it_is_the_models_float16_made_once(tmp_path: Path, int8: bool) -> None:
    graph = export_model(
        ExportSettings(tiny_checkpoint(tmp_path / "best.pt"), "tiny", tmp_path / "out", int8_weights=int8)
    ).graph
    made = float16_file(graph, tmp_path / "cache")
    manifest, given = load_manifest(made), load_manifest(graph)
    assert (manifest.name, manifest.precision) == ("tiny-fp16", "float16")
    assert (manifest.cam_full_scale, manifest.training) == (given.cam_full_scale, given.training)
    kinds = {node.op_type for node in onnx.load(made).graph.node}
    assert "DequantizeLinear" not in kinds, "TensorRT gets plain weights"
    before = made.stat().st_mtime_ns
    assert float16_file(graph, tmp_path / "cache") == made
    assert made.stat().st_mtime_ns == before
    answers = []
    for path in (graph, made):
        engine = open_engine(path, "onnxruntime")
        answers.append(engine.infer(frame(1)[None]).probability)
        engine.close()
    np.testing.assert_allclose(answers[1], answers[0], atol=2e-2)


def test_a_damaged_one_is_made_again(tmp_path: Path) -> None:
    graph = export_model(ExportSettings(tiny_checkpoint(tmp_path / "best.pt"), "tiny", tmp_path / "out")).graph
    made = float16_file(graph, tmp_path / "cache")
    sound = sha256_of(made)
    made.write_bytes(made.read_bytes()[:-9])
    assert float16_file(graph, tmp_path / "cache") == made
    assert sha256_of(made) == sound


def test_what_is_no_graph_is_one_clear_error(tmp_path: Path) -> None:
    graph = export_model(ExportSettings(tiny_checkpoint(tmp_path / "best.pt"), "tiny", tmp_path / "out")).graph
    graph.write_bytes(b"no graph")
    manifest = graph.with_suffix(".json")
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"sha256": sha256_of(graph)}))
    with pytest.raises(ExportError, match=r"tiny.onnx' cannot be turned into float16"):
        float16_file(graph, tmp_path / "cache")


@pytest.mark.parametrize("name", [FAST, LIGHT, ACCURATE])
def test_really_rounded_a_shipped_model_keeps_mask_and_map(name: str, tmp_path: Path) -> None:
    """As a GPU rounds: an overflow in an activation would show."""
    graph = find_model(name)
    rounded = rounded_graph(onnx.load(float16_file(graph, tmp_path)))
    exact = float_weights(graph.read_bytes())
    pictures = demo_pictures(load_manifest(graph).input_height)[::2]
    (before, after) = (run_all(model, pictures) for model in (exact, rounded.SerializeToString()))
    for (probability, cam), (half, half_cam) in zip(before, after, strict=True):
        assert np.abs(half - probability).mean() < 2e-3
        assert ((half > 0.5) != (probability > 0.5)).mean() < 5e-3
        assert np.isfinite(half_cam).all()
        if cam.max() > 0:
            assert np.abs(half_cam - cam).max() < 0.2 * cam.max()
    assert max(cam.max() for _, cam in before) > 0


def run_all(model: bytes, pictures: list[np.ndarray]) -> list[list[np.ndarray]]:
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    return [session.run(["probability", "cam"], {"frame": picture}) for picture in pictures]


def test_it_needs_no_pytorch(tmp_path: Path) -> None:
    hidden = (
        "import sys; sys.modules['torch'] = None\n"
        "from pathlib import Path\n"
        "from polyplive.manifest import FAST, find_graph\n"
        "from polyplive.export.precision.float16_file import float16_file\n"
        f"print(float16_file(find_graph(FAST), Path({str(tmp_path)!r})).name)"
    )
    done = subprocess.run([sys.executable, "-c", hidden], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, f"{FAST}-fp16.onnx"), done.stderr
