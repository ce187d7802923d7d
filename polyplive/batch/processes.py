"""Workers as processes of this machine: one that crashes or is killed costs its task one try and nothing else."""

from __future__ import annotations

import contextlib
import multiprocessing
import subprocess
import time
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Any

from polyplive.batch.pool import Done, Lost, Notice, Refused
from polyplive.errors import PolypliveError, text_of
from polyplive.system.child_process import end_in_words, start_python

if TYPE_CHECKING:
    from collections.abc import Collection
    from multiprocessing.connection import Connection

    from polyplive.batch.pool import News, Task

_ENDING_S = 5.0


class ProcessPool:
    """At most ``most`` processes, each started when there is a task for it. See ``Pool``."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._idle: list[_Worker] = []
        self._busy: dict[Connection[Any, Any], tuple[_Worker, Task]] = {}

    @property
    def free(self) -> int:
        """See ``Pool``."""
        return self._most - len(self._busy)

    @property
    def workers(self) -> int:
        """See ``Pool``."""
        return self._most

    @property
    def places(self) -> frozenset[str]:
        """See ``Pool``; this machine."""
        return frozenset({""})

    @property
    def process_ids(self) -> tuple[int, ...]:
        """Of the workers that have a task."""
        return tuple(worker.process.pid for worker, _ in self._busy.values())

    def start(self, task: Task, avoid: Collection[str] = ()) -> bool:
        """See ``Pool``. Raises ``PolypliveError`` where the system starts no process."""
        if not self.free:
            return False
        worker = self._idle.pop() if self._idle else _Worker()
        self._busy[worker.pipe] = worker, task
        with contextlib.suppress(OSError):  # it has just ended, which the next ``news`` tells
            worker.pipe.send(task)
        return True

    def news(self, timeout_s: float) -> list[News]:
        """See ``Pool``."""
        if not self._busy:
            time.sleep(timeout_s)
            return []
        return [self._receive(pipe) for pipe in wait(list(self._busy), timeout_s)]  # type: ignore[arg-type]

    def expect(self, waiting: int) -> None:
        """See ``Pool``."""
        while self._idle and not waiting:
            self._idle.pop().end()

    def close(self) -> None:
        """See ``Pool``."""
        for worker, _ in self._busy.values():
            worker.process.kill()
        for worker, _ in self._busy.values():
            worker.end()
        self._busy.clear()
        self.expect(0)

    def _receive(self, pipe: Connection[Any, Any]) -> News:
        worker, task = self._busy[pipe]
        try:
            news: News = pipe.recv()
        except (EOFError, OSError):
            del self._busy[pipe]
            return Lost(task.number, worker.end())
        except Exception as error:  # what it sent cannot be read
            news = Notice(text_of(error))
        if isinstance(news, Done | Refused):
            del self._busy[pipe]
            self._idle.append(worker)
        return news


class _Worker:
    def __init__(self) -> None:
        self.pipe, theirs = multiprocessing.Pipe()
        their_lifeline, self._lifeline = multiprocessing.Pipe(duplex=False)
        handles = [theirs.fileno(), their_lifeline.fileno()]
        try:
            self.process = start_python("polyplive.batch.worker", [*map(str, handles)], handles)
        except OSError as error:
            self.pipe.close()
            self._lifeline.close()
            raise PolypliveError(
                f"A worker's process cannot be started: {text_of(error)}",
                "Close other programs, or give fewer workers.",
            ) from None
        finally:
            theirs.close()
            their_lifeline.close()

    def end(self) -> str:
        """End the process, and say how it had ended if it did so by itself."""
        self.pipe.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(_ENDING_S)
        self._lifeline.close()
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        return end_in_words(self.process.returncode)
