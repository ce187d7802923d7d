"""Reads and writes the constants of ONNX files: weights, and what else a graph holds.

In ``TensorProto`` dims are field 1, the type 2 (1: float32, 3: int8), the name 8 and the raw bytes 9 (onnx.proto).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polyplive.backends.onnx_file.onnx_fields import INITIALIZER, Field, bytes_field, fields, number_field

if TYPE_CHECKING:
    from numpy.typing import NDArray

_DIMS, _TYPE, _NAME, _RAW = 1, 2, 8, 9
_FLOAT32, _INT8 = 1, 3
_TYPES: dict[int, type[np.generic]] = {_FLOAT32: np.float32, _INT8: np.int8}


def constant_array(constant: Field) -> NDArray[np.generic] | None:
    """The values of an initializer of a graph, read-only; None where they are neither float32 nor int8 in raw bytes."""
    parts = list(fields(constant.body))
    kind = next((item.value for item in parts if item.number == _TYPE), 0)
    raw = next((item.body for item in parts if item.number == _RAW), None)
    if kind not in _TYPES or raw is None:
        return None
    return np.frombuffer(raw, _TYPES[kind]).reshape([item.value for item in parts if item.number == _DIMS])


def constant_field(name: bytes, values: NDArray[np.float32]) -> bytes:
    """The initializer ``name`` of a graph, with float32 ``values``."""
    dims = b"".join(number_field(_DIMS, side) for side in values.shape)
    rest = number_field(_TYPE, _FLOAT32) + bytes_field(_NAME, name) + bytes_field(_RAW, values.tobytes())
    return bytes_field(INITIALIZER, dims + rest)
