"""From options to open parts: settings, pipeline, sinks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polyplive.backends.factory import open_engine
from polyplive.cli_options import settings_overrides
from polyplive.config import load_settings
from polyplive.errors import ConfigError
from polyplive.pipeline import Pipeline
from polyplive.sinks.events import EventsSink
from polyplive.sinks.report import ReportSink
from polyplive.sinks.video import VideoSink

if TYPE_CHECKING:
    from pathlib import Path

    from polyplive.config import Settings
    from polyplive.sinks.base import Sink


def settings_from(given: dict[str, Any]) -> Settings:
    """The settings that a command's options, and the file that they name, add up to."""
    return load_settings(given.get("config"), settings_overrides(given))


def open_pipeline(settings: Settings) -> Pipeline:
    """Compile the model and put the pipeline around it; it belongs to the calling thread."""
    return Pipeline(open_engine(settings.model, settings.backend, settings.engine), settings.pipeline)


def make_sinks(given: dict[str, Any], source: Path | None = None) -> list[Sink]:
    """The sinks that ``--record``, ``--events`` and ``--report`` ask for, not opened yet.

    Raises ``ConfigError`` when two would share one file, or one would overwrite the source.
    """
    wanted = {name: given[name] for name in ("record", "events", "report") if given.get(name) is not None}
    taken = {source.resolve(): "the video itself"} if source is not None else {}
    for name, path in wanted.items():
        if path.exists() and not path.is_file() and not path.is_dir():
            raise ConfigError(f"--{name} '{path}' is a device or a pipe, not a file", "Name a file.")
        if source is not None and path.exists() and source.exists() and path.samefile(source):
            raise ConfigError(f"--{name} '{path}' would overwrite the video itself", "Name another file.")
        if path.resolve() in taken:
            raise ConfigError(f"--{name} '{path}' would overwrite {taken[path.resolve()]}", "Name another file.")
        taken[path.resolve()] = f"the file of --{name}"
    makers = {"record": VideoSink, "events": EventsSink, "report": ReportSink}
    return [makers[name](path) for name, path in wanted.items()]
