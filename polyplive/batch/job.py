"""What a batch knows of one recording while it is worked on: the steps that are left, and how far they are."""

from __future__ import annotations

import functools
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from polyplive.batch.analysis import Begun, begin, join, piece
from polyplive.batch.file_state import FileState

if TYPE_CHECKING:
    from collections.abc import Callable

    from polyplive.batch.pool import Tell
    from polyplive.batch.recording import Recording
    from polyplive.batch.work import Work


@dataclass(slots=True, eq=False)
class Step:
    """One task of a recording: ``call`` is what a worker does. ``unseen`` are places whose workers see no file."""

    job: Job
    call: Callable[[Tell], Any]
    tries: int = 0
    unseen: set[str] = field(default_factory=set)


class Job:
    """One recording of a batch; one thread.

    ``state`` is how its file was ``looked_s`` (``time.monotonic()``). It ``has_rested`` if it was fresh once before.
    """

    def __init__(self, recording: Recording, work: Work) -> None:
        self.recording = recording
        self.state = FileState.of(recording.path)
        self.looked_s = time.monotonic()
        self.has_rested = False
        self.is_over = False
        self._work = work
        self._begun: Begun | None = None
        self._left = 0
        self._before = 0
        self._done: dict[int, int] = {}

    def first_step(self) -> Step:
        """To plan it in pieces, which several workers may share."""
        return Step(self, functools.partial(begin, self.recording, self._work))

    def divide(self, begun: Begun) -> deque[Step]:
        """The steps for its pieces."""
        self._begun = begun
        self._left = len(begun.units)
        self._before = begun.plan.frames - sum(unit.piece.last - unit.piece.first for unit in begun.units)
        call = functools.partial(piece, self.recording, self._work, begun.plan)
        return deque(Step(self, functools.partial(call, unit)) for unit in begun.units)

    def take_piece(self) -> Step | None:
        """Count a piece as done; the step that joins them when it was the last one."""
        assert self._begun is not None
        self._left -= 1
        if self._left:
            return None
        return Step(self, functools.partial(join, self.recording, self._work, self._begun))

    def frames_done(self, number: int, done: int, total: int | None) -> tuple[int, int | None]:
        """How many of its frames are done, of how many, where task ``number`` tells of ``done`` of ``total``."""
        if self._begun is None:
            return done, total
        self._done[number] = done
        return self._before + sum(self._done.values()), self._begun.plan.frames
