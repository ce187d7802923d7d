"""The sanity check of randomised weights: what is left of the maps when the network knows nothing any more.

Adebayo et al., "Sanity checks for saliency maps", NeurIPS 2018. A map that hardly changes explains the picture, not the
network. Weights are randomised layer by layer from the output on, and the maps compared by rank.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from polyplive.backends.base import MASK_PROBABILITY
from polyplive.evaluation.heatmaps.measures import Measurer
from polyplive.evaluation.heatmaps.randomisation import level_shift
from polyplive.explanation.correlation import spearman
from polyplive.explanation.displayed import displayed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from polyplive.evaluation.heatmaps.maps import MapsFrom
    from polyplive.evaluation.heatmaps.measures import SeenPicture
    from polyplive.evaluation.heatmaps.randomisation import RandomisedGraphs
    from polyplive.types import FloatMap

_SHRUNK = 4
"""Maps are ranked at so many times fewer pixels each way: neighbouring pixels of a map say the same."""


@dataclass(frozen=True, slots=True)
class RandomisedStage:
    """With so many ``layers`` randomised: for each map the rank correlation of each picture with the trained map.

    None where the randomised network gives no map: that is no map that is alike, and is counted on its own.
    """

    layers: int
    likeness: dict[str, list[float | None]]


def sanity_check(
    seen: Sequence[SeenPicture],
    trained: Measurer,
    graphs: RandomisedGraphs,
    maps_from: MapsFrom,
    on_step: Callable[[int], None] = lambda number: None,
) -> tuple[RandomisedStage, ...]:
    """Each stage of ``graphs``, on pictures on which the ``trained`` network predicts something; none without any.

    ``maps_from`` makes the maps of each randomised graph, of the names of ``trained``'s. ``on_step`` gets the number of
    pictures done in all stages. Raises ``EngineError``.
    """
    if not seen:
        return ()
    before = [_maps(trained, each) for each in seen]
    pictures = [each.picture for each in seen]
    share = float(np.mean([trained.probability(picture) > MASK_PROBABILITY for picture in pictures]))
    stages = []
    for place, layers in enumerate(graphs.stages()):
        likeness: dict[str, list[float | None]] = {name: [] for name in before[0]}
        with graphs.opened(layers, level_shift(graphs, layers, pictures, share)) as engine:
            measurer = Measurer(engine, maps_from(engine), trained.threshold)
            for number, (each, maps) in enumerate(zip(seen, before, strict=True), start=1):
                for name, cam in _maps(measurer, each).items():
                    likeness[name].append(spearman(maps[name], cam))
                on_step(place * len(seen) + number)
        stages.append(RandomisedStage(layers, likeness))
    return tuple(stages)


def _maps(measurer: Measurer, seen: SeenPicture) -> dict[str, FloatMap]:
    """The maps as they are ranked: ``displayed`` at the model's size, then shrunk."""
    height, width = seen.picture.shape[:2]
    size = max(1, width // _SHRUNK), max(1, height // _SHRUNK)
    return {
        name: cv2.resize(displayed(cam, height, width), size, interpolation=cv2.INTER_AREA)
        for name, cam in measurer.maps(seen.picture).items()
    }
