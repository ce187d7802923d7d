"""Accuracy and explanation figures of a deployed model on a folder of images and masks, through the one pipeline."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from polyplive.errors import DataError
from polyplive.explanation import Pointing, point
from polyplive.image_folder import find_pairs, quiet_decoders, read_pair
from polyplive.metrics import BOUNDARY_TOLERANCE, Counts, Mask, boundary_f
from polyplive.types import Frame, Prediction

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from polyplive.pipeline import Pipeline

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class ImageResult:
    """One picture's figures; ``boundary`` and ``pointing`` only where there is a polyp to compare with."""

    stem: str
    has_polyp: bool
    marked: bool
    counts: Counts
    boundary: float | None
    pointing: Pointing | None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Every picture's figures, and what was left out."""

    results: tuple[ImageResult, ...]
    problems: tuple[str, ...]
    facts: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The evaluation as its JSON file holds it. Means are None where no picture counts towards them."""
        polyps = [result for result in self.results if result.has_polyp]
        empty = [result for result in self.results if not result.has_polyp]
        pooled = sum((result.counts for result in self.results), Counts(0, 0, 0, 0))
        return {
            "schema": SCHEMA,
            **self.facts,
            "n": len(self.results),
            "n_polyp": len(polyps),
            "n_negative": len(empty),
            "skipped": list(self.problems),
            "per_image": _means([_scores(result.counts) for result in polyps]),
            "pooled": _scores(pooled) if self.results else {},
            "two_class": {"mean_iou": round((pooled.iou + pooled.background_iou) / 2, 5)} if self.results else {},
            "boundary": {
                "f_score": _mean([result.boundary for result in polyps if result.boundary is not None]),
                "tolerance": BOUNDARY_TOLERANCE,
            },
            "found": _mean([float(result.counts.tp > 0) for result in polyps]),
            "negatives": {"false_mark_rate": _mean([float(result.marked) for result in empty])},
            "explanation": _explanation([result.pointing for result in polyps]),
            "images": [_row(result) for result in self.results],
        }


def evaluate(
    folder: Path,
    pipeline: Pipeline,
    *,
    on_bad: str = "refuse",
    on_image: Callable[[int, int], None] | None = None,
) -> Evaluation:
    """Run every pair of ``folder`` through ``pipeline`` and compare at the picture's own size.

    ``on_bad`` says what happens to a broken pair: ``skip`` it and name it, or ``refuse`` the folder. ``on_image`` gets
    the number done and the total. A picture is not the successor of the one before: nothing is carried over.
    Raises ``DataError`` and ``EngineError``.
    """
    pairs = find_pairs(folder)
    problems = list(pairs.problems)
    _refuse_if_asked(problems, on_bad)
    results = []
    for done, pair in enumerate(pairs.pairs, start=1):
        try:
            with quiet_decoders():
                image, truth = read_pair(pair)
        except DataError as error:
            if on_bad == "refuse":
                raise
            problems.append(error.message)
            continue
        results.append(_compare(pair.stem, image, truth, pipeline))
        if on_image is not None:
            on_image(done, len(pairs.pairs))
    if not results:
        raise DataError(f"No pair in '{folder}' could be read", "Check the files named above.")
    return Evaluation(tuple(results), tuple(problems), _facts(folder, pipeline))


def predicted_mask(prediction: Prediction, height: int, width: int) -> Mask:
    """bool [height, width]: the inside of every contour, as the window shows it."""
    filled = np.zeros((height, width), np.uint8)
    if prediction.detections:
        cv2.fillPoly(filled, [detection.contour for detection in prediction.detections], 1)
    return filled.astype(bool)


def _compare(stem: str, image: np.ndarray[Any, Any], truth: Mask, pipeline: Pipeline) -> ImageResult:
    pipeline.reset()
    prediction = pipeline.process(Frame(image, index=0, pts_s=None, captured_s=time.monotonic()))
    predicted = predicted_mask(prediction, *truth.shape)
    has_polyp = bool(truth.any())
    pointing = None
    if has_polyp and prediction.cam is not None:
        pointing = point(prediction.cam, prediction.probability, truth[prediction.roi.slices])
    return ImageResult(
        stem=stem,
        has_polyp=has_polyp,
        marked=bool(prediction.detections),
        counts=Counts.of(predicted, truth),
        boundary=boundary_f(predicted, truth) if has_polyp else None,
        pointing=pointing,
    )


def _refuse_if_asked(problems: list[str], on_bad: str) -> None:
    if problems and on_bad == "refuse":
        more = f" and {len(problems) - 1} more" if len(problems) > 1 else ""
        raise DataError(problems[0] + more, "Mend the folder, or leave such files out with --skip-bad.")


def _facts(folder: Path, pipeline: Pipeline) -> dict[str, Any]:
    spec = pipeline.engine.spec
    return {
        "data": folder.name,
        "model": spec.manifest.name,
        "model_sha256": spec.manifest.sha256,
        "backend": spec.backend,
        "input": [spec.width, spec.height],
        "threshold": pipeline.threshold,
    }


def _scores(counts: Counts) -> dict[str, float]:
    return {name: round(getattr(counts, name), 5) for name in ("iou", "dice", "precision", "recall")}


def _mean(values: list[float]) -> float | None:
    return round(float(np.mean(values)), 5) if values else None


def _means(rows: list[dict[str, float]]) -> dict[str, float | None]:
    return {name: _mean([row[name] for row in rows]) for name in ("iou", "dice", "precision", "recall")}


def _explanation(found: list[Pointing | None]) -> dict[str, float | int | None]:
    maps = [pointing for pointing in found if pointing is not None]
    return {
        "n": len(maps),
        "pointing_game": _mean([float(pointing.hit) for pointing in maps]),
        "energy_inside": _mean([pointing.energy_inside for pointing in maps]),
        "mask_correlation": _mean([pointing.mask_correlation for pointing in maps]),
    }


def _row(result: ImageResult) -> dict[str, Any]:
    row: dict[str, Any] = {"stem": result.stem, "marked": result.marked, **_scores(result.counts)}
    if result.boundary is not None:
        row["boundary_f"] = round(result.boundary, 5)
    if result.pointing is not None:
        row["explanation"] = asdict(result.pointing)
    return row
