"""Everything that shows a live session: its window, and a second screen where there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable

    from polyplive.sessions.live.second_screen import SecondScreen, Watched


class Screens:
    """Tells the window and the second screen that there is something new. Any thread; only ``finish`` waits."""

    def __init__(self, on_news: Callable[[], None], second: SecondScreen | None) -> None:
        self._on_news = on_news
        self._second = second

    @property
    def url(self) -> str:
        """The address of the second screen, with its secret; empty where there is none."""
        return self._second.url if self._second is not None else ""

    @property
    def problems(self) -> tuple[str, ...]:
        """One line where the second screen failed."""
        return (self._second.problem,) if self._second is not None and self._second.problem else ()

    def watch(self, session: Watched) -> None:
        """Begin to show ``session`` on the second screen."""
        if self._second is not None:
            self._second.watch(session)

    def tell(self) -> None:
        """There is something new to show."""
        self._on_news()
        if self._second is not None:
            self._second.tell()

    def finish(self, deadline_s: float) -> tuple[threading.Thread, ...]:
        """End the second screen by ``deadline_s`` (``time.monotonic()``). Returns the threads that it had."""
        return self._second.finish(deadline_s) if self._second is not None else ()
