"""Opens a model or a video, and describes a session for its sinks; for the command line and ``import polyplive``."""

from __future__ import annotations

import datetime
import math
from pathlib import Path
from typing import TYPE_CHECKING, SupportsFloat, get_args

from polyplive import __version__
from polyplive.backends.factory import open_engine
from polyplive.backends.registry import AUTO
from polyplive.config import DEFAULT_MODEL, EngineOptions, PipelineSettings, Settings, check_kind
from polyplive.errors import ConfigError
from polyplive.pipeline.pipeline import Pipeline
from polyplive.sessions.engine_room.opening import OFFLINE, SameModelOpener
from polyplive.sinks.base import SessionInfo
from polyplive.sources.file import FileSource
from polyplive.sources.reading.followed import IDLE_S, FollowedSource
from polyplive.types import StereoOption

if TYPE_CHECKING:
    from polyplive.backends.base import EngineSpec, Notify
    from polyplive.types import SourceInfo


def open_model(
    model: str | Path = DEFAULT_MODEL,
    *,
    backend: str = AUTO,
    isolation: bool = False,
    engine: EngineOptions | None = None,
    pipeline: PipelineSettings | None = None,
    notify: Notify | None = None,
) -> Pipeline:
    """Open a model, ready for frames; use it in a ``with`` statement, which closes it.

    ``model`` is a shipped model's name (``polyplive-fast``, ``polyplive-accurate``), the path of an ``.onnx`` file, or
    ``auto`` for the one that suits this machine. ``backend`` is ``auto``, or one of those that ``polyplive doctor``
    lists. ``engine`` sets precision and threads, ``pipeline`` how frames are seen and what is found.

    With ``isolation`` the model runs in a process of its own. A runtime that crashes or hangs then raises
    ``EngineCrashed`` or ``EngineHung`` and leaves this process alone. ``notify`` gets a line for the user where a
    backend was passed over, or where opening takes long.

    The model belongs to the thread that opened it. Raises ``ConfigError``, ``ModelError`` or ``EngineError``.
    """
    check_kind("engine", engine, EngineOptions)
    check_kind("pipeline", pipeline, PipelineSettings)
    settings = Settings(
        model=str(model),
        backend=backend,
        engine=engine or EngineOptions(),
        pipeline=pipeline or PipelineSettings(),
    )
    return open_pipeline(settings, notify or (lambda _: None), isolation=isolation)


def open_pipeline(
    settings: Settings, notify: Notify, *, isolation: bool = False, is_parallel: bool = False
) -> Pipeline:
    """``open_model`` for the settings of a session; ``is_parallel`` as for ``open_engine``."""
    if isolation:
        opener = SameModelOpener(settings, notify, OFFLINE, is_parallel=is_parallel)
        return Pipeline(opener(None), settings.pipeline)
    engine = open_engine(
        settings.model,
        settings.backend,
        settings.engine,
        notify,
        is_parallel=is_parallel,
        threshold=settings.pipeline.threshold,
    )
    return Pipeline(engine, settings.pipeline)


def open_video(
    path: str | Path,
    *,
    deinterlace: bool = False,
    full_path: bool = False,
    stream: int | None = None,
    stereo: StereoOption | None = None,
    follow: bool = False,
    idle_s: float = IDLE_S,
) -> FileSource:
    """Open a recorded video, to iterate over its frames; use it in a ``with`` statement, which closes it.

    Every container and codec that FFmpeg decodes, also in DICOM files; a still picture is a video of one frame.
    ``deinterlace`` makes interlaced frames whole. With ``full_path`` the video's name has its folders, which may name a
    patient. ``stream`` is the number of the video stream that plays, from 1; None for the best. ``stereo`` is the half
    that is shown of 3D pictures that hold both eyes: ``left``, ``right``, ``top``, ``bottom`` or ``whole``; None for
    the left eye where the file is flagged as 3D. ``info.notices`` tells what was chosen.

    With ``follow`` the file is still being written, and the result is a ``FollowedSource``: reading waits at its end
    for more, until it has not grown for ``idle_s`` seconds, or until ``interrupt`` is called in any thread.

    Raises ``ConfigError`` for another ``stereo`` or ``idle_s``, or ``SourceError``: ``SourceNotFound``,
    ``SourceUnreadable``, or ``SourceRefused`` where there is no such stream, or for a file that cannot be followed.
    DICOM without pydicom raises ``MissingDependency``.
    """
    if stereo is not None and stereo not in get_args(StereoOption):
        raise ConfigError(f"stereo is {stereo!r}", f"It must be one of: {', '.join(get_args(StereoOption))}.")
    if not (isinstance(idle_s, SupportsFloat) and 0 < float(idle_s) < math.inf):
        raise ConfigError(f"idle_s is {idle_s!r}", "It must be a number of seconds above 0.")
    if follow:
        return FollowedSource(
            Path(path), idle_s, deinterlace=deinterlace, full_path=full_path, stream=stream, stereo=stereo
        )
    return FileSource(Path(path), deinterlace=deinterlace, full_path=full_path, stream=stream, stereo=stereo)


def describe_session(
    source: SourceInfo,
    engine: EngineSpec,
    settings: PipelineSettings | None = None,
    started: datetime.datetime | None = None,
) -> SessionInfo:
    """The description of a session that began at ``started`` (with its time zone; None: now).

    ``settings`` are those of its pipeline, None for the defaults.
    """
    started = started or datetime.datetime.now().astimezone()
    return SessionInfo(
        source=source,
        model=engine.manifest.name,
        model_sha256=engine.manifest.sha256,
        backend=engine.backend,
        version=__version__,
        started=started.isoformat(timespec="seconds"),
        precision=engine.precision,
        pipeline=settings or PipelineSettings(),
        cam_target=engine.cam_target,
    )


def describe_source(source: SourceInfo) -> SessionInfo:
    """The description of a session of which only the source is known; a video file needs no more."""
    return SessionInfo(source, model="", model_sha256="", backend="", version=__version__, started="")
