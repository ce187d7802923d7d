"""LayerCAM (Jiang et al., IEEE TIP 2021, eq. 6 and 7): ReLU(sum over k of ReLU(dy/dA_k) * A_k)."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from .method import CamMethod, Traced


def layer_cam(traced: Sequence[Traced]) -> Tensor:
    """The map of the one layer in ``traced``."""
    ((activation, gradient),) = traced
    return (gradient.relu() * activation).sum(1, keepdim=True).relu()


LAYER_CAM = CamMethod("layer-cam", "LayerCAM (Jiang et al. 2021)", layer_cam)
