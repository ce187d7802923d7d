"""Batch norm for weights that were read back out of a graph: it was folded into the convolutions before it.

Such a network computes the same, but its batch norms neither know nor remove what comes in, so that it cannot be
trained as one fresh from a checkpoint. Here they learn what comes in and give back what was, by inverting Ioffe and
Szegedy, "Batch Normalization" (ICML 2015), algorithm 2.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

_LEAST_DEVIATION = 1e-2
"""A channel that hardly varies keeps a scale at which a step of training cannot blow it up."""


@torch.no_grad()
def restore_batch_norm(network: nn.Module, inputs: Iterable[Tensor]) -> None:
    """Give every ``BatchNorm2d`` in ``network`` the statistics of ``inputs``, float32 [N, C, H, W], without a change.

    ``network`` is in evaluation mode, and its answers stay the same up to rounding.
    """
    sums: dict[nn.BatchNorm2d, list[Tensor]] = {}

    def count(norm: nn.Module, given: tuple[Tensor, ...]) -> None:
        assert isinstance(norm, nn.BatchNorm2d)
        x = given[0].double()
        found = [torch.tensor(x.numel() / x.shape[1]), x.sum((0, 2, 3)), x.square().sum((0, 2, 3))]
        sums[norm] = [a + b for a, b in zip(sums[norm], found, strict=True)] if norm in sums else found

    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    handles = [norm.register_forward_pre_hook(count) for norm in norms]
    try:
        for batch in inputs:
            network(batch)
    finally:
        for handle in handles:
            handle.remove()
    for norm, (number, total, squares) in sums.items():
        mean = total / number
        variance = (squares / number - mean.square()).clamp(min=_LEAST_DEVIATION**2)
        _set_statistics(norm, mean.float(), variance.float())


def _set_statistics(norm: nn.BatchNorm2d, mean: Tensor, variance: Tensor) -> None:
    assert norm.running_mean is not None
    assert norm.running_var is not None
    scale = norm.weight / (norm.running_var + norm.eps).sqrt()
    norm.bias.add_(scale * (mean - norm.running_mean))
    norm.weight.copy_(scale * (variance + norm.eps).sqrt())
    norm.running_mean.copy_(mean)
    norm.running_var.copy_(variance)
