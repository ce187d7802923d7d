"""Evaluates a model on a recording with known polyp frames, through the same pipeline as a session."""

from __future__ import annotations

import re
import reprlib
import time
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from polyplive.errors import ConfigError, DataError
from polyplive.evaluation.image_folder import quiet_decoders, read_pair
from polyplive.evaluation.pictures.figures import THRESHOLDS
from polyplive.evaluation.recordings.figures import AtThreshold, FrameMark, RecordingEvaluation
from polyplive.pipeline.candidates import find_candidates
from polyplive.pipeline.contours import contours_at
from polyplive.pipeline.in_flight import InFlight
from polyplive.pipeline.postprocess import filled
from polyplive.types import Frame
from polyplive.wording import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from polyplive.evaluation.image_folder import Pairs
    from polyplive.pipeline.contours import Region
    from polyplive.pipeline.pipeline import Pipeline
    from polyplive.sources.base import Source
    from polyplive.types import Detection, Mask, Prediction

_SPAN = re.compile(r"\s*(\d{1,9})\s*(?:-\s*(\d{1,9})\s*)?")


@dataclass(frozen=True, slots=True, eq=False)
class LabelledFrame:
    """A frame, whether a ``polyp`` is in view, and its mask: bool [H, W], or None if unknown."""

    frame: Frame
    polyp: bool
    truth: Mask | None


@dataclass(frozen=True, slots=True)
class FrameRanges:
    """The frames with a polyp in view: ``ranges`` of first and last number, both included."""

    ranges: tuple[tuple[int, int], ...]

    @staticmethod
    def parse(text: str) -> FrameRanges:
        """``30-45,60-95,110``: frames are counted from 0. ``none`` is no frame. Raises ``ConfigError``."""
        if text.strip().lower() == "none":
            return FrameRanges(())
        ranges = []
        for part in text.split(","):
            found = _SPAN.fullmatch(part)
            first, last = (int(found[1]), int(found[2] or found[1])) if found else (1, 0)
            if first > last:
                raise ConfigError(f"{reprlib.repr(part.strip())} is no span of frames", "Write 30-45,60-95 or 'none'.")
            ranges.append((first, last))
        return FrameRanges(tuple(ranges))

    def __contains__(self, index: int) -> bool:
        return any(first <= index <= last for first, last in self.ranges)

    @property
    def last(self) -> int:
        """The last frame that is named; -1 for none."""
        return max((last for _, last in self.ranges), default=-1)


def folder_frames(pairs: Pairs) -> Iterator[LabelledFrame]:
    """The pictures of a folder as one recording, in the natural order of their names, with their masks.

    Raises ``DataError``: a recording with a broken or missing frame is not followed.
    """
    if pairs.problems:
        raise DataError(pairs.problems[0], "Mend the folder: a recording must be whole.")
    for index, pair in enumerate(pairs.pairs):
        with quiet_decoders():
            image, truth = read_pair(pair)
        yield LabelledFrame(Frame(image, index, None, time.monotonic()), bool(truth.any()), truth)


def video_frames(source: Source, spans: FrameRanges) -> Iterator[LabelledFrame]:
    """Every frame of ``source``, labelled by ``spans``.

    Raises ``ConfigError`` for a range after the end: before the first frame if the source knows its number of frames.
    """
    _refuse_behind(spans, source.info.frames, source)
    index = -1
    while (frame := source.read()) is not None:
        index = frame.index
        yield LabelledFrame(frame, index in spans, None)
    if source.info.frames is None:
        _refuse_behind(spans, index + 1 + sum(source.dropped.values()), source)


def _refuse_behind(spans: FrameRanges, frames: int | None, source: Source) -> None:
    if frames is not None and spans.last >= frames:
        raise ConfigError(
            f"Frame {spans.last} is behind the end: '{source.info.name}' has {counted(frames, 'frame')}",
            "Count frames from 0.",
        )


def evaluate_recording(
    frames: Iterator[LabelledFrame],
    pipeline: Pipeline,
    facts: dict[str, Any],
    on_frame: Callable[[int], None] | None = None,
) -> RecordingEvaluation:
    """Evaluate ``frames`` in order. At other thresholds findings are withheld and kept as in ``pipeline``.

    ``on_frame`` gets the number done. Raises ``DataError`` for a recording without a frame, and ``EngineError``.
    """
    pipeline.reset()
    marks: list[FrameMark] = []
    has_masks = False
    others = [_OtherThreshold(threshold, pipeline) for threshold in THRESHOLDS]
    with closing(InFlight(frames, pipeline, cam=False).results()) as results:
        for labelled, prediction in results:
            assert prediction is not None, "a frame that failed has raised"
            marks.append(mark(labelled, prediction.detections))
            has_masks |= labelled.truth is not None
            for other in others:
                other.follow(labelled, prediction)
            if on_frame is not None:
                on_frame(len(marks))
    if not marks:
        raise DataError("The recording has no frame that can be read", "Try it with 'polyplive replay'.")
    return RecordingEvaluation(tuple(marks), tuple(other.found() for other in others), has_masks, facts)


class _OtherThreshold:
    """Marks from the same probabilities at another threshold: shown at once, and withheld."""

    def __init__(self, threshold: float, pipeline: Pipeline) -> None:
        self._threshold, self._min_area = threshold, pipeline.min_area
        self._postprocessor = pipeline.new_postprocessor()
        self._at_once: list[FrameMark] = []
        self._withheld: list[FrameMark] = []

    def follow(self, labelled: LabelledFrame, prediction: Prediction) -> None:
        where = prediction.probability, prediction.roi
        regions = contours_at(*where, self._threshold, self._min_area)
        self._at_once.append(mark(labelled, regions))
        candidates = find_candidates(*where, self._postprocessor.levels(self._threshold), regions)
        self._withheld.append(mark(labelled, self._postprocessor.follow(candidates, prediction.size)))

    def found(self) -> AtThreshold:
        return AtThreshold(self._threshold, tuple(self._at_once), tuple(self._withheld))


def mark(labelled: LabelledFrame, found: Sequence[Detection | Region]) -> FrameMark:
    """The result of a frame in which ``found`` is shown."""
    truth = labelled.truth
    touches = bool(found) and (truth is None or bool((filled(found, truth.shape) & truth).any()))
    return FrameMark(labelled.frame.index, labelled.polyp, bool(found), labelled.polyp and touches)
