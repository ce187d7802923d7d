"""Evaluates a model on a folder of images and masks, through the same pipeline as a session."""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from polyplive.errors import DataError
from polyplive.evaluation.calibration import Reliability
from polyplive.evaluation.disturbances import generator_for
from polyplive.evaluation.image_folder import find_pairs, quiet_decoders, read_pair
from polyplive.evaluation.metrics import Counts, boundary_f
from polyplive.evaluation.pictures.figures import THRESHOLDS, Evaluation, ImageResult, MarksAtThreshold
from polyplive.evaluation.pictures.pointing import point
from polyplive.pipeline.in_flight import InFlight
from polyplive.pipeline.postprocess import filled, rethreshold
from polyplive.system.machine import processor_count
from polyplive.types import Frame, Mask, Prediction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Future
    from pathlib import Path

    from polyplive.evaluation.disturbances import Disturbance
    from polyplive.evaluation.image_folder import Pair
    from polyplive.pipeline.pipeline import Pipeline


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
    the number done and the total. ``disturb`` changes every picture before the model sees it. Pictures are independent:
    nothing is carried over from one to the next. While the model sees some of them, others are read and compared.
    Raises ``DataError`` and ``EngineError``.
    """
    pairs = find_pairs(folder)
    problems = list(pairs.problems)
    _refuse_if_asked(problems, on_bad)
    pictures = _read(pairs.pairs, problems, on_bad, disturb)
    results, facts = [], {"data": folder.name, **pipeline.facts}
    with closing(InFlight(pictures, pipeline, cam=True, independent=True).results()) as found:
        for done, result in _compared(found, pipeline.min_area):
            results.append(result)
            if on_image is not None:
                on_image(done, len(pairs.pairs))
    if not results:
        raise DataError(f"No pair in '{folder}' could be read: {problems[0]}", "Mend the files.")
    return Evaluation(tuple(results), tuple(problems), facts)


@dataclass(frozen=True, slots=True, eq=False)
class _Picture:
    """The picture ``number``, from 1, of a folder, with its mask ``truth``."""

    number: int
    stem: str
    frame: Frame
    truth: Mask


def _read(pairs: Sequence[Pair], problems: list[str], on_bad: str, disturb: Disturbance | None) -> Iterator[_Picture]:
    """The pictures that can be read; the others are added to ``problems``, or raise ``DataError``."""
    for number, pair in enumerate(pairs, start=1):
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
        yield _Picture(number, pair.stem, Frame(image), truth)


def _compared(
    found: Iterator[tuple[_Picture, Prediction | None]], min_area: float
) -> Iterator[tuple[int, ImageResult]]:
    """Each picture's number and result, in order; comparing takes longer than a light model, so threads share it."""
    threads = processor_count()
    with ThreadPoolExecutor(threads, "polyplive-comparing") as pool:
        waiting: deque[tuple[int, Future[ImageResult]]] = deque()
        for picture, prediction in found:
            assert prediction is not None, "a picture that failed has raised"
            waiting.append((picture.number, pool.submit(_compare, picture, prediction, min_area)))
            if len(waiting) > threads:
                number, result = waiting.popleft()
                yield number, result.result()
        for number, result in waiting:
            yield number, result.result()


def _compare(picture: _Picture, prediction: Prediction, min_area: float) -> ImageResult:
    truth = picture.truth
    predicted = filled(prediction.detections, truth.shape)
    has_polyp = bool(truth.any())
    pointing = None
    if has_polyp and prediction.cam is not None:
        pointing = point(prediction.cam, prediction.probability, truth[prediction.roi.slices])
    return ImageResult(
        stem=picture.stem,
        has_polyp=has_polyp,
        marked=bool(prediction.detections),
        counts=Counts.of(predicted, truth),
        boundary=boundary_f(predicted, truth) if has_polyp else None,
        pointing=pointing,
        marks=tuple(_marks(rethreshold(prediction, threshold, min_area), truth) for threshold in THRESHOLDS),
        reliability=Reliability.of(prediction.probability, truth[prediction.roi.slices]),
    )


def _marks(prediction: Prediction, truth: Mask) -> MarksAtThreshold:
    """Whether anything is marked, and whether that touches a polyp."""
    found = bool(prediction.detections)
    return MarksAtThreshold(found, found and bool((filled(prediction.detections, truth.shape) & truth).any()))


def _refuse_if_asked(problems: list[str], on_bad: str) -> None:
    if problems and on_bad == "refuse":
        more = f" and {len(problems) - 1} more" if len(problems) > 1 else ""
        raise DataError(problems[0] + more, "Mend the folder, or leave such files out with --skip-bad.")
