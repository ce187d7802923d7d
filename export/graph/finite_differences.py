"""Grad-CAM by finite differences on the ONNX file alone: no PyTorch, no gradient, only the file's own forward pass.

alpha_k is the mean over positions of the score's derivative with respect to channel k. It equals the derivative with
respect to a shift of the whole channel, divided by the number of positions. So each channel of the activation is
shifted a little up and down. The change of the score is divided by the step. The score is the sum of logits over the
mask that was predicted without a shift.
"""

from __future__ import annotations

import json

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import ModelProto, TensorProto, helper

from polyplive.backends.quiet_onnxruntime import import_onnxruntime

_SHIFT = "activation_shift"
_STEP = 2e-2
"""Of the activation's standard deviation: small against a ReLU's range, large against float32's rounding."""


def cam_by_differences(model: ModelProto, frame: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The Grad-CAM, float32 [h, w], of a frame uint8 [H, W, 3] RGB: two runs of the graph for each channel."""
    names = json.loads(next(entry.value for entry in model.metadata_props if entry.key == "tensors"))
    logit_name = names["logit"]
    (activation_name,) = (name for role, name in names.items() if role.startswith("activation "))
    session = import_onnxruntime().InferenceSession(_shiftable(model, logit_name, activation_name).SerializeToString())
    feed = {"frame": frame[None]}
    channels = session.get_inputs()[1].shape[1]
    still = np.zeros((1, channels, 1, 1), np.float32)
    logit, activation = session.run([logit_name, activation_name], {**feed, _SHIFT: still})
    mask = logit > 0
    step = _STEP * float(activation.std())
    alpha = np.zeros(channels)
    for channel in range(channels):
        scores = []
        for sign in (1, -1):
            shift = still.copy()
            shift[0, channel] = sign * step
            moved = session.run([logit_name], {**feed, _SHIFT: shift})[0]
            scores.append(moved[mask].sum(dtype=np.float64))
        alpha[channel] = (scores[0] - scores[1]) / (2 * step) / (activation.shape[2] * activation.shape[3])
    cam: NDArray[np.float32] = np.maximum(np.tensordot(alpha, activation[0], 1), 0).astype(np.float32)
    return cam


def _shiftable(model: ModelProto, logit: str, activation: str) -> ModelProto:
    """The forward pass with a second input that is added to the activation, [1, C, 1, 1]."""
    changed = ModelProto()
    changed.CopyFrom(model)
    graph = changed.graph
    inferred = onnx.shape_inference.infer_shapes(model)
    shape = next(value.type.tensor_type.shape for value in inferred.graph.value_info if value.name == activation)
    channels = shape.dim[1].dim_value
    place = next(number for number, node in enumerate(graph.node) if activation in node.output)
    for node in graph.node:
        for number, name in enumerate(node.input):
            if name == activation:
                node.input[number] = "shifted"
    graph.node.insert(place + 1, helper.make_node("Add", [activation, _SHIFT], ["shifted"]))
    graph.input.append(helper.make_tensor_value_info(_SHIFT, TensorProto.FLOAT, [1, channels, 1, 1]))
    del graph.output[:]
    for name in (logit, activation):
        graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, None))
    return changed
