"""A trained network rewritten for speed, with the same answers: what is exported.

Exact rewritings. Batch norm is folded into the convolution before it, layer scale into its linear layer, whose weight
is kept the way round that ONNX multiplies it. In each decoder stage the first convolution of nearest-doubled features
joined with a skip is split into two, by linearity; the part on doubled features becomes one transposed convolution
with stride 2, whose 4x4 kernel is the 3x3 kernel summed over the four pixels that share a value. That saves five
ninths of the part's work, and its gradient is an ordinary convolution with stride 2.
"""

from __future__ import annotations

import copy
import itertools

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval

from .networks import SegmentationNetwork, UpStage
from .vision_transformer import ScaledLinear


def deployed(network: SegmentationNetwork) -> SegmentationNetwork:
    """A rewritten copy in evaluation mode, on the CPU, in float32; its parameters take no gradient."""
    copied: SegmentationNetwork = copy.deepcopy(network).cpu().float().eval().requires_grad_(False)
    copied.to(memory_format=torch.contiguous_format)
    _fold_batch_norm(copied)
    _turn_linear(copied)
    copied.decoder = nn.ModuleList(MergedUpStage(stage) for stage in copied.decoder)
    return copied


class MergedUpStage(nn.Module):
    """An ``UpStage`` whose doubling is part of a transposed convolution."""

    kernel: Tensor
    skip_weight: Tensor
    bias: Tensor

    def __init__(self, stage: UpStage) -> None:
        """``stage`` has its batch norm folded."""
        super().__init__()
        first, *rest = stage.convolve
        coarse = first.in_channels - stage.skip_channels
        self.register_buffer("kernel", _doubling_kernel(first.weight[:, :coarse]))
        self.register_buffer("skip_weight", first.weight[:, coarse:].clone())
        self.register_buffer("bias", first.bias.clone())
        self.rest = nn.Sequential(*rest)

    def forward(self, coarse: Tensor, skip: Tensor) -> Tensor:
        """[N, coarse, h, w] and [N, skip, 2h, 2w] -> [N, outputs, 2h, 2w]."""
        first = F.conv_transpose2d(coarse, self.kernel, stride=2, padding=1)
        joined: Tensor = self.rest(first + F.conv2d(skip, self.skip_weight, self.bias, padding=1))
        return joined


def _doubling_kernel(weight: Tensor) -> Tensor:
    """[O, C, 3, 3] -> [C, O, 4, 4]: how much each coarse value adds to the 4x4 fine values around it."""
    spread = weight.new_zeros((*weight.shape[:2], 4, 4))
    for row in (0, 1):
        for column in (0, 1):
            spread[:, :, row : row + 3, column : column + 3] += weight.flip((2, 3))
    return spread.transpose(0, 1).contiguous()


def _fold_batch_norm(network: nn.Module) -> None:
    """Replace each convolution and the batch norm behind it by one convolution."""
    for module in network.modules():
        if not isinstance(module, nn.Sequential):
            continue
        children = list(module.named_children())
        for (name, first), (other, second) in itertools.pairwise(children):
            if isinstance(first, nn.Conv2d) and isinstance(second, nn.BatchNorm2d):
                setattr(module, name, fuse_conv_bn_eval(first, second))
                setattr(module, other, nn.Identity())


class MatrixLinear(nn.Module):
    """A linear layer whose weight is [inputs, outputs]."""

    def __init__(self, layer: nn.Linear) -> None:
        """``layer`` may be a ``ScaledLinear``; the scale becomes part of the weight."""
        super().__init__()
        scale = layer.scale if isinstance(layer, ScaledLinear) else torch.ones(layer.out_features)
        self.register_buffer("matrix", (layer.weight * scale[:, None]).T.contiguous())
        self.register_buffer("bias", layer.bias * scale)

    def forward(self, x: Tensor) -> Tensor:
        """[..., inputs] -> [..., outputs]."""
        rows = x.reshape(-1, x.shape[-1])
        return torch.addmm(self.bias, rows, self.matrix).reshape(*x.shape[:-1], -1)


def _turn_linear(network: nn.Module) -> None:
    for module in list(network.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, nn.Linear):
                setattr(module, name, MatrixLinear(child))
