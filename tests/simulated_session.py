"""A live source and its engine as a clock alone: minutes pass in no time, and the same way every run."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class SimulatedSession:
    """Frames come every ``frame_s`` seconds; an engine takes the newest one whenever it is free.

    ``takes`` says how many seconds it works on the frame that it takes now. ``read`` is called with the time of each
    frame, ``answered`` with that of a result's frame and of the result, ``look`` after each of the two.
    """

    def __init__(
        self,
        takes: Callable[[], float],
        *,
        read: Callable[[float], object] = lambda _: None,
        answered: Callable[[float, float], object],
        look: Callable[[float], object],
        frame_s: float = 1 / 30,
    ) -> None:
        self.now_s = 0.0
        self._takes, self._read, self._answered, self._look = takes, read, answered, look
        self._frame_s = frame_s
        self._next_s = 0.0
        self._waiting_s: float | None = None
        self._busy: tuple[float, float] | None = None

    def until(self, end_s: float) -> None:
        """Let time pass."""
        while self.now_s < end_s:
            done_s = self._busy[1] if self._busy is not None else float("inf")
            self.now_s = min(self._next_s, done_s)
            if self._busy is not None and done_s <= self._next_s:
                self._answered(self._busy[0], self.now_s)
                self._busy = None
            else:
                self._waiting_s = self.now_s
                self._read(self.now_s)
                self._next_s += self._frame_s
            if self._busy is None and self._waiting_s is not None:
                self._busy = self._waiting_s, self.now_s + self._takes()
                self._waiting_s = None
            self._look(self.now_s)
