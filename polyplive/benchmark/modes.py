"""The modes of a benchmark that need no window: the engine alone, and the whole path as fast as it goes."""

from __future__ import annotations

import dataclasses
import time
from typing import TYPE_CHECKING

import numpy as np

from polyplive.backends.checks import check_numbers
from polyplive.benchmark.values import WARM_UP, BenchmarkSettings, ModeFigures
from polyplive.compositor import compose
from polyplive.errors import SourceUnreadable
from polyplive.preprocess import preprocess
from polyplive.types import Hud, OverlaySettings, Roi, StageTimes

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from polyplive.backends.base import EngineSpec, Outputs
    from polyplive.pipeline import Pipeline
    from polyplive.sources.base import Source
    from polyplive.types import Frame

_PICTURES = 16


def run_modes(
    source: Source,
    pipeline: Pipeline,
    settings: BenchmarkSettings,
    on_frame: Callable[[int], None] = lambda _: None,
) -> dict[str, ModeFigures]:
    """``engine`` and ``headless`` in turn, run after run, so that a machine that slows down slows both.

    ``source`` is read from its start, and again when it ends, until a run has its frames. ``on_frame`` gets the
    number of frames done over all. Raises ``SourceError`` and ``EngineError``.
    """
    modes = {"engine": ModeFigures(), "headless": ModeFigures()}
    pictures = tensors(source, pipeline.engine.spec)
    done = 0
    for _ in range(settings.runs):
        _engine_run(pictures, pipeline, settings, modes["engine"])
        on_frame(done + settings.frames)
        _headless_run(source, pipeline, settings, modes["headless"])
        done += 2 * settings.frames
        on_frame(done)
    modes["headless"].dropped = dict(source.dropped)
    return modes


def tensors(source: Source, spec: EngineSpec) -> list[NDArray[np.uint8]]:
    """Some of the source's first pictures as an engine takes them, uint8 [1, H, W, 3] RGB."""
    source.seek(0.0)
    found = []
    for _ in range(_PICTURES):
        frame = source.read()
        if frame is None:
            break
        found.append(preprocess(frame.image, Roi(0, 0, frame.width, frame.height), spec.height, spec.width))
    if not found:
        raise SourceUnreadable(f"'{source.info.name}' has no frame", "Name another --video.")
    return found


def _engine_run(
    pictures: list[NDArray[np.uint8]], pipeline: Pipeline, settings: BenchmarkSettings, figures: ModeFigures
) -> None:
    ends: list[float] = []
    began = 0.0
    answers: dict[int, Outputs] = {}
    for index in range(WARM_UP + settings.frames):
        picture = index % len(pictures)
        before = time.perf_counter()
        began = before if index == WARM_UP else began
        answers[picture] = pipeline.engine.infer(pictures[picture], cam=settings.cam)
        after = time.perf_counter()
        if index >= WARM_UP:
            ends.append(after)
            figures.stages.add(StageTimes(infer_ms=(after - before) * 1e3))
            figures.annotation_delays.append((after - before) * 1e3)
    for outputs in answers.values():  # here, so that the rate is the engine's
        check_numbers(outputs, pipeline.engine.spec.backend)
    figures.add_run(ends, began)


def _headless_run(source: Source, pipeline: Pipeline, settings: BenchmarkSettings, figures: ModeFigures) -> None:
    source.seek(0.0)
    pipeline.reset()
    overlay = OverlaySettings(heatmap=settings.cam)
    ends: list[float] = []
    began = 0.0
    for index in range(WARM_UP + settings.frames):
        if index == WARM_UP:
            began = time.perf_counter()
        frame = _next_frame(source, pipeline)
        prediction = pipeline.process(frame, cam=settings.cam)
        before = time.perf_counter()
        compose(frame, prediction, overlay, Hud())
        after = time.perf_counter()
        if index >= WARM_UP:
            ends.append(after)
            figures.stages.add(dataclasses.replace(prediction.stages, composite_ms=(after - before) * 1e3))
            figures.annotation_delays.append((time.monotonic() - frame.captured_s) * 1e3)
    figures.add_run(ends, began)


def _next_frame(source: Source, pipeline: Pipeline) -> Frame:
    """The next one; after the last, the first again."""
    frame = source.read()
    if frame is None:
        source.seek(0.0)
        pipeline.reset()
        frame = source.read()
    if frame is None:
        raise SourceUnreadable(f"'{source.info.name}' has no frame any more", "Name another --video.")
    return frame
