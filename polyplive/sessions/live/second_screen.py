"""The thread that sends a session's picture to other programs: only while one watches, and only the newest frame."""

from __future__ import annotations

import contextlib
import threading
import time
from typing import TYPE_CHECKING, Protocol

from polyplive.sessions.failures import in_one_line
from polyplive.sessions.live.second_picture import Shown, encoded
from polyplive.sessions.slot import LatestSlot
from polyplive.system.priority import BELOW_PICTURE, lower_this_thread

if TYPE_CHECKING:
    from polyplive.sinks.restream.server import PictureServer

MOST_FPS = 30.0
MOST_LOAD = 0.5
"""The share of one core's time that drawing and encoding may take; a slower machine sends fewer pictures."""

_LOOK_EVERY_S = 0.2
"""Without a new frame: a result grows too old, a signal is lost."""
_AGAIN_S = 1.0
"""A picture that has not changed is sent again after so long: a client that went away is noticed by it."""
_LAST_PICTURE_S = 1.0
"""What clients get to take the last picture; one that hangs is then left."""


class Watched(Protocol):
    """The session, as a second screen sees it."""

    def shown(self) -> Shown:
        """The newest frame with what is drawn on it now; any thread."""
        ...


class SecondScreen(threading.Thread):
    """Sends a session's picture to the clients of ``server``. The session never waits for it.

    It draws and encodes in this thread, below the picture's priority, once for all clients.
    """

    def __init__(self, server: PictureServer) -> None:
        super().__init__(name="polyplive-second-screen", daemon=True)
        self._server = server
        self._news: LatestSlot[bool] = LatestSlot()
        self._closed = threading.Event()
        self._session: Watched | None = None
        self._sent: Shown | None = None
        self._sent_s = 0.0
        self.problem = ""
        """One line where it failed, empty otherwise; any thread."""

    @property
    def url(self) -> str:
        """The whole address, with its secret."""
        return self._server.url

    def watch(self, session: Watched) -> None:
        """Begin to send the picture of ``session``."""
        self._session = session
        self._server.start()
        self.start()

    def tell(self) -> None:
        """There is something new to show; any thread, returns at once."""
        self._news.put(True)

    def finish(self, deadline_s: float) -> tuple[threading.Thread, ...]:
        """Show that the session has ended, then end by ``deadline_s`` (``time.monotonic()``). Returns its threads."""
        deadline_s = min(deadline_s, time.monotonic() + _LAST_PICTURE_S)
        self._closed.set()
        self._news.close()
        pictures = self._server.pictures
        last = self._session.shown() if self._session is not None and pictures.watching else None
        pictures.end(encoded(last, has_ended=True) if last is not None else None)
        if self.ident is not None:
            self.join(max(0.0, deadline_s - time.monotonic()))
        return (self, *self._server.close(deadline_s))

    def run(self) -> None:
        """Send pictures until ``finish``."""
        lower_this_thread(BELOW_PICTURE)
        try:
            while self._server.pictures.wait_watched() and not self._closed.is_set():
                with contextlib.suppress(TimeoutError):
                    self._news.take(_LOOK_EVERY_S)
                began_s, before_s = time.monotonic(), time.thread_time()
                self._send(began_s)
                worked_s, took_s = time.thread_time() - before_s, time.monotonic() - began_s
                self._closed.wait(max(1 / MOST_FPS, worked_s / MOST_LOAD) - took_s)
        except Exception as error:  # the last picture would look live, on a connection that stays
            self.problem = f"The picture is not sent to other programs any more: {in_one_line(error)}"
            self._server.pictures.end()

    def _send(self, now_s: float) -> None:
        """Draw, encode and publish the picture of now, unless it was sent a moment ago."""
        assert self._session is not None
        shown = self._session.shown()
        if self._sent is None or not shown.looks_like(self._sent) or now_s - self._sent_s >= _AGAIN_S:
            self._server.pictures.publish(encoded(shown))
            self._sent, self._sent_s = shown, now_s
