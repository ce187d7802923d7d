"""Mask and Grad-CAM as one function of a frame, and that function as one traced graph.

Grad-CAM (Selvaraju et al., ICCV 2017, eq. 1 and 2): let A be the activation at the CAM layer and y the score. alpha_k
is the mean over positions of dy/dA_k. The map is ReLU(sum over k of alpha_k A_k). For segmentation the score is the sum
of the polyp's logits over the predicted mask (Vinogradova et al., "Seg-Grad-CAM", AAAI 2020, eq. 1).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.fx import GraphModule
from torch.fx.experimental.proxy_tensor import make_fx

from polyplive.errors import ExportError

from ..networks.segmentation import SegmentationNetwork
from .mean_gradient import shorten_means

aten = torch.ops.aten

Outputs = tuple[Tensor, Tensor, Tensor, Tensor]
"""probability [1, 1, H, W], CAM [1, 1, h, w], logit [1, 1, H, W], activation [1, C, h, w]."""


def score(logit: Tensor) -> Tensor:
    """The sum of the logits where a polyp is predicted (probability above one half); 0 where none is."""
    return (logit * (logit.detach() > 0)).sum()


class MaskAndCam(nn.Module):
    """uint8 frame [1, H, W, 3], RGB -> ``Outputs``; the gradient is computed inside."""

    def __init__(self, network: SegmentationNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, frame: Tensor) -> Outputs:
        """See the class."""
        network = self.network
        # in this order: TensorRT takes bytes only to convert them
        activation, skips = network.activation(network.normalise(frame.float().permute(0, 3, 1, 2)))

        def score_of(varied: Tensor) -> tuple[Tensor, Tensor]:
            logit = network.finish(varied, skips)
            return score(logit), logit

        gradient, logit = torch.func.grad(score_of, has_aux=True)(activation)
        return logit.sigmoid(), class_activation_map(activation, gradient), logit, activation


def class_activation_map(activation: Tensor, gradient: Tensor) -> Tensor:
    """float32 [N, 1, h, w], at least 0, from activation and gradient [N, C, h, w]."""
    alpha = gradient.mean((2, 3), keepdim=True)
    return (alpha * activation).sum(1, keepdim=True).relu()


def trace(function: MaskAndCam, frame: Tensor) -> GraphModule:
    """Forward and gradient as one graph of operations that ONNX has.

    Raises ``ExportError`` for a layer behind the CAM layer whose gradient is not known here.
    """
    graph = make_fx(function, decomposition_table=_DECOMPOSITIONS)(frame)
    graph.graph.eliminate_dead_code()
    shorten_means(graph)
    return graph.eval()


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


_DECOMPOSITIONS: dict[Any, Callable[..., Any]] = {
    aten.convolution_backward.default: _convolution_backward,
    aten.upsample_nearest2d_backward.default: _nearest_backward,
}


def cam_by_hooks(network: SegmentationNetwork, frame: Tensor, layer: nn.Module) -> tuple[Tensor, Tensor]:
    """Probability and CAM of the trained network, by hooks and ``backward``, as Grad-CAM is usually run.

    It shares no code with the exported graph but the score. ``layer`` is the module whose output is the CAM
    layer's activation.
    """
    kept: dict[str, Tensor] = {}

    def keep(_: nn.Module, __: Any, output: Tensor) -> None:
        kept["activation"] = output
        output.register_hook(lambda gradient: kept.__setitem__("gradient", gradient))

    handle = layer.register_forward_hook(keep)
    try:
        with torch.enable_grad():
            pixels = network.normalise(frame.permute(0, 3, 1, 2)).requires_grad_()
            logit = network(pixels)
            score(logit).backward()
    finally:
        handle.remove()
    activation, gradient = kept["activation"], kept.get("gradient", torch.zeros_like(kept["activation"]))
    weights = gradient.sum(dim=(2, 3)) / (gradient.shape[2] * gradient.shape[3])
    cam = torch.einsum("nk,nkhw->nhw", weights, activation)[:, None].clamp(min=0)
    return logit.sigmoid().detach(), cam.detach()
