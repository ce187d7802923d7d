"""The baseline runs the very network that the shipped graph was exported from."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from export_helpers import SIDE, demo_pictures, frame, graph_once, tiny_checkpoint, tiny_graph, tiny_network
from polyplive.export.graph import export_model as exporting
from polyplive.export.graph import torch_engine, verify
from polyplive.export.graph.cam.spec import cam_spec
from polyplive.export.graph.export_model import ExportSettings, export_model
from polyplive.export.graph.mask_and_cam import MaskAndCams
from polyplive.export.graph.read_back import network_from_graph
from polyplive.export.graph.rewrite import deployed
from polyplive.export.graph.torch_engine import TorchEngine
from polyplive.export.precision.float16_file import float16_file

from polyplive.backends.base import Outputs
from polyplive.backends.factory import open_engine
from polyplive.config import EngineOptions
from polyplive.errors import ConfigError, EngineClosed, ExportError, InferenceError, ManifestError
from polyplive.manifest import sha256_of

TINY_OPTIONS = {
    "unet": {"base": 4, "levels": 4},
    "unet-lite0": {"widths": [16, 12, 8, 8]},
    "additive-lite0": {"widths": [12, 8, 8]},
    "unet-vit": {"widths": [8, 8], "blocks": 2, "grid": 4, "taps": [1, 2]},
}


def write_tiny(folder: Path, shipped: Path, graph: onnx.ModelProto | bytes, architecture: str, **facts: Any) -> Path:
    """A graph with a manifest that fits it by its sums, sizes and ``facts``."""
    path = folder / "tiny.onnx"
    path.write_bytes(graph if isinstance(graph, bytes) else graph.SerializeToString())
    sizes = {"input_height": SIDE, "input_width": SIDE, "cam_height": 1, "cam_width": 1}
    if isinstance(graph, onnx.ModelProto) and len(graph.graph.output) == 2:
        sizes["cam_height"], sizes["cam_width"] = (
            d.dim_value for d in graph.graph.output[1].type.tensor_type.shape.dim[2:]
        )
    told = {"architecture": architecture, "sha256": sha256_of(path)}
    training = {"training": {"recipe": {"options": TINY_OPTIONS[architecture]}}}
    whole = json.loads(shipped.with_suffix(".json").read_text()) | sizes | told | training | facts
    path.with_suffix(".json").write_text(json.dumps(whole))
    return path


@pytest.fixture(scope="module")
def baseline(shipped_graph: Path) -> Iterator[TorchEngine]:
    engine = TorchEngine(shipped_graph)
    yield engine
    engine.close()


def assert_agree(given: Outputs, wanted: Outputs, *, near: float = 1e-3) -> None:
    assert wanted.cam.max() > 0
    np.testing.assert_allclose(given.probability, wanted.probability, atol=near)
    np.testing.assert_allclose(given.cam, wanted.cam, atol=1e-2 * wanted.cam.max())


def test_it_gives_what_the_graph_gives(baseline: TorchEngine, shipped_graph: Path) -> None:
    reference = open_engine(shipped_graph, "onnxruntime")
    for picture in demo_pictures(baseline.spec.height):
        whole = baseline.infer(picture)
        assert_agree(whole, reference.infer(picture), near=5e-3)  # rounded kernels cannot be unmerged exactly
        mask = baseline.infer(picture, cam=False)
        assert mask.cam is None
        np.testing.assert_allclose(mask.probability, whole.probability, atol=1e-5)
    reference.close()


def test_it_says_what_it_is_and_gives_its_answers_away(baseline: TorchEngine) -> None:
    assert baseline.spec.backend == "torch"
    assert baseline.spec.device == (torch.cuda.get_device_name() if torch.cuda.is_available() else "CPU")
    picture = demo_pictures(baseline.spec.height)[0]
    first = baseline.infer(picture)
    kept = first.probability.copy()
    first.probability[:], first.cam[:] = 7, 7
    second = baseline.infer(picture)
    np.testing.assert_array_equal(second.probability, kept)
    assert second.probability.dtype == second.cam.dtype == np.float32


def test_it_is_the_ordinary_network_with_batch_norm(shipped_graph: Path) -> None:
    kinds = [type(module) for module in network_from_graph(shipped_graph).modules()]
    assert kinds.count(torch.nn.BatchNorm2d) > 40
    assert torch.nn.ConvTranspose2d not in kinds


@pytest.mark.parametrize(
    ("architecture", "cam"),
    [
        *((architecture, "grad-cam:encoder.bottleneck") for architecture in TINY_OPTIONS),
        ("unet", "hires-cam:decoder.1"),
        ("unet-lite0", "layer-cam:decoder.1"),
        ("additive-lite0", "multi-level:encoder.bottleneck,skip.0,decoder.1"),
        ("unet-vit", "multi-level:encoder.bottleneck,decoder.0"),
    ],
)
def test_either_architecture_comes_back(tmp_path: Path, shipped_graph: Path, architecture: str, cam: str) -> None:
    trained = tiny_network(kind=architecture)
    trained.cam = cam
    rewritten = deployed(trained)
    graph = graph_once(MaskAndCams(rewritten, [cam_spec(cam, rewritten)]), SIDE, SIDE)
    path = write_tiny(tmp_path, shipped_graph, graph, architecture, cam=cam)
    again = deployed(network_from_graph(path)).state_dict()
    for name, weights in rewritten.state_dict().items():
        torch.testing.assert_close(again[name], weights, atol=1e-6, rtol=0, msg=name)
    engine, reference = TorchEngine(path), open_engine(path, "onnxruntime")
    assert_agree(engine.infer(frame(1)[None]), reference.infer(frame(1)[None]))
    reference.close()
    engine.close()


def test_an_exported_checkpoint_comes_back(tmp_path: Path) -> None:
    graph = export_model(ExportSettings(tiny_checkpoint(tmp_path / "best.pt"), "tiny", tmp_path)).graph
    engine, reference = TorchEngine(graph), open_engine(graph, "onnxruntime")
    assert_agree(engine.infer(frame(1)[None]), reference.infer(frame(1)[None]))
    reference.close()
    engine.close()


def test_a_transformer_comes_back_from_another_side_than_it_was_trained_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared = []

    def compare(model, trained, *others):
        compared.append(trained.encoder.side)
        return verify.compare(model, trained, *others)

    monkeypatch.setattr(exporting, "compare", compare)
    checkpoint = tiny_checkpoint(tmp_path / "best.pt", kind="unet-vit")
    graph = export_model(ExportSettings(checkpoint, "tiny", tmp_path, size=SIDE + 32)).graph
    assert compared == [SIDE], "with the network as it was trained"
    engine, reference = TorchEngine(graph), open_engine(graph, "onnxruntime")
    assert_agree(engine.infer(frame(1, SIDE + 32)[None]), reference.infer(frame(1, SIDE + 32)[None]))
    reference.close()
    engine.close()


def test_only_float32_graphs_can_be_read_back(shipped_graph: Path, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="float16"):
        TorchEngine(float16_file(shipped_graph, tmp_path))


def foreign() -> onnx.ModelProto:
    """A graph of one node and no weights."""
    picture = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.UINT8, [1, SIDE, SIDE, 3]) for name in "ab"]
    node = onnx.helper.make_node("Identity", ["a"], ["b"])
    return onnx.helper.make_model(onnx.helper.make_graph([node], "foreign", picture[:1], picture[1:]))


def with_weights_in_double() -> onnx.ModelProto:
    model = tiny_graph()
    first = next(item for item in model.graph.initializer if item.name == "_param_constant0")
    first.CopyFrom(onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(first).astype(np.float64), first.name))
    return model


def with_weights_elsewhere() -> onnx.ModelProto:
    model = tiny_graph()
    onnx.external_data_helper.set_external_data(model.graph.initializer[0], "gone.bin")
    model.graph.initializer[0].ClearField("raw_data")
    return model


@pytest.mark.parametrize(
    "make", [foreign, with_weights_in_double, with_weights_elsewhere, lambda: b"this is no graph", lambda: b""]
)
def test_a_foreign_graph_is_one_clear_error(
    tmp_path: Path, shipped_graph: Path, make: Callable[[], onnx.ModelProto | bytes]
) -> None:
    with pytest.raises(ExportError) as caught:
        TorchEngine(write_tiny(tmp_path, shipped_graph, make(), "unet"))
    assert "\n" not in str(caught.value)
    assert caught.value.hint


@pytest.mark.filterwarnings("ignore:Initializing zero-element tensors")
@pytest.mark.parametrize(
    "options",
    [{"base": 8}, {"base": 4, "levels": 8}, {"base": 0}, {"base": -3}, {"base": "x"}, {"x": 1}, [1, 2], "abc"],
)
def test_options_that_do_not_fit_are_one_clear_error(tmp_path: Path, shipped_graph: Path, options: Any) -> None:
    facts = {"training": {"recipe": {"options": options}}}
    with pytest.raises(ExportError):
        network_from_graph(write_tiny(tmp_path, shipped_graph, foreign(), "unet", **facts))


def test_another_structure_than_the_manifests_is_one_clear_error(tmp_path: Path, shipped_graph: Path) -> None:
    graph = tmp_path / "odd.onnx"
    shutil.copy(shipped_graph, graph)
    facts = json.loads(shipped_graph.with_suffix(".json").read_text())
    for change in ({"architecture": "unet-lite1"}, {"architecture": "unet-of-tomorrow"}, {"cam": "grad-cam:head"}):
        graph.with_suffix(".json").write_text(json.dumps(facts | change))
        with pytest.raises(ExportError):
            TorchEngine(graph)
    graph.with_suffix(".json").unlink()
    with pytest.raises(ManifestError):
        TorchEngine(graph)


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_it_has_one_precision(shipped_graph: Path, precision: str) -> None:
    for opening in (TorchEngine, lambda graph, options: open_engine(graph, "torch", options)):
        with pytest.raises(ConfigError, match=f"torch has no precision '{precision}'"):
            opening(shipped_graph, EngineOptions(precision=precision))


def test_threads_are_pytorchs(shipped_graph: Path) -> None:
    before = torch.get_num_threads()
    try:
        TorchEngine(shipped_graph, EngineOptions(threads=2)).close()
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_a_failure_of_pytorch_is_an_inference_error(baseline: TorchEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("CUDA out of memory.\nTried to allocate")

    monkeypatch.setattr(torch_engine, "cam_by_hooks", fail)
    with pytest.raises(InferenceError, match="could not run 'polyplive-fast': CUDA out of memory") as caught:
        baseline.infer(np.zeros((1, baseline.spec.height, baseline.spec.width, 3), np.uint8))
    assert "\n" not in str(caught.value)
    assert caught.value.hint


def test_a_wrong_tensor_is_refused(baseline: TorchEngine) -> None:
    with pytest.raises(ValueError, match="takes uint8"):
        baseline.infer(np.zeros((1, 8, 8, 3), np.uint8))


def test_it_knows_when_it_is_closed(shipped_graph: Path) -> None:
    engine = TorchEngine(shipped_graph)
    engine.close()
    engine.close()
    with pytest.raises(EngineClosed):
        engine.infer(np.zeros((1, engine.spec.height, engine.spec.width, 3), np.uint8))
