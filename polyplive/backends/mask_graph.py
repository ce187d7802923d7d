"""The part of an ONNX file that one of its outputs needs, for runtimes that compute every node whatever is asked for.

A few fields of ONNX's protocol buffers are read here by hand, since the ``onnx`` package is only installed for
training: ``ModelProto.graph`` is field 7; ``GraphProto.node`` 1, ``.initializer`` 5 (``TensorProto.name`` 8) and
``.output`` 12 (``ValueInfoProto.name`` 1); ``NodeProto.input`` 1 and ``.output`` 2 (onnx.proto of the specification).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_GRAPH = 7
_NODE, _INITIALIZER, _OUTPUT = 1, 5, 12
_NAME = {_INITIALIZER: 8, _OUTPUT: 1}
_NODE_INPUT, _NODE_OUTPUT = 1, 2


@dataclass(frozen=True, slots=True)
class _Field:
    """One field of a message: its number, its whole encoding, and the content of what has a length."""

    number: int
    whole: bytes
    body: bytes


def for_output(model: bytes, name: str) -> bytes:
    """``model`` with the graph output ``name`` alone, and without nodes and weights that only the others need.

    The nodes must be in the order of their execution, as ONNX demands. Raises ``ValueError`` for what is no ONNX file
    or has no such output.
    """
    parts, found = [], False
    for part in _fields(model):
        if part.number != _GRAPH:
            parts.append(part.whole)
            continue
        graph = _trimmed(list(_fields(part.body)), name.encode())
        found = True
        parts.append(_varint(_GRAPH << 3 | 2) + _varint(len(graph)) + graph)
    if not found:
        raise ValueError("the file holds no graph")
    return b"".join(parts)


def _trimmed(graph: list[_Field], output: bytes) -> bytes:
    if not any(part.number == _OUTPUT and _text(part) == output for part in graph):
        raise ValueError(f"the graph has no output '{output.decode()}'")
    needed, kept = {output}, set()
    for place in range(len(graph) - 1, -1, -1):
        if graph[place].number == _NODE:
            inside = list(_fields(graph[place].body))
            if needed.intersection(item.body for item in inside if item.number == _NODE_OUTPUT):
                kept.add(place)
                needed.update(item.body for item in inside if item.number == _NODE_INPUT)
    for place, part in enumerate(graph):
        if part.number in _NAME:
            wanted = {output} if part.number == _OUTPUT else needed
            if _text(part) in wanted:
                kept.add(place)
        elif part.number != _NODE:
            kept.add(place)
    return b"".join(graph[place].whole for place in sorted(kept))


def _text(part: _Field) -> bytes:
    """The name of an output or an initializer."""
    return next((item.body for item in _fields(part.body) if item.number == _NAME[part.number]), b"")


def _fields(data: bytes) -> Iterator[_Field]:
    place = 0
    while place < len(data):
        begin = place
        key, place = _read_varint(data, place)
        body = b""
        match key & 7:
            case 0:
                _, place = _read_varint(data, place)
            case 1:
                place += 8
            case 2:
                length, place = _read_varint(data, place)
                body, place = data[place : place + length], place + length
            case 5:
                place += 4
            case kind:
                raise ValueError(f"a field of kind {kind} is in no ONNX file")
        if place > len(data):
            raise ValueError("the file ends within a field")
        yield _Field(key >> 3, data[begin:place], body)


def _read_varint(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while place < len(data) and shift < 64:
        byte = data[place]
        value |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:
            return value, place
    raise ValueError("the file ends within a number")


def _varint(value: int) -> bytes:
    parts = []
    while value >= 0x80:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])
