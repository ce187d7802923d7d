"""Grad-CAM (Selvaraju et al., ICCV 2017, eq. 1 and 2).

Let A be the activation and y the score. alpha_k is the mean over positions of dy/dA_k. The map is
ReLU(sum over k of alpha_k A_k).
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from .method import CamMethod, Traced


def grad_cam(traced: Sequence[Traced]) -> Tensor:
    """The map of the one layer in ``traced``."""
    ((activation, gradient),) = traced
    alpha = gradient.mean((2, 3), keepdim=True)
    return (alpha * activation).sum(1, keepdim=True).relu()


GRAD_CAM = CamMethod("grad-cam", "Grad-CAM (Selvaraju et al. 2017)", grad_cam, averages_gradients=True)
