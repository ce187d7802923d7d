"""The float16 variant: strongly typed, close to float32 when really rounded, and refused where float16 cannot reach."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from export_helpers import frame, overflowing_network, tiny_checkpoint, tiny_graph
from onnx import ModelProto, TensorProto, helper, numpy_helper
from polyplive.export.graph.export_model import ExportSettings, export_model
from polyplive.export.precision.narrow_graph import NARROW, float16_graph, rounded_graph, rounded_of_file

from polyplive.errors import ExportError, VerificationError
from polyplive.manifest import find_float16, load_manifest


@pytest.fixture(scope="module", params=["unet", "unet-lite0", "additive-lite0", "unet-vit"])
def full(request: pytest.FixtureRequest) -> ModelProto:
    return tiny_graph(request.param)


def run(model: ModelProto, picture: np.ndarray) -> list[np.ndarray]:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(["probability", "cam"], {"frame": picture[None]})


def test_only_the_ends_and_the_sums_stay_float32(full: ModelProto) -> None:
    half = float16_graph(full)
    graph = onnx.shape_inference.infer_shapes(half, strict_mode=True).graph
    kinds = {value.name: value.type.tensor_type.elem_type for value in (*graph.value_info, *graph.output)}
    kinds |= {constant.name: constant.data_type for constant in graph.initializer}
    convolutions = [node for node in graph.node if node.op_type in ("Conv", "ConvTranspose")]
    assert convolutions
    assert {kinds[name] for node in convolutions for name in (*node.input, *node.output)} == {TensorProto.FLOAT16}
    sums = [node for node in graph.node if node.op_type == "ReduceSum"]
    assert len(sums) == 2, "one a layer of the map"
    assert {kinds[name] for node in sums for name in (node.input[0], node.output[0])} == {TensorProto.FLOAT}
    made = {name: node for node in graph.node for name in node.output}
    products = [made[made[node.input[0]].input[0]] for node in sums]
    assert [node.op_type for node in products] == ["Mul", "Mul"]
    assert {kinds[node.output[0]] for node in products} == {TensorProto.FLOAT}, "it could overflow"
    assert kinds["probability"] == kinds["cam"] == TensorProto.FLOAT
    assert kinds["logit"] == kinds["activation:encoder.bottleneck"] == TensorProto.FLOAT16
    assert graph.input[0].type.tensor_type.elem_type == TensorProto.UINT8


def test_it_is_half_as_large_and_leaves_the_original_alone() -> None:
    full = tiny_graph("unet-lite0")
    before = full.SerializeToString()
    assert float16_graph(full).ByteSize() < 0.55 * len(before)
    assert full.SerializeToString() == before


def test_rounded_it_is_close_to_float32(full: ModelProto) -> None:
    half = float16_graph(full)
    picture = frame(0)
    (probability, cam), (rounded_probability, rounded_cam) = run(full, picture), run(rounded_graph(half), picture)
    assert 0 < np.abs(rounded_probability - probability).max() < 2e-2
    assert cam.max() > 0
    assert np.abs(rounded_cam - cam).sum() < 0.1 * cam.sum()
    np.testing.assert_allclose(run(half, picture)[0], probability, atol=2e-2)


def test_bfloat16_is_rounded_more_coarsely(full: ModelProto, tmp_path: Path) -> None:
    picture = frame(0)
    exact = run(full, picture)
    errors = {}
    path = tmp_path / "full.onnx"
    onnx.save(full, path)
    for name in NARROW:
        rounded = run(rounded_of_file(path, name), picture)
        errors[name] = [np.abs(given - wanted).mean() for given, wanted in zip(rounded, exact, strict=True)]
    assert all(2 * half < brain for half, brain in zip(errors["float16"], errors["bfloat16"], strict=True)), errors
    assert errors["bfloat16"][0] < 2e-2


def one_weight(factor: float) -> ModelProto:
    """A frame's float32 times ``factor`` by a convolution, and back; the contract's names."""
    weights = [
        numpy_helper.from_array(np.full((1, 3, 1, 1), factor, np.float32), "up"),
        numpy_helper.from_array(np.full((1, 1, 1, 1), 1 / factor, np.float32), "down"),
    ]
    nodes = [
        helper.make_node("Transpose", ["frame"], ["planes"], perm=[0, 3, 1, 2]),
        helper.make_node("Cast", ["planes"], ["pixels"], to=TensorProto.FLOAT),
        helper.make_node("Conv", ["pixels", "up"], ["large"]),
        helper.make_node("Conv", ["large", "down"], ["logit"]),
        helper.make_node("Sigmoid", ["logit"], ["probability"]),
    ]
    given = helper.make_tensor_value_info("frame", TensorProto.UINT8, [1, 8, 8, 3])
    answer = helper.make_tensor_value_info("probability", TensorProto.FLOAT, [1, 1, 8, 8])
    graph = helper.make_graph(nodes, "graph", [given], [answer], weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)


def logit_of(path: Path, precision: str, pixel: tuple[int, int, int]) -> float:
    """The logit that the rounded model of ``one_weight`` gives: the sum of the pixel's channels, but for rounding."""
    model = rounded_of_file(path, precision)
    model.graph.output.append(helper.make_tensor_value_info("logit", TensorProto.FLOAT, [1, 1, 8, 8]))
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    (found,) = session.run(["logit"], {"frame": np.tile(np.array(pixel, np.uint8), (1, 8, 8, 1))})
    return float(found[0, 0, 4, 4])


def test_what_operations_give_is_rounded(tmp_path: Path) -> None:
    onnx.save(one_weight(1.0), tmp_path / "one.onnx")
    assert logit_of(tmp_path / "one.onnx", "float16", (85, 86, 86)) == 257
    assert logit_of(tmp_path / "one.onnx", "bfloat16", (85, 86, 86)) == 256, "eight bits are left"


def test_weights_are_rounded_once_and_bfloat16_holds_the_smallest(tmp_path: Path) -> None:
    onnx.save(one_weight(1e-9), tmp_path / "one.onnx")
    assert logit_of(tmp_path / "one.onnx", "bfloat16", (1, 1, 1)) == pytest.approx(3, rel=1e-2)
    with pytest.raises(ExportError, match="float16 ends"):
        rounded_of_file(tmp_path / "one.onnx", "float16")


def test_an_overflow_between_two_operations_shows_in_the_rounded_graph() -> None:
    half = float16_graph(one_weight(1000.0))
    feed = {"frame": np.full((1, 8, 8, 3), 100, np.uint8)}
    session = onnxruntime.InferenceSession(rounded_graph(half).SerializeToString(), providers=["CPUExecutionProvider"])
    (probability,) = session.run(["probability"], feed)
    assert probability.max() == 1.0  # of an infinite logit


def test_a_weight_beyond_float16_is_one_clear_error() -> None:
    with pytest.raises(ExportError, match="'up' reach 1e\\+06"):
        float16_graph(one_weight(1e6))


def test_exported_it_has_a_name_and_a_manifest_of_its_own(tmp_path: Path) -> None:
    checkpoint = tiny_checkpoint(tmp_path / "best.pt")
    report = export_model(ExportSettings(checkpoint, "tiny", tmp_path / "out", float16=True))
    names = ["tiny-fp16.json", "tiny-fp16.onnx", "tiny.json", "tiny.maps", "tiny.onnx"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == names
    half = report.half
    assert half is not None
    assert half.graph == find_float16(report.graph)
    assert find_float16(half.graph) is None
    manifest = load_manifest(half.graph)
    assert (manifest.name, manifest.precision) == ("tiny-fp16", "float16")
    assert manifest.cam_full_scale == load_manifest(report.graph).cam_full_scale
    assert report.agreement.probability < half.agreement.probability < 5e-2
    inside = {entry.key: entry.value for entry in onnx.load(half.graph).metadata_props}
    assert (inside["precision"], inside["name"]) == ("float16", "tiny-fp16")


def test_a_network_whose_activations_overflow_in_float16_is_refused(tmp_path: Path) -> None:
    checkpoint = tiny_checkpoint(tmp_path / "best.pt", overflowing_network())
    export_model(ExportSettings(checkpoint, "tiny", tmp_path / "float32"))
    with pytest.raises(VerificationError, match="differs"):
        export_model(ExportSettings(checkpoint, "tiny", tmp_path / "float16", float16=True))
    assert not (tmp_path / "float16").exists()
