"""Runs a session's recorded frames through the pipeline as the session did, and compares with what it found."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from polyplive.config import PipelineSettings
from polyplive.errors import DataError, SourceError
from polyplive.pipeline.pipeline import Prepared
from polyplive.pipeline.preprocess import preprocess
from polyplive.review.verification.agreement import Agreement
from polyplive.wording import counted

if TYPE_CHECKING:
    from collections.abc import Callable

    from polyplive.backends.base import Engine
    from polyplive.pipeline.pipeline import Pipeline
    from polyplive.review.events_file import EventsFile, Processing
    from polyplive.review.findings import FrameFindings
    from polyplive.review.verification.recorded_frames import RecordedFrames
    from polyplive.types import Detection, Frame


@dataclass(slots=True)
class Verification:
    """What came of it. ``reasons`` are why the two need not be alike, one line each; none: they have to be.

    ``absent`` frames of the events are in no file.
    """

    agreement: Agreement = field(default_factory=Agreement)
    absent: int = 0
    reasons: list[str] = field(default_factory=list)

    @property
    def has_failed(self) -> bool:
        """Whether something differs that has to be alike, or nothing could be compared."""
        return not self.agreement.is_same and (not self.reasons or not self.agreement.frames)

    def to_dict(self) -> dict[str, Any]:
        """As plain values for JSON."""
        agreement = self.agreement
        return {
            "same": agreement.is_same,
            "has_to_be_same": not self.reasons,
            "reasons": list(self.reasons),
            "frames_absent": self.absent,
            **agreement.to_dict(),
        }


def session_settings(events: EventsFile) -> PipelineSettings:
    """The settings of the session's pipeline. Raises ``DataError`` where the events do not say them."""
    told = events.session.pipeline
    if told is None:
        raise DataError(
            "These events do not say how frames were processed", "Verify sessions of schema 6 or later, with a model."
        )
    try:
        return PipelineSettings(**told)
    except (TypeError, ValueError):
        raise DataError(
            "The events' settings are not known to this version", "Verify with the one that wrote them."
        ) from None


class Verifier:
    """Replays what one pipeline did; one thread, the one that opened the ``pipeline``.

    ``open_engine`` opens the engine of another model that the session changed to, by its name; None: all frames are
    processed with the pipeline's own.
    """

    def __init__(self, pipeline: Pipeline, open_engine: Callable[[str], Engine] | None = None) -> None:
        self._pipeline = pipeline
        self._open_engine = open_engine
        self._run: int | None = None
        self._untold = False
        """Whether there was a frame of which the events do not say whether it had a map."""

    def verify(
        self, events: EventsFile, frames: RecordedFrames, on_frame: Callable[[int], None] = lambda _: None
    ) -> Verification:
        """Compare every frame of ``events``; ``on_frame`` gets the number of frames done after each."""
        done = Verification()
        for number, told in enumerate(events.frames(), 1):
            if events.processing is None:
                raise DataError("These events do not say how frames were processed", "Record the session anew.")
            if number == 1:
                done.reasons += _beginning(events, told)
            frame = _frame(frames, told)
            if frame is None:
                done.absent += 1
            else:
                found = self._detections(frame, told, events)
                done.agreement.add(told.index, told.detections, found, (told.height, told.width))
            on_frame(number)
        done.reasons += self._differences(events, frames)
        if done.absent:
            done.reasons.append(f"{counted(done.absent, 'frame')} of the events are not in the recording.")
        return done

    def _detections(self, frame: Frame, told: FrameFindings, events: EventsFile) -> tuple[Detection, ...]:
        pipeline, processing = self._pipeline, events.processing
        assert processing is not None, "asked for before"
        if self._run not in (None, processing.run):
            pipeline.forget_findings()
        self._run = processing.run
        self._use_model(processing, events.models)
        pipeline.threshold = processing.threshold
        roi, spec = processing.roi, pipeline.engine.spec
        tensor = preprocess(frame, roi, spec.height, spec.width, one_field=pipeline.settings.one_field)
        self._untold |= told.with_map is None
        # Without the map another graph is compiled, whose probabilities are rounded otherwise in half precision.
        return pipeline.complete(Prepared(frame, roi, tensor, 0.0), cam=told.with_map is not False).detections

    def _use_model(self, processing: Processing, names: dict[str, str]) -> None:
        if self._open_engine is None or processing.model_sha256 == self._pipeline.engine.spec.manifest.sha256:
            return
        name = names.get(processing.model_sha256)
        if name is None:
            return
        self._pipeline.use(self._open_engine(name)).close()

    def _differences(self, events: EventsFile, frames: RecordedFrames) -> list[str]:
        """Why this run is another than the session's."""
        session, spec = events.session, self._pipeline.engine.spec
        found = []
        if session.live and not frames.is_lossless:
            found.append("The recording is lossy: the session saw other pixels. --lossless records them as they are.")
        if spec.manifest.sha256 not in events.models:
            found.append(f"The model is another one than the session's, {session.model}.")
        if spec.backend != session.backend:
            found.append(f"The backend is {spec.backend}, the session's was {session.backend}.")
        if spec.precision != session.precision:
            found.append(f"The arithmetic is {spec.precision}, the session's was {session.precision}.")
        if self._untold:
            found.append("The events do not say of which frames maps were computed, which rounding can depend on.")
        return found


def _beginning(events: EventsFile, first: FrameFindings) -> list[str]:
    processing = events.processing
    if processing is None or processing.run_began == first.index:
        return []
    return [f"The events begin at frame {first.index} of a session: what it had found until then is not in them."]


def _frame(frames: RecordedFrames, told: FrameFindings) -> Frame | None:
    """The recorded frame; None where there is none, or one of another size."""
    try:
        frame = frames.frame(told.index)
    except SourceError:
        return None
    if frame is None or not (0 <= frame.width - told.width <= 16 and 0 <= frame.height - told.height <= 16):
        return None
    return frame
