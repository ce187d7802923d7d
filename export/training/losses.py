"""Losses on the polyp's logit."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor
from torch.nn import functional as F

from polyplive.errors import ConfigError

SMOOTH = 1.0
SMOOTH_SHARE = 0.001


def soft_dice(logit: Tensor, truth: Tensor) -> Tensor:
    """1 - Dice of probabilities over the whole batch (Milletari et al., "V-Net", 3DV 2016, section 3).

    ``logit`` and ``truth`` (0 to 1) are float32 [N, 1, H, W]. Numerator and denominator are summed over the batch. So
    a picture without a polyp counts through its false positives, and not as all or nothing.
    """
    probability = logit.float().sigmoid()
    overlap = (probability * truth).sum()
    total = probability.square().sum() + truth.square().sum()
    return 1 - (2 * overlap + SMOOTH) / (total + SMOOTH)


def image_dice(logit: Tensor, truth: Tensor) -> Tensor:
    """1 - Dice of each picture, averaged: a small polyp counts as much as a large one.

    Shapes as in ``soft_dice``. Smoothed by ``SMOOTH_SHARE`` of the picture's pixels: what is marked in a picture
    without a polyp is then punished in proportion, while it is little.
    """
    probability = logit.float().sigmoid()
    smooth = SMOOTH_SHARE * logit[0].numel()
    overlap = (probability * truth).sum((1, 2, 3))
    total = probability.square().sum((1, 2, 3)) + truth.square().sum((1, 2, 3))
    return (1 - (2 * overlap + smooth) / (total + smooth)).mean()


def image_dice_and_cross_entropy(logit: Tensor, truth: Tensor) -> Tensor:
    """``image_dice`` plus the mean binary cross-entropy."""
    return image_dice(logit, truth) + F.binary_cross_entropy_with_logits(logit.float(), truth)


def dice_and_cross_entropy(logit: Tensor, truth: Tensor) -> Tensor:
    """Soft Dice plus the mean binary cross-entropy, which also teaches on pixels far from any polyp."""
    return soft_dice(logit, truth) + F.binary_cross_entropy_with_logits(logit.float(), truth)


LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "dice": soft_dice,
    "dice+bce": dice_and_cross_entropy,
    "image-dice+bce": image_dice_and_cross_entropy,
}


def find_loss(name: str) -> Callable[[Tensor, Tensor], Tensor]:
    """A loss of ``LOSSES``. Raises ``ConfigError``."""
    if name not in LOSSES:
        raise ConfigError(f"No loss '{name}'", f"Choose one of: {', '.join(LOSSES)}.")
    return LOSSES[name]
