"""Gradients of the decoder's layers as plain operations, which every runtime has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from polyplive.errors import ExportError

aten = torch.ops.aten


def _convolution_backward(
    gradient: Tensor,
    inputs: Tensor,
    weight: Tensor,
    bias_sizes: Any,
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    transposed: bool,
    output_padding: Sequence[int],
    groups: int,
    wanted: Sequence[bool],
) -> tuple[Tensor | None, None, None]:
    """The gradient with respect to the input, as a plain convolution; weights are constants here.

    Stride 1: with the flipped, transposed weight. Transposed convolution: with the same weight and stride.
    """
    _require(not any(wanted[1:]), "a weight takes a gradient")
    _require(groups == 1, f"a convolution has {groups} groups")
    _require(list(dilation) == [1, 1], f"a convolution is dilated by {list(dilation)}")
    if transposed:
        found = aten.convolution(gradient, weight, None, stride, padding, [1, 1], False, [0, 0], 1)
    else:
        _require(list(stride) == [1, 1], f"a convolution has the stride {list(stride)}")
        reach = [size - 1 - pad for size, pad in zip(weight.shape[2:], padding, strict=True)]
        _require(min(reach) >= 0, f"a convolution is padded by {list(padding)}, more than its kernel reaches")
        flipped = weight.flip((2, 3)).transpose(0, 1)
        found = aten.convolution(gradient, flipped, None, [1, 1], reach, [1, 1], False, [0, 0], 1)
    _require(found.shape == inputs.shape, f"the gradient of {list(inputs.shape)} would be {list(found.shape)}")
    return found, None, None


def _nearest_backward(
    gradient: Tensor, output_size: Any, input_size: Any, rows: float | None = None, columns: float | None = None
) -> Tensor:
    """Of doubling: each value's gradient is the sum over its four copies."""
    doubled = [2 * side for side in input_size[2:]]
    _require(list(output_size) == doubled, f"{list(input_size[2:])} is enlarged to {list(output_size)}")
    return 4.0 * aten.avg_pool2d(gradient, [2, 2], [2, 2])


def _require(known: bool, what: str) -> None:
    """Refuse what the gradients above do not hold for: a network of another kind would get a wrong map."""
    if not known:
        raise ExportError(f"No gradient is known here: {what}", "Take a CAM layer behind it.")


GRADIENTS: dict[Any, Callable[..., Any]] = {
    aten.convolution_backward.default: _convolution_backward,
    aten.upsample_nearest2d_backward.default: _nearest_backward,
}
"""Operation -> its gradient in operations that ONNX has, for ``make_fx``."""
