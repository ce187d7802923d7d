"""Several heatmaps of one network, of any part of its answer: for explanations of single pictures.

``NAME.maps`` beside a model holds the same network with more maps, and a second input that says what they are
to explain. It is run by OpenVINO in float32, whichever runtime the session uses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyplive.backends.base import MASK_PROBABILITY
from polyplive.backends.checks import check_tensor
from polyplive.backends.map_graph import PROBABILITY, MapGraph
from polyplive.backends.maps import Maps
from polyplive.backends.openvino import OpenVinoEngine
from polyplive.config import EngineOptions

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from polyplive.backends.base import EngineSpec
    from polyplive.types import Mask


class MapEngine:
    """Compiled further maps of a model. One thread at a time uses it.

    ``names`` are those of the maps, ``METHOD:LAYER[,LAYER]``; the model's own comes first.
    """

    follows_target = True

    def __init__(self, graph: Path, threads: int | None = None) -> None:
        """Compile the maps of the model ``graph``.

        Raises ``ModelNotFound`` where it has none, ``ModelError`` where they are of another graph, and what opening an
        OpenVINO engine raises.
        """
        self._engine = OpenVinoEngine(graph, EngineOptions(precision="float32", threads=threads))
        self.spec: EngineSpec = self._engine.spec
        self._maps = MapGraph(graph, self.spec.manifest.sha256, threads=threads)
        self.names = self._maps.names

    def explain(self, tensor: NDArray[np.uint8], target: Mask | None = None) -> Maps:
        """Every map of a picture, uint8 [1, H, W, 3] RGB.

        The score is the sum of the logits over ``target`` (bool [H, W]; None: the predicted mask, as the model's own
        map takes it). Raises as ``Engine.infer`` does, and ``ValueError`` for a target of another shape.
        """
        check_tensor(tensor, self.spec)
        if target is None:
            target = self._engine.infer(tensor, cam=False).probability > MASK_PROBABILITY
        elif target.shape != (self.spec.height, self.spec.width):
            raise ValueError(f"the target has the shape {target.shape}, not {(self.spec.height, self.spec.width)}")
        found = self._maps.run(tensor, target)
        return Maps(found.pop(PROBABILITY), found)

    def close(self) -> None:
        """Free everything; calling it again does nothing."""
        self._maps.close()
        self._engine.close()


def open_map_engine(graph: Path, threads: int | None = None) -> MapEngine:
    """The further maps of the model ``graph``; see ``MapEngine``."""
    return MapEngine(graph, threads)
