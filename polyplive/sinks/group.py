"""Several sinks used as one: a sink that fails is stopped and reported, the others go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyplive.errors import SinkError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from polyplive.sinks.base import Content, FrameRecord, Mark, Note, SessionInfo, Sink
    from polyplive.types import Tally


class SinkGroup:
    """Calls the methods of ``Sink`` on all ``sinks``; one thread.

    ``open`` raises the first ``SinkError``, before any frame is processed, and closes what it had opened. After that
    a failing sink is closed, its error is kept in ``failures``, and it gets nothing more.
    """

    def __init__(self, sinks: Sequence[Sink]) -> None:
        self._all = tuple(sinks)
        self._active: list[Sink] = []
        self._stopped: list[Sink] = []
        self.failures: list[SinkError] = []

    @property
    def wants_composite(self) -> bool:
        """Whether any sink still running needs the composited image."""
        return any(sink.wants_composite for sink in self._active)

    @property
    def written(self) -> tuple[tuple[Content | None, Path], ...]:
        """What all sinks have written so far, also those that failed, and what it holds; any thread."""
        return tuple((sink.content, file) for sink in self._all for file in sink.files)

    @property
    def contents(self) -> tuple[Content, ...]:
        """What the sinks write that have not failed; any thread."""
        running = (sink.content for sink in self._all if sink not in self._stopped)
        return tuple(content for content in running if content is not None)

    @property
    def marks(self) -> tuple[Mark, ...]:
        """The marks that are in a file, once for each file; any thread."""
        return tuple(mark for sink in self._all for mark in sink.marks)

    @property
    def all_failed(self) -> bool:
        """Whether every sink has failed, so that nothing more would be written."""
        return bool(self._all) and not self._active

    @property
    def waiting(self) -> int:
        """The number of frames that the slowest sink has taken and not written yet; any thread."""
        return max((sink.waiting for sink in self._all), default=0)

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

    def note(self, note: Note) -> None:
        """Give it to every sink that still runs."""
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
        self._stopped.append(sink)
        try:
            sink.close()
        except SinkError:
            return  # only the first error counts; this one follows from it
