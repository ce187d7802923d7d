"""The thread that owns the engine: it opens, runs and closes it."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from polyplive.failures import in_one_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from polyplive.backends.base import EngineSpec
    from polyplive.pipeline import Pipeline
    from polyplive.slot import LatestSlot
    from polyplive.types import Frame, Prediction


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """One frame to be processed. A new ``generation`` means that it does not follow the frame before it."""

    frame: Frame
    generation: int
    cam: bool
    threshold: float | None


class InferenceThread(threading.Thread):
    """Answers requests until their slot is closed. The three callbacks are called in this thread."""

    def __init__(
        self,
        open_pipeline: Callable[[], Pipeline],
        requests: LatestSlot[Request],
        on_ready: Callable[[EngineSpec], None],
        on_answer: Callable[[Request, Prediction], None],
        on_failure: Callable[[str], None],
    ) -> None:
        super().__init__(name="polyplive-inference", daemon=True)
        self._open_pipeline = open_pipeline
        self._requests = requests
        self._on_ready = on_ready
        self._on_answer = on_answer
        self._on_failure = on_failure

    def run(self) -> None:
        """Open the pipeline, answer, close it."""
        try:
            with self._open_pipeline() as pipeline:
                self._on_ready(pipeline.engine.spec)
                self._answer(pipeline)
        except Exception as error:
            self._on_failure(in_one_line(error))

    def _answer(self, pipeline: Pipeline) -> None:
        own_threshold = pipeline.threshold
        generation: int | None = None
        while (request := self._requests.take()) is not None:
            if generation is not None and request.generation != generation:
                pipeline.reset(same_source=True)
            generation = request.generation
            pipeline.threshold = own_threshold if request.threshold is None else request.threshold
            self._on_answer(request, pipeline.process(request.frame, cam=request.cam))
