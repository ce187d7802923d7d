"""The thread that owns an engine: it opens, runs and closes it, and is left alone when it hangs."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from polyplive.failures import in_one_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from polyplive.backends.base import EngineSpec
    from polyplive.pipeline import Pipeline
    from polyplive.types import Frame, Prediction


class InferenceHost(Protocol):
    """Whom the thread reports to, in its own thread; an answer of False or None means that it has been given up."""

    def engine_opened(self, thread: LiveInferenceThread, spec: EngineSpec) -> bool:
        """The engine is ready."""
        ...

    def next_frame(self, thread: LiveInferenceThread) -> Work | None:
        """Wait for the newest frame."""
        ...

    def answered(self, thread: LiveInferenceThread, frame: Frame, prediction: Prediction) -> bool:
        """The frame's result."""
        ...

    def frame_failed(self, thread: LiveInferenceThread, reason: str) -> bool:
        """The frame has no result; the engine is used on."""
        ...

    def engine_failed(self, thread: LiveInferenceThread, reason: str) -> None:
        """The engine could not be opened."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Work:
    """One frame to process, and how; ``restarted``: the source was opened again, nothing carries over."""

    frame: Frame
    cam: bool
    threshold: float | None
    restarted: bool


class LiveInferenceThread(threading.Thread):
    """Takes the newest frame, again and again, until it is told to end or given up."""

    def __init__(self, open_pipeline: Callable[[], Pipeline], host: InferenceHost) -> None:
        super().__init__(name="polyplive-inference", daemon=True)
        self._open_pipeline = open_pipeline
        self._host = host

    def run(self) -> None:
        """Open the pipeline, work, close it."""
        try:
            with self._open_pipeline() as pipeline:
                if self._host.engine_opened(self, pipeline.engine.spec):
                    self._work(pipeline)
        except Exception as error:
            self._host.engine_failed(self, in_one_line(error))

    def _work(self, pipeline: Pipeline) -> None:
        own_threshold = pipeline.threshold
        wanted = True
        while wanted and (work := self._host.next_frame(self)) is not None:
            if work.restarted:
                pipeline.reset()
            pipeline.threshold = own_threshold if work.threshold is None else work.threshold
            try:
                prediction = pipeline.process(work.frame, cam=work.cam)
            except Exception as error:
                wanted = self._host.frame_failed(self, in_one_line(error))
            else:
                wanted = self._host.answered(self, work.frame, prediction)
