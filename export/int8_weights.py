"""Weights kept in eight bits: a quarter of the file, the same arithmetic.

Each output channel of a convolution or linear layer has one scale, so that its largest weight is 127 steps (Jacob et
al., CVPR 2018, eq. 1, with a zero point of 0). ``DequantizeLinear`` makes float32 of them again inside the graph; the
application does so once, when it reads the file (``polyplive/backends/stored_weights.py``). Activations stay as they
are: nothing is calibrated, and the Grad-CAM's backward pass reads the very weights of the forward pass.
"""

from __future__ import annotations

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

_STEPS = 127
_SMALLEST = 16384
"""Constants with fewer values stay, among them most depthwise filters, which suffer most from rounding."""
_OUTPUT_AXIS = {"Conv": 0, "ConvTranspose": 1, "Gemm": 1}
"""Where the output channels of a weight lie; ``Gemm`` as exported, [inputs, outputs]."""
_SCALE, _STEPS_NAME = "_scale", "_int8"


def int8_weights(model: ModelProto) -> ModelProto:
    """A copy whose large weights are int8; names of outputs and inner tensors stay."""
    changed = ModelProto()
    changed.CopyFrom(model)
    graph = changed.graph
    axes = _weight_axes(graph.node)
    kept, nodes = [], []
    for constant in graph.initializer:
        axis = axes.get(constant.name)
        if axis is None or constant.data_type != TensorProto.FLOAT or np.prod(constant.dims) < _SMALLEST:
            kept.append(constant)
            continue
        steps, scale = _rounded(numpy_helper.to_array(constant), axis)
        names = [constant.name + _STEPS_NAME, constant.name + _SCALE]
        kept += [numpy_helper.from_array(value, name) for value, name in zip((steps, scale), names, strict=True)]
        nodes.append(helper.make_node("DequantizeLinear", names, [constant.name], axis=axis))
    _replace(changed, nodes + list(graph.node), kept)
    onnx.checker.check_model(changed, full_check=True)
    return changed


def _weight_axes(nodes: list[NodeProto]) -> dict[str, int]:
    """Name -> axis of the output channels, for every weight of a convolution or linear layer.

    The first use counts: the Grad-CAM's backward pass, later in the graph, uses weights the other way round.
    """
    axes: dict[str, int] = {}
    for node in nodes:
        if node.op_type in _OUTPUT_AXIS:
            axes.setdefault(node.input[1], _OUTPUT_AXIS[node.op_type])
    return axes


def _rounded(weight: NDArray[np.float32], axis: int) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Steps, int8 in -127..127, and the scale of each output channel, float32 [channels]."""
    others = tuple(place for place in range(weight.ndim) if place != axis)
    scale = np.maximum(np.abs(weight).max(others), np.finfo(np.float32).tiny) / _STEPS
    steps = np.rint(weight / _along(scale, axis, weight.ndim))
    return np.clip(steps, -_STEPS, _STEPS).astype(np.int8), scale.astype(np.float32)


def _along(scale: NDArray[np.float32], axis: int, dimensions: int) -> NDArray[np.float32]:
    shape = [1] * dimensions
    shape[axis] = -1
    return scale.reshape(shape)


def _replace(model: ModelProto, nodes: list[NodeProto], constants: list[TensorProto]) -> None:
    copies = [NodeProto.FromString(node.SerializeToString()) for node in nodes]
    kept = [TensorProto.FromString(constant.SerializeToString()) for constant in constants]
    del model.graph.node[:], model.graph.initializer[:]
    model.graph.node.extend(copies)
    model.graph.initializer.extend(kept)
