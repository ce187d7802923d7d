"""Rewrites a trained network for speed, with the same results; this network is exported.

Exact rewritings. Batch norm is folded into the convolution before it, layer scale into its linear layer, whose weight
is kept the way round that ONNX multiplies it. In each decoder stage the first convolution of nearest-doubled features
joined with a skip is split into two, by linearity; the part on doubled features becomes one transposed convolution
with stride 2, whose 4x4 kernel is the 3x3 kernel summed over the four pixels that share a value. That saves five
ninths of the part's work, and its gradient is an ordinary convolution with stride 2. An additive stage narrows and
doubles in one transposed convolution likewise.
"""

from __future__ import annotations

import copy
import itertools

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval

from polyplive.errors import ExportError

from ..networks.segmentation import AdditiveStage, SegmentationNetwork, UpStage
from ..networks.vision_transformer import ScaledLinear


def deployed(network: SegmentationNetwork) -> SegmentationNetwork:
    """A rewritten copy in evaluation mode, on the CPU, in float32; its parameters take no gradient.

    Raises ``ExportError`` for a layer that the rewritings do not hold for.
    """
    copied: SegmentationNetwork = copy.deepcopy(network).cpu().float().eval().requires_grad_(False)
    copied.to(memory_format=torch.contiguous_format)
    _fold_batch_norm(copied)
    _turn_linear(copied)
    copied.decoder = nn.ModuleList(_rewritten(stage) for stage in copied.decoder)
    return copied


def _rewritten(stage: nn.Module) -> nn.Module:
    if isinstance(stage, AdditiveStage):
        return DoublingAdditiveStage(stage)
    assert isinstance(stage, UpStage)
    return MergedUpStage(stage)


class DoublingAdditiveStage(nn.Module):
    """An ``AdditiveStage`` that narrows and doubles its coarse features in one transposed convolution.

    Its 2x2 kernel holds the 1x1 weight four times. So the graph holds nothing but convolutions and sums, as float16
    graphs need, and the gradient is a convolution too.
    """

    kernel: Tensor
    bias: Tensor

    def __init__(self, stage: AdditiveStage) -> None:
        """``stage`` has its batch norm folded. Raises ``ExportError`` unless it doubles."""
        super().__init__()
        _require_doubling(stage.upsample)
        narrow = stage.narrow_coarse[0]
        self.register_buffer("kernel", narrow.weight.transpose(0, 1).expand(-1, -1, 2, 2).contiguous())
        self.register_buffer("bias", narrow.bias.clone())
        self.narrow_skip = stage.narrow_skip
        self.convolve = stage.convolve

    def forward(self, coarse: Tensor, skip: Tensor) -> Tensor:
        """See ``AdditiveStage``."""
        added = F.conv_transpose2d(coarse, self.kernel, self.bias, stride=2) + self.narrow_skip(skip)
        convolved: Tensor = self.convolve(added.relu())
        return convolved


class MergedUpStage(nn.Module):
    """An ``UpStage`` whose doubling is part of a transposed convolution."""

    kernel: Tensor
    skip_weight: Tensor
    bias: Tensor

    def __init__(self, stage: UpStage) -> None:
        """``stage`` has its batch norm folded. Raises ``ExportError`` unless it doubles and convolves as above."""
        super().__init__()
        first, *rest = stage.convolve
        _require_doubling(stage.upsample)
        _require_same_3x3(first)
        coarse = first.in_channels - stage.skip_channels
        self.register_buffer("kernel", _doubling_kernel(first.weight[:, :coarse]))
        self.register_buffer("skip_weight", first.weight[:, coarse:].clone())
        self.register_buffer("bias", first.bias.clone())
        self.rest = nn.Sequential(*rest)

    def forward(self, coarse: Tensor, skip: Tensor) -> Tensor:
        """[N, coarse, h, w] and [N, skip, 2h, 2w] -> [N, outputs, 2h, 2w]. Raises ``ExportError`` for other sizes."""
        height, width = coarse.shape[2:]
        if tuple(skip.shape[2:]) != (2 * height, 2 * width):
            sizes = f"{width}x{height} is joined with {skip.shape[3]}x{skip.shape[2]}"
            raise ExportError(
                f"A decoder stage does not double: {sizes}", "Give a size that every level of the encoder halves."
            )
        first = F.conv_transpose2d(coarse, self.kernel, stride=2, padding=1)
        joined: Tensor = self.rest(first + F.conv2d(skip, self.skip_weight, self.bias, padding=1))
        return joined


def _require_doubling(upsample: nn.Module) -> None:
    factor = getattr(upsample, "scale_factor", None)
    if not isinstance(upsample, nn.Upsample) or upsample.mode != "nearest" or factor not in (2, (2, 2)):
        raise ExportError(
            f"A decoder stage enlarges by {upsample}, not by nearest doubling", "Only doubling can be exported."
        )


def _require_same_3x3(convolution: nn.Module) -> None:
    """Its batch norm is folded: it has a bias."""
    known = {
        "kernel_size": (3, 3),
        "stride": (1, 1),
        "padding": (1, 1),
        "dilation": (1, 1),
        "groups": 1,
        "padding_mode": "zeros",
    }
    same = all(getattr(convolution, name, None) == value for name, value in known.items())
    if not isinstance(convolution, nn.Conv2d) or not same or convolution.bias is None:
        raise ExportError(
            f"A decoder stage begins with {convolution}", "Begin with a 3x3 convolution and its batch norm."
        )


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
        """``layer`` may be a ``ScaledLinear``; the scale becomes part of the weight. Raises ``ExportError``."""
        super().__init__()
        if type(layer) not in (nn.Linear, ScaledLinear) or layer.bias is None:
            raise ExportError(f"The layer {layer} cannot be rewritten", "Use linear layers with a bias.")
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
