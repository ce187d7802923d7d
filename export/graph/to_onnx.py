"""A deployed network as ONNX bytes: one input, two outputs, named tensors inside, nothing of this machine."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator

import onnx
import torch
from onnx import ModelProto, numpy_helper

from .mask_and_cam import MaskAndCams, trace

OPSET = 20


def onnx_graph(function: MaskAndCams, height: int, width: int) -> ModelProto:
    """Trace ``function`` (of a deployed network) at one size and translate it.

    Input ``frame`` uint8 [1, height, width, 3] RGB; outputs ``probability`` float32 [1, 1, height, width] and maps
    float32 [1, 1, h, w] (``cam``, where there is one). What ``MaskAndCams.tensors`` lists are inner tensors.
    """
    frame = torch.zeros((1, height, width, 3), dtype=torch.uint8)
    graph = trace(function, frame)
    given = (frame, torch.zeros((1, 1, height, width))) if function.is_targeted else (frame,)
    names = [function.tensors.get(output.name, output.name) for output in function.outputs]
    with _quiet():
        program = torch.onnx.export(
            graph,
            given,
            dynamo=True,
            opset_version=OPSET,
            input_names=list(function.inputs),
            output_names=names,
        )
    model: ModelProto = program.model_proto
    del model.graph.output[sum(not output.is_inner for output in function.outputs) :]
    _forget_origin(model)
    _shrink_uniform(model)
    onnx.checker.check_model(model, full_check=True)
    return model


def _forget_origin(model: ModelProto) -> None:
    """Remove the exporter's notes on source lines and paths, which name the exporting machine."""
    model.doc_string = ""
    model.producer_name, model.producer_version = "polyplive", ""
    del model.metadata_props[:]
    graph = model.graph
    graph.doc_string = ""
    graph.name = "mask_and_cam"
    for holder in (graph, *graph.node, *graph.value_info, *graph.input, *graph.output, *graph.initializer):
        holder.doc_string = ""
        del holder.metadata_props[:]
    del graph.value_info[:]


def _shrink_uniform(model: ModelProto) -> None:
    """One value in place of a constant that holds it everywhere and is only multiplied: the exporter spells it out."""
    graph = model.graph
    others = {name for node in graph.node if node.op_type != "Mul" for name in node.input}
    for constant in graph.initializer:
        values = numpy_helper.to_array(constant)
        if values.size > 1 and constant.name not in others and (values == values.flat[0]).all():
            constant.CopyFrom(numpy_helper.from_array(values.flat[:1].reshape((1,) * values.ndim), constant.name))


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without the exporter's progress lines and warnings about itself."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
