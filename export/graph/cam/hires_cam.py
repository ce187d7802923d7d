"""HiResCAM (Draelos and Carin, 2020, arXiv 2011.08891, eq. 4): ReLU(sum over k of dy/dA_k * A_k).

Gradients are not averaged over positions. So each place tells what it adds to the score itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from .method import CamMethod, Traced


def hires_cam(traced: Sequence[Traced]) -> Tensor:
    """The map of the one layer in ``traced``."""
    ((activation, gradient),) = traced
    return (gradient * activation).sum(1, keepdim=True).relu()


HIRES_CAM = CamMethod("hires-cam", "HiResCAM (Draelos and Carin 2020)", hires_cam)
