"""Every measure of one picture's maps and controls, by the names that tables and JSON have."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from polyplive.backends.checks import check_numbers
from polyplive.evaluation.heatmaps.maps import frame_of
from polyplive.explanation.controls import MASK, controls
from polyplive.explanation.curves import CurvePoint, area, deletion, insertion
from polyplive.explanation.displayed import displayed
from polyplive.explanation.energy import energy, rank_accuracy
from polyplive.explanation.pointing import hits
from polyplive.explanation.resolution import edge_rise
from polyplive.explanation.road import mean_score, road
from polyplive.explanation.scoring import RegionScore
from polyplive.explanation.stability import changes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polyplive.backends.base import Engine
    from polyplive.evaluation.heatmaps.maps import MapsOf
    from polyplive.types import FloatMap, Mask

CURVES = ("deletion", "insertion")
COMPARED = (*CURVES, "road_most_first", "road_least_first")
"""The measures of which the difference between map and control is given, picture by picture."""

MEASURES = (
    *COMPARED,
    "energy_inside",
    "energy_around",
    "energy_elsewhere",
    "rank_accuracy",
    "pointing_game",
    "stability",
    "edge_rise_px",
)
"""All of them. One that a picture has no answer to is not in its figures."""


@dataclass(frozen=True, slots=True)
class MapFigures:
    """Of one map of one picture: ``values`` by ``MEASURES``, and the scores of its ``CURVES``, point by point."""

    values: dict[str, float] = field(default_factory=dict)
    curves: dict[str, tuple[float, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class SeenPicture:
    """A picture as the model sees it: ``picture`` uint8 [H, W, 3] RGB, and ``truth`` bool [H, W]."""

    stem: str
    picture: NDArray[np.uint8]
    truth: Mask


class Measurer:
    """Measures one picture after another with an open ``engine``, in its thread."""

    def __init__(self, engine: Engine, maps_of: MapsOf, threshold: float, seed: int = 0) -> None:
        """``threshold`` is the probability from which on a pixel belongs to the predicted mask."""
        self._engine = engine
        self._maps_of = maps_of
        self.threshold = threshold
        self._seed = seed

    def probability(self, picture: NDArray[np.uint8]) -> FloatMap:
        """What the engine makes of the model's input uint8 [H, W, 3] RGB: float32 [H, W]."""
        outputs = self._engine.infer(picture[None], cam=False)
        check_numbers(outputs, self._engine.spec.backend)
        return outputs.probability

    def maps(self, picture: NDArray[np.uint8]) -> dict[str, FloatMap]:
        """The maps of the model's input, then the controls."""
        return self._maps_of(frame_of(picture)) | controls(self.probability(picture), self.threshold)

    def measure(self, seen: SeenPicture) -> tuple[bool, dict[str, MapFigures]]:
        """Whether anything is predicted, and the figures of each map and control.

        Nothing is measured where nothing is predicted. A map that is 0 everywhere has no figures.
        """
        maps = self.maps(seen.picture)
        region = maps[MASK] > 0
        if not region.any():
            return False, {name: MapFigures() for name in maps}
        height, width = region.shape
        shown = {name: displayed(cam, height, width) for name, cam in maps.items()}
        found = {name: MapFigures() for name in maps}
        score = RegionScore(self._engine, region)
        for name, cam in shown.items():
            if cam.any():
                self._follow(seen.picture, cam, score, found[name])
                _place(cam, seen.truth, found[name].values, self._seed)
        self._move(seen.picture, shown, found)
        return True, found

    def _follow(self, picture: NDArray[np.uint8], cam: FloatMap, score: RegionScore, found: MapFigures) -> None:
        """Deletion, insertion and ROAD."""
        for name, curve in zip(CURVES, (deletion, insertion), strict=True):
            points: list[CurvePoint] = list(curve(picture, cam, score, seed=self._seed))
            found.values[name] = area(points)
            found.curves[name] = tuple(point.score for point in points)
        for name, is_first in (("road_most_first", True), ("road_least_first", False)):
            found.values[name] = mean_score(road(picture, cam, score, most_relevant_first=is_first, seed=self._seed))

    def _move(self, picture: NDArray[np.uint8], shown: dict[str, FloatMap], found: dict[str, MapFigures]) -> None:
        """Stability: the mean over small changes of the picture."""
        height, width = picture.shape[:2]
        agreements: dict[str, list[float]] = {name: [] for name in shown}
        for change in changes(height, width):
            for name, cam in self.maps(change.of(picture)).items():
                agreement = change.agreement(shown[name], displayed(cam, height, width))
                if agreement is not None:
                    agreements[name].append(agreement)
        for name, values in agreements.items():
            if values:
                found[name].values["stability"] = float(np.mean(values))


def _place(cam: FloatMap, truth: Mask, values: dict[str, float], seed: int) -> None:
    """Where the energy lies, and how sharp the map is."""
    rise = edge_rise(cam)
    if rise is not None:
        values["edge_rise_px"] = rise
    shares = energy(cam, truth)
    if shares is None or not truth.any():
        return
    values["energy_inside"] = shares.inside
    values["energy_around"] = shares.around
    values["energy_elsewhere"] = shares.elsewhere
    values["rank_accuracy"] = rank_accuracy(cam, truth, seed)
    values["pointing_game"] = float(hits(cam, truth))
