"""Runs pieces of recordings: decoding, inference, and what each frame alone tells, into one result file a piece."""

from __future__ import annotations

import contextlib
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from polyplive.errors import ConfigError, PolypliveError
from polyplive.pipeline.candidates import Candidates, find_candidates
from polyplive.pipeline.field_of_view import FieldOfView, ViewState
from polyplive.pipeline.pipeline import PipelineParts
from polyplive.pipeline.tracking import PATIENCE
from polyplive.review.analysis.reading import GivenRegion, PieceReader
from polyplive.review.analysis.recording import OpenRecording
from polyplive.review.analysis.results import UNREADABLE, KeptFrame, KeptRegion, KeptResult, ResultFile, writing
from polyplive.sessions.engine_room.offline import OfflineEngineRoom
from polyplive.sinks.failures import sink_error

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable
    from pathlib import Path
    from types import TracebackType

    from polyplive.backends.base import EngineSpec
    from polyplive.config import PipelineSettings
    from polyplive.pipeline.candidates import Levels
    from polyplive.review.analysis.planning import Piece, Plan, Unit
    from polyplive.review.analysis.reading import PieceFrame
    from polyplive.review.analysis.results import Closing, ResultWriter
    from polyplive.sessions.engine_room.supervisor import OpenEngine
    from polyplive.types import Detection, FloatMap, Prediction, Roi


class CandidateFinder:
    """Finds the candidates of each frame and follows none. Implements ``TakesProbabilities``."""

    withheld = 0

    def __init__(self) -> None:
        self.confirm_probability = 0.0
        self.levels: Levels | None = None
        """What candidates are taken at."""
        self.last: Candidates | None = None
        """Those of the last frame."""

    def run(
        self, probability: FloatMap, roi: Roi, threshold: float, size: tuple[int, int] | None = None
    ) -> tuple[Detection, ...]:
        """Nothing; the candidates are in ``last``."""
        assert self.levels is not None
        self.last = find_candidates(probability, roi, self.levels)
        return ()

    def reset(self) -> None:
        """Nothing is kept."""


class PieceRunner:
    """Runs pieces with one engine, one after another, also of several recordings. One thread opens, uses, closes it.

    The engine and the last recording stay open from piece to piece.
    """

    def __init__(self, open_engine: OpenEngine, pipeline: PipelineSettings) -> None:
        """Open the engine. Raises what that raises."""
        self._pipeline = pipeline
        self._region, self._finder = GivenRegion(), CandidateFinder()
        self._room = OfflineEngineRoom(open_engine, pipeline, PipelineParts(self._region, self._finder))
        self._recording: OpenRecording | None = None

    @property
    def spec(self) -> EngineSpec:
        """Of the engine."""
        return self._room.spec

    def run(
        self,
        plan: Plan,
        unit: Unit,
        folder: Path,
        on_frame: Callable[[int], None] = lambda _: None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> bool:
        """Run ``unit`` and write its result into ``folder``, in place of an earlier one; False where it was stopped.

        ``on_frame`` gets the number of the piece's frames done so far; ``stopped`` is asked after each. Where there is
        an earlier result, only frames that the model saw through another region are processed again. Raises
        ``SourceError`` where the recording cannot be read or is another one than planned, ``ConfigError`` where the
        plan is for another engine, ``EngineError`` where frame after frame fails, and ``SinkError``.
        """
        self._check(plan)
        recording = self._opened(plan)
        position, from_start = recording.go_to(unit)
        view = FieldOfView.parse(plan.pipeline.roi or "auto")
        view.resume(assumed_view(plan, unit.piece, folder) if unit.view is None else unit.view)
        self._finder.levels = plan.levels
        path = folder / unit.piece.file_name
        try:
            with closing(_known(path, unit)) as known, writing(path) as writer:
                reader = PieceReader(recording.source, unit.piece, position, view, self._region, known)
                results = _Results(writer, self._finder)
                if not self._process(reader, results, on_frame, stopped):
                    return False
                results.end(reader.rest, reader.closing(from_start=from_start, has_failed=results.has_failed))
        except PolypliveError:
            raise
        except OSError as error:
            raise sink_error(path, error, kept=False) from None
        recording.has_read(unit.piece, reader.position(from_start=from_start))
        return True

    def close(self) -> None:
        """Close engine and recording; calling it again does nothing."""
        self._room.close()
        if self._recording is not None:
            self._recording.close()
            self._recording = None

    def __enter__(self) -> PieceRunner:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _process(
        self, reader: PieceReader, results: _Results, on_frame: Callable[[int], None], stopped: Callable[[], bool]
    ) -> bool:
        """Process the frames of ``reader``; False where it was stopped."""
        try:
            with closing(self._room.results(reader.frames(), cam=False, interrupt=reader.stop)) as processed:
                for frame, prediction in processed:
                    if stopped():
                        return False
                    results.add(frame, prediction)
                    on_frame(results.done)
        finally:
            reader.stop()
        return True

    def _check(self, plan: Plan) -> None:
        """Raise ``ConfigError`` unless this engine and these settings are those of ``plan``."""
        spec, planned = self.spec, plan.session
        own = spec.manifest.sha256, spec.backend, spec.precision
        if own != (planned.model_sha256, planned.backend, planned.precision):
            raise ConfigError(
                f"The analysis is planned for {planned.model} on {planned.backend} in {planned.precision},"
                f" but here runs {spec.manifest.name} on {spec.backend} in {spec.precision}",
                "Name model, backend and precision, so that all workers have the same.",
            )
        if plan.pipeline != self._pipeline:
            raise ConfigError("The analysis is planned with other settings", "Give all workers the same.")

    def _opened(self, plan: Plan) -> OpenRecording:
        """The recording of ``plan``, which may be open already."""
        if self._recording is None or not self._recording.is_of(plan):
            if self._recording is not None:
                self._recording.close()
            self._recording = None
            self._recording = OpenRecording(plan)
        return self._recording


class _Results:
    """Takes the results of a piece's frames in order, and writes what is kept of them."""

    def __init__(self, writer: ResultWriter, finder: CandidateFinder) -> None:
        self._writer = writer
        self._finder = finder
        self._since_found = 0
        self.done = 0
        """How many frames were taken."""
        self.has_failed = False
        """Whether a frame had no result."""

    def add(self, item: PieceFrame, prediction: Prediction | None) -> None:
        """Take a frame that was processed, and those before it."""
        self._add_all(item.before)
        if prediction is None:
            self.has_failed = True
            self._add_all([item.kept])
        else:
            result = self._kept(prediction, (prediction.completed_s - item.frame.captured_s) * 1e3)
            self._add_all([msgspec.structs.replace(item.kept, result=result)])

    def end(self, rest: Iterable[KeptFrame], closing: Closing) -> None:
        """Take the frames behind the last one that was processed, and what lies around the piece."""
        self._add_all(rest)
        self._writer.end(closing)

    def _add_all(self, frames: Iterable[KeptFrame]) -> None:
        for frame in frames:
            self._writer.add(frame)
            self.done += 1
            if frame.result is not None:
                self._since_found = 0 if frame.result.regions else self._since_found + 1

    def _kept(self, prediction: Prediction, delay_ms: float) -> KeptResult:
        """The candidates. Faint ones count only where a finding of the last frames, or of those before, may be missing.

        A finding that is missing was found in one of the last ``PATIENCE`` frames.
        """
        candidates, stages = self._finder.last, prediction.stages
        assert candidates is not None, "the frame was processed"
        may_miss = self._since_found < PATIENCE
        return KeptResult(
            regions=[KeptRegion.of(region) for region in candidates.regions],
            weights=list(candidates.weights),
            faint=[KeptRegion.of(region) for region in candidates.faint()] if may_miss else None,
            stages_ms=(stages.decode_ms, stages.preprocess_ms, stages.infer_ms, stages.postprocess_ms),
            delay_ms=delay_ms,
        )


def assumed_view(plan: Plan, piece: Piece, folder: Path) -> ViewState:
    """What is probably known of the field of view before ``piece``: as behind the nearest piece before it with a
    result in ``folder``, else as in the recording's first frames. Before the first piece nothing is known, for sure.
    """
    if piece.number == 0:
        return ViewState()
    for earlier in reversed(plan.pieces[: piece.number]):
        try:
            state = ResultFile(folder / earlier.file_name).closing.view.state
        except UNREADABLE:
            continue
        return replace(state, count=state.count + piece.first - earlier.last)
    return replace(plan.view, count=piece.first)


def _known(path: Path, unit: Unit) -> Generator[KeptFrame, None, None]:
    """The frames of an earlier result at ``path`` that may be used again."""
    if unit.from_start:
        return
    with contextlib.suppress(*UNREADABLE):
        result = ResultFile(path)
        if not result.closing.has_failed:
            yield from result
