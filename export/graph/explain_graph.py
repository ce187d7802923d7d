"""More heatmaps of an exported network, in a file beside it that holds no weights: ``NAME.maps``.

Its second input ``target`` weighs the logits of the score, so that one finding can be explained at a time. What its
constants share with the model's graph is left out, and taken from there when it is opened
(``polyplive/backends/onnx_file/borrowed_weights.py``).
"""

from __future__ import annotations

from pathlib import Path

import onnx
from onnx import ModelProto, TensorProto, numpy_helper

from polyplive.backends.map_graph import GRAPH_SHA256, explain_file
from polyplive.errors import ExportError

from ..networks.segmentation import BOTTLENECK, SegmentationNetwork
from .cam.spec import CamSpec, cam_spec
from .mask_and_cam import MaskAndCams
from .model_file import replace_all
from .to_onnx import onnx_graph

_SINGLE = ("grad-cam", "hires-cam", "layer-cam")
_SMALLEST = 256
"""Constants with fewer values are kept in the file."""
_OWN = "explain/"


def explained(network: SegmentationNetwork, own: CamSpec) -> list[CamSpec]:
    """The model's ``own`` map first, then every method at the bottleneck and at each decoder stage."""
    layers = [name for name in network.layers if not name.startswith("skip.")]
    texts = [f"{method}:{layer}" for layer in layers for method in _SINGLE]
    texts.append(f"multi-level:{BOTTLENECK},{layers[-1]}")
    return [own, *(cam_spec(text, network) for text in texts if text != str(own))]


def explain_graph(network: SegmentationNetwork, own: CamSpec, side: int) -> ModelProto:
    """The graph with all its constants; ``network`` is deployed. Inputs ``frame`` and ``target``, a map an output."""
    return onnx_graph(MaskAndCams(network, explained(network, own), is_targeted=True), side, side)


def without_weights(model: ModelProto, lender: ModelProto) -> ModelProto:
    """A copy whose constants have no values where ``lender`` has the same ones, under its names.

    All other names get a prefix, so that none is that of a borrowed constant.
    """
    lent = {_key(constant): constant.name for constant in lender.graph.initializer}
    copied = ModelProto()
    copied.CopyFrom(model)
    graph = copied.graph
    names = {name: f"{_OWN}{name}" for node in graph.node for name in node.output if name}
    for constant in graph.initializer:
        names[constant.name] = f"{_OWN}{constant.name}"
        if numpy_helper.to_array(constant).size >= _SMALLEST and _key(constant) in lent:
            names[constant.name] = lent[_key(constant)]
            constant.CopyFrom(TensorProto(name=constant.name, data_type=constant.data_type, dims=constant.dims))
        constant.name = names[constant.name]
    for port in (*graph.input, *graph.output):
        names.pop(port.name, None)
    for node in graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
    _drop_repeated(copied)
    return copied


def _drop_repeated(model: ModelProto) -> None:
    """Of constants that borrow the same weight, keep one."""
    kept = {constant.name: constant for constant in model.graph.initializer}
    constants = [TensorProto.FromString(each.SerializeToString()) for each in kept.values()]
    del model.graph.initializer[:]
    model.graph.initializer.extend(constants)


def write_explain_graph(model: ModelProto, graph: Path, sha256: str) -> Path:
    """Write it beside the model ``graph``, whose SHA-256 it names. Raises ``ExportError``."""
    onnx.helper.set_model_props(model, {GRAPH_SHA256: sha256})
    path = explain_file(graph)
    try:
        replace_all([(path, model.SerializeToString(deterministic=True))])
    except OSError as error:
        raise ExportError(f"Cannot write '{path}': {error.strerror}", "Name another folder with --out.") from None
    return path


def _key(constant: TensorProto) -> tuple[int, tuple[int, ...], bytes]:
    return constant.data_type, tuple(constant.dims), numpy_helper.to_array(constant).tobytes()
