"""From options to open parts: settings, pipeline, sinks."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from polyplive.backends.factory import open_engine
from polyplive.cli_options import settings_overrides
from polyplive.commands.messages import resolved, say
from polyplive.config import load_settings
from polyplive.errors import ConfigError
from polyplive.machine import processor_count, window_problem
from polyplive.manifest import named_model
from polyplive.pipeline import Pipeline
from polyplive.sinks.events import EventsSink
from polyplive.sinks.report import ReportSink
from polyplive.sinks.video import VideoSink, check_container

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from polyplive.config import Settings
    from polyplive.sinks.base import Sink

_VIDEOS = ("record", "record-raw")

MIN_FRAMES = 3
"""Frames of evidence that a finding needs before a live session shows it; the README says why."""


def settings_from(given: dict[str, Any]) -> Settings:
    """The settings that a command's options, and the file that they name, add up to."""
    return load_settings(given.get("config"), settings_overrides(given))


def live_settings_from(given: dict[str, Any]) -> Settings:
    """The same, with findings withheld as a live session does where nothing else was asked for."""
    settings = settings_from(given)
    if settings.pipeline.min_frames is None:
        withholding = dataclasses.replace(settings.pipeline, min_frames=MIN_FRAMES)
        settings = dataclasses.replace(settings, pipeline=withholding)
    check_sure(given, settings)
    return settings


def open_pipeline(settings: Settings) -> Pipeline:
    """Compile the model and put the pipeline around it; it belongs to the calling thread."""
    return Pipeline(open_engine(settings.model, settings.backend, settings.engine, say), settings.pipeline)


def check_sure(given: dict[str, Any], settings: Settings) -> None:
    """Raise ``ConfigError`` where ``--sure`` was given and no finding waits to be sure."""
    if given.get("sure") is not None and settings.pipeline.min_frames in (None, 1):
        raise ConfigError(
            "--sure does nothing where findings are shown at once",
            "Add --min-frames 3, which is what a live session does, or leave --sure out.",
        )


class SameModel:
    """Opens the pipeline of a live session, each time with the model that it was first opened with.

    ``auto`` could be another one where the GPU has been lost in between, and a session's events name one model. Called
    by one thread after another; the pipeline belongs to the calling thread.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def __call__(self) -> Pipeline:
        """See ``open_pipeline``."""
        pipeline = open_pipeline(self._settings)
        settings = self._settings
        model = named_model(settings.model, pipeline.engine.spec.backend, settings.engine.precision)
        self._settings = dataclasses.replace(settings, model=model)
        return pipeline


def leave_room_for_video(settings: Settings) -> Settings:
    """For live use: unless threads were asked for, one processor stays free for the video."""
    if settings.engine.threads is not None:
        return settings
    threads = max(1, processor_count() - 1)
    return dataclasses.replace(settings, engine=dataclasses.replace(settings.engine, threads=threads))


def require_display(hint: str = "Add --headless, with --record, --events or --report.") -> None:
    """Raise ``ConfigError``, with ``hint`` as what to do, where no window can be opened."""
    problem = window_problem()
    if problem is not None:
        raise ConfigError(f"No window can be opened ({problem})", hint)


def make_sinks(
    given: dict[str, Any], source: Path | None = None, also: Mapping[str, Path | None] | None = None
) -> list[Sink]:
    """The sinks that ``--record``, ``--events`` and ``--report`` ask for, not opened yet.

    Raises ``ConfigError`` when two would share one file, or one would overwrite the source, and ``SinkError`` for a
    recording whose name no video can have. ``also`` are outputs, by their options' names, that are checked with them.
    """
    asked = {**{name: given.get(name) for name in ("record", "events", "report")}, **(also or {})}
    wanted = {name: path for name, path in asked.items() if path is not None}
    taken = {resolved(source): "the video itself"} if source is not None else {}
    for name, path in wanted.items():
        if path.exists() and not path.is_file() and not path.is_dir():
            raise ConfigError(f"--{name} '{path}' is a device or a pipe, not a file", "Name a file.")
        if source is not None and path.exists() and source.exists() and path.samefile(source):
            raise ConfigError(f"--{name} '{path}' would overwrite the video itself", "Name another file.")
        if (place := resolved(path)) in taken:
            raise ConfigError(f"--{name} '{path}' would overwrite {taken[place]}", "Name another file.")
        taken[place] = f"the file of --{name}"
        if name in _VIDEOS:
            check_container(path)
    makers = {"record": VideoSink, "events": EventsSink, "report": ReportSink}
    return [makers[name](path) for name, path in wanted.items() if given.get(name) is not None]
