"""Reduces an ONNX graph to one output, for runtimes that compute every node whichever output is requested."""

from __future__ import annotations

from polyplive.backends.onnx_file.onnx_fields import (
    NAME,
    NODE,
    NODE_INPUT,
    NODE_OUTPUT,
    OUTPUT,
    Field,
    fields,
    name_of,
    with_graph,
)


def graph_for_output(model: bytes, name: str) -> bytes:
    """``model`` with only the graph output ``name``, without the nodes and weights that only other outputs need.

    The nodes must be in the order of their execution, as ONNX demands. Raises ``ValueError`` if it is no ONNX file or
    has no such output.
    """
    return with_graph(model, lambda graph: _trimmed(graph, name.encode()))


def needed_nodes(graph: list[Field], output: bytes) -> list[int]:
    """The places, in order, of the nodes that the graph output ``output`` needs. Raises ``ValueError`` without one."""
    if not any(part.number == OUTPUT and name_of(part) == output for part in graph):
        raise ValueError(f"the graph has no output '{output.decode()}'")
    needed, kept = {output}, []
    for place in range(len(graph) - 1, -1, -1):
        if graph[place].number == NODE:
            inside = list(fields(graph[place].body))
            if needed.intersection(item.body for item in inside if item.number == NODE_OUTPUT):
                kept.append(place)
                needed.update(item.body for item in inside if item.number == NODE_INPUT)
    return kept[::-1]


def _trimmed(graph: list[Field], output: bytes) -> list[bytes]:
    nodes = needed_nodes(graph, output)
    needed = {output} | {
        item.body for place in nodes for item in fields(graph[place].body) if item.number == NODE_INPUT
    }
    kept = set(nodes)
    for place, part in enumerate(graph):
        if part.number in NAME:
            wanted = {output} if part.number == OUTPUT else needed
            if name_of(part) in wanted:
                kept.add(place)
        elif part.number != NODE:
            kept.add(place)
    return [graph[place].whole for place in sorted(kept)]
