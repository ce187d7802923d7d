"""Weights in eight bits: what is rounded, by how much, and that file and application read the same of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from export_helpers import frame, tiny_checkpoint, tiny_graph
from onnx import TensorProto, numpy_helper
from polyplive.export.graph.export_model import ExportSettings, export_model
from polyplive.export.precision import int8_weights as module
from polyplive.export.precision.int8_weights import exact_constants, int8_weights

from polyplive.backends.factory import open_engine
from polyplive.backends.onnx_file.stored_weights import float_weights, graph_bytes, read_graph
from polyplive.backends.registry import installed_backends
from polyplive.errors import VerificationError


@pytest.fixture(scope="module", params=["unet-lite0", "additive-lite0", "unet-vit"])
def graphs(request: pytest.FixtureRequest) -> tuple[onnx.ModelProto, onnx.ModelProto]:
    full = tiny_graph(request.param)
    return full, int8_weights(full)


def constants(model: onnx.ModelProto) -> dict[str, np.ndarray]:
    return {item.name: numpy_helper.to_array(item) for item in model.graph.initializer}


def run(model: bytes) -> list[np.ndarray]:
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    return session.run(["probability", "cam"], {"frame": frame(1)[None]})


def test_large_weights_take_a_byte_each_and_all_else_stays(graphs: tuple[onnx.ModelProto, onnx.ModelProto]) -> None:
    full, small = graphs
    assert small.ByteSize() < 0.35 * full.ByteSize()
    before, after = constants(full), constants(small)
    stored = {name.removesuffix("_int8") for name, value in after.items() if value.dtype == np.int8}
    assert len(stored) > 5
    for name, value in before.items():
        if name not in stored:
            np.testing.assert_array_equal(after[name], value)


def test_no_weight_is_off_by_more_than_half_a_step(graphs: tuple[onnx.ModelProto, onnx.ModelProto]) -> None:
    full, small = graphs
    before, after = constants(full), constants(onnx.load_from_string(float_weights(small.SerializeToString())))
    assert before.keys() == after.keys()
    seen: set[str] = set()
    for node in full.graph.node:
        name = node.input[1] if node.op_type in ("Conv", "ConvTranspose", "Gemm") else ""
        if name not in before or name in seen:  # the backward pass comes later and uses some the other way round
            continue
        seen.add(name)
        weight, rounded = before[name], after[name]
        axis = 0 if node.op_type == "Conv" else 1
        others = tuple(place for place in range(weight.ndim) if place != axis)
        steps = np.abs(weight).max(others, keepdims=True) / 127
        assert (np.abs(rounded - weight) <= 0.5001 * steps).all()


def test_the_application_computes_what_the_file_says(graphs: tuple[onnx.ModelProto, onnx.ModelProto]) -> None:
    small = graphs[1].SerializeToString()
    widened = float_weights(small)
    kinds = [node.op_type for node in onnx.load_from_string(widened).graph.node]
    assert "DequantizeLinear" not in kinds
    onnx.checker.check_model(onnx.load_from_string(widened), full_check=True)
    for by_file, by_application in zip(run(small), run(widened), strict=True):  # ONNX Runtime fuses the former
        np.testing.assert_allclose(by_application, by_file, atol=5e-3 * by_file.max())


def test_what_int8_holds_without_rounding_comes_back_bit_for_bit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SMALLEST", 256)
    full = tiny_graph("unet-lite0")
    exact = exact_constants(full)
    before, after = constants(full), constants(exact)
    stored = {name.removesuffix("_int8") for name, value in after.items() if value.dtype == np.int8}
    doubling = {
        name for name, value in before.items() if value.size >= 256 and set(np.unique(value)) == {0.0, 0.25, 0.75, 1.0}
    }
    assert stored == doubling != set()
    widened = constants(onnx.load_from_string(float_weights(exact.SerializeToString())))
    for name, value in before.items():
        np.testing.assert_array_equal(widened[name], value, strict=True)


def test_what_keeps_no_such_weights_is_read_as_it_is(shipped_graph: Path, tmp_path: Path) -> None:
    plain = tmp_path / "plain.onnx"
    plain.write_bytes(tiny_graph().SerializeToString())
    assert read_graph(plain) == plain
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"DequantizeLinear, but no graph")
    assert read_graph(broken) == broken
    assert graph_bytes(broken) == broken.read_bytes()


@pytest.mark.parametrize(
    "case",
    [
        "zero point",
        "one scale for all",
        "axis from the end",
        "one scale for all, axis from the end",
        "one scale for all, axis beyond",
        "read by another node too",
    ],
)
def test_what_other_programs_write_stays_sound(case: str) -> None:
    values = {"steps": np.full((2, 2), 3, np.int8), "scale": np.ones(2, np.float32), "zero": np.zeros(2, np.int8)}
    axis, inputs = (-1 if "axis from the end" in case else 0), ["steps", "scale"]
    if case == "zero point":
        inputs.append("zero")
    if "one scale for all" in case:
        values["scale"] = np.float32(2)
    shape = [2] if "axis beyond" in case else [2, 2]  # as the checker allows where there is one scale
    if "axis beyond" in case:
        values["steps"], axis = np.full(2, 3, np.int8), 1
    nodes = [onnx.helper.make_node("DequantizeLinear", inputs, ["x"], axis=axis)]
    nodes.append(onnx.helper.make_node("Cast", ["steps"], ["z"], to=TensorProto.FLOAT))
    nodes.append(onnx.helper.make_node("Add", ["x", "z"] if case == "read by another node too" else ["x", "x"], ["y"]))
    output = onnx.helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)
    constants = [numpy_helper.from_array(np.asarray(value), name) for name, value in values.items()]
    graph = onnx.helper.make_graph(nodes, "g", [], [output], constants)
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 20)], ir_version=9)
    again = float_weights(model.SerializeToString())
    onnx.checker.check_model(onnx.load_from_string(again), full_check=True)
    answers = [
        onnxruntime.InferenceSession(each, providers=["CPUExecutionProvider"]).run(["y"], {})[0]
        for each in (model.SerializeToString(), again)
    ]
    np.testing.assert_array_equal(*answers)


def test_exported_it_runs_on_every_backend_and_keeps_mask_and_map(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_SMALLEST", 256)  # the network is tiny
    checkpoint = tiny_checkpoint(tmp_path / "best.pt")
    plain = export_model(ExportSettings(checkpoint, "tiny", tmp_path / "plain"))
    small = export_model(ExportSettings(checkpoint, "tiny", tmp_path / "small", int8_weights=True))
    assert plain.exact is None
    assert small.exact == plain.agreement
    assert small.exact.probability < small.agreement.probability < 5e-2
    assert small.graph.stat().st_size < 0.7 * plain.graph.stat().st_size
    for backend in installed_backends():
        answers = []
        for graph in (plain.graph, small.graph):
            engine = open_engine(graph, backend)
            answers.append(engine.infer(frame(2)[None]))
            assert engine.infer(frame(2)[None], cam=False).cam is None
            engine.close()
        np.testing.assert_allclose(answers[1].probability, answers[0].probability, atol=5e-2)
        assert answers[0].cam.max() > 0
        assert np.abs(answers[1].cam - answers[0].cam).sum() < 0.4 * answers[0].cam.sum()


def test_rounding_that_changes_the_answers_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SMALLEST", 256)
    monkeypatch.setattr(module, "_STEPS", 3)
    checkpoint = tiny_checkpoint(tmp_path / "best.pt")
    export_model(ExportSettings(checkpoint, "tiny", tmp_path / "plain"))
    with pytest.raises(VerificationError, match="differs"):
        export_model(ExportSettings(checkpoint, "tiny", tmp_path / "out", int8_weights=True))
    assert not (tmp_path / "out").exists()
