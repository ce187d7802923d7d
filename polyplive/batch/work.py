"""What is done with every recording of a batch; the same on every worker."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from polyplive import __version__
from polyplive.backends.auto_model import find_model, named_model
from polyplive.backends.registry import resolve_backend
from polyplive.config import Settings
from polyplive.review.analysis.planning import PIECE_FRAMES, VideoOptions
from polyplive.sinks.events import SCHEMA

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from polyplive.review.timeline import QualitySpan


@dataclass(frozen=True, slots=True)
class Work:
    """How each recording is opened and analysed, and the folder ``out`` for the results.

    ``model_sha256`` is of the graph that runs. A recording is divided into pieces of ``piece_frames`` frames or more.
    ``report``, where it is there, makes a report of a recording: it is called in a worker with the video, its events,
    the flaws of the picture and the file to write, and has to be a function of a module.
    """

    out: Path
    settings: Settings = field(default_factory=Settings)
    video: VideoOptions = field(default_factory=VideoOptions)
    model_sha256: str = ""
    piece_frames: int = PIECE_FRAMES
    report: Callable[[Path, Path, Sequence[QualitySpan], Path], None] | None = None

    @property
    def sha256(self) -> str:
        """Over all that decides what is found; the number of threads, and where results lie, do not."""
        settings = self.settings
        facts: dict[str, Any] = {
            "version": __version__,
            "events": SCHEMA,
            "model": self.model_sha256,
            "backend": settings.backend,
            "precision": settings.engine.precision,
            "pipeline": dataclasses.asdict(settings.pipeline),
            "video": dataclasses.asdict(self.video),
            "report": self.report is not None,
        }
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()

    def with_threads(self, threads: int) -> Work:
        """The same with so many threads for each worker's model."""
        engine = dataclasses.replace(self.settings.engine, threads=threads)
        return dataclasses.replace(self, settings=dataclasses.replace(self.settings, engine=engine))


def settled(work: Work) -> Work:
    """``work`` with the model and the backend that ``auto`` stands for on this machine: the same for all workers.

    Raises ``ModelNotFound``, ``ConfigError`` or ``BackendUnavailable``.
    """
    settings = work.settings
    backend = resolve_backend(settings.backend)
    precision = settings.engine.precision
    graph = find_model(settings.model, backend, precision)
    model = named_model(settings.model, backend, precision)
    digest = hashlib.sha256(graph.read_bytes()).hexdigest()
    return dataclasses.replace(
        work, settings=dataclasses.replace(settings, model=model, backend=backend), model_sha256=digest
    )
