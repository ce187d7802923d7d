"""Opens an engine that is to take the place of a running one, which goes on meanwhile."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from polyplive.backends.base import Engine
    from polyplive.sessions.engine_room.interrupt import Interrupt
    from polyplive.sessions.engine_room.supervisor import OpenEngine


class EngineExchange(threading.Thread):
    """Opens an engine, keeps it until the room takes it, then closes the one that it replaced.

    So no frame waits for either. The engine is opened in this thread and used in the room's: one in a process of its
    own allows that.
    """

    def __init__(
        self, open_engine: OpenEngine, interrupt: Interrupt, on_done: Callable[[Exception | None], None]
    ) -> None:
        super().__init__(name="polyplive-next-engine", daemon=True)
        self.open_engine = open_engine
        self.on_done = on_done
        """Told once: None when the new engine is in its place (by the room), or why it could not be opened."""
        self.engine: Engine | None = None
        """The open engine, for the room to take."""
        self._interrupt = interrupt
        self._settled = threading.Event()

    def take(self, replaced: Engine) -> None:
        """The room has taken ``engine``; ``replaced`` is closed."""
        self.engine = replaced
        self._settled.set()

    def give_up(self) -> None:
        """The room ends: close what was opened. The interrupt is set, so this takes no longer than closing."""
        self._settled.set()
        self.join()

    def run(self) -> None:
        """Open, wait for the room, close what is left."""
        try:
            self.engine = self.open_engine(self._interrupt)
        except Exception as error:
            if not self._settled.is_set():
                self.on_done(error)
            return
        self._settled.wait()
        self.engine.close()
