"""Measures how faithful heatmaps are, on an evenly spaced sample of a folder's pictures."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from polyplive.errors import DataError
from polyplive.evaluation.heatmaps.maps import shipped_maps
from polyplive.evaluation.heatmaps.measures import Measurer, SeenPicture
from polyplive.evaluation.heatmaps.sample import PICTURES, evenly_spaced
from polyplive.evaluation.heatmaps.sanity import sanity_check
from polyplive.evaluation.image_folder import find_pairs, quiet_decoders, read_pair
from polyplive.explanation.resolution import grid_rise
from polyplive.types import Frame

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from polyplive.evaluation.heatmaps.maps import MapsFrom
    from polyplive.evaluation.heatmaps.measures import MapFigures
    from polyplive.evaluation.heatmaps.randomisation import RandomisedGraphs
    from polyplive.evaluation.heatmaps.sanity import RandomisedStage
    from polyplive.evaluation.image_folder import Pair
    from polyplive.pipeline.pipeline import Pipeline


@dataclass(frozen=True, slots=True)
class PictureFigures:
    """Of one picture: whether anything is ``predicted``, and the figures of each map and control by name."""

    stem: str
    predicted: bool
    maps: dict[str, MapFigures]


@dataclass(frozen=True, slots=True)
class Faithfulness:
    """What was measured: ``pictures`` in the order of the folder, ``names`` of the maps, and ``stages`` of ``layers``.

    ``grid_rise_px`` is the rise of the sharpest detail that the encoder's coarsest grid can show. ``skipped`` pictures
    could not be read.
    """

    pictures: tuple[PictureFigures, ...]
    names: tuple[str, ...]
    stages: tuple[RandomisedStage, ...]
    layers: int
    grid_rise_px: float
    seconds: float
    skipped: tuple[str, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)


def measure_faithfulness(
    folder: Path,
    pipeline: Pipeline,
    graphs: RandomisedGraphs,
    *,
    pictures: int = PICTURES,
    seed: int = 0,
    on_bad: str = "refuse",
    maps_from: MapsFrom = shipped_maps,
    randomised_maps_from: MapsFrom = shipped_maps,
    on_step: Callable[[int, int], None] = lambda done, total: None,
) -> Faithfulness:
    """Measure the maps that ``maps_from`` makes of the pipeline's engine, beside the controls.

    Maps under randomised weights are those that ``randomised_maps_from`` makes, by default the model's own alone.

    ``graphs`` opens the same model with randomised weights. ``on_bad`` as for ``evaluation.pictures.run.evaluate``.
    ``on_step`` gets the number of steps done and their total: a picture is one, and one again in each stage of
    randomisation. The calling thread is the pipeline's. Raises ``DataError`` and ``EngineError``.
    """
    began_s = time.monotonic()
    skipped: list[str] = []
    seen = _read(evenly_spaced(find_pairs(folder).pairs, pictures), pipeline, skipped, on_bad)
    engine, total = pipeline.engine, len(seen) * (1 + len(graphs.stages()))
    measurer = Measurer(engine, maps_from(engine), pipeline.threshold, seed)
    found = []
    for done, each in enumerate(seen, start=1):
        found.append(PictureFigures(each.stem, *measurer.measure(each)))
        on_step(done, total)
    predicted = [each for each, figures in zip(seen, found, strict=True) if figures.predicted]
    ours = Measurer(engine, randomised_maps_from(engine), pipeline.threshold, seed)
    stages = sanity_check(predicted, ours, graphs, randomised_maps_from, lambda done: on_step(len(seen) + done, total))
    return Faithfulness(
        pictures=tuple(found),
        names=tuple(found[0].maps),
        stages=stages,
        layers=graphs.layers,
        grid_rise_px=grid_rise(engine.spec.height, engine.spec.width),
        seconds=time.monotonic() - began_s,
        skipped=tuple(skipped),
        facts={"seed": seed, "threshold": pipeline.threshold},
    )


def _read(pairs: Sequence[Pair], pipeline: Pipeline, skipped: list[str], on_bad: str) -> list[SeenPicture]:
    """The pictures as the pipeline shows them to the model."""
    seen = []
    for pair in pairs:
        try:
            with quiet_decoders():
                image, truth = read_pair(pair)
        except DataError as error:
            if on_bad == "refuse":
                raise
            skipped.append(error.message)
            continue
        pipeline.forget_view()
        prepared = pipeline.prepare(Frame(image))
        _, height, width, _ = prepared.tensor.shape
        small_truth = cv2.resize(
            truth[prepared.roi.slices].astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST
        )
        seen.append(SeenPicture(pair.stem, prepared.tensor[0].copy(), small_truth.astype(bool)))
    if not seen:
        raise DataError(f"None of the chosen pictures could be read: {skipped[0]}", "Mend the files.")
    return seen
