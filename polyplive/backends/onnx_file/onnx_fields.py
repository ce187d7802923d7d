"""Reads and writes the fields of ONNX files, which are protocol buffers.

Read by hand, since the ``onnx`` package is only installed for training and for TensorRT. Numbers of fields are those of
onnx.proto, ONNX's specification.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

GRAPH = 7
"""``ModelProto.graph``."""
_PROPERTY = 14
"""``ModelProto.metadata_props``: key is field 1 of each, value 2."""
NODE, INITIALIZER, OUTPUT = 1, 5, 12
"""Of ``GraphProto``."""
NODE_INPUT, NODE_OUTPUT, NODE_KIND, NODE_ATTRIBUTE = 1, 2, 4, 5
"""Of ``NodeProto``."""
NAME = {INITIALIZER: 8, OUTPUT: 1}
"""Of ``TensorProto`` and ``ValueInfoProto``."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a message: its number, its whole encoding, and its content, a number or bytes."""

    number: int
    whole: bytes
    body: bytes = b""
    value: int = 0


def fields(data: bytes) -> Iterator[Field]:
    """The fields of a message. Raises ``ValueError`` if ``data`` is none."""
    place = 0
    while place < len(data):
        begin = place
        key, place = _read_number(data, place)
        body, value = b"", 0
        match key & 7:
            case 0:
                value, place = _read_number(data, place)
            case 1:
                place += 8
            case 2:
                length, place = _read_number(data, place)
                body, place = data[place : place + length], place + length
            case 5:
                place += 4
            case kind:
                raise ValueError(f"a field of kind {kind} is in no ONNX file")
        if place > len(data):
            raise ValueError("the file ends within a field")
        yield Field(key >> 3, data[begin:place], body, value)


def number_field(number: int, value: int) -> bytes:
    """A field that holds a number, at least 0."""
    return _number(number << 3) + _number(value)


def bytes_field(number: int, body: bytes) -> bytes:
    """A field that holds bytes: a text, a message, an array."""
    return _number(number << 3 | 2) + _number(len(body)) + body


def with_graph(model: bytes, change: Callable[[list[Field]], Iterable[bytes]]) -> bytes:
    """``model`` with the fields of its graph replaced. Raises ``ValueError`` where it has none."""
    parts, found = [], False
    for part in fields(model):
        if part.number == GRAPH:
            parts.append(bytes_field(GRAPH, b"".join(change(list(fields(part.body))))))
            found = True
        else:
            parts.append(part.whole)
    if not found:
        raise ValueError("the file holds no graph")
    return b"".join(parts)


def text_properties(model: bytes) -> dict[str, str]:
    """What the file says of itself. Raises ``ValueError`` if ``model`` is no message."""
    found = {}
    for part in fields(model):
        if part.number == _PROPERTY:
            inside = {item.number: item.body.decode(errors="replace") for item in fields(part.body)}
            found[inside.get(1, "")] = inside.get(2, "")
    return found


def name_of(part: Field) -> bytes:
    """The name of an output or an initializer of a graph."""
    return next((item.body for item in fields(part.body) if item.number == NAME[part.number]), b"")


def _read_number(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while place < len(data) and shift < 64:
        byte = data[place]
        value |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:
            return value, place
    raise ValueError("the file ends within a number")


def _number(value: int) -> bytes:
    parts = []
    while value >= 0x80:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])
