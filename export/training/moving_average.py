"""A moving average of the weights, which generalises better than the last step's (Polyak and Juditsky, 1992)."""

from __future__ import annotations

import copy

import torch

from ..networks.segmentation import SegmentationNetwork


class AveragedWeights:
    """``network`` is a copy whose tensors follow the trained one's: average = decay * average + (1 - decay) * current.

    The decay grows to its final value over the first steps, so that the random start is soon forgotten.
    """

    def __init__(self, network: SegmentationNetwork, decay: float) -> None:
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        self._decay = decay

    @torch.no_grad()
    def update(self, network: SegmentationNetwork, step: int) -> None:
        """Follow one optimiser step; ``step`` counts from 0."""
        decay = min(self._decay, (1 + step) / (10 + step))
        averages, currents = self.network.state_dict(), network.state_dict()
        for name, average in averages.items():
            if average.is_floating_point():
                average.lerp_(currents[name], 1 - decay)
            else:
                average.copy_(currents[name])
