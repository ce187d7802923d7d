"""The modes of a benchmark that need no window: the engine alone, and the whole path as fast as it goes."""

from __future__ import annotations

import dataclasses
import time
from contextlib import closing
from typing import TYPE_CHECKING

import numpy as np

from polyplive.backends.checks import check_numbers
from polyplive.benchmark.figures import WARM_UP, BenchmarkSettings, ModeFigures
from polyplive.benchmark.passages import passages
from polyplive.errors import SourceUnreadable
from polyplive.overlay.compositor import compose
from polyplive.pipeline.in_flight import InFlight
from polyplive.pipeline.preprocess import preprocess
from polyplive.pipeline.steady_heat import SteadyHeat
from polyplive.sessions.replay.headless import ReadFrame, read_frames
from polyplive.system import spans
from polyplive.types import Hud, OverlaySettings, Roi, StageTimes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from polyplive.backends.base import Engine, EngineSpec, Outputs
    from polyplive.pipeline.pipeline import Pipeline
    from polyplive.sources.base import Source

_PICTURES = 16


def run_modes(
    source: Source,
    engine: Engine,
    pipeline: Pipeline,
    settings: BenchmarkSettings,
    on_frame: Callable[[int], None] = lambda _: None,
) -> dict[str, ModeFigures]:
    """``engine`` and ``headless`` in turn, run after run, so that a machine that slows down slows both.

    ``engine`` takes one picture after another, as live; ``pipeline`` may have one that takes several at once, as a
    replay has. ``source`` is read from its start, and again when it ends, until a run has its frames. ``on_frame`` gets
    the number of frames done over all. Raises ``SourceError`` and ``EngineError``.
    """
    modes = {"engine": ModeFigures(), "headless": ModeFigures()}
    pictures = tensors(source, engine.spec)
    done, lost_before = 0, dict(source.dropped)
    for _ in range(settings.runs):
        _engine_run(pictures, engine, settings, modes["engine"])
        on_frame(done + settings.frames)
        with spans.recorded_spans() as found:
            began = _headless_run(source, pipeline, settings, modes["headless"])
        modes["headless"].passages.append(passages(found, began))
        done += 2 * settings.frames
        on_frame(done)
    modes["headless"].dropped = {cause: count - lost_before.get(cause, 0) for cause, count in source.dropped.items()}
    return modes


def tensors(source: Source, spec: EngineSpec) -> list[NDArray[np.uint8]]:
    """Some of the source's first pictures as an engine takes them, uint8 [1, H, W, 3] RGB."""
    source.seek(0.0)
    found = []
    for _ in range(_PICTURES):
        frame = source.read()
        if frame is None:
            break
        found.append(preprocess(frame, Roi(0, 0, frame.width, frame.height), spec.height, spec.width))
    if not found:
        raise SourceUnreadable(f"'{source.info.name}' has no frame", "Name another --video.")
    return found


def _engine_run(
    pictures: list[NDArray[np.uint8]], engine: Engine, settings: BenchmarkSettings, figures: ModeFigures
) -> None:
    ends: list[float] = []
    began = 0.0
    answers: dict[int, Outputs] = {}
    for index in range(WARM_UP + settings.frames):
        picture = index % len(pictures)
        before = time.perf_counter()
        began = before if index == WARM_UP else began
        answers[picture] = engine.infer(pictures[picture], cam=settings.cam)
        after = time.perf_counter()
        if index >= WARM_UP:
            ends.append(after)
            figures.stages.add(StageTimes(infer_ms=(after - before) * 1e3))
            figures.annotation_delays.append((after - before) * 1e3)
    for outputs in answers.values():  # here, so that the rate is the engine's
        check_numbers(outputs, engine.spec.backend)
    figures.add_run(ends, began)


def _headless_run(source: Source, pipeline: Pipeline, settings: BenchmarkSettings, figures: ModeFigures) -> float:
    """Returns when the frames that count began, ``time.perf_counter()``."""
    source.seek(0.0)
    pipeline.reset()
    overlay = OverlaySettings(heatmap=settings.cam)
    ends: list[float] = []
    began = time.perf_counter()
    steady = SteadyHeat()
    flight = InFlight(_read(source, WARM_UP + settings.frames), pipeline, cam=settings.cam)
    with closing(flight.results()) as results:
        for index, (read, prediction) in enumerate(results):
            assert prediction is not None, "a frame that failed has raised"
            before = time.perf_counter()
            compose(read.frame, steady.steadied(read.frame, prediction), overlay, Hud())
            after = time.perf_counter()
            spans.note(spans.DRAW, read.frame.index, before, after)
            if index < WARM_UP:
                began = after
                continue
            ends.append(after)
            figures.stages.add(dataclasses.replace(prediction.stages, composite_ms=(after - before) * 1e3))
            figures.annotation_delays.append((time.monotonic() - read.frame.captured_s) * 1e3)
    figures.add_run(ends, began)
    return began


def _read(source: Source, frames: int) -> Iterator[ReadFrame]:
    """So many frames; after the last, the first again."""
    given = 0
    while given < frames:
        before = given
        asked = time.perf_counter()
        for read in read_frames(source, frames - given):
            spans.note(spans.DECODE, read.frame.index, asked, time.perf_counter())
            given += 1
            yield read
            asked = time.perf_counter()
        if given == before:
            raise SourceUnreadable(f"'{source.info.name}' has no frame any more", "Name another --video.")
        source.seek(0.0)
