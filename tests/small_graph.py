"""A graph of two convolutions that marks what is red, with a map of its own gradient: real, and open in no time."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path

import numpy as np
from colour_engine import MANIFEST
from onnx import ModelProto, TensorProto, helper, numpy_helper

from polyplive.manifest import ModelManifest

SIDE, CELL = 64, 8
CHANNELS = 4


def weights(seed: int = 0) -> dict[str, np.ndarray]:
    """The first channel is red less green, blurred; the others are noise, which the second layer hardly weighs."""
    rng = np.random.default_rng(seed)
    first = rng.normal(0, 0.01, (CHANNELS, 3, 3, 3))
    first[0, 0] += 1 / 9
    first[0, 1] -= 1 / 9
    second = rng.normal(0, 0.01, (1, CHANNELS, 1, 1))
    second[0, 0] = 0.1
    found = {
        "first": first,
        "first_bias": np.array([0.0, 0.1, -0.2, 0.3]),
        "second": second,
        "second_bias": np.array([-14.0]),
        "gradient": second[:, ::-1],  # how it is stored for the way back: mirrored, and below mirrored again
    }
    return {name: np.ascontiguousarray(values, np.float32) for name, values in found.items()}


def small_model(seed: int = 0) -> ModelProto:
    """Its map is the channels by their gradient, zero below zero, in cells; and 0 where nothing is predicted."""
    node = helper.make_node
    mirrored = {"starts": [CHANNELS - 1], "ends": [-CHANNELS - 1], "axes": [1], "steps": [-1]}
    nodes = [
        node("Cast", ["frame"], ["levels"], to=TensorProto.FLOAT),
        node("Transpose", ["levels"], ["planes"], perm=[0, 3, 1, 2]),
        node("Conv", ["planes", "first", "first_bias"], ["convolved"], pads=[1, 1, 1, 1]),
        node("Relu", ["convolved"], ["activation"]),
        node("Conv", ["activation", "second", "second_bias"], ["logit"]),
        node("Sigmoid", ["logit"], ["probability"]),
        node("Slice", ["gradient", *mirrored], ["alpha"]),
        node("Mul", ["activation", "alpha"], ["weighed"]),
        node("ReduceSum", ["weighed", "channels"], ["summed"]),
        node("Relu", ["summed"], ["positive"]),
        node("AveragePool", ["positive"], ["pooled"], kernel_shape=[CELL, CELL], strides=[CELL, CELL]),
        node("Greater", ["logit", "zero"], ["mask"]),
        node("Cast", ["mask"], ["ones"], to=TensorProto.FLOAT),
        node("ReduceMax", ["ones"], ["any"], keepdims=1),
        node("Mul", ["pooled", "any"], ["cam"]),
    ]
    constants = [numpy_helper.from_array(values, name) for name, values in weights(seed).items()]
    constants += [numpy_helper.from_array(np.array(values, np.int64), name) for name, values in mirrored.items()]
    constants.append(numpy_helper.from_array(np.array([1], np.int64), "channels"))
    constants.append(numpy_helper.from_array(np.zeros((1, 1, 1, 1), np.float32), "zero"))
    cells = SIDE // CELL
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("frame", TensorProto.UINT8, [1, SIDE, SIDE, 3])],
        [
            helper.make_tensor_value_info("probability", TensorProto.FLOAT, [1, 1, SIDE, SIDE]),
            helper.make_tensor_value_info("cam", TensorProto.FLOAT, [1, 1, cells, cells]),
        ],
        constants,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def written(folder: Path) -> Path:
    """The graph and its manifest in ``folder``; the graph's path."""
    path = folder / "small.onnx"
    path.write_bytes(small_model().SerializeToString())
    manifest: ModelManifest = dataclasses.replace(
        MANIFEST,
        name="small",
        cam_method="Gradients (of a test) of two layers",
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
    )
    path.with_suffix(".json").write_text(manifest.to_json(), encoding="utf-8")
    return path
