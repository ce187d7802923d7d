"""A sink that writes nothing until it is let go, like a disk that does not answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyplive.sinks.base import Sink

if TYPE_CHECKING:
    import threading

    from polyplive.sinks.base import FrameRecord, SessionInfo


class StuckSink(Sink):
    def __init__(self, let_go: threading.Event) -> None:
        self.let_go = let_go
        self.written = 0

    def open(self, session: SessionInfo) -> None:
        pass

    def write(self, record: FrameRecord) -> None:
        assert self.let_go.wait(60)
        self.written += 1

    def close(self) -> None:
        pass
