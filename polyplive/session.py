"""What a session is made of, for every use: its head for the sinks, and its source."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from polyplive import __version__
from polyplive.sinks.base import SessionInfo
from polyplive.sources.file import FileSource

if TYPE_CHECKING:
    from polyplive.backends.base import EngineSpec
    from polyplive.sources.base import Source
    from polyplive.types import SourceInfo


def open_source(path: str | Path, *, deinterlace: bool = False) -> Source:
    """The source that ``path`` names. Raises ``SourceError``."""
    return FileSource(Path(path), deinterlace=deinterlace)


def describe_session(source: SourceInfo, engine: EngineSpec, started: datetime.datetime | None = None) -> SessionInfo:
    """The head of a session that began at ``started`` (with its time zone); None: now."""
    started = started or datetime.datetime.now().astimezone()
    return SessionInfo(
        source=source,
        model=engine.manifest.name,
        model_sha256=engine.manifest.sha256,
        backend=engine.backend,
        version=__version__,
        started=started.isoformat(timespec="seconds"),
    )
