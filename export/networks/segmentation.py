"""The segmentation networks, behind one registry.

Every network takes a normalised picture, float32 [N, 3, H, W], and gives the polyp's logit, float32 [N, 1, H, W]. It
computes in two steps, so that a gradient can be taken with respect to what lies between them: ``encode`` gives all
that the decoder reads, and ``decode`` goes on from there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from polyplive.errors import ConfigError, text_of

from .efficientnet_lite import EfficientNetLite
from .vision_transformer import LARGEST_GRID, TransformerEncoder


class Normalise(nn.Module):
    """Pixels in 0..255, RGB, [N, 3, H, W] of any dtype -> float32, less ``mean`` and divided by ``std`` (of 0..1)."""

    mean: Tensor
    std: Tensor

    def __init__(self, mean: tuple[float, float, float], std: tuple[float, float, float]) -> None:
        super().__init__()
        self.register_buffer("mean", 255 * torch.tensor(mean).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", 255 * torch.tensor(std).view(1, 3, 1, 1), persistent=False)

    def forward(self, pixels: Tensor) -> Tensor:
        """See the class."""
        return (pixels.float() - self.mean) / self.std


class DoubleConv(nn.Sequential):
    """Twice 3x3 convolution, batch norm, ReLU, with same padding."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(*_convolution(inputs, outputs), *_convolution(outputs, outputs))


def _convolution(inputs: int, outputs: int) -> list[nn.Module]:
    return [nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]


class UpStage(nn.Module):
    """One decoder stage: double the coarse features' size (nearest), join the skip, convolve twice."""

    def __init__(self, coarse: int, skip: int, outputs: int) -> None:
        super().__init__()
        self.skip_channels = skip
        self.upsample = nn.Upsample(scale_factor=2, mode="nearest")
        self.convolve = DoubleConv(coarse + skip, outputs)

    def forward(self, coarse: Tensor, skip: Tensor) -> Tensor:
        """[N, coarse, h, w] and [N, skip, 2h, 2w] -> [N, outputs, 2h, 2w]."""
        joined: Tensor = self.convolve(torch.cat([self.upsample(coarse), skip], 1))
        return joined


class AdditiveStage(nn.Module):
    """A light decoder stage: both paths brought to ``outputs`` channels by 1x1 convolutions, added, one 3x3 behind.

    The coarse path is made narrow before it is doubled (nearest), so that most of the work is done on few pixels.
    """

    def __init__(self, coarse: int, skip: int, outputs: int) -> None:
        super().__init__()
        self.narrow_coarse = _narrowed(coarse, outputs)
        self.narrow_skip = _narrowed(skip, outputs)
        self.upsample = nn.Upsample(scale_factor=2, mode="nearest")
        self.convolve = nn.Sequential(*_convolution(outputs, outputs))

    def forward(self, coarse: Tensor, skip: Tensor) -> Tensor:
        """[N, coarse, h, w] and [N, skip, 2h, 2w] -> [N, outputs, 2h, 2w]."""
        added = self.upsample(self.narrow_coarse(coarse)) + self.narrow_skip(skip)
        convolved: Tensor = self.convolve(added.relu())
        return convolved


def _narrowed(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs))


class SegmentationNetwork(nn.Module):
    """An encoder, decoder stages from coarse to fine, and a 1x1 head.

    ``cam`` names the heatmap that an export gives unless another is asked for, ``METHOD:LAYER[,LAYER]``.
    """

    def __init__(
        self,
        encoder: nn.Module,
        channels: tuple[int, ...],
        widths: tuple[int, ...],
        normalise: Normalise,
        stage: type[UpStage | AdditiveStage] = UpStage,
    ) -> None:
        super().__init__()
        if len(widths) != len(channels) - 1 or min(widths) < 1:
            raise ValueError(f"the decoder needs {len(channels) - 1} widths, each at least 1, not {list(widths)}")
        self.normalise = normalise
        self.encoder = encoder
        stages, coarse = [], channels[-1]
        for skip, outputs in zip(reversed(channels[:-1]), widths, strict=True):
            stages.append(stage(coarse, skip, outputs))
            coarse = outputs
        self.decoder = nn.ModuleList(stages)
        self.head = nn.Conv2d(coarse, 1, 1)
        self.doublings = 0
        fine = min(_FINE_STAGE, len(widths) - 2)  # the last stage is no choice
        self.cam = f"multi-level:{BOTTLENECK},decoder.{fine}" if fine >= 0 else f"grad-cam:{BOTTLENECK}"

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers that a heatmap can be taken at, coarsest first.

        ``encoder.bottleneck`` is the encoder's coarsest feature. ``skip.N`` is what the encoder gives to decoder stage
        N, ``decoder.N`` that stage's output. The last stage's is no choice: with a 1x1 head behind it a map would only
        repeat the mask.
        """
        stages = range(len(self.decoder))
        named = [name for stage in stages for name in (f"skip.{stage}", f"decoder.{stage}")]
        return (BOTTLENECK, *named[:-1])

    def encode(self, x: Tensor) -> dict[str, Tensor]:
        """All that the decoder reads, [N, C, h, w] each: the bottleneck, and ``skip.N`` of every stage."""
        *finer, coarsest = self.encoder(x)
        return {BOTTLENECK: coarsest} | {f"skip.{stage}": skip for stage, skip in enumerate(reversed(finer))}

    def decode(self, features: dict[str, Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
        """From ``encode`` to the logit, [N, 1, H, W]; with it every tensor of ``layers`` by its name."""
        known, fine = dict(features), features[BOTTLENECK]
        for number, stage in enumerate(self.decoder):
            fine = known[f"decoder.{number}"] = stage(fine, features[f"skip.{number}"])
        logit: Tensor = self.head(fine)
        for _ in range(self.doublings):
            logit = double_bilinear(logit)
        return logit, {name: known[name] for name in self.layers}

    def forward(self, x: Tensor) -> Tensor:
        """Normalised picture -> logit."""
        return self.decode(self.encode(x))[0]


BOTTLENECK = "encoder.bottleneck"
_FINE_STAGE = 1
"""The decoder stage with the heatmap's detail, four times finer than the bottleneck."""


class PlainEncoder(nn.Module):
    """The contracting path of the classical U-Net (Ronneberger et al., MICCAI 2015), padded to keep sizes."""

    def __init__(self, channels: tuple[int, ...]) -> None:
        super().__init__()
        self.levels = nn.ModuleList(
            DoubleConv(inputs, outputs) for inputs, outputs in zip((3, *channels[:-1]), channels, strict=True)
        )
        self.halve = nn.MaxPool2d(2)

    def rates(self) -> Iterator[tuple[nn.Module, float]]:
        """As ``EfficientNetLite.rates``, though nothing of this was trained before."""
        yield self, 1.0

    def forward(self, x: Tensor) -> list[Tensor]:
        """Features at strides 1, 2, 4, ..., finest first."""
        features = [self.levels[0](x)]
        for level in list(self.levels)[1:]:
            features.append(level(self.halve(features[-1])))
        return features


def double_bilinear(x: Tensor) -> Tensor:
    """[N, C, h, w] -> [N, C, 2h, 2w], bilinear with half-pixel centres, as two products with constant matrices.

    Equal to ``interpolate(scale_factor=2, mode="bilinear")``; written as products because their gradient is again a
    product, which every runtime has.
    """
    rows, columns = (torch.from_numpy(_doubling_matrix(side)).to(x) for side in x.shape[-2:])
    return rows @ x @ columns.T


@lru_cache(maxsize=16)
def _doubling_matrix(side: int) -> np.ndarray[Any, Any]:
    """float32 [2 * side, side]: row i holds the weights of the two samples around (i + 0.5) / 2 - 0.5, clamped."""
    matrix = np.zeros((2 * side, side), np.float32)
    for row in range(2 * side):
        centre = min(max((row + 0.5) / 2 - 0.5, 0.0), side - 1.0)
        low = min(int(centre), side - 1)
        high = min(low + 1, side - 1)
        matrix[row, low] += 1 - (centre - low)
        matrix[row, high] += centre - low
    return matrix


def _unet(*, base: int = 64, levels: int = 5) -> SegmentationNetwork:
    """The paper's U-Net: five levels of 64 to 1024 channels. It normalises to -1..1."""
    if levels < 2 or base < 1:
        raise ValueError(f"no U-Net has {levels} levels from {base} channels on")
    channels = tuple(base << level for level in range(levels))
    normalise = Normalise((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
    return SegmentationNetwork(PlainEncoder(channels), channels, tuple(reversed(channels[:-1])), normalise)


def _unet_lite(
    variant: str, *, widths: tuple[int, ...] = (128, 64, 48, 24), pretrained: bool = False
) -> SegmentationNetwork:
    """A light decoder on EfficientNet-Lite.

    With four ``widths`` it predicts at stride 2, where most of the decoder's work is saved; with five at full
    resolution, its last stage joined by the picture itself.
    """
    full = len(widths) == _FULL_RESOLUTION
    encoder = EfficientNetLite(variant, pretrained=pretrained, finest=1 if full else 2)
    normalise = Normalise((0.498, 0.498, 0.498), (0.502, 0.502, 0.502))
    network = SegmentationNetwork(encoder, encoder.channels, tuple(widths), normalise)
    network.doublings = 0 if full else 1
    return network


def _additive_lite(
    variant: str, *, widths: tuple[int, ...] = (64, 48, 24), encoder_stages: int = 6, pretrained: bool = False
) -> SegmentationNetwork:
    """An additive decoder on EfficientNet-Lite, for processors: with three ``widths`` it predicts at stride 4.

    The encoder's stage of 320 channels is left out, and nothing is decoded at stride 2, where a pixel costs most.
    """
    encoder = EfficientNetLite(variant, pretrained=pretrained, finest=4, until=encoder_stages)
    normalise = Normalise((0.498, 0.498, 0.498), (0.502, 0.502, 0.502))
    network = SegmentationNetwork(encoder, encoder.channels, tuple(widths), normalise, AdditiveStage)
    network.doublings = 2
    return network


def _unet_vit(
    *,
    widths: tuple[int, ...] = (128, 64),
    blocks: int = 12,
    grid: int = 22,
    taps: tuple[int, ...] = (6, 9, 12),
    pretrained: bool = False,
) -> SegmentationNetwork:
    """A light decoder on a small vision transformer; predicts at stride 4. ImageNet's mean and deviation, as DINOv2.

    Of DINOv2's 12 blocks the first ``blocks`` are used. ``grid`` is a sixteenth of the usual input side.
    """
    if not (1 <= blocks <= _MOST_BLOCKS and 1 <= grid <= LARGEST_GRID):
        raise ConfigError(f"No transformer of {blocks} blocks and {grid} patches a side", "Give at most 12 and 128.")
    if not taps or sorted(set(taps)) != list(taps) or not 1 <= taps[0] <= taps[-1] <= blocks:
        raise ConfigError(f"Features after blocks {list(taps)} of {blocks}", "Name blocks from 1, in their order.")
    encoder = TransformerEncoder(blocks=blocks, grid=grid, taps=tuple(taps))
    if pretrained:
        from .dinov2_weights import load_dinov2

        load_dinov2(encoder.transformer)
    normalise = Normalise((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    network = SegmentationNetwork(encoder, encoder.channels, tuple(widths), normalise)
    network.doublings = 2
    return network


_MOST_BLOCKS = 12

_FULL_RESOLUTION = 5
"""Decoder stages that bring stride 32 back to 1."""

ARCHITECTURES: dict[str, Callable[..., SegmentationNetwork]] = {
    "unet": _unet,
    "unet-vit": _unet_vit,
    **{
        f"unet-{variant}": lambda variant=variant, **options: _unet_lite(variant, **options)
        for variant in ("lite0", "lite1", "lite2")
    },
    "additive-lite0": lambda **options: _additive_lite("lite0", **options),
}


def without_pretrained(options: dict[str, Any]) -> dict[str, Any]:
    """The options for building a network whose trained weights are loaded: without ``pretrained``."""
    return {key: value for key, value in options.items() if key != "pretrained"}


def build_network(architecture: str, **options: Any) -> SegmentationNetwork:
    """A network of ``ARCHITECTURES``; ``options`` are its constructor's (``base``, ``widths``, ``pretrained``).

    Raises ``ConfigError`` for an unknown architecture or option, ``MissingDependency`` without ImageNet weights.
    """
    if architecture not in ARCHITECTURES:
        raise ConfigError(f"No architecture '{architecture}'", f"Choose one of: {', '.join(ARCHITECTURES)}.")
    try:
        return ARCHITECTURES[architecture](**options)
    except ConfigError:
        raise
    except (TypeError, ValueError, RuntimeError) as error:
        raise ConfigError(
            f"Wrong options for '{architecture}' ({text_of(error)})", "Mend the recipe's options."
        ) from None
