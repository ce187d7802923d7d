"""What leaves a live session: threads behind short queues that nobody waits for."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from polyplive.compositor import compose
from polyplive.errors import SinkError
from polyplive.failures import in_one_line
from polyplive.sinks.base import FrameRecord, SessionNote
from polyplive.sinks.group import SinkGroup
from polyplive.types import Hud

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polyplive.live.recorder import LiveRecorder
    from polyplive.sinks.base import SessionInfo, Sink
    from polyplive.types import Frame, OverlaySettings, Prediction, SourceInfo, Tally

CAPACITY = 24
"""Items that may wait: at 1920x1080 a frame is 6 MB."""


@dataclass(frozen=True, slots=True, eq=False)
class Captured:
    """A frame as it came, with what is drawn on it at that moment."""

    frame: Frame
    prediction: Prediction | None
    overlay: OverlaySettings
    hud: Hud
    info: SourceInfo | None


@dataclass(frozen=True, slots=True, eq=False)
class Processed:
    """A frame with its own result, ``annotation_ms`` after its read; ``session`` is None until it is known."""

    frame: Frame
    prediction: Prediction
    overlay: OverlaySettings
    annotation_ms: float
    session: SessionInfo | None


@dataclass(frozen=True, slots=True)
class Closing:
    """The end of a session; ``session`` is None when no source or no model could ever be opened."""

    tally: Tally
    reason: str
    session: SessionInfo | None


Item: TypeAlias = "Captured | Processed | SessionNote | Closing"


class Outlet(threading.Thread):
    """Takes what it wants of what a session offers. ``offer`` never waits: what finds no room is counted and lost.

    Subclasses say what they want in ``WANTED`` and handle it, in this thread, in ``handle``.
    """

    WANTED: tuple[type, ...] = ()

    def __init__(self, name: str, capacity: int = CAPACITY) -> None:
        super().__init__(name=name, daemon=True)
        self._capacity = capacity
        self._items: deque[Item] = deque()
        self._condition = threading.Condition()
        self._problems: tuple[str, ...] = ()
        self.left_out = 0
        """Items that found no room."""

    def offer(self, item: Item) -> None:
        """Take ``item`` if it is wanted and there is room; any thread, returns at once."""
        if not isinstance(item, self.WANTED):
            return
        with self._condition:
            if len(self._items) >= self._capacity and not isinstance(item, SessionNote):
                self.left_out += 1
                return
            self._items.append(item)
            self._condition.notify()

    def finish(self, closing: Closing, timeout_s: float) -> None:
        """Handle what waits, then the end; wait for that at most ``timeout_s``."""
        with self._condition:
            self._items.append(closing)
            self._condition.notify()
        if self.ident is not None:
            self.join(timeout_s)

    @property
    def notices(self) -> tuple[str, ...]:
        """One line for everything that went wrong so far."""
        with self._condition:
            lost = (f"{self.left_out} frames were left out: {self._slow}",) if self.left_out else ()
            return (*self._problems, *lost)

    def run(self) -> None:
        """Handle item after item until the end."""
        while True:
            with self._condition:
                self._condition.wait_for(lambda: self._items)
                item = self._items.popleft()
            try:
                if isinstance(item, Closing):
                    self.end(item)
                else:
                    self.handle(item)
            except Exception as error:
                self.report(in_one_line(error))
            if isinstance(item, Closing):
                return

    def report(self, *problems: str) -> None:
        """Add lines to ``notices``, each once."""
        with self._condition:
            self._problems += tuple(line for line in problems if line not in self._problems)

    _slow = "they could not be written in time."

    def handle(self, item: Item) -> None:
        """One item, in order."""
        raise NotImplementedError

    def end(self, closing: Closing) -> None:
        """The last one."""
        raise NotImplementedError


class ResultsOutlet(Outlet):
    """Events and report: every processed frame, every change of state."""

    WANTED = (Processed, SessionNote)

    def __init__(self, sinks: Sequence[Sink]) -> None:
        super().__init__("polyplive-results")
        self._sinks = SinkGroup(sinks)
        self._is_open = self._refused = False
        self._early: list[SessionNote] = []

    def handle(self, item: Item) -> None:
        """To the sinks; changes of state wait until the session is known."""
        if isinstance(item, SessionNote):
            if self._is_open:
                self._sinks.note(item)
            else:
                self._early.append(item)
        elif isinstance(item, Processed) and self._open(item.session):
            self._sinks.write(self._record(item))
        self.report(*(str(error) for error in self._sinks.failures))

    def end(self, closing: Closing) -> None:
        """Close the sinks whole; without a session there is nothing to be written about."""
        if self._open(closing.session):
            self._sinks.end(closing.tally, closing.reason)
        elif not self._refused:
            self.report("No events or report were written: source and model were never open together.")
        self._sinks.close()
        self.report(*(str(error) for error in self._sinks.failures))

    def _open(self, session: SessionInfo | None) -> bool:
        if self._is_open or self._refused or session is None:
            return self._is_open
        try:
            self._sinks.open(session)
        except SinkError as error:
            self._refused = True
            self.report(str(error))
            return False
        self._is_open = True
        for note in self._early:
            self._sinks.note(note)
        return True

    def _record(self, item: Processed) -> FrameRecord:
        composite = None
        if self._sinks.wants_composite and item.prediction.detections:
            composite = compose(item.frame, item.prediction, item.overlay, Hud())
        return FrameRecord(
            item.frame, item.prediction, composite, item.prediction.stages, annotation_delay_ms=item.annotation_ms
        )


class RecordingOutlet(Outlet):
    """Video files: every captured frame."""

    WANTED = (Captured,)
    _slow = "encoding is slower than the source. Record at a smaller size, or only one of raw and overlay."

    def __init__(self, recorder: LiveRecorder) -> None:
        super().__init__("polyplive-recording")
        self._recorder = recorder

    def handle(self, item: Item) -> None:
        """To the files."""
        if isinstance(item, Captured):
            self._recorder.write(item)
            self.report(*self._recorder.problems)

    def end(self, closing: Closing) -> None:
        """Finish the files."""
        self._recorder.close()
        self.report(*self._recorder.problems)
