"""Runs a batch: gives recordings to workers, one after another, until each has its result."""

from __future__ import annotations

import functools
import itertools
import time
from collections import deque
from typing import TYPE_CHECKING, Protocol, TypeAlias

from polyplive.batch.analysis import STILL_WRITTEN, Begun, analyse, clear_unfinished, failure, finish, source_name
from polyplive.batch.file_state import FileState
from polyplive.batch.job import Job, Step
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
        split: bool | None = None,
        unit: Unit = analyse,
    ) -> None:
        """With ``split`` several workers share a recording; None: where there are more of them than recordings.

        ``unit`` is what a worker does with a whole recording.
        """
        self.results: dict[str, Result] = {}
        self._work = work
        self._pool = pool
        self._watcher = watcher
        self._idle_s = idle_s
        self._unit = unit
        self._split = split
        self._jobs = deque(Job(one, work) for one in recordings)
        self._resting: deque[Job] = deque()
        self._steps: deque[Step] = deque()
        self._running: dict[int, Step] = {}
        self._numbers = itertools.count()

    def run(self) -> None:
        """Run to the end. Raises ``PolypliveError`` where no recording could go on, and ``KeyboardInterrupt``.

        Whatever ends it, workers are ended, and nothing half-written is left.
        """
        try:
            while self._is_unfinished():
                self._fill()
                if self._is_unfinished():
                    for news in self._pool.news(_LOOK_EVERY_S):
                        self._take(news)
        finally:
            with uninterrupted():
                self._pool.close()
                for step in self._running.values():
                    self._leave(step.job)

    def _is_unfinished(self) -> bool:
        return bool(self._jobs or self._resting or self._steps or self._running)

    def _leave(self, job: Job) -> None:
        """Clean up behind a recording whose worker was ended; it may have had no time to say that it was done."""
        clear_unfinished(self._work.out / job.recording.name)
        result = self._result_of(job, FileState.of(job.recording.path))
        if result is not None:
            self.results[job.recording.name] = result

    def _fill(self) -> None:
        """Give work to every worker that is free: first what is begun, then other recordings."""
        waiting = [self._steps.popleft() for _ in range(len(self._steps))]
        for step in waiting:
            if step.unseen and self._pool.places <= step.unseen and not step.job.is_over:
                self._fail(step.job, "no worker sees the file: all need the same folders under the same names")
            if not step.job.is_over and not self._start(step):
                self._steps.append(step)
        while self._pool.free and self._jobs:
            job = self._jobs.popleft()
            if self._is_ready(job) and not self._start(step := self._first_step(job)):
                self._steps.append(step)
        self._wake_resting()
        self._pool.expect(len(self._steps) + len(self._jobs) + len(self._resting))

    def _first_step(self, job: Job) -> Step:
        """Recordings are divided where there are fewer of them than workers, or always, or never, as was asked for."""
        is_short = len(self._jobs) + len(self._resting) < self._pool.free
        if self._split or (self._split is None and is_short and self._pool.workers > 1):
            return job.first_step()
        return Step(job, functools.partial(self._unit, job.recording, self._work))

    def _start(self, step: Step) -> bool:
        number = next(self._numbers)
        is_started = self._pool.start(Task(number, step.call, (step.job.recording.path,)), step.unseen)
        if is_started:
            self._running[number] = step
        return is_started

    def _is_ready(self, job: Job) -> bool:
        """Whether a worker is to have the recording now. Otherwise it was done with, or it rests."""
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

    def _result_of(self, job: Job, state: FileState | None) -> Result | None:
        """The result that its folder holds, if it is of this file and this work and need not be made again."""
        found = read_result(self._work.out / job.recording.name)
        is_same = found is not None and found.input == state and found.work_sha256 == self._work.sha256
        return found if found is not None and is_same and found.is_kept else None

    def _wake_resting(self) -> None:
        """Queue the fresh files whose time has come to be looked at again."""
        while self._resting and time.monotonic() - self._resting[0].looked_s >= self._idle_s:
            self._jobs.append(self._resting.popleft())

    def _take(self, news: News) -> None:
        if isinstance(news, Notice):
            self._watcher.notice(news.text)
            return
        step = self._running[news.number]
        if isinstance(news, Progress):
            if not step.job.is_over:
                done, total = step.job.frames_done(news.number, news.done, news.total)
                self._watcher.progress(step.job.recording, done, total)
            return
        if isinstance(news, Refused):
            raise PolypliveError(f"The batch ends: {news.reason}", "Give the same command again to go on.")
        del self._running[news.number]
        if step.job.is_over:
            return
        match news:
            case Done():
                self._go_on(step.job, news.outcome)
            case Lost():
                self._retry(step, news)
            case Unseen():
                step.unseen.add(news.place)
                self._steps.append(step)

    def _go_on(self, job: Job, outcome: Result | Begun | None) -> None:
        """What follows a step that was done."""
        if isinstance(outcome, Result):
            self._end(job, outcome, is_new=True)
        elif isinstance(outcome, Begun):
            self._steps.extendleft(reversed(job.divide(outcome)))
        elif (step := job.take_piece()) is not None:
            self._steps.appendleft(step)

    def _retry(self, step: Step, lost: Lost) -> None:
        clear_unfinished(self._work.out / step.job.recording.name)
        step.tries += 1
        if step.tries < _TRIES:
            self._steps.append(step)
        else:
            self._fail(step.job, f"its worker ended by itself ({lost.reason}), also when it was tried again")

    def _fail(self, job: Job, reason: str) -> None:
        self._end(job, finish(job.recording, self._work, failure(job.recording, self._work, reason)), is_new=True)

    def _end(self, job: Job, result: Result, is_new: bool) -> None:
        job.is_over = True
        self.results[job.recording.name] = result
        self._watcher.ended(job.recording, result, is_new)
