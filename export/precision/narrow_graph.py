"""The float16 variant, for runtimes that take the precision from the graph (TensorRT 11 and TensorRT-RTX do).

And what it, or bfloat16, would answer, on processors that have neither: see ``rounded_graph``.

Weights and activations become float16. The frame's normalisation and the sigmoid stay float32. So does the CAM's
weighted sum over channels, which adds up hundreds of values. The score itself is no number in the graph: its gradient
begins with the mask's ones, so nothing there can overflow.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, helper, numpy_helper

from polyplive.backends.onnx_file.stored_weights import graph_bytes
from polyplive.errors import ExportError, text_of

HALF, FLOAT = TensorProto.FLOAT16, TensorProto.FLOAT
NARROW = {"float16": HALF, "bfloat16": TensorProto.BFLOAT16}
_SUFFIX = {HALF: "_float16", FLOAT: "_float32"}
_SUMS = {"ReduceMean", "ReduceSum", "Sigmoid"}


def float16_graph(model: ModelProto, *, any_weight: bool = False) -> ModelProto:
    """A strongly typed float16 copy of a float32 graph; input, outputs and names of inner tensors stay.

    The input stays uint8 and the outputs float32; the named logit and activation are float16. Raises ``ExportError``
    for a weight that float16 cannot hold, unless ``any_weight`` lets it be infinite.
    """
    kinds = _kinds(model)
    changed = ModelProto()
    changed.CopyFrom(model)
    graph = changed.graph
    constants = {constant.name: constant for constant in graph.initializer}
    wide = _float32_nodes(graph)
    halved = (node for number, node in enumerate(graph.node) if number not in wide)
    kinds |= {name: HALF for node in halved for name in node.output if kinds[name] == FLOAT}
    nodes: list[NodeProto] = []
    made: dict[str, TensorProto | NodeProto] = {}
    for number, node in enumerate(graph.node):
        wanted = FLOAT if number in wide else HALF
        for place, name in enumerate(node.input):
            if kinds.get(name) not in (FLOAT, HALF) or kinds[name] == wanted:
                continue
            other = name + _SUFFIX[wanted]
            if other not in made and name in constants:
                made[other] = _half(constants[name], other, any_weight=any_weight)
            elif other not in made:
                made[other] = _cast(name, other, wanted)
                nodes.append(made[other])
            node.input[place] = other
        if node.op_type == "Cast" and kinds[node.output[0]] == HALF:
            _set_target(node, HALF)
        nodes.append(node)
    _replace(graph, nodes, [*constants.values(), *(item for item in made.values() if isinstance(item, TensorProto))])
    onnx.checker.check_model(changed, full_check=True)
    return changed


def float16_of_file(graph: Path) -> ModelProto:
    """As ``float16_graph``, of a model's float32 file. Raises ``ExportError``."""
    return _of_file(graph, float16_graph, "float16")


def rounded_of_file(graph: Path, precision: str) -> ModelProto:
    """As ``rounded_graph``, of a model's float32 file. Raises ``ExportError``."""

    def rounded(full: ModelProto) -> ModelProto:
        weights = {f"{item.name}{_SUFFIX[HALF]}": numpy_helper.to_array(item) for item in full.graph.initializer}
        return rounded_graph(float16_graph(full, any_weight=NARROW[precision] != HALF), precision, weights)

    return _of_file(graph, rounded, precision)


def _of_file(graph: Path, convert: Callable[[ModelProto], ModelProto], precision: str) -> ModelProto:
    try:
        return convert(onnx.load_from_string(graph_bytes(graph)))
    except ExportError:
        raise
    except Exception as error:  # protobuf's, onnx's and the system's errors share no base class
        raise ExportError(
            f"'{graph.name}' cannot be turned into {precision} ({text_of(error)})", "Take float32."
        ) from None


def rounded_graph(
    model: ModelProto, precision: str = "float16", weights: Mapping[str, NDArray[Any]] | None = None
) -> ModelProto:
    """A float32 graph that rounds to ``precision`` every value which ``model`` (of ``float16_graph``) has in float16.

    For checks on a processor. ONNX Runtime computes float16 there in float32, without rounding between operations: an
    overflow in the float16 graph would not show. Most operations it does not have in bfloat16 at all.
    ``weights`` are the constants' float32 values by name, which bfloat16 needs, since those in ``model`` are rounded.
    """
    narrow, weights = NARROW[precision], weights or {}
    kinds = _kinds(model)
    changed = ModelProto()
    changed.CopyFrom(model)
    graph = changed.graph
    nodes: list[NodeProto] = []
    for node in graph.node:
        if node.op_type == "Cast" and kinds[node.output[0]] == HALF:
            _set_target(node, FLOAT)
        nodes.append(node)
        for place, name in enumerate(node.output):
            if kinds[name] == HALF:
                node.output[place] = f"{name}_exact"
                nodes += [_cast(f"{name}_exact", f"{name}_rounded", narrow), _cast(f"{name}_rounded", name, FLOAT)]
    constants = [
        _rounded(constant, weights.get(constant.name), narrow) if constant.data_type == HALF else constant
        for constant in graph.initializer
    ]
    _replace(graph, nodes, constants)
    onnx.checker.check_model(changed, full_check=True)
    return changed


def _rounded(constant: TensorProto, exact: NDArray[Any] | None, narrow: int) -> TensorProto:
    kind = helper.tensor_dtype_to_np_dtype(narrow)
    if kind.itemsize > 2:  # older versions of onnx keep bfloat16 in float32
        raise ExportError("This version of onnx cannot round to bfloat16", "pip install --upgrade onnx")
    values = numpy_helper.to_array(constant) if exact is None else exact
    return numpy_helper.from_array(values.astype(kind).astype(np.float32), constant.name)


def _float32_nodes(graph: GraphProto) -> set[int]:
    """Positions of nodes that stay float32: before the first convolution, sums and their terms, all behind those."""
    wide: set[int] = set()
    behind: set[str] = set()
    terms = _terms(graph)
    first = next((place for place, node in enumerate(graph.node) if node.op_type == "Conv"), 0)
    for place, node in enumerate(graph.node):
        if place < first or node.op_type in _SUMS or terms.intersection(node.output) or behind.intersection(node.input):
            wide.add(place)
            if place >= first:
                behind.update(node.output)
    return wide


def _terms(graph: GraphProto) -> set[str]:
    """Products that are summed up, with the ReLU between where there is one."""
    made = {name: node for node in graph.node for name in node.output}
    waiting = [name for node in graph.node if node.op_type in _SUMS for name in node.input]
    terms = set()
    while waiting:
        node = made.get(waiting.pop())
        if node is not None and node.op_type in ("Mul", "Relu"):
            terms.update(node.output)
            waiting += node.input if node.op_type == "Relu" else []
    return terms


def _kinds(model: ModelProto) -> dict[str, int]:
    """Name -> element type of every tensor, constants included."""
    graph = onnx.shape_inference.infer_shapes(model, strict_mode=True).graph
    values = (*graph.input, *graph.value_info, *graph.output)
    kinds = {value.name: value.type.tensor_type.elem_type for value in values}
    return kinds | {constant.name: constant.data_type for constant in graph.initializer}


def _half(constant: TensorProto, name: str, *, any_weight: bool) -> TensorProto:
    values = numpy_helper.to_array(constant)
    with np.errstate(over="ignore"):
        halved = values.astype(np.float16)
    if not (any_weight or np.isfinite(halved).all()):
        raise ExportError(
            f"The weights '{constant.name}' reach {np.abs(values).max():.3g}; float16 ends at 65504",
            "Export in float32.",
        )
    return numpy_helper.from_array(halved, name)


def _cast(given: str, name: str, kind: int) -> NodeProto:
    return helper.make_node("Cast", [given], [name], to=kind)


def _set_target(node: NodeProto, kind: int) -> None:
    next(attribute for attribute in node.attribute if attribute.name == "to").i = kind


def _replace(graph: GraphProto, nodes: list[NodeProto], constants: list[TensorProto]) -> None:
    """Put these in place of the graph's own, without constants that nothing uses any more."""
    used = {name for node in nodes for name in node.input}
    kept = [TensorProto.FromString(item.SerializeToString()) for item in constants if item.name in used]
    copies = [NodeProto.FromString(node.SerializeToString()) for node in nodes]
    del graph.node[:], graph.initializer[:]
    graph.node.extend(copies)
    graph.initializer.extend(kept)
    del graph.value_info[:]
