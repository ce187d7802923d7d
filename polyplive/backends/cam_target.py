"""What a session's heatmap explains: the whole mask, each region of it alone, or what nearly became one.

The map of the whole mask says of each place what it adds to all findings together. With two on screen one may be marked
for what it adds to the other. ``each`` asks once more for every region, and at each place shows the map of the nearest.
"""

from __future__ import annotations

import dataclasses
import time
from typing import TYPE_CHECKING

import cv2
import numpy as np

from polyplive.backends.parallel import parallel
from polyplive.config import MIN_AREA
from polyplive.errors import EngineClosed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from polyplive.backends.base import Engine, EngineSpec, Outputs, Pending
    from polyplive.backends.map_graph import MapGraph
    from polyplive.config import CamTarget
    from polyplive.types import FloatMap, Mask

MOST_REGIONS = 4
"""Each region costs another pass; the smallest of more keep their part of the whole mask's map."""

NEARLY = 0.5
"""What nearly fired is above this share of the threshold and nowhere above the threshold."""

_MASK = 0.5
"""Where the mask begins that the model's own map explains."""


class TargetedEngine:
    """An engine whose map explains something else; its mask is untouched. Implements ``ParallelEngine``."""

    def __init__(self, engine: Engine, maps: MapGraph, target: CamTarget) -> None:
        """Both are closed with it. ``maps`` makes the model's own map alone; ``target`` is ``each`` or ``nearly``."""
        self._engine, self._maps, self._target = parallel(engine), maps, target
        self.spec: EngineSpec = dataclasses.replace(engine.spec, cam_target=target)
        self.requests = self._engine.requests
        self._closed = False

    def infer(self, tensor: NDArray[np.uint8], *, cam: bool = True) -> Outputs:
        """See ``Engine.infer``."""
        return self.start(tensor, cam=cam).result()

    def start(self, tensor: NDArray[np.uint8], *, cam: bool = True) -> Pending:
        """See ``ParallelEngine.start``. The further maps are computed by the thread that takes the result."""
        if self._closed:
            raise EngineClosed("The engine is closed", "Open it again.")
        return _Targeted(self, self._engine.start(tensor, cam=cam), tensor)

    def close(self) -> None:
        """See ``Engine.close``."""
        self._closed = True
        self._maps.close()
        self._engine.close()

    def retargeted(self, tensor: NDArray[np.uint8], outputs: Outputs) -> Outputs:
        """``outputs`` of a picture with the map of the target."""
        if outputs.cam is None:
            return outputs
        began_s = time.perf_counter()
        make = self._of_each if self._target == "each" else self._of_nearly
        cam = make(tensor, outputs.probability, outputs.cam)
        worked_s = outputs.infer_s and outputs.infer_s + time.perf_counter() - began_s
        return dataclasses.replace(outputs, cam=cam, infer_s=worked_s)

    def _of_each(self, tensor: NDArray[np.uint8], probability: FloatMap, whole: FloatMap) -> FloatMap:
        mask = probability > _MASK
        found = regions(mask, MOST_REGIONS + 1)
        if len(found) < 2:
            return whole
        own = [self._map(tensor, region, mask) for region in found[:MOST_REGIONS]]
        rest = found[MOST_REGIONS:]
        return nearest([*found[:MOST_REGIONS], *rest], [*own, *[whole for _ in rest]])

    def _of_nearly(self, tensor: NDArray[np.uint8], probability: FloatMap, whole: FloatMap) -> FloatMap:
        threshold = self.spec.manifest.threshold
        near = np.zeros(probability.shape, bool)
        for region in regions(probability > NEARLY * threshold, MOST_REGIONS + 1):
            if probability[region].max() <= threshold:
                near |= region
        return self._map(tensor, near, probability > _MASK) if near.any() else np.zeros_like(whole)

    def _map(self, tensor: NDArray[np.uint8], target: Mask, mask: Mask) -> FloatMap:
        """The model's own map of ``target``, on the scale of a map of the whole ``mask``."""
        manifest = self.spec.manifest
        made = self._maps.run(tensor, target)[manifest.cam]
        if manifest.cam_grows_with_mask:
            made = made * np.float32(max(int(mask.sum()), MIN_AREA * mask.size) / int(target.sum()))
        return made


class _Targeted:
    def __init__(self, engine: TargetedEngine, pending: Pending, tensor: NDArray[np.uint8]) -> None:
        self._engine, self._pending, self._tensor = engine, pending, tensor

    def result(self) -> Outputs:
        return self._engine.retargeted(self._tensor, self._pending.result())


def regions(mask: Mask, most: int) -> list[Mask]:
    """The connected parts of ``mask`` bool [H, W], the largest first, at most ``most``; specks are left out."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    areas = stats[1:count, cv2.CC_STAT_AREA]
    order = [int(place) for place in np.argsort(-areas, kind="stable") if areas[place] >= MIN_AREA * mask.size]
    return [labels == place + 1 for place in order[:most]]


def nearest(parts: Sequence[Mask], maps: Sequence[FloatMap]) -> FloatMap:
    """One map of ``maps`` float32 [h, w]: at each cell that of the nearest of ``parts`` bool [H, W]."""
    rows, columns = maps[0].shape
    away = [
        cv2.resize(
            cv2.distanceTransform((~part).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE),
            (columns, rows),
            interpolation=cv2.INTER_AREA,
        )
        for part in parts
    ]
    joined: FloatMap = np.choose(np.argmin(away, axis=0), maps).astype(np.float32)
    return joined
