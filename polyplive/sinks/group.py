"""Several sinks driven as one: a sink that fails is stopped and reported, the others go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyplive.errors import SinkError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polyplive.sinks.base import FrameRecord, SessionInfo, SessionNote, Sink
    from polyplive.types import Tally


class SinkGroup:
    """Drives ``sinks`` with the five verbs of ``Sink``; one thread.

    ``open`` raises the first ``SinkError``, before any frame is processed, and closes what it had opened. After that
    a failing sink is closed, its error is kept in ``failures``, and it gets nothing more.
    """

    def __init__(self, sinks: Sequence[Sink]) -> None:
        self._all = tuple(sinks)
        self._active: list[Sink] = []
        self.failures: list[SinkError] = []

    @property
    def wants_composite(self) -> bool:
        """Whether any sink still running needs the composited image."""
        return any(sink.wants_composite for sink in self._active)

    @property
    def all_failed(self) -> bool:
        """Whether there were sinks and none is left: nothing more would be kept."""
        return bool(self._all) and not self._active

    def open(self, session: SessionInfo) -> None:
        """Open every sink, or none."""
        for sink in self._all:
            try:
                sink.open(session)
            except BaseException:
                sink.close()
                self.close()
                raise
            self._active.append(sink)

    def write(self, record: FrameRecord) -> None:
        """Give one frame to every sink that still runs."""
        for sink in tuple(self._active):
            try:
                sink.write(record)
            except SinkError as error:
                self._stop(sink, error)

    def note(self, note: SessionNote) -> None:
        """Give a change of state to every sink that still runs."""
        for sink in tuple(self._active):
            try:
                sink.note(note)
            except SinkError as error:
                self._stop(sink, error)

    def end(self, tally: Tally, reason: str) -> None:
        """Give the closing figures to every sink that still runs."""
        for sink in tuple(self._active):
            try:
                sink.end(tally, reason)
            except SinkError as error:
                self._stop(sink, error)

    def close(self) -> None:
        """Close every sink, also when one of them fails at it; calling it again does nothing."""
        for sink in tuple(self._active):
            self._active.remove(sink)
            try:
                sink.close()
            except SinkError as error:
                self.failures.append(error)

    def _stop(self, sink: Sink, error: SinkError) -> None:
        self.failures.append(error)
        self._active.remove(sink)
        try:
            sink.close()
        except SinkError:
            return  # the first error says what is wrong; this one follows from it
