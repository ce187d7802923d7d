"""The baseline runs the very network that the shipped graph was exported from."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from export_helpers import tiny_checkpoint
from polyplive.export.export_model import ExportSettings, export_model
from polyplive.export.torch_engine import TorchEngine

from polyplive.backends.factory import open_engine
from polyplive.backends.options import EngineOptions
from polyplive.errors import ConfigError, EngineClosed, ExportError, ManifestError
from polyplive.manifest import find_float16
from polyplive.preprocess import preprocess
from polyplive.sources.file import FileSource
from polyplive.types import Roi

DEMO = Path(__file__).resolve().parents[2] / "assets" / "demo.mp4"


def demo_pictures(side: int) -> list[np.ndarray]:
    source = FileSource(DEMO)
    found = []
    for number in (100, 230, 410):
        source.seek(number / 25)
        frame = source.read()
        found.append(preprocess(frame.image, Roi(0, 0, frame.width, frame.height), side, side))
    source.close()
    return found


@pytest.fixture(scope="module")
def baseline(shipped_graph: Path) -> TorchEngine:
    return TorchEngine(shipped_graph)


def test_it_gives_what_the_graph_gives(baseline: TorchEngine, shipped_graph: Path) -> None:
    reference = open_engine(shipped_graph, "onnxruntime")
    for picture in demo_pictures(baseline.spec.height):
        given, wanted = baseline.infer(picture), reference.infer(picture)
        assert wanted.cam.max() > 0
        np.testing.assert_allclose(given.probability, wanted.probability, atol=1e-3)
        np.testing.assert_allclose(given.cam, wanted.cam, atol=1e-2 * wanted.cam.max())


def test_it_is_the_ordinary_network_with_batch_norm(baseline: TorchEngine) -> None:
    import torch

    kinds = [type(module) for module in baseline._network.modules()]
    assert kinds.count(torch.nn.BatchNorm2d) > 40
    assert torch.nn.ConvTranspose2d not in kinds


def test_an_exported_checkpoint_comes_back(tmp_path: Path) -> None:
    graph = export_model(ExportSettings(tiny_checkpoint(tmp_path / "best.pt"), "tiny", tmp_path)).graph
    engine, reference = TorchEngine(graph), open_engine(graph, "onnxruntime")
    picture = demo_pictures(engine.spec.height)[0]
    np.testing.assert_allclose(engine.infer(picture).probability, reference.infer(picture).probability, atol=1e-4)
    np.testing.assert_allclose(
        engine.infer(picture, cam=False).probability, reference.infer(picture).probability, atol=1e-4
    )


def test_only_float32_graphs_can_be_read_back(shipped_graph: Path) -> None:
    half = find_float16(shipped_graph)
    assert half is not None
    with pytest.raises(ExportError, match="float16"):
        TorchEngine(half)


def test_another_structure_than_the_manifests_is_one_clear_error(tmp_path: Path, shipped_graph: Path) -> None:
    import json

    graph = tmp_path / "odd.onnx"
    shutil.copy(shipped_graph, graph)
    facts = json.loads(shipped_graph.with_suffix(".json").read_text())
    for architecture in ("unet-lite1", "unet-of-tomorrow"):
        graph.with_suffix(".json").write_text(json.dumps(facts | {"architecture": architecture}))
        with pytest.raises(ExportError):
            TorchEngine(graph)
    graph.with_suffix(".json").unlink()
    with pytest.raises(ManifestError):
        TorchEngine(graph)


def test_it_has_one_precision_and_knows_when_it_is_closed(baseline: TorchEngine, shipped_graph: Path) -> None:
    with pytest.raises(ConfigError, match="torch has no precision 'bfloat16'"):
        open_engine(shipped_graph, "torch", EngineOptions(precision="bfloat16"))
    baseline.close()
    baseline.close()
    with pytest.raises(EngineClosed):
        baseline.infer(demo_pictures(352)[0])
