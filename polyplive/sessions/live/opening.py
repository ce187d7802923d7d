"""Opens a live session on a program's own frames."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from polyplive.backends.registry import AUTO
from polyplive.config import (
    DEFAULT_MODEL,
    EngineOptions,
    LiveSettings,
    PipelineSettings,
    Settings,
    check_kind,
    withhold_findings,
)
from polyplive.errors import ConfigError
from polyplive.sessions.engine_room.opening import SameModelOpener
from polyplive.sessions.live.feed import FedSession
from polyplive.sessions.live.parts import LiveParts
from polyplive.sessions.live.second_screen import SecondScreen
from polyplive.sessions.recorder.recorder import Recorder
from polyplive.sessions.recorder.thread import RecorderThread, ResultsThread
from polyplive.sinks.containers import check_container
from polyplive.sinks.events import EventsSink
from polyplive.sinks.failures import try_file
from polyplive.sinks.restream.address import parse_restream
from polyplive.sinks.restream.server import PictureServer
from polyplive.sinks.segments import SegmentWriter
from polyplive.sources.fed import FedSource
from polyplive.types import OverlaySettings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from polyplive.backends.base import Notify
    from polyplive.types import Frame, Image


def live(
    frames: Iterable[Frame | Image],
    model: str | Path = DEFAULT_MODEL,
    *,
    backend: str = AUTO,
    engine: EngineOptions | None = None,
    pipeline: PipelineSettings | None = None,
    overlay: OverlaySettings | None = None,
    settings: LiveSettings | None = None,
    record: str | Path | None = None,
    record_raw: str | Path | None = None,
    events: str | Path | None = None,
    restream: str | None = None,
    notify: Notify | None = None,
) -> FedSession:
    """A live session on your program's own ``frames``; use it in a ``with`` statement, and iterate over it.

    ``frames`` is iterated over in a thread of the session's own, as fast as it gives. Each is a picture (uint8
    [height, width, 3], BGR, C-contiguous), or a ``Frame``, which has a time and a shape of pixels as well. No frame
    waits for the model: each is the newest at once, and results follow for as many as the model can do.

    ``model``, ``backend``, ``engine`` and ``pipeline`` are those of ``open_model``; findings are withheld until there
    is evidence, as in ``polyplive live``. ``settings`` has the time limits. ``overlay`` says what recordings draw, and
    whether heatmaps are computed. ``record`` and ``record_raw`` are videos with and without the overlay, ``events`` a
    JSON Lines file, ``restream`` an address such as http://127.0.0.1:8080 at which other programs get the picture.
    ``notify`` gets lines for the user.

    Raises ``ConfigError``, and ``SinkError`` for a file or an address that cannot be used.
    """
    check_kind("engine", engine, EngineOptions)
    check_kind("pipeline", pipeline, PipelineSettings)
    check_kind("overlay", overlay, OverlaySettings)
    check_kind("settings", settings, LiveSettings)
    asked = withhold_findings(
        Settings(
            model=str(model),
            backend=backend,
            engine=engine or EngineOptions(),
            pipeline=pipeline or PipelineSettings(),
            overlay=overlay or OverlaySettings(),
            live=settings or LiveSettings(),
        )
    )
    source, recorders = _source(frames), _recorders(record, record_raw, events)
    screen = SecondScreen(PictureServer(parse_restream(restream))) if restream is not None else None
    return _session(source, asked, recorders, screen, notify or (lambda _: None))


def _session(
    source: FedSource, asked: Settings, recorders: list[RecorderThread], screen: SecondScreen | None, notify: Notify
) -> FedSession:
    opener = SameModelOpener(asked, notify, tune=True)
    parts = LiveParts(
        open_source=lambda: source,
        opens_once=True,
        open_engine=opener,
        open_faster=opener.faster,
        pipeline=asked.pipeline,
        settings=asked.live,
        overlay=asked.overlay,
        threshold=asked.pipeline.threshold,
        recorders=recorders,
        with_screen=True,
        second_screen=screen,
    )
    return FedSession(source, parts, notify)


def _source(frames: Iterable[Frame | Image]) -> FedSource:
    try:
        return FedSource(frames)
    except TypeError:
        given = type(frames).__name__
        raise ConfigError(f"frames is a value of type {given}", "Give an iterator of frames or pictures.") from None


def _recorders(
    record: str | Path | None, record_raw: str | Path | None, events: str | Path | None
) -> list[RecorderThread]:
    """The recorders, each a thread, once their files have been tried."""
    recorders: list[RecorderThread] = []
    videos = [(Path(path), composed) for path, composed in ((record, True), (record_raw, False)) if path is not None]
    for path, _ in videos:
        check_container(path)
        try_file(path)
    if videos:
        writers = [SegmentWriter(path, composed=composed) for path, composed in videos]
        recorders.append(RecorderThread(Recorder(writers)))
    if events is not None:
        try_file(Path(events))
        recorders.append(ResultsThread(Recorder([EventsSink(Path(events))], marked_only=True)))
    return recorders
