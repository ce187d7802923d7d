"""How fast this machine is: the engine alone, and the whole pipeline without a window, as fast as it goes."""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from polyplive.compositor import compose
from polyplive.machine import peak_memory_mib, processor_count, processor_name
from polyplive.stats import Distribution, StageRecorder
from polyplive.types import Hud, OverlaySettings

if TYPE_CHECKING:
    from collections.abc import Callable

    from polyplive.pipeline import Pipeline
    from polyplive.sources.base import Source

SCHEMA = 1
WARM_UP = 50
"""Frames that are run and not counted before each mode: caches, clocks and threads settle in them."""


@dataclass(frozen=True, slots=True)
class BenchmarkSettings:
    """``frames`` are counted in each of ``runs`` runs; ``cam`` switches the heatmap's gradient."""

    frames: int = 1000
    runs: int = 3
    cam: bool = True


def benchmark(
    source: Source,
    pipeline: Pipeline,
    settings: BenchmarkSettings | None = None,
    on_frame: Callable[[int], None] | None = None,
) -> dict[str, Any]:
    """Run the modes in turn, run after run, and give the figures as their JSON file holds them.

    ``source`` is read from its start, and again when it ends, until a run has its frames. The modes alternate within
    each run, so that a machine that slows down slows both. ``on_frame`` gets the number of frames done over all.
    """
    settings = settings or BenchmarkSettings()
    modes = {"engine": _Mode(), "headless": _Mode()}
    done = 0
    for _ in range(settings.runs):
        for name, mode in modes.items():
            run = _engine_run if name == "engine" else _headless_run
            run(source, pipeline, settings, mode)
            done += settings.frames
            if on_frame is not None:
                on_frame(done)
    return _document(source, pipeline, settings, modes)


class _Mode:
    """The figures of one mode over all its runs."""

    def __init__(self) -> None:
        self.rates: list[float] = []
        self.delays: list[float] = []
        self.stages = StageRecorder()

    def figures(self) -> dict[str, Any]:
        rates, delays = Distribution.of(self.rates), Distribution.of(self.delays)
        assert rates is not None
        return {
            "fps": rates.rounded(),
            "fps_runs": [round(rate, 2) for rate in self.rates],
            "video_delay_ms": None,
            "annotation_delay_ms": delays.rounded() if delays else None,
            "stages_ms": {stage: figures.rounded() for stage, figures in self.stages.distributions().items()},
        }


def _engine_run(source: Source, pipeline: Pipeline, settings: BenchmarkSettings, mode: _Mode) -> None:
    spec = pipeline.engine.spec
    tensors = np.random.default_rng(0).integers(0, 256, (4, 1, spec.height, spec.width, 3), np.uint8)
    for index in range(WARM_UP):
        pipeline.engine.infer(tensors[index % 4], cam=settings.cam)
    started = time.perf_counter()
    for index in range(settings.frames):
        before = time.perf_counter()
        pipeline.engine.infer(tensors[index % 4], cam=settings.cam)
        mode.delays.append((time.perf_counter() - before) * 1e3)
    mode.rates.append(settings.frames / (time.perf_counter() - started))


def _headless_run(source: Source, pipeline: Pipeline, settings: BenchmarkSettings, mode: _Mode) -> None:
    source.seek(0.0)
    pipeline.reset()
    overlay = OverlaySettings(heatmap=settings.cam)
    started = 0.0
    for index in range(WARM_UP + settings.frames):
        if index == WARM_UP:
            started = time.perf_counter()
        frame = source.read()
        if frame is None:
            source.seek(0.0)
            pipeline.reset()
            frame = source.read()
            assert frame is not None, "the source has no frame"
        prediction = pipeline.process(frame, cam=settings.cam)
        before = time.perf_counter()
        compose(frame, prediction, overlay, Hud())
        composed_ms = (time.perf_counter() - before) * 1e3
        if index >= WARM_UP:
            mode.stages.add(dataclasses.replace(prediction.stages, composite_ms=composed_ms))
            mode.delays.append((time.monotonic() - frame.captured_s) * 1e3)
    mode.rates.append(settings.frames / (time.perf_counter() - started))


def _document(
    source: Source, pipeline: Pipeline, settings: BenchmarkSettings, modes: dict[str, _Mode]
) -> dict[str, Any]:
    spec, info = pipeline.engine.spec, source.info
    return {
        "schema": SCHEMA,
        "machine": {"processor": processor_name(), "processors": processor_count()},
        "gpu": None,
        "driver": None,
        "backend": spec.backend,
        "device": spec.device,
        "model": spec.manifest.name,
        "model_sha256": spec.manifest.sha256,
        "source": {"name": info.name, "width": info.width, "height": info.height, "codec": info.codec},
        "cam": settings.cam,
        "frames": settings.frames,
        "runs": settings.runs,
        "warm_up": WARM_UP,
        "modes": {name: mode.figures() for name, mode in modes.items()},
        "dropped": dict(source.dropped),
        "peak_memory_mib": peak_memory_mib(),
    }
