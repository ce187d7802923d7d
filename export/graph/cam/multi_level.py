"""A map of several layers: what a deep layer rests on, with the detail of shallower ones.

At each layer a place's evidence is the sum over channels of ReLU(dy/dA_k * A_k): all that it adds to the score. That is
the summand of HiResCAM (Draelos and Carin 2020) without what argues against a polyp. The layers' evidence is enlarged
to the finest grid (bilinear), and the map is its geometric mean: it is strong where every layer agrees. No layer has a
veto: a thousandth of its mean is added, so that places where one has nothing to add keep the order of the others.
Multiplying maps of several layers is known from Guided Grad-CAM (Selvaraju et al. 2017, section 3.3).
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from polyplive.errors import ConfigError

from ...networks.segmentation import double_bilinear
from .method import CamMethod, Traced


def multi_level(traced: Sequence[Traced]) -> Tensor:
    """The map of two or three layers, coarsest first, on the finest one's grid.

    Raises ``ConfigError`` where a grid is no doubling of another.
    """
    finest = traced[-1][0].shape[-1]
    share = 1.0 / len(traced)
    levels = [_enlarged(evidence(*one), finest).pow(share) for one in traced]
    joined = levels[0]
    for level in levels[1:]:
        joined = joined * level
    return joined


_FLOOR = 1e-3


def evidence(activation: Tensor, gradient: Tensor) -> Tensor:
    """What each place adds to the score, with the floor: [N, 1, h, w], at least 0."""
    added = (gradient * activation).relu().sum(1, keepdim=True)
    return added + _FLOOR * added.mean((2, 3), keepdim=True)


def _enlarged(evidence: Tensor, side: int) -> Tensor:
    while evidence.shape[-1] < side:
        evidence = double_bilinear(evidence)
    if evidence.shape[-1] != side:
        raise ConfigError(
            f"A layer {evidence.shape[-1]} wide does not double to {side}", "Name layers from coarse to fine."
        )
    return evidence


MULTI_LEVEL = CamMethod(
    "multi-level", "Multi-level map (geometric mean of layers' positive contributions)", multi_level, layers=(2, 3)
)
