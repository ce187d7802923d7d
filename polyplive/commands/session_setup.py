"""Makes what a session needs from a request: settings, sinks, a display."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from polyplive.errors import ConfigError
from polyplive.pages.report import report_page
from polyplive.review.report_sink import ReportSink
from polyplive.sinks.events import EventsSink
from polyplive.sinks.h264 import exact
from polyplive.sinks.segments import SegmentSettings, SegmentWriter
from polyplive.system.machine import window_problem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from polyplive.sinks.base import Sink
    from polyplive.sinks.sound_source import SoundSource


def require_display(hint: str = "Add --headless, with --record, --events or --report.") -> None:
    """Raise ``ConfigError`` with ``hint`` if no window can be opened."""
    problem = window_problem()
    if problem is not None:
        raise ConfigError(f"No window can be opened ({problem})", hint)


def make_sinks(asked: Mapping[str, Path | None], sound: SoundSource | None = None) -> list[Sink]:
    """The sinks for the files in ``asked``, by their options' names, not opened yet; None: not wanted.

    ``sound`` is copied into the video.
    """
    makers: dict[str, Callable[[Path], Sink]] = {
        "record": functools.partial(
            SegmentWriter, settings=SegmentSettings(free_mib=0), encoder_for=exact, listed=False, sound=sound
        ),
        "events": EventsSink,
        "report": functools.partial(ReportSink, render=report_page),
    }
    return [makers[name](path) for name, path in asked.items() if path is not None]
