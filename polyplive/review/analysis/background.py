"""Analysis of a whole recording in a thread in the background, for a window: with progress, stopped and resumed."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from polyplive.review.analysis.cache import clean, folder_of
from polyplive.review.analysis.joining import Joiner, write_events
from polyplive.review.analysis.planning import PIECE_FRAMES, VideoOptions, plan
from polyplive.review.analysis.running import PieceRunner
from polyplive.review.analysis.timeline_builder import TimelineBuilder
from polyplive.sessions.engine_room.opening import SameModelOpener
from polyplive.sessions.engine_room.process_engine import ProcessLimits
from polyplive.sessions.failures import in_one_line
from polyplive.system.priority import BELOW_PICTURE, lower_this_thread

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from polyplive.config import Settings
    from polyplive.review.analysis.planning import Plan
    from polyplive.review.timeline import Timeline
    from polyplive.sessions.engine_room.supervisor import OpenEngine

_LIMITS = ProcessLimits(answer_s=60.0, niceness=BELOW_PICTURE)
"""Its engine is below the picture, and slow where somebody plays the video meanwhile."""
_TOLD_EVERY = 25
"""Frames between two reports of progress."""


class AnalysisState(Enum):
    """What an analysis does; ``value`` is its word."""

    OPENING = "opening"
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class AnalysisProgress:
    """``done`` of ``frames`` frames are analysed (0 of 0 while that is unknown). ``message`` says why it failed."""

    state: AnalysisState = AnalysisState.OPENING
    done: int = 0
    frames: int = 0
    message: str = ""


class Analysis:
    """Analyses a recording piece after piece, from where an earlier analysis of it was left.

    ``start`` begins it, ``stop`` ends it after the frame that is worked on, in any thread; what is done is kept.
    ``on_progress`` and ``on_timeline`` are called in its own thread, the second after every piece, and once where all
    was known already. ``notify`` gets lines for the user.
    """

    def __init__(
        self,
        path: Path,
        settings: Settings,
        video: VideoOptions | None = None,
        *,
        on_progress: Callable[[AnalysisProgress], None] = lambda _: None,
        on_timeline: Callable[[Timeline], None] = lambda _: None,
        notify: Callable[[str], None] = lambda _: None,
        open_engine: OpenEngine | None = None,
        root: Path | None = None,
        piece_frames: int = PIECE_FRAMES,
    ) -> None:
        """``open_engine`` opens the engine (None: as ``settings`` say, in a process of its own).

        ``root`` is the folder of all analyses (None: in the user's cache folder). Of a shorter piece (``piece_frames``)
        findings show earlier, and less is lost where it is ended.
        """
        self._path = path
        self._pipeline = settings.pipeline
        self._video = video or VideoOptions()
        self._open_engine = open_engine or SameModelOpener(settings, notify, _LIMITS, is_parallel=True)
        self._root = root
        self._piece_frames = piece_frames
        self._on_progress = on_progress
        self._on_timeline = on_timeline
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="polyplive-analysis", daemon=True)
        self.progress = AnalysisProgress()
        """Any thread may read it: each change replaces the whole object."""
        self.plan: Plan | None = None
        """Once it is made: the recording's facts and its pieces. Any thread."""
        self.events: Path | None = None
        """The events of the whole recording, once they are written. Any thread."""

    def start(self) -> None:
        """Begin; once."""
        self._thread.start()

    def stop(self) -> None:
        """End soon; returns at once."""
        self._stopped.set()

    def join(self, timeout_s: float | None = None) -> bool:
        """Wait until it has ended; whether it has."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            with PieceRunner(self._open_engine, self._pipeline) as runner:
                lower_this_thread(BELOW_PICTURE)  # behind the opening: a process inherits it
                is_whole = self._analyse(runner)
            self._tell(AnalysisState.DONE if is_whole else AnalysisState.STOPPED, self.progress.done)
        except Exception as error:
            self._tell(AnalysisState.FAILED, self.progress.done, in_one_line(error))

    def _analyse(self, runner: PieceRunner) -> bool:
        """Run what is missing, and write the events; False where it was stopped."""
        made = self.plan = plan(self._path, runner.spec, self._pipeline, self._video, self._piece_frames)
        folder = folder_of(made.key, self._root)
        joiner, builder = Joiner(made, folder), TimelineBuilder(made.session.source)
        while self._take(joiner, builder) and (unit := joiner.wanted) is not None:
            if not runner.run(made, unit, folder, lambda done: self._count(unit.piece.first + done), self._is_stopped):
                return False
        if self._stopped.is_set():
            return False
        events = folder / "events.jsonl"
        if not events.is_file():
            write_events(made, folder, events)
        self.events = events
        clean(self._root, made.key)
        return True

    def _take(self, joiner: Joiner, builder: TimelineBuilder) -> bool:
        """Show what is there by now; False where it was stopped."""
        for joined in joiner.ready():
            builder.add(joined)
            if self._stopped.is_set():
                return False
        self._tell(AnalysisState.RUNNING, joiner.joined)
        self._on_timeline(builder.timeline())
        return True

    def _is_stopped(self) -> bool:
        return self._stopped.is_set()

    def _count(self, done: int) -> None:
        if done % _TOLD_EVERY == 0:
            self._tell(AnalysisState.RUNNING, done)

    def _tell(self, state: AnalysisState, done: int, message: str = "") -> None:
        self.progress = AnalysisProgress(state, done, self.plan.frames if self.plan else 0, message)
        self._on_progress(self.progress)
