"""Joins the results of pieces, in order: findings are followed through all frames as in a run that was not split."""

from __future__ import annotations

import dataclasses
import os
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from polyplive.errors import DataError
from polyplive.pipeline.candidates import Candidates
from polyplive.pipeline.field_of_view import FieldOfView
from polyplive.pipeline.postprocess import Postprocessor
from polyplive.review.analysis.planning import Unit
from polyplive.review.analysis.results import UNREADABLE, ResultFile, kept_roi
from polyplive.review.findings import FrameFindings
from polyplive.review.quality.spans import QualitySpans
from polyplive.review.timeline import Quality
from polyplive.sinks.events import EventLines, FoundFrame, Processing
from polyplive.sinks.failures import sink_error
from polyplive.system.private_files import unfinished
from polyplive.types import Roi, StageTimes, Tally

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from polyplive.pipeline.contours import Region
    from polyplive.review.analysis.planning import Piece, Plan
    from polyplive.review.analysis.results import Closing, KeptFrame, KeptResult
    from polyplive.review.timeline import QualitySpan

_MOST_TRIES = 4
"""A piece whose result is refused so often is decoded otherwise every time."""


@dataclass(frozen=True, slots=True, eq=False)
class JoinedFrame:
    """A frame as events have it, and the ``flaws`` of its picture; None where it was not looked at for them."""

    found: FoundFrame
    flaws: frozenset[Quality] | None

    @property
    def findings(self) -> FrameFindings | None:
        """What a review needs of it; None for a frame without a result."""
        found = self.found
        if found.detections is None or found.pts_s is None:
            return None
        return FrameFindings(found.index, found.pts_s, found.width, found.height, found.detections)


class Joiner:
    """Takes the results in ``folder`` one after another, as they come to be there. One thread.

    A result counts only if it is what an unsplit run would have found: the model saw each frame through the region that
    the frames before it lead to, and the picture where two pieces meet is the same in both.
    """

    def __init__(self, plan: Plan, folder: Path) -> None:
        self._plan = plan
        self._folder = folder
        self._view = FieldOfView.parse(plan.pipeline.roi or "auto")
        settings = dataclasses.replace(plan.pipeline, confirm_probability=plan.levels.confirm)
        self._postprocessor = Postprocessor(settings)
        self._done = 0
        self._from_start = False
        self._refused_at, self._refusals = -1, 0
        self._closing: Closing | None = None
        self._has_damage = False
        self._seen = self._view.state
        self._lost: Counter[str] = Counter()
        self._began: int | None = None
        self._read = self._processed = self._repaired = 0

    @property
    def wanted(self) -> Unit | None:
        """The piece whose result is needed next, as it has to be run; None once all have been joined."""
        if self._done == len(self._plan.pieces):
            return None
        return Unit(self._plan.pieces[self._done], self._view.state, self._from_start)

    @property
    def joined(self) -> int:
        """How many frames of the recording have been joined, with those that were lost."""
        return self._plan.pieces[self._done - 1].last if self._done else 0

    @property
    def tally(self) -> Tally:
        """What became of the frames so far."""
        dropped = {cause: count for cause, count in self._lost.items() if count}
        if failed := self._read - self._processed:
            dropped["failed"] = failed
        return Tally(self._read + self._lost.total(), self._processed, dropped, self._repaired)

    def ready(self) -> Iterator[JoinedFrame]:
        """The frames of all results that are there and were not given yet, in order, up to the first that is missing.

        A result that is damaged, or does not hold, counts as missing: ``wanted`` then says how to run it. Raises
        ``DataError`` for a recording that decodes otherwise every time. To be iterated to its end.
        """
        while self._done < len(self._plan.pieces) and (result := self._next_result()) is not None:
            for frame in result:
                yield self._followed(frame)
            self._close(result.closing)

    def _next_result(self) -> ResultFile | None:
        piece = self._plan.pieces[self._done]
        path = self._folder / piece.file_name
        try:
            written = path.stat().st_mtime_ns
            if written == self._refused_at:
                return None
            result = ResultFile(path)
            if self._decodes_on(piece, result.closing) and self._is_seen_rightly(result):
                return result
        except UNREADABLE:
            return None
        self._refused_at = written
        self._refusals += 1
        if self._refusals >= _MOST_TRIES:
            raise DataError(
                f"'{self._plan.session.source.name}' cannot be analysed in pieces: it decodes otherwise each time",
                "Use: polyplive replay VIDEO --headless --events FILE.",
            )
        return None

    def _decodes_on(self, piece: Piece, closing: Closing) -> bool:
        """Whether the piece is decoded as in an unsplit run.

        One that was reached by decoding all frames before it is. Any other has to begin with the picture that the piece
        before it ended at, and there may be no damage up to its end: behind damage a source decodes more carefully, and
        it shows in other pictures where decoding begins elsewhere.
        """
        before = self._closing
        if before is None or closing.from_start:
            return True
        if before.behind is None or before.behind.index >= piece.last:  # all its frames are lost
            holds = closing.first is None and closing.behind == before.behind
        else:
            holds = closing.first == before.behind and closing.is_clean and not self._has_damage
        self._from_start |= not holds
        return holds

    def _is_seen_rightly(self, result: ResultFile) -> bool:
        """Whether the model saw each frame through the region that the frames before it lead to."""
        view = FieldOfView.parse(self._plan.pipeline.roi or "auto")
        view.resume(self._view.state)
        for frame in result:
            if view.searches(frame.size) and frame.mask is None:
                return False
            if kept_roi(view.area_by(frame.size, frame.mask.mask if frame.mask else None)) != frame.roi:
                return False
        self._seen = view.state
        return True

    def _close(self, closing: Closing) -> None:
        """Go on behind a piece."""
        before = self._closing
        has_ended = before is not None and before.behind is None
        if not has_ended and (before is None or closing.first is not None or closing.from_start):
            self._closing = closing
            if closing.behind is None:
                self._lost.update(closing.lost)
                self._lost["missing"] += closing.missing
        self._view.resume(self._seen)
        self._has_damage |= not closing.is_clean
        self._done += 1
        self._from_start, self._refusals = False, 0

    def _followed(self, frame: KeptFrame) -> JoinedFrame:
        """The findings of the next frame."""
        behind = self._closing.behind if self._closing is not None else None
        if self._closing is not None and behind is not None and behind.index == frame.index:
            self._lost.update(self._closing.lost)  # the piece before has read on from its last frame to this one
        else:
            self._lost.update(frame.lost)
        self._read += 1
        detections, stages, delay_ms, processing = None, StageTimes(), None, None
        if (result := frame.result) is not None:
            detections = self._postprocessor.follow(_candidates(result), frame.size)
            stages, delay_ms = StageTimes(*result.stages_ms), result.delay_ms
            self._began = frame.index if self._began is None else self._began
            session = self._plan.session
            processing = Processing(
                session.model_sha256, self._plan.levels.threshold, Roi(*frame.roi), run=1, run_began=self._began
            )
            self._processed += 1
            self._repaired += frame.is_repaired
        found = FoundFrame(
            index=frame.index,
            pts_s=frame.pts_s,
            captured_s=frame.captured_s,
            width=frame.size[0],
            height=frame.size[1],
            sample_aspect=frame.sample_aspect,
            detections=detections,
            stages=stages,
            annotation_delay_ms=delay_ms,
            processing=processing,
        )
        return JoinedFrame(found, None if frame.flaws is None else frozenset(map(Quality, frame.flaws)))


def write_events(plan: Plan, folder: Path, path: Path) -> tuple[QualitySpan, ...]:
    """Join all results in ``folder`` and write the events to ``path``, whole or not at all; the flaws of the picture.

    They are those of an unsplit run without heatmaps, but for what was measured: ``captured_s`` is the clock of the
    machine that read the frame. Raises ``DataError`` where a result is missing, and ``SinkError``.
    """
    joiner, flaws = Joiner(plan, folder), QualitySpans(1 / (plan.session.source.fps or 25.0))
    try:
        with unfinished(path) as (partial, file):
            lines = EventLines(file, plan.session)
            for joined in joiner.ready():
                lines.add(joined.found)
                if joined.flaws is not None:
                    flaws.add(joined.found.pts_s or 0.0, joined.flaws)
            if joiner.wanted is not None:
                raise DataError(
                    f"The analysis of '{plan.session.source.name}' is not complete: "
                    f"{joiner.joined} of {plan.frames} frames are there",
                    "Run the pieces that are missing.",
                )
            lines.end(joiner.tally, "end of file")
            os.fsync(file.fileno())
            file.close()
            partial.replace(path)
    except OSError as error:
        raise sink_error(path, error, kept=False) from None
    return flaws.spans()


def unfinished_units(plan: Plan, folder: Path) -> list[Unit]:
    """The pieces without a result in ``folder``, in order, for any number of workers."""
    return [Unit(piece) for piece in plan.pieces if not (folder / piece.file_name).is_file()]


def _candidates(result: KeptResult) -> Candidates:
    def faint() -> list[Region]:
        assert result.faint is not None, "a finding that is missing was found in one of the last frames"
        return [kept.region for kept in result.faint]

    return Candidates([kept.region for kept in result.regions], result.weights, faint)
