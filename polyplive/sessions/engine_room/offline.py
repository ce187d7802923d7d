"""The engine room for work that is not in real time: every frame in order, repeated on a new engine if it fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyplive.errors import EngineError
from polyplive.pipeline.in_flight import InFlight
from polyplive.sessions.engine_room.interrupt import Interrupt
from polyplive.sessions.engine_room.supervisor import Supervisor

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable
    from types import TracebackType

    from polyplive.backends.base import EngineSpec
    from polyplive.config import PipelineSettings
    from polyplive.pipeline.in_flight import Entry, Item
    from polyplive.pipeline.pipeline import PipelineParts, Prepared
    from polyplive.sessions.engine_room.supervisor import OpenEngine
    from polyplive.types import Prediction

GIVE_UP_AFTER = 5
"""After so many failures in a row, of frames or of opening an engine, the work ends with an error."""


class OfflineEngineRoom:
    """Processes frames in order, several at once, with the policy of ``Supervisor``. One thread.

    The same frames give the same predictions, whatever the number at once, and even when an engine fails in between.
    """

    def __init__(
        self,
        open_engine: OpenEngine,
        settings: PipelineSettings | None = None,
        parts: PipelineParts | None = None,
    ) -> None:
        """Open the first engine. ``parts`` as for ``Pipeline``. Raises what opening raises."""
        self._interrupt = Interrupt()
        self._supervisor = Supervisor(open_engine, settings, self._interrupt, parts)
        self._lost_in_a_row = 0
        try:
            self._supervisor.open()
        except BaseException:
            self.close()
            raise

    @property
    def spec(self) -> EngineSpec:
        """Of the newest engine."""
        return self._supervisor.spec

    @property
    def settings(self) -> PipelineSettings:
        """Those of the pipeline."""
        return self._supervisor.settings

    @property
    def starts(self) -> int:
        """How many times an engine was opened, including the first time and failed attempts."""
        return self._supervisor.status.starts

    def results(
        self, items: Iterable[Item], *, cam: bool = True, interrupt: Callable[[], None] = lambda: None
    ) -> Generator[tuple[Item, Prediction | None], None, None]:
        """Each item with the prediction for its frame, in order; None where it failed on two engines.

        ``items`` are taken in another thread (``pipeline.in_flight``); ``interrupt`` ends a wait for the next one. To
        be closed. Raises the error when too many frames fail in a row, or when no engine can be opened any more.

        With an engine that fails, all frames are lost that were given to it. They are given again to the next one, one
        at a time, so that a frame that ends every engine takes no other with it.
        """
        flight = InFlight(items, self._supervisor.pipeline, cam=cam, interrupt=interrupt)
        return flight.results(lambda entry: self._prediction(flight, entry, cam))

    def _prediction(self, flight: InFlight[Item], entry: Entry[Item], cam: bool) -> Prediction | None:
        try:
            prediction = self._twice(flight, entry, cam)
        except EngineError:
            self._lost_in_a_row += 1
            if self._lost_in_a_row >= GIVE_UP_AFTER:
                raise
            return None
        self._lost_in_a_row = 0
        return prediction

    def close(self) -> None:
        """Close the engine; calling it again does nothing."""
        self._supervisor.close()
        self._interrupt.close()

    def __enter__(self) -> OfflineEngineRoom:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _twice(self, flight: InFlight[Item], entry: Entry[Item], cam: bool) -> Prediction:
        try:
            if entry.started is not None:
                return self._supervisor.finish(entry.started)
            return self._alone(entry.prepared, cam)
        except EngineError as error:
            flight.take_back()
            self._supervisor.give_up(error)
        return self._alone(entry.prepared, cam)

    def _alone(self, prepared: Prepared, cam: bool) -> Prediction:
        self._make_open()
        return self._supervisor.complete(prepared, cam=cam)

    def _make_open(self) -> None:
        tries = 0
        while not self._supervisor.status.is_open:
            self._supervisor.wait_until_due()
            tries += 1
            try:
                self._supervisor.open()
            except EngineError:
                if tries >= GIVE_UP_AFTER:
                    raise
