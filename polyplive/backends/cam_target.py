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

from polyplive.backends.base import MASK_PROBABILITY
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
"""What nearly fired is above this share of the threshold, and nowhere above the threshold itself."""


class TargetedEngine:
    """An engine whose map explains something else; its mask is untouched. Implements ``ParallelEngine``."""

    def __init__(self, engine: Engine, maps: MapGraph, target: CamTarget, threshold: float | None = None) -> None:
        """Both are closed with it. ``maps`` makes the model's own map alone; ``target`` is ``each`` or ``nearly``.

        ``threshold`` is what the session marks above, None for the model's own.
        """
        self._engine, self._maps = parallel(engine), maps
        fires = engine.spec.manifest.threshold if threshold is None else threshold
        near = (NEARLY * fires, fires) if target == "nearly" else None
        self.spec: EngineSpec = dataclasses.replace(engine.spec, cam_target=target, near=near)
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
        near, probability = self.spec.near, outputs.probability
        if near is None:
            cam = self._of_each(tensor, probability, outputs.cam)
        else:
            cam = self._of_near(tensor, probability, near, outputs.cam.shape)
        worked_s = outputs.infer_s and outputs.infer_s + time.perf_counter() - began_s
        return dataclasses.replace(outputs, cam=cam, infer_s=worked_s)

    def _of_each(self, tensor: NDArray[np.uint8], probability: FloatMap, whole: FloatMap) -> FloatMap:
        mask = probability > MASK_PROBABILITY
        found = regions(mask)
        if len(found) < 2:
            return whole
        own = [self._map(tensor, region, mask) for region in found[:MOST_REGIONS]]
        return nearest(found, own + [whole] * (len(found) - len(own)))

    def _of_near(
        self, tensor: NDArray[np.uint8], probability: FloatMap, near: tuple[float, float], shape: tuple[int, ...]
    ) -> FloatMap:
        target = np.zeros(probability.shape, bool)
        for region in regions(probability > near[0]):
            if probability[region].max() <= near[1]:
                target |= region
        if not target.any():
            return np.zeros(shape, np.float32)
        return self._map(tensor, target, probability > MASK_PROBABILITY)

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


def regions(mask: Mask) -> list[Mask]:
    """The connected parts of ``mask`` bool [H, W], the largest first; specks are left out.

    As for findings, what lies in the hole of a part belongs to it. Labelling all pixels would take ten times as long.
    """
    smallest = MIN_AREA * mask.size
    found = []
    for outline in cv2.findContours(mask.view(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[0]:
        _, _, width, height = cv2.boundingRect(outline)
        if width * height < smallest:
            continue
        inside = cv2.drawContours(np.zeros(mask.shape, np.uint8), [outline], -1, 1, cv2.FILLED).view(bool) & mask
        if (area := np.count_nonzero(inside)) >= smallest:
            found.append((area, inside))
    return [inside for _, inside in sorted(found, key=lambda each: -each[0])]


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
