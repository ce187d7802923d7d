"""``polyplive verify``."""

from __future__ import annotations

import contextlib
import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from polyplive.backends.factory import open_engine
from polyplive.commands.messages import announce, say, stdout, write_json
from polyplive.commands.outputs import check_outputs, try_outputs
from polyplive.config import DEFAULT_MODEL, PRECISIONS, Settings, of_mask
from polyplive.errors import ConfigError, EngineError
from polyplive.review.events_file import EventsFile
from polyplive.review.live_marks import events_beside
from polyplive.review.verification.recorded_frames import RecordedFrames
from polyplive.review.verification.verification import Verifier, session_settings
from polyplive.sessions.opening import open_pipeline
from polyplive.system.progress import progress_bar
from polyplive.validation import check_fields
from polyplive.wording import count_of

if TYPE_CHECKING:
    from polyplive.backends.base import Engine
    from polyplive.config import EngineOptions
    from polyplive.pipeline.pipeline import Pipeline
    from polyplive.review.verification.verification import Verification


@dataclass(frozen=True, slots=True)
class VerifyRequest:
    """The request of ``polyplive verify``.

    ``videos`` are the files of a raw recording in their order, or the video that was replayed. ``events`` are the
    session's, None for those beside the first video. Model, backend and precision are the session's where ``settings``
    do not say others. ``json_path`` is a file to write.
    """

    videos: tuple[Path, ...]
    settings: Settings = field(default_factory=Settings)
    events: Path | None = None
    json_path: Path | None = None

    def __post_init__(self) -> None:
        check_fields(self)


def run(request: VerifyRequest) -> int:
    """Compare, and print what came of it. Returns the exit code: 1 where something differs that has to be alike."""
    outputs = {"json": request.json_path}
    check_outputs(outputs, request.videos[0])
    events = EventsFile(_events(request))
    asked = dataclasses.replace(request.settings, engine=of_mask(request.settings.engine))
    settings = _settings(asked, events)
    frames = RecordedFrames(request.videos, events.session)
    with contextlib.closing(frames):
        try_outputs(outputs, request.videos[0])
        pipeline, settings = _opened(settings, asked.engine)
        with pipeline:
            announce(pipeline.engine.spec)
            with progress_bar(request.videos[0].name, events.session.frames) as advance:
                done = _verifier(request, settings, pipeline).verify(events, frames, advance)
            facts = pipeline.facts
    if request.json_path is not None:
        write_json(request.json_path, {**facts, "source": events.session.source, **done.to_dict()})
    print_verification(done)
    return 1 if done.has_failed else 0


def _events(request: VerifyRequest) -> Path:
    video = request.videos[0]
    path = request.events or events_beside(video)
    if path is None:
        raise ConfigError(f"No events lie beside '{video.name}'", "Name those of its session with --events.")
    return path


def print_verification(done: Verification) -> None:
    """Print whether the session was found again, and if not by how much and why."""
    agreement = done.agreement
    figures = agreement.to_dict()
    if agreement.is_same:
        stdout.print(f"The same detections, bit for bit, in all of {agreement.frames} frames")
    else:
        alike = count_of(agreement.alike, agreement.frames)
        first = "" if agreement.first_other is None else f"; the first that differs is frame {agreement.first_other}"
        stdout.print(f"Frames with the same detections, bit for bit: {alike}{first}")
        _print_figures(figures)
    for reason in done.reasons:
        stdout.print(reason)
    if done.has_failed:
        stdout.print("They have to be the same: the files are of other sessions, or were changed.")


def _print_figures(figures: dict[str, Any]) -> None:
    findings, scores = figures["findings"], figures["score_difference"]
    found = ", ".join(f"{count} {what}" for what, count in findings.items())
    stdout.print(f"Findings: {found}")
    if figures["dice"] is not None:
        stdout.print(f"Outlines: Dice {figures['dice']:.4f}, IoU {figures['iou']:.4f}")
    if scores["mean"] is not None:
        stdout.print(f"Scores differ by {scores['mean']:.4f} on average, by {scores['max']:.4f} at most")


def _settings(asked: Settings, events: EventsFile) -> Settings:
    """The session's settings with what was asked for in place of its model, backend and precision."""
    session, engine = events.session, asked.engine
    if engine.precision == "auto" and session.precision in PRECISIONS and asked.backend == "auto":
        engine = dataclasses.replace(engine, precision=session.precision)
    return dataclasses.replace(
        asked,
        model=session.model if asked.model == DEFAULT_MODEL else asked.model,
        backend=session.backend if asked.backend == "auto" else asked.backend,
        engine=engine,
        pipeline=session_settings(events),
    )


def _opened(settings: Settings, asked: EngineOptions) -> tuple[Pipeline, Settings]:
    """The session's model and the settings that it runs with: in float32 where the session's arithmetic is not here.

    ``asked`` are the options of the command line, whose own precision is kept. Raises what opening raises.
    """
    try:
        return open_pipeline(settings, say), settings
    except EngineError:
        if settings.engine == asked:
            raise
    told = settings.engine.precision
    settings = dataclasses.replace(settings, engine=dataclasses.replace(asked, precision="float32"))
    pipeline = open_pipeline(settings, say)
    say(f"The session's arithmetic, {told}, cannot be used here; {pipeline.engine.spec.precision} is")
    return pipeline, settings


def _verifier(request: VerifyRequest, settings: Settings, pipeline: Pipeline) -> Verifier:
    def other(name: str) -> Engine:
        return open_engine(name, settings.backend, settings.engine, say)

    return Verifier(pipeline, other if request.settings.model == DEFAULT_MODEL else None)
