"""Frames on their way through a pipeline: several at work at once, their predictions in order."""

from __future__ import annotations

import contextlib
import threading
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from polyplive.pipeline.pipeline import Started

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

    from polyplive.backends.base import Outputs
    from polyplive.pipeline.pipeline import Pipeline, Prepared
    from polyplive.types import Frame, Prediction


class HasFrame(Protocol):
    """What stands for a frame, with whatever belongs to it."""

    @property
    def frame(self) -> Frame:
        """The frame that is processed."""
        ...


Item = TypeVar("Item", bound=HasFrame)


@dataclass(slots=True, eq=False)
class Entry(Generic[Item]):
    """A frame on its way. ``started`` is None where no engine works on it."""

    item: Item
    prepared: Prepared
    started: Started | None


class InFlight(Generic[Item]):
    """Takes ``items`` in a thread of its own, which prepares each and gives it to the engine; see ``results``.

    So while the engine works on some frames, the next ones are decoded and earlier ones are drawn and written. At most
    ``pipeline.requests`` are in the engine, one is being prepared, and one is in the caller's hands: memory stays
    bounded. The predictions are those of one frame after another, bit for bit.

    With ``independent`` nothing is carried over from one frame to the next. ``interrupt`` is called to end a wait for
    the next item, in any thread.
    """

    def __init__(
        self,
        items: Iterable[Item],
        pipeline: Pipeline,
        *,
        cam: bool,
        independent: bool = False,
        interrupt: Callable[[], None] = lambda: None,
    ) -> None:
        self._items = items
        self._pipeline = pipeline
        self._cam = cam
        self._independent = independent
        self._interrupt = interrupt
        self._changed = threading.Condition()
        self._entries: deque[Entry[Item]] = deque()
        self._is_held = self._is_ended = self._is_stopped = False
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._fill, name="polyplive-reading", daemon=True)

    def results(
        self, finish: Callable[[Entry[Item]], Prediction | None] | None = None
    ) -> Generator[tuple[Item, Prediction | None], None, None]:
        """Each item with its prediction, in order. To be closed: that ends the thread. Iterate over it once.

        ``finish`` finishes an entry in place of ``Pipeline.finish``, in the caller's thread. Raises what it raises,
        and after the items before it what reading or preparing an item has raised.
        """
        finish = finish or self._finish
        self._thread.start()
        try:
            while (entry := self._oldest()) is not None:
                if self._independent:
                    self._pipeline.forget_findings()
                prediction = finish(entry)
                self._remove_oldest()
                yield entry.item, prediction
            if self._error is not None:
                raise self._error
        finally:
            self._stop()

    def take_back(self) -> None:
        """Let no engine work on anything, and start no more until every entry that is here has been finished."""
        with self._changed:
            self._is_held = True
            for entry in self._entries:
                entry.started = None

    def _finish(self, entry: Entry[Item]) -> Prediction:
        assert entry.started is not None, "nothing was taken back"
        return self._pipeline.finish(entry.started)

    def _oldest(self) -> Entry[Item] | None:
        with self._changed:
            self._changed.wait_for(lambda: self._entries or self._is_ended)
            return self._entries[0] if self._entries else None

    def _remove_oldest(self) -> None:
        with self._changed:
            self._entries.popleft()
            self._is_held = self._is_held and bool(self._entries)
            self._changed.notify_all()

    def _stop(self) -> None:
        with self._changed:
            self._is_stopped = True
            self._changed.notify_all()
        if self._thread.is_alive():
            self._interrupt()
        self._thread.join()
        for entry in self._entries:  # their answers must not be taken for those of later frames
            if entry.started is not None:
                with contextlib.suppress(Exception):
                    entry.started.pending.result()
        self._entries.clear()

    # In the thread

    def _fill(self) -> None:
        try:
            for item in self._items:
                if self._is_stopped or not self._begin(item):
                    return
        except Exception as error:
            self._error = error
        finally:
            with self._changed:
                self._is_ended = True
                self._changed.notify_all()

    def _begin(self, item: Item) -> bool:
        """Prepare and start one item as soon as there is room; False where no more are wanted."""
        if self._independent:
            self._pipeline.forget_view()
        prepared = self._pipeline.prepare(item.frame)
        with self._changed:
            self._changed.wait_for(lambda: self._is_stopped or self._has_room())
            if not self._is_stopped:
                self._entries.append(Entry(item, prepared, self._started(prepared)))
                self._changed.notify_all()
            return not self._is_stopped

    def _has_room(self) -> bool:
        return not self._is_held and len(self._entries) < self._pipeline.requests

    def _started(self, prepared: Prepared) -> Started:
        try:
            return self._pipeline.start(prepared, cam=self._cam)
        except Exception as error:
            return Started(prepared, _Failed(error), 0.0)


@dataclass(frozen=True, slots=True)
class _Failed:
    """Raises, where the result is asked for, what starting has raised."""

    error: Exception

    def result(self) -> Outputs:
        raise self.error
