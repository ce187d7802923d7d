"""Weights kept in eight bits: a quarter of the file, the same arithmetic.

Each output channel of a convolution or linear layer has one scale: its largest weight is 127 steps (Jacob et al., CVPR
2018, eq. 1, with a zero point of 0). ``DequantizeLinear`` makes float32 of them again inside the graph. The application
does so once, when it reads the file (``polyplive/backends/onnx_file/stored_weights.py``). Activations stay as they are
and nothing is calibrated. The heatmap's backward pass reads the very weights of the forward pass. Constants that are
whole multiples of a power of two, such as the matrices that double a picture, are kept so without any rounding.
"""

from __future__ import annotations

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

_STEPS = 127
_SMALLEST = 1024
"""Constants with fewer values stay."""
_SMALLEST_DEPTHWISE = 6000
"""Likewise of filters of single channels, which suffer most from rounding."""
_FINEST = 2.0**-8
_OUTPUT_AXIS = {"Conv": 0, "ConvTranspose": 1, "Gemm": 1}
"""Where the output channels of a weight lie; ``Gemm`` as exported, [inputs, outputs]."""
_SCALE, _STEPS_NAME = "_scale", "_int8"


def int8_weights(model: ModelProto) -> ModelProto:
    """A copy whose large weights are int8; names of outputs and inner tensors stay."""
    return _stored(model, _weight_axes(model.graph.node))


def exact_constants(model: ModelProto) -> ModelProto:
    """A copy in which only what int8 holds without rounding is int8."""
    return _stored(model, {})


def _stored(model: ModelProto, axes: dict[str, int]) -> ModelProto:
    """``axes``: of the output channels of weights that may be rounded."""
    changed = ModelProto()
    changed.CopyFrom(model)
    graph = changed.graph
    kept, nodes = [], []
    for constant in graph.initializer:
        found = _steps(constant, axes.get(constant.name))
        if found is None:
            kept.append(constant)
            continue
        steps, scale, axis = found
        names = [constant.name + _STEPS_NAME, constant.name + _SCALE]
        kept += [numpy_helper.from_array(value, name) for value, name in zip((steps, scale), names, strict=True)]
        nodes.append(helper.make_node("DequantizeLinear", names, [constant.name], axis=axis))
    _replace(changed, nodes + list(graph.node), kept)
    onnx.checker.check_model(changed, full_check=True)
    return changed


def _steps(constant: TensorProto, axis: int | None) -> tuple[NDArray[np.int8], NDArray[np.float32], int] | None:
    """Steps, scales and their axis; None for what stays float32."""
    if constant.data_type != TensorProto.FLOAT or np.prod(constant.dims) < _SMALLEST:
        return None
    values = numpy_helper.to_array(constant)
    scale = _FINEST
    while scale <= 1:  # any of these that all values are whole multiples of is exact
        steps = values / np.float32(scale)
        if np.abs(steps).max() <= _STEPS and (steps == np.rint(steps)).all():
            return steps.astype(np.int8), np.full(values.shape[0], scale, np.float32), 0
        scale *= 2
    if axis is None or (values.ndim > 1 and values.shape[1] == 1 and values.size < _SMALLEST_DEPTHWISE):
        return None
    return *_rounded(values, axis), axis


def _weight_axes(nodes: list[NodeProto]) -> dict[str, int]:
    """Name -> axis of the output channels, for every weight of a convolution or linear layer.

    The first use counts: the heatmap's backward pass, later in the graph, uses weights the other way round.
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
