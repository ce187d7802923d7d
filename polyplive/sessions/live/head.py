"""How a live session is described in what it writes."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from polyplive.sessions.opening import describe_session, describe_source

if TYPE_CHECKING:
    from polyplive.sessions.live.results import LiveResults
    from polyplive.sessions.live.source_supervisor import SourceSupervisor
    from polyplive.sinks.base import SessionInfo


class SessionHead:
    """Describes a session by its source and its model, as they are now. Used under the session's lock."""

    def __init__(self, source: SourceSupervisor, results: LiveResults) -> None:
        self._source = source
        self._results = results
        self._started = datetime.datetime.now().astimezone()

    def whole(self) -> SessionInfo | None:
        """The description, once both source and engine are known."""
        info, spec = self._source.info, self._results.spec
        if info is None or spec is None:
            return None
        return describe_session(info, spec, self._results.room.settings, self._started)

    def alone(self) -> SessionInfo | None:
        """The same of the source alone, once it is known: a video needs no more."""
        return describe_source(self._source.info) if self._source.info is not None else None
