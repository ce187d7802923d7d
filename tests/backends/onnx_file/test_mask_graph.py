"""ONNX Runtime without the CAM: its branch is gone, not only its answer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from polyplive.backends.factory import open_engine
from polyplive.backends.onnx_file.mask_graph import graph_for_output
from polyplive.manifest import shipped_models


@pytest.mark.parametrize("name", shipped_models())
def test_what_only_the_cam_needs_is_gone_and_the_rest_is_the_same(name: str) -> None:
    data = shipped_models()[name].read_bytes()
    whole, mask = onnx.load_from_string(data), onnx.load_from_string(graph_for_output(data, "probability"))
    onnx.checker.check_model(mask, full_check=True)
    assert [output.name for output in mask.graph.output] == ["probability"]
    assert len(mask.graph.node) < len(whole.graph.node) - 20
    kept = iter(whole.graph.node)
    assert all(node in kept for node in mask.graph.node), "the same nodes in the same order"
    used = {name for node in mask.graph.node for name in node.input}
    assert {constant.name for constant in mask.graph.initializer} <= used
    assert {entry.key: entry.value for entry in mask.metadata_props} == {
        entry.key: entry.value for entry in whole.metadata_props
    }
    onnxruntime.InferenceSession(mask.SerializeToString(), providers=["CPUExecutionProvider"])


def test_of_both_outputs_it_keeps_the_one_that_is_asked_for(shipped_graph: Path) -> None:
    data = graph_for_output(shipped_graph.read_bytes(), "cam")
    assert [output.name for output in onnx.load_from_string(data).graph.output] == ["cam"]


def test_the_engine_gives_the_same_mask(shipped_graph: Path) -> None:
    engine = open_engine(shipped_graph, "onnxruntime")
    picture = np.random.default_rng(0).integers(0, 256, (1, 352, 352, 3), np.uint8)
    whole, mask = engine.infer(picture), engine.infer(picture, cam=False)
    assert mask.cam is None
    np.testing.assert_allclose(mask.probability, whole.probability, atol=1e-6)


@pytest.mark.parametrize("damage", ["empty", "text", "cut", "no such output"])
def test_what_is_no_such_graph_is_a_value_error(shipped_graph: Path, damage: str) -> None:
    data = shipped_graph.read_bytes()
    given = {"empty": b"", "text": b"\x0bhello", "cut": data[:-5], "no such output": data}[damage]
    with pytest.raises(ValueError):
        graph_for_output(given, "heat" if damage == "no such output" else "probability")
