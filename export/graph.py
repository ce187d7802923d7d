"""Mask and Grad-CAM as one function of a frame, and that function as one traced graph.

Grad-CAM (Selvaraju et al., ICCV 2017, eq. 1 and 2): with A the activation at the CAM layer and y the score,
alpha_k is the mean over positions of dy/dA_k, and the map is ReLU(sum over k of alpha_k A_k). For segmentation the
score is the sum of the polyp's logits over the predicted mask (Vinogradova et al., "Seg-Grad-CAM", AAAI 2020, eq. 1).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.fx import GraphModule
from torch.fx.experimental.proxy_tensor import make_fx

from .mean_gradient import shorten_means
from .networks import SegmentationNetwork

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
    """Forward and gradient as one graph of operations that ONNX has."""
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
    assert not any(wanted[1:]), "weights of a deployed network take no gradient"
    assert groups == 1, "no grouped convolution stands behind a CAM layer"
    if transposed:
        return aten.convolution(gradient, weight, None, stride, padding, dilation, False, [0, 0], 1), None, None
    assert list(stride) == [1, 1], "only the decoder stands behind a CAM layer, and it has no strides"
    flipped = weight.flip((2, 3)).transpose(0, 1)
    reach = [size - 1 - pad for size, pad in zip(weight.shape[2:], padding, strict=True)]
    return aten.convolution(gradient, flipped, None, [1, 1], reach, [1, 1], False, [0, 0], 1), None, None


def _nearest_backward(
    gradient: Tensor, output_size: Any, input_size: Any, rows: float | None = None, columns: float | None = None
) -> Tensor:
    """Of doubling: each value's gradient is the sum over its four copies."""
    return 4.0 * aten.avg_pool2d(gradient, [2, 2], [2, 2])


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
