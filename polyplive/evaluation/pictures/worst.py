"""The pictures that a model did worst on, drawn for the page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from polyplive.evaluation.image_folder import find_pairs, quiet_decoders, read_pair
from polyplive.types import Frame

if TYPE_CHECKING:
    from pathlib import Path

    from polyplive.evaluation.pictures.figures import Evaluation, ImageResult
    from polyplive.pipeline.pipeline import Pipeline
    from polyplive.types import Contour, Image, Mask

_LONGEST_SIDE = 1280
"""Pixels: as large as it is opened on most screens. The same JPEG is shown small."""
_TRUTH, _FOUND = (255, 255, 255), (255, 120, 0)


@dataclass(frozen=True, slots=True)
class Example:
    """A picture for the page: a JPEG with truth and outline, its caption ``says``, and its ``figures`` by name."""

    stem: str
    jpeg: bytes
    says: str
    figures: tuple[tuple[str, str], ...] = ()


def worst_pictures(folder: Path, evaluation: Evaluation, pipeline: Pipeline, most: int = 12) -> list[Example]:
    """The worst pictures: up to a third of ``most`` are marked ones without a polyp; then those of the lowest Dice."""
    marked = [result for result in evaluation.results if result.marked and not result.has_polyp][: most // 3]
    polyps = sorted((r for r in evaluation.results if r.has_polyp), key=lambda result: result.counts.dice)
    pairs = {pair.stem: pair for pair in find_pairs(folder).pairs}
    examples = []
    for result in [*marked, *polyps[: most - len(marked)]]:
        with quiet_decoders():
            image, truth = read_pair(pairs[result.stem])
        examples.append(_example(result, image, truth, pipeline))
    return examples


def _example(result: ImageResult, image: Image, truth: Mask, pipeline: Pipeline) -> Example:
    pipeline.reset()
    prediction = pipeline.process(Frame(image), cam=False)
    scores = [detection.score for detection in prediction.detections]
    marks = [("Marks", str(len(scores))), *(("Their highest score", f"{score:.2f}") for score in sorted(scores)[-1:])]
    says = f"Dice {result.counts.dice:.3f}" if result.has_polyp else "no polyp, but marked"
    jpeg = _drawn(image, truth, [detection.contour for detection in prediction.detections])
    return Example(result.stem, jpeg, says, (*_figures(result), *marks))


def _figures(result: ImageResult) -> list[tuple[str, str]]:
    """What was measured on the picture; of one without a polyp only how much is marked."""
    counts = result.counts
    if not result.has_polyp:
        share = (counts.tp + counts.fp) / max(counts.tp + counts.fp + counts.fn + counts.tn, 1)
        return [("Marked", f"{100 * share:.1f} % of the picture")]
    found = [
        ("Dice", f"{counts.dice:.3f}"),
        ("IoU", f"{counts.iou:.3f}"),
        ("Precision", f"{counts.precision:.3f}"),
        ("Recall", f"{counts.recall:.3f}"),
        ("Polyp", f"{100 * result.polyp_share:.1f} % of the picture"),
    ]
    if result.boundary is not None:
        found.append(("Boundary F-score", f"{result.boundary:.3f}"))
    if result.pointing is not None:
        found.append(("Heatmap's highest point", "in the polyp" if result.pointing.hit else "beside it"))
    return found


def _drawn(image: Image, truth: Mask, found: list[Contour]) -> bytes:
    """JPEG of the picture with the truth in white and the outlines in blue, on top of each other."""
    outlines, _ = cv2.findContours(truth.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    thick = max(2, round(min(truth.shape) / 200))
    picture = image.copy()
    cv2.drawContours(picture, outlines, -1, _TRUTH, thick, cv2.LINE_AA)
    cv2.polylines(picture, found, True, _FOUND, thick, cv2.LINE_AA)
    shrink = min(1.0, _LONGEST_SIDE / max(truth.shape))
    shown = cv2.resize(picture, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    return cv2.imencode(".jpg", shown, [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes()
