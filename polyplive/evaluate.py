"""Running a deployed model over a folder of images and masks, through the one pipeline."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from polyplive.calibration import Reliability
from polyplive.disturbances import generator_for
from polyplive.errors import DataError
from polyplive.evaluation import THRESHOLDS, Evaluation, Example, ImageResult, Marks
from polyplive.explanation import point
from polyplive.image_folder import find_pairs, quiet_decoders, read_pair
from polyplive.metrics import Counts, Mask, boundary_f
from polyplive.postprocess import filled, rethreshold
from polyplive.types import Frame, Prediction

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from polyplive.disturbances import Disturbance
    from polyplive.pipeline import Pipeline


def evaluate(
    folder: Path,
    pipeline: Pipeline,
    *,
    on_bad: str = "refuse",
    disturb: Disturbance | None = None,
    on_image: Callable[[int, int], None] | None = None,
) -> Evaluation:
    """Run every pair of ``folder`` through ``pipeline`` and compare at the picture's own size.

    ``on_bad`` says what happens to a broken pair: ``skip`` it and name it, or ``refuse`` the folder. ``on_image`` gets
    the number done and the total. ``disturb`` spoils every picture before it is looked at. A picture is not the
    successor of the one before: nothing is carried over.
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
        if disturb is not None:
            image, truth = disturb(image, truth, generator_for(pair.stem))
        results.append(_compare(pair.stem, image, truth, pipeline))
        if on_image is not None:
            on_image(done, len(pairs.pairs))
    if not results:
        raise DataError(f"No pair in '{folder}' could be read: {problems[0]}", "Mend the files.")
    return Evaluation(tuple(results), tuple(problems), {"data": folder.name, **pipeline.facts})


def worst_pictures(folder: Path, evaluation: Evaluation, pipeline: Pipeline, most: int = 12) -> list[Example]:
    """Pictures without a polyp that were marked, up to a third of ``most``; then the lowest Dice first."""
    marked = [result for result in evaluation.results if result.marked and not result.has_polyp][: most // 3]
    polyps = sorted((r for r in evaluation.results if r.has_polyp), key=lambda result: result.counts.dice)
    pairs = {pair.stem: pair for pair in find_pairs(folder).pairs}
    examples = []
    for result in [*marked, *polyps[: most - len(marked)]]:
        with quiet_decoders():
            image, truth = read_pair(pairs[result.stem])
        says = (
            f"Dice {result.counts.dice:.3f}, IoU {result.counts.iou:.3f}"
            if result.has_polyp
            else "no polyp, but marked"
        )
        examples.append(Example(result.stem, _drawn(image, truth, pipeline), says))
    return examples


def _drawn(image: np.ndarray[Any, Any], truth: Mask, pipeline: Pipeline) -> bytes:
    """JPEG of the picture with the truth in white and the outline in blue, on top of each other."""
    prediction = _predict(image, pipeline, cam=False)
    outlines, _ = cv2.findContours(truth.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    thick = max(2, round(min(truth.shape) / 150))
    picture = image.copy()
    cv2.drawContours(picture, outlines, -1, (255, 255, 255), thick, cv2.LINE_AA)
    found = [detection.contour for detection in prediction.detections]
    cv2.polylines(picture, found, True, (255, 120, 0), thick, cv2.LINE_AA)
    shrink = min(1.0, 480 / max(truth.shape))
    small = cv2.resize(picture, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    return cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes()


def _predict(image: np.ndarray[Any, Any], pipeline: Pipeline, *, cam: bool = True) -> Prediction:
    """Of a picture that follows no other."""
    pipeline.reset()
    return pipeline.process(Frame(image, index=0, pts_s=None, captured_s=time.monotonic()), cam=cam)


def _compare(stem: str, image: np.ndarray[Any, Any], truth: Mask, pipeline: Pipeline) -> ImageResult:
    prediction = _predict(image, pipeline)
    predicted = filled(prediction.detections, truth.shape)
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
        marks=tuple(_marks(rethreshold(prediction, threshold, pipeline.min_area), truth) for threshold in THRESHOLDS),
        reliability=Reliability.of(prediction.probability, truth[prediction.roi.slices]),
    )


def _marks(prediction: Prediction, truth: Mask) -> Marks:
    """Whether anything is marked, and whether that touches a polyp."""
    found = bool(prediction.detections)
    return Marks(found, found and bool((filled(prediction.detections, truth.shape) & truth).any()))


def _refuse_if_asked(problems: list[str], on_bad: str) -> None:
    if problems and on_bad == "refuse":
        more = f" and {len(problems) - 1} more" if len(problems) > 1 else ""
        raise DataError(problems[0] + more, "Mend the folder, or leave such files out with --skip-bad.")
