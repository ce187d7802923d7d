"""The recorder: passes a session's frames and notes to its sinks."""

from __future__ import annotations

import dataclasses
import time
from typing import TYPE_CHECKING

from polyplive.errors import SinkError
from polyplive.overlay.compositor import compose
from polyplive.sinks.base import FrameRecord, Mark
from polyplive.sinks.group import SinkGroup
from polyplive.system.file_names import without_folders
from polyplive.types import StageTimes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from polyplive.sessions.recorder.messages import RecordedFrame
    from polyplive.sinks.base import Content, Note, SessionInfo, Sink
    from polyplive.types import Image, Tally


class Recorder:
    """Writes frames to ``sinks`` in the order in which they come; one thread. ``write`` waits when a sink is full.

    ``open`` opens the sinks; otherwise the first frame with a known session does. Notes before that are kept
    until then. A sink that fails is stopped, with a line in ``notices``; the others go on. With ``marked_only`` a frame
    is drawn for the sinks only where something was found in it. Without ``full_paths`` reasons name files without their
    folders.
    """

    def __init__(self, sinks: Sequence[Sink], *, marked_only: bool = False, full_paths: bool = False) -> None:
        self._sinks = SinkGroup(sinks)
        self._public = str if full_paths else without_folders
        self._marked_only = marked_only
        self._is_open = self._refused = False
        self._early: list[Note] = []
        self._refusal: list[SinkError] = []

    @property
    def failures(self) -> tuple[SinkError, ...]:
        """One error for each sink that failed."""
        return (*self._refusal, *self._sinks.failures)

    @property
    def notices(self) -> tuple[str, ...]:
        """The failures as lines of text."""
        return tuple(str(error) for error in self.failures)

    @property
    def written(self) -> tuple[tuple[Content | None, Path], ...]:
        """Each file that the sinks have written so far, with what it holds; any thread."""
        return self._sinks.written

    @property
    def contents(self) -> tuple[Content, ...]:
        """What the sinks write that have not failed; any thread."""
        return () if self._refused else self._sinks.contents

    @property
    def marks(self) -> tuple[Mark, ...]:
        """The marks that are in a file; any thread."""
        return self._sinks.marks

    @property
    def all_failed(self) -> bool:
        """Whether every sink has failed, so that nothing more would be recorded."""
        return self._refused or (self._is_open and self._sinks.all_failed)

    @property
    def waiting(self) -> int:
        """Frames that sinks have taken and not written yet; any thread."""
        return self._sinks.waiting

    def open(self, session: SessionInfo) -> None:
        """Open every sink, or none. Raises ``SinkError``."""
        self._sinks.open(session)
        self._is_open = True
        for note in self._early:
            self._sinks.note(note)

    def begin(self, session: SessionInfo) -> None:
        """Open every sink, or none, unless they are open; an error is in ``failures``."""
        self._opened_for(session)

    def write(self, item: RecordedFrame) -> FrameRecord | None:
        """Draw the overlay if a sink needs it, and write the frame. Returns the record, None while no sink is open."""
        if not self._opened_for(item.session):
            return None
        prediction = item.prediction
        stages = prediction.stages if prediction is not None else StageTimes(decode_ms=item.frame.decode_ms)
        started = time.perf_counter()
        composite = self._composite(item)
        if composite is not None:
            stages = dataclasses.replace(stages, composite_ms=(time.perf_counter() - started) * 1e3)
        video_ms = annotation_ms = None
        if item.delays is not None:
            video_ms, annotation_ms = item.delays.video_ms, item.delays.annotation_ms
        elif prediction is not None:
            annotation_ms = (prediction.completed_s - item.frame.captured_s) * 1e3 + stages.composite_ms
        record = FrameRecord(item.frame, prediction, composite, stages, video_ms, annotation_ms)
        self._sinks.write(record)
        return record

    def note(self, note: Note) -> None:
        """Write what happened in the session between frames."""
        if not isinstance(note, Mark):
            note = dataclasses.replace(note, reason=self._public(note.reason))
        if self._is_open:
            self._sinks.note(note)
        else:
            self._early.append(note)

    def close(self, tally: Tally, reason: str, session: SessionInfo | None = None) -> bool:
        """Write the closing figures and close every sink. False when the session was never known."""
        known = self._opened_for(session)
        if known:
            self._sinks.end(tally, self._public(reason))
        self._sinks.close()
        return known or self._refused

    def _opened_for(self, session: SessionInfo | None) -> bool:
        if self._is_open or self._refused or session is None:
            return self._is_open
        try:
            self.open(session)
        except SinkError as error:
            self._refused = True
            self._refusal.append(error)
        return self._is_open

    def _composite(self, item: RecordedFrame) -> Image | None:
        marked = item.prediction is not None and bool(item.prediction.detections)
        if not self._sinks.wants_composite or (self._marked_only and not marked):
            return None
        return compose(item.frame, item.prediction, item.overlay, item.hud)
