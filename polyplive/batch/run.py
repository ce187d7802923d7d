"""Runs a batch: gives recordings to workers, one after another, until each has its result."""

from __future__ import annotations

import functools
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeAlias

from polyplive.batch.analysis import STILL_WRITTEN, analyse, clear_unfinished, failure, finish, source_name
from polyplive.batch.file_state import FileState
from polyplive.batch.pool import Done, Lost, Notice, Progress, Refused, Task, Unseen
from polyplive.batch.result import Result, read_result
from polyplive.errors import PolypliveError
from polyplive.system.stopping import uninterrupted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from polyplive.batch.pool import News, Pool, Tell
    from polyplive.batch.recording import Recording
    from polyplive.batch.work import Work

Unit: TypeAlias = "Callable[[Recording, Work, Tell], Result]"
"""Does one recording in a worker, to its result file: see ``analyse``."""

_TRIES = 2
_LOOK_EVERY_S = 0.5
"""Seconds between two looks at workers that say nothing."""


class Watcher(Protocol):
    """Is told how a batch goes, in the thread that runs it."""

    def progress(self, recording: Recording, done: int, total: int | None) -> None:
        """Frames of a recording are done; ``total`` may not be known."""

    def ended(self, recording: Recording, result: Result, is_new: bool) -> None:
        """A recording has its result; not ``is_new``: it had it before."""

    def notice(self, text: str) -> None:
        """A line for the user."""


@dataclass(slots=True)
class _Job:
    """A recording with its task; ``looked_s`` is when ``state`` was seen, by ``time.monotonic()``."""

    recording: Recording
    number: int
    state: FileState | None
    looked_s: float
    tries: int = 0
    unseen: set[str] = field(default_factory=set)
    has_rested: bool = False


class Batch:
    """A run over ``recordings``; one thread. ``results`` holds each recording's result by its name, once it is there.

    A recording whose result file is of the same file and the same work is not done again. One that failed is. A file
    that was changed a moment ago waits until the others are done; if it changes within ``idle_s`` seconds, it is left
    for the next time. A recording whose worker ended by itself is tried once more.
    """

    def __init__(
        self,
        recordings: Sequence[Recording],
        work: Work,
        pool: Pool,
        watcher: Watcher,
        idle_s: float,
        unit: Unit = analyse,
    ) -> None:
        """``unit`` is what a worker does with a recording."""
        self.results: dict[str, Result] = {}
        self._work = work
        self._pool = pool
        self._watcher = watcher
        self._idle_s = idle_s
        self._unit = unit
        now_s = time.monotonic()
        jobs = [_Job(one, place, FileState.of(one.path), now_s) for place, one in enumerate(recordings)]
        self._queue = deque(jobs)
        self._resting: deque[_Job] = deque()
        self._running: dict[int, _Job] = {}

    def run(self) -> None:
        """Run to the end. Raises ``PolypliveError`` where no recording could go on, and ``KeyboardInterrupt``.

        Whatever ends it, workers are ended, and nothing half-written is left.
        """
        try:
            while self._queue or self._resting or self._running:
                self._fill()
                if self._queue or self._resting or self._running:
                    for news in self._pool.news(_LOOK_EVERY_S):
                        self._take(news)
        finally:
            with uninterrupted():
                self._pool.close()
                for job in self._running.values():
                    clear_unfinished(self._work.out / job.recording.name)
                    result = self._result_of(job, FileState.of(job.recording.path))
                    if result is not None:  # its worker had no time to say so
                        self.results[job.recording.name] = result

    def _fill(self) -> None:
        """Give work to every worker that is free."""
        waiting = len(self._queue)
        while self._pool.free and waiting:
            waiting -= 1
            job = self._queue.popleft()
            if not self._is_ready(job):
                continue
            task = Task(job.number, functools.partial(self._unit, job.recording, self._work), (job.recording.path,))
            if not self._pool.start(task, job.unseen):
                self._queue.append(job)
                continue
            self._running[job.number] = job
        if not self._queue:
            self._wake_resting()
        self._pool.expect(len(self._queue) + len(self._resting))

    def _is_ready(self, job: _Job) -> bool:
        """Whether a worker is to have the job now. Otherwise it was done with, or it rests."""
        if job.tries or job.unseen:
            return True
        state = FileState.of(job.recording.path)
        before = self._result_of(job, state)
        if before is not None:
            self._end(job, before, is_new=False)
            return False
        if state is None or not state.is_fresh:
            return True
        if state == job.state and time.monotonic() - job.looked_s >= self._idle_s:
            return True
        if job.has_rested:
            result = Result("unfinished", source_name(job.recording, self._work), STILL_WRITTEN)
            self._end(job, result, is_new=True)
            return False
        job.state, job.looked_s, job.has_rested = state, time.monotonic(), True
        self._resting.append(job)
        return False

    def _result_of(self, job: _Job, state: FileState | None) -> Result | None:
        """The result that its folder holds, if it is of this file and this work and need not be made again."""
        found = read_result(self._work.out / job.recording.name)
        is_same = found is not None and found.input == state and found.work_sha256 == self._work.sha256
        return found if found is not None and is_same and found.is_kept else None

    def _wake_resting(self) -> None:
        """Queue the fresh files whose time has come to be looked at again."""
        while self._resting and time.monotonic() - self._resting[0].looked_s >= self._idle_s:
            self._queue.append(self._resting.popleft())

    def _take(self, news: News) -> None:
        if isinstance(news, Notice):
            self._watcher.notice(news.text)
            return
        job = self._running[news.number]
        if isinstance(news, Progress):
            self._watcher.progress(job.recording, news.done, news.total)
            return
        del self._running[news.number]
        match news:
            case Done():
                self._end(job, news.outcome, is_new=True)
            case Refused():
                self._running[news.number] = job
                raise PolypliveError(f"The batch ends: {news.reason}", "Give the same command again to go on.")
            case Lost():
                job.tries += 1
                clear_unfinished(self._work.out / job.recording.name)
                if news.may_retry and job.tries < _TRIES:
                    self._queue.append(job)
                else:
                    self._fail(job, f"its worker ended by itself ({news.reason}), also when it was tried again")
            case Unseen():
                job.unseen.add(news.place)
                if self._pool.places <= job.unseen:
                    self._fail(job, "no worker sees the file: all of them need the same folders under the same names")
                else:
                    self._queue.append(job)

    def _fail(self, job: _Job, reason: str) -> None:
        self._end(job, finish(job.recording, self._work, failure(job.recording, self._work, reason)), is_new=True)

    def _end(self, job: _Job, result: Result, is_new: bool) -> None:
        self.results[job.recording.name] = result
        self._watcher.ended(job.recording, result, is_new)
