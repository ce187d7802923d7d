"""A recorded procedure through the pipeline, in order and without drops, to any number of sinks."""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from polyplive.compositor import compose
from polyplive.session import describe_session
from polyplive.sinks.base import FrameRecord
from polyplive.sinks.group import SinkGroup
from polyplive.stats import Distribution, StageRecorder
from polyplive.types import Figures, Hud, OverlaySettings, StageTimes, Tally

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from polyplive.errors import SinkError
    from polyplive.pipeline import Pipeline
    from polyplive.sinks.base import Sink
    from polyplive.sources.base import Source
    from polyplive.types import Frame


@dataclass(frozen=True, slots=True)
class ReplaySettings:
    """``start_s`` is where to begin, ``frames`` how many to process (None: to the end)."""

    start_s: float = 0.0
    frames: int | None = None
    overlay: OverlaySettings = dataclasses.field(default_factory=OverlaySettings)


@dataclass(frozen=True, slots=True)
class ReplaySummary:
    """What a replay did. ``fps`` counts all stages; delays and stages are in milliseconds.

    ``marked`` is the number of frames with at least one detection; ``failures`` are the sinks' errors.
    """

    tally: Tally
    reason: str
    marked: int
    fps: float
    annotation_delay: Distribution | None
    stages: dict[str, Distribution]
    failures: tuple[SinkError, ...]


def replay(
    source: Source,
    pipeline: Pipeline,
    sinks: Sequence[Sink],
    settings: ReplaySettings | None = None,
    on_frame: Callable[[int], None] | None = None,
) -> ReplaySummary:
    """Process ``source`` to its end; ``on_frame`` gets the number of frames done so far after each.

    A plain loop in the calling thread: ordered, nothing dropped, the same detections every run. ``KeyboardInterrupt``
    ends it early with the sinks closed whole. Raises ``SinkError`` when a sink cannot be opened and ``EngineError``
    when the runtime fails; a sink that fails later is reported in the summary.
    """
    run = _Replay(source, pipeline, SinkGroup(sinks), settings or ReplaySettings())
    return run.run(on_frame)


class _Replay:
    def __init__(self, source: Source, pipeline: Pipeline, sinks: SinkGroup, settings: ReplaySettings) -> None:
        self._source = source
        self._pipeline = pipeline
        self._sinks = sinks
        self._settings = settings
        self._stages = StageRecorder()
        self._delays: list[float] = []
        self._read = 0
        self._processed = 0
        self._marked = 0

    def run(self, on_frame: Callable[[int], None] | None) -> ReplaySummary:
        if self._settings.start_s > 0:
            self._source.seek(self._settings.start_s)
        self._sinks.open(describe_session(self._source.info, self._pipeline.engine.spec))
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
            self._sinks.end(self._tally(), reason)
            self._sinks.close()
        return self._summary(reason, elapsed)

    def _loop(self, on_frame: Callable[[int], None] | None) -> str:
        limit = self._settings.frames
        while limit is None or self._processed < limit:
            if self._sinks.all_failed:
                return "no sink left"
            frame = self._source.read()
            if frame is None:
                return "end of file"
            self._read += 1
            self._process(frame)
            if on_frame is not None:
                on_frame(self._processed)
        return "frame limit"

    def _process(self, frame: Frame) -> None:
        overlay = self._settings.overlay
        prediction = self._pipeline.process(frame, cam=overlay.needs_cam)
        composite = None
        composed_ms = 0.0
        if self._sinks.wants_composite:
            started = time.perf_counter()
            composite = compose(frame, prediction, overlay, Hud(figures=Figures(dropped=self._lost())))
            composed_ms = (time.perf_counter() - started) * 1e3
        stages: StageTimes = dataclasses.replace(prediction.stages, composite_ms=composed_ms)
        delay_ms = (time.monotonic() - frame.captured_s) * 1e3
        self._stages.add(stages)
        self._delays.append(delay_ms)
        self._processed += 1
        self._marked += bool(prediction.detections)
        self._sinks.write(FrameRecord(frame, prediction, composite, stages, annotation_delay_ms=delay_ms))

    def _lost(self) -> int:
        return sum(self._source.dropped.values())

    def _tally(self) -> Tally:
        dropped = dict(self._source.dropped)
        unfinished = self._read - self._processed
        if unfinished:
            dropped["unfinished"] = unfinished
        return Tally(self._read + self._lost(), self._processed, dropped)

    def _summary(self, reason: str, elapsed_s: float) -> ReplaySummary:
        return ReplaySummary(
            tally=self._tally(),
            reason=reason,
            marked=self._marked,
            fps=self._processed / elapsed_s if elapsed_s > 0 else 0.0,
            annotation_delay=Distribution.of(self._delays),
            stages=self._stages.distributions(),
            failures=tuple(self._sinks.failures),
        )
