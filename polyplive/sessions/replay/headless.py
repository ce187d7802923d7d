"""Replay without a window: every frame of a recording through the pipeline, in order, to any number of sinks."""

from __future__ import annotations

import dataclasses
import itertools
import threading
import time
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from polyplive.errors import EngineError, SourceError
from polyplive.pipeline.steady_heat import SteadyHeat
from polyplive.sessions.captions import words_of
from polyplive.sessions.opening import describe_session
from polyplive.sessions.recorder.messages import RecordedFrame
from polyplive.sessions.recorder.recorder import Recorder
from polyplive.stats import Distribution, StageRecorder
from polyplive.system.stopping import on_stop
from polyplive.types import Figures, Hud, OverlaySettings, SessionState, Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from polyplive.errors import SinkError
    from polyplive.sessions.engine_room.offline import OfflineEngineRoom
    from polyplive.sinks.base import Sink
    from polyplive.sources.base import Source
    from polyplive.types import Frame, Prediction

    _Result: TypeAlias = "tuple[ReadFrame, Prediction | None]"


@dataclass(frozen=True, slots=True)
class ReplaySettings:
    """``start_s`` is the time to begin at in seconds, ``frames`` the number to process (None: to the end).

    With ``full_paths`` sinks are told reasons with the folders of files.
    """

    start_s: float = 0.0
    frames: int | None = None
    overlay: OverlaySettings = dataclasses.field(default_factory=OverlaySettings)
    full_paths: bool = False


@dataclass(frozen=True, slots=True)
class ReplaySummary:
    """What a replay did. ``fps`` counts all stages; delays and stages are in milliseconds.

    ``marked`` is the number of frames with at least one detection. ``engine_starts`` counts engine starts, including
    the first. ``failures`` are the sinks' errors. ``size_changes`` counts how often the picture changed its size.
    """

    tally: Tally
    reason: str
    marked: int
    engine_starts: int
    fps: float
    annotation_delay: Distribution | None
    stages: dict[str, Distribution]
    failures: tuple[SinkError, ...]
    size_changes: int = 0


def replay(
    source: Source,
    room: OfflineEngineRoom,
    sinks: Sequence[Sink],
    settings: ReplaySettings | None = None,
    on_frame: Callable[[int], None] | None = None,
    on_stopping: Callable[[], None] | None = None,
) -> ReplaySummary:
    """Process ``source`` to its end; ``on_frame`` gets the number of frames done so far after each.

    In order, without drops, with the same detections in every run. Frames are read in another thread, several are in
    the engine at once, and the calling thread draws and writes. A signal to stop, or ``KeyboardInterrupt``, ends it
    early; the files are then still complete. ``on_stopping`` is called when no more frames are wanted, in any thread,
    to end a read that waits. A frame that fails on two engines counts as failed; videos show it without an overlay.
    Raises ``SinkError`` when a sink cannot be opened and ``EngineError`` when frame after frame fails; a sink that
    fails later is reported in the summary.
    """
    settings = settings or ReplaySettings()
    interrupt = on_stopping or (lambda: None)
    run = _Replay(source, room, Recorder(sinks, full_paths=settings.full_paths), settings, interrupt)

    def stop() -> None:
        run.stop()
        interrupt()

    with on_stop(stop):
        return run.run(on_frame)


@dataclass(frozen=True, slots=True)
class ReadFrame:
    """A frame, and how many its source had ``lost`` until then, by cause."""

    frame: Frame
    lost: Mapping[str, int]


def read_frames(source: Source, most: int | None = None) -> Iterator[ReadFrame]:
    """The frames of ``source`` to its end, or at ``most`` so many."""
    for _ in itertools.count() if most is None else range(most):
        frame = source.read()
        if frame is None:
            return
        yield ReadFrame(frame, source.dropped)


class _Replay:
    def __init__(
        self,
        source: Source,
        room: OfflineEngineRoom,
        recorder: Recorder,
        settings: ReplaySettings,
        interrupt: Callable[[], None],
    ) -> None:
        self._interrupt = interrupt
        self._source = source
        self._room = room
        self._recorder = recorder
        self._settings = settings
        self._stages = StageRecorder()
        self._steady = SteadyHeat()
        self._delays: list[float] = []
        self._stopped = threading.Event()
        self._read = 0
        self._lost: Mapping[str, int] = {}
        self._processed = self._repaired = 0
        self._failed = 0
        self._marked = 0
        self._size: tuple[int, int] | None = None
        self._size_changes = 0

    def stop(self) -> None:
        """End after the current frame; any thread."""
        self._stopped.set()

    def run(self, on_frame: Callable[[int], None] | None) -> ReplaySummary:
        if self._settings.start_s > 0:
            self._source.seek(self._settings.start_s)
        self._recorder.open(describe_session(self._source.info, self._room.spec, self._room.settings))
        started = time.perf_counter()
        reason = "stopped"
        try:
            reason = self._loop(on_frame)
        except KeyboardInterrupt:
            pass
        except Exception as error:
            reason = f"error: {error}"
            raise
        finally:
            elapsed = time.perf_counter() - started
            self._recorder.close(self._tally(), reason)
        return self._summary(reason, elapsed)

    def _loop(self, on_frame: Callable[[int], None] | None) -> str:
        limit = self._settings.frames
        frames = read_frames(self._source, limit)
        cam = self._settings.overlay.needs_cam
        with closing(self._room.results(frames, cam=cam, interrupt=self._interrupt)) as results:
            while limit is None or self._read < limit:
                if self._stopped.is_set():
                    return "stopped"
                if self._recorder.all_failed:
                    return "no sink left"
                found = self._next(results)
                if found is None:
                    return "stopped" if self._stopped.is_set() else "end of file"
                self._take(*found)
                if on_frame is not None:
                    on_frame(self._processed + self._failed)
        return "frame limit"

    def _next(self, results: Iterator[_Result]) -> _Result | None:
        try:
            found = next(results, None)
        except EngineError:
            self._read += 1  # the frame that it was for
            raise
        except SourceError:
            self._lost = self._source.dropped
            raise
        if found is None:
            self._lost = self._source.dropped
        return found

    def _take(self, read: ReadFrame, prediction: Prediction | None) -> None:
        frame, self._lost = read.frame, read.lost
        self._read += 1
        size = frame.width, frame.height
        self._size_changes += self._size not in (None, size)
        self._size = size
        overlay = self._settings.overlay
        if prediction is not None and overlay.heat_smoothing:
            prediction = self._steady.steadied(frame, prediction)
        state = SessionState.READY if prediction is not None else SessionState.FAULT
        figures = Figures(dropped=sum(self._lost.values()))
        hud = Hud(state, figures=figures, **words_of(frame, self._room.spec, overlay))
        record = self._recorder.write(RecordedFrame(frame, prediction, overlay, hud))
        if prediction is None or record is None:
            self._failed += 1
            return
        self._stages.add(record.stages)
        self._delays.append(record.annotation_delay_ms or 0.0)
        self._processed += 1
        self._repaired += frame.is_repaired
        self._marked += bool(prediction.detections)

    def _tally(self) -> Tally:
        dropped = dict(self._lost)
        for cause, count in (("failed", self._failed), ("unfinished", self._read - self._processed - self._failed)):
            if count:
                dropped[cause] = count
        return Tally(self._read + sum(self._lost.values()), self._processed, dropped, self._repaired)

    def _summary(self, reason: str, elapsed_s: float) -> ReplaySummary:
        return ReplaySummary(
            tally=self._tally(),
            reason=reason,
            marked=self._marked,
            engine_starts=self._room.starts,
            fps=self._processed / elapsed_s if elapsed_s > 0 else 0.0,
            annotation_delay=Distribution.of(self._delays),
            stages=self._stages.distributions(),
            failures=self._recorder.failures,
            size_changes=self._size_changes,
        )
