"""Converts weights stored as int8 into float32 constants, with which every runtime is fastest.

``export --int8-weights`` writes each large weight as int8 steps and one scale for each output channel, joined by
``DequantizeLinear``. Some runtimes compute that in every run: OpenVINO for linear layers, ONNX Runtime for all. Here it
is done once, when the file is read. An attribute's name is field 1 and its number 3 (onnx.proto).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from polyplive.backends.onnx_file.constants import constant_array, constant_field
from polyplive.backends.onnx_file.onnx_fields import (
    INITIALIZER,
    NODE,
    NODE_ATTRIBUTE,
    NODE_INPUT,
    NODE_KIND,
    NODE_OUTPUT,
    Field,
    fields,
    name_of,
    with_graph,
)

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_KIND = b"DequantizeLinear"


def read_graph(graph: Path) -> Path | bytes:
    """What a runtime should load: ``graph`` itself, or its bytes with float32 weights if it stores int8.

    A file that cannot be read is left to the runtime, whose error says more.
    """
    data = graph.read_bytes()
    if _KIND not in data:
        return graph
    try:
        return float_weights(data)
    except ValueError:
        return graph


def graph_bytes(graph: Path) -> bytes:
    """The same, always as bytes."""
    source = read_graph(graph)
    return source if isinstance(source, bytes) else source.read_bytes()


def float_weights(model: bytes) -> bytes:
    """``model`` with every int8 constant behind a ``DequantizeLinear`` as a float32 constant instead.

    Raises ``ValueError`` for what is no ONNX file.
    """
    return with_graph(model, _widened)


def _widened(graph: list[Field]) -> list[bytes]:
    constants = {name_of(part): part for part in graph if part.number == INITIALIZER}
    made: dict[int, bytes] = {}
    used: set[bytes] = set()
    for place, part in enumerate(graph):
        node = _dequantizing(part)
        if node is None or not constants.keys() >= set(node.inputs):
            continue
        steps, scale = (_stored(constants[name]) for name in node.inputs)
        if node.axis >= steps.ndim or scale.shape != steps.shape[node.axis : node.axis + 1]:
            continue  # one scale for all, or an axis counted from the end: another program's
        shape = [1] * steps.ndim
        shape[node.axis] = -1
        made[place] = constant_field(node.output, steps.astype(np.float32) * scale.astype(np.float32).reshape(shape))
        used.update(node.inputs)
    for place, part in enumerate(graph):  # what something else reads stays
        if part.number == NODE and place not in made:
            used.difference_update(item.body for item in fields(part.body) if item.number == NODE_INPUT)
    return [
        made.get(place, part.whole)
        for place, part in enumerate(graph)
        if not (part.number == INITIALIZER and name_of(part) in used)
    ]


@dataclass(frozen=True, slots=True)
class _Dequantizing:
    inputs: list[bytes]
    output: bytes
    axis: int


def _dequantizing(part: Field) -> _Dequantizing | None:
    if part.number != NODE:
        return None
    inside = list(fields(part.body))
    if not any(item.number == NODE_KIND and item.body == _KIND for item in inside):
        return None
    attributes = [list(fields(item.body)) for item in inside if item.number == NODE_ATTRIBUTE]
    axes = [
        next((entry.value for entry in entries if entry.number == 3), 0)
        for entries in attributes
        if any(entry.number == 1 and entry.body == b"axis" for entry in entries)
    ]
    inputs = [item.body for item in inside if item.number == NODE_INPUT]
    output = next((item.body for item in inside if item.number == NODE_OUTPUT), b"")
    if len(inputs) != 2:  # with a zero point: another program's
        return None
    return _Dequantizing(inputs, output, axes[0] if axes else 1)


def _stored(constant: Field) -> NDArray[np.generic]:
    values = constant_array(constant)
    if values is None:
        raise ValueError("a weight is of a type that is not read here")
    return values
