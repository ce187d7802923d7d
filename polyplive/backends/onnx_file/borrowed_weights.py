"""A graph without weights of its own: it takes those of another file by their names.

``export`` writes ``NAME.maps`` beside ``NAME.onnx``: more heatmaps of the same network. Its constants have
name, type and shape; where they have no values, the model's file has them. So the weights lie on the disk once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyplive.backends.onnx_file.onnx_fields import INITIALIZER, Field, fields, name_of, with_graph

if TYPE_CHECKING:
    from collections.abc import Iterable

_DIMS, _TYPE, _NAME = 1, 2, 8
"""Of ``TensorProto``."""


def with_borrowed(graph: bytes, lender: bytes) -> bytes:
    """``graph`` with every constant that has no values taken from ``lender``, whose weights are float32.

    Raises ``ValueError`` where ``lender`` has no such constant.
    """
    lent: dict[bytes, Field] = {}
    with_graph(lender, lambda parts: _noted(parts, lent))

    def filled(parts: list[Field]) -> Iterable[bytes]:
        for part in parts:
            if part.number != INITIALIZER or _has_values(part):
                yield part.whole
                continue
            found = lent.get(name_of(part))
            if found is None or _shape(found) != _shape(part):
                raise ValueError(f"the model has no weight '{name_of(part).decode(errors='replace')}'")
            yield found.whole

    return with_graph(graph, filled)


def _noted(parts: list[Field], lent: dict[bytes, Field]) -> list[bytes]:
    lent.update((name_of(part), part) for part in parts if part.number == INITIALIZER)
    return [part.whole for part in parts]


def _has_values(constant: Field) -> bool:
    return any(item.number not in (_DIMS, _TYPE, _NAME) for item in fields(constant.body))


def _shape(constant: Field) -> list[int]:
    """The type, then the sides."""
    parts = list(fields(constant.body))
    kind = [item.value for item in parts if item.number == _TYPE]
    return kind + [item.value for item in parts if item.number == _DIMS and not item.body]
