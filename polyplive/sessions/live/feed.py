"""A live session for a program that has the frames: it gives them, and gets what to show."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from polyplive.errors import ConfigError
from polyplive.sessions.live.parts import LiveParts
from polyplive.sessions.live.session import LiveSession
from polyplive.sessions.slot import LatestSlot
from polyplive.sources.fed import FedSource
from polyplive.types import Figures, SessionState

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

    from polyplive.backends.base import Notify
    from polyplive.sessions.live.summary import LiveSummary
    from polyplive.types import Frame, Prediction

_LOOK_EVERY_S = 0.1
"""Without news: a result grows too old, the frames have ended."""


@dataclass(frozen=True, slots=True, eq=False)
class LiveView:
    """What is to be shown at one moment: the newest frame, and the newest result while it is young enough.

    ``prediction`` may be of a frame before ``frame``: ``prediction.index`` says which. It is None while there is none
    that may be drawn; ``state`` and ``reason`` (one line) say why. ``figures`` are the rate, the usual delays and what
    was left out so far. ``notices`` are lines about what failed, such as a recording.
    """

    frame: Frame
    prediction: Prediction | None
    state: SessionState
    reason: str
    figures: Figures
    notices: tuple[str, ...]


class FedSession:
    """A live session on a program's own frames, made by ``live``. A ``with`` statement begins it and closes it.

    Iterating gives a ``LiveView`` for every new frame, result and state, and only the newest of them: what came while
    the loop was busy is left out. The loop ends with the frames. It raises what their iterator raised, and
    ``PolypliveError`` where no model can be opened. One thread iterates; any thread may call ``close``.
    """

    def __init__(self, source: FedSource, parts: LiveParts, notify: Notify) -> None:
        self._source = source
        self._notify = notify
        self._news: LatestSlot[bool] = LatestSlot()
        self._session = LiveSession(dataclasses.replace(parts, on_result=self._tell), self._tell)
        self._screen = parts.second_screen
        self._is_begun = False

    @property
    def restream(self) -> str:
        """The address at which other programs get the picture, with its secret; empty where none was asked for."""
        return self._screen.url if self._screen is not None else ""

    def summary(self) -> LiveSummary:
        """What the session has done so far; final after the ``with`` statement. Any thread."""
        return self._session.summary()

    def close(self, timeout_s: float = 5.0) -> tuple[str, ...]:
        """End the session, and write what is accepted for recordings. A loop over it ends.

        An iterator that is waiting for its next frame cannot be interrupted: it is left behind after ``timeout_s``
        seconds. Returns the names of threads that still run, usually none.
        """
        survivors = self._session.close(timeout_s) if self._is_begun else ()
        self._news.close()
        return survivors

    def __enter__(self) -> FedSession:
        self._is_begun = True
        self._session.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for name in self.close():
            self._notify(f"'{name}' did not end in time and was left behind")

    def __iter__(self) -> Iterator[LiveView]:
        if not self._is_begun:
            raise ConfigError("The session has not begun", "Use it so: with polyplive.live(frames) as session.")
        shown: tuple[object, ...] = ()
        is_over = False
        while not is_over:
            self._wait()
            is_over = self._session.wait(0)
            view = self._session.view()
            new = view.frame, view.prediction, view.state
            if view.frame is None or new == shown:
                continue
            shown = new
            self._session.drawn(view)
            yield LiveView(view.frame, view.prediction, view.state, view.reason, view.figures, view.notices)
        self._raise_what_ended()

    def _wait(self) -> None:
        try:
            self._news.take(_LOOK_EVERY_S)
        except TimeoutError:
            return

    def _tell(self) -> None:
        self._news.put(True)

    def _raise_what_ended(self) -> None:
        error = self._source.error or self._session.summary().error
        if error is not None:
            raise error
