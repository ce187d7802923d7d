"""What a method is: a function of activations and gradients at one or more layers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from torch import Tensor

Traced: TypeAlias = tuple[Tensor, Tensor]
"""Of one layer: its activation and the score's gradient with respect to it, both [N, C, h, w]."""


@dataclass(frozen=True, slots=True)
class CamMethod:
    """``name`` is that of the command line; ``title`` names the method and its source for people.

    ``combine`` gives the map, float32 [N, 1, h, w], at least 0, of as many layers as ``layers`` says (least, most), the
    coarsest first. ``averages_gradients`` says that it averages gradients over positions. Then the map of a larger mask
    is stronger in proportion, and the graph holds the average alone (see ``mean_gradient``).
    """

    name: str
    title: str
    combine: Callable[[Sequence[Traced]], Tensor]
    layers: tuple[int, int] = (1, 1)
    averages_gradients: bool = False
