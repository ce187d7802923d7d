"""Workers as actors of a Ray cluster (extra ``ray``): what a lost node worked on is done by another one.

Nodes need the recordings and the folder of results under the same names, and the same version of polyplive. No program
is sent to them, and nothing is started: the cluster is the user's.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from polyplive import __version__
from polyplive.batch.pool import Lost, Notice
from polyplive.batch.ray_worker import RayWorker
from polyplive.batch.recording import KEY_FILE
from polyplive.errors import ConfigError, MissingDependency, PolypliveError, text_of

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from polyplive.batch.pool import News, Task

_TRIES_AGAIN = 1
"""How often Ray tries a task again whose worker is lost; where it gives up, the batch tries another actor."""
_REACHED_WITHIN_S = 10.0
_ASK_EVERY_S = 1.0
_COUNT_EVERY_S = 5.0


@dataclass(slots=True, eq=False)
class _Actor:
    """An actor with what it was asked: ``hello`` until it has answered, then ``run`` while it has a ``task``."""

    handle: Any
    hello: Any
    run: Any = None
    progress: Any = None
    task: Task | None = None
    place: str = ""
    is_useless: bool = False


class RayPool:
    """An actor for each ``threads`` processors of the cluster at ``address``, at most ``most`` (None: any number).

    See ``Pool``. ``key`` is that of the folder of results ``out``. The cluster may grow and shrink meanwhile.
    """

    def __init__(self, address: str, out: Path, key: str, threads: int, most: int | None = None) -> None:
        """Connect. Raises ``MissingDependency``, and ``ConfigError`` where there is no cluster."""
        self._said = contextlib.ExitStack()
        self._said.enter_context(contextlib.redirect_stdout(sys.stderr))  # where Ray prints what happens to workers
        try:
            self._ray = _connected(address)
        except BaseException:
            self._said.close()
            raise
        self._hello = out / KEY_FILE, key, __version__
        self._threads = threads
        self._most = most
        self._actors: list[_Actor] = []
        self._waiting = 1
        self._room = 0
        self._counted_s = self._asked_s = -_COUNT_EVERY_S
        self._is_open = True
        self._class = self._ray.remote(
            num_cpus=threads, max_restarts=-1, max_task_retries=_TRIES_AGAIN, max_concurrency=2
        )(RayWorker)

    @property
    def free(self) -> int:
        """See ``Pool``."""
        return sum(_is_free(actor) for actor in self._actors)

    @property
    def workers(self) -> int:
        """See ``Pool``; those that were started."""
        return len(self._actors)

    @property
    def places(self) -> frozenset[str]:
        """See ``Pool``: the ids of nodes; an empty one stands for workers that have not begun."""
        return frozenset(actor.place for actor in self._actors if not actor.is_useless)

    def start(self, task: Task, avoid: Collection[str] = ()) -> bool:
        """See ``Pool``."""
        for actor in self._actors:
            if _is_free(actor) and actor.place not in avoid:
                actor.task, actor.run = task, actor.handle.run.remote(task)
                return True
        return False

    def expect(self, waiting: int) -> None:
        """See ``Pool``. Where none waits, idle actors go: one that lost its node may get their processors."""
        self._waiting = waiting
        if not waiting:
            for actor in [actor for actor in self._actors if actor.task is None]:
                self._end(actor)

    def news(self, timeout_s: float) -> list[News]:
        """See ``Pool``. Raises ``PolypliveError`` where no node can work."""
        self._grow()
        self._ask()
        asked = [ref for actor in self._actors for ref in (actor.hello, actor.run, actor.progress) if ref is not None]
        if not asked:
            time.sleep(timeout_s)
            return []
        self._ray.wait(asked, num_returns=1, timeout=timeout_s)
        ready = set(self._ray.wait(asked, num_returns=len(asked), timeout=0)[0])
        news: list[News] = []
        for actor in list(self._actors):
            if actor.hello in ready:
                news += self._greet(actor)
            if actor.progress in ready:
                news += self._progress(actor)
            if actor.run in ready:
                news.append(self._result(actor))
        return news

    def close(self) -> None:
        """See ``Pool``; the cluster goes on."""
        if self._is_open:
            self._is_open = False
            for actor in list(self._actors):
                self._end(actor)
            self._ray.shutdown()
            self._said.close()

    def _grow(self) -> None:
        """Have as many actors as there is room and work for."""
        if time.monotonic() - self._counted_s >= _COUNT_EVERY_S:
            self._counted_s = time.monotonic()
            self._room = int(self._ray.cluster_resources().get("CPU", 0)) // self._threads
        busy = sum(actor.task is not None or actor.is_useless for actor in self._actors)
        wanted = min(self._room, busy + self._waiting)
        wanted = min(wanted, self._most) if self._most is not None else wanted
        while len(self._actors) < wanted:
            handle = self._class.remote()
            self._actors.append(_Actor(handle, handle.hello.remote(*self._hello)))

    def _ask(self) -> None:
        """Ask busy actors how far they are."""
        if time.monotonic() - self._asked_s < _ASK_EVERY_S:
            return
        self._asked_s = time.monotonic()
        for actor in self._actors:
            if actor.task is not None and actor.progress is None:
                actor.progress = actor.handle.progress.options(max_task_retries=0).remote()

    def _greet(self, actor: _Actor) -> list[News]:
        ref, actor.hello = actor.hello, None
        try:
            hello = self._ray.get(ref)
        except self._ray.exceptions.RayError as error:
            self._end(actor)
            return [Notice(f"A worker of the cluster could not be started: {text_of(error)}")]
        actor.place = hello.place
        if not hello.problem:
            return []
        actor.is_useless = True  # it stays, so that no other one is started there
        if all(each.is_useless for each in self._actors):
            raise PolypliveError(
                f"No node of the cluster can work: {hello.problem}",
                "All nodes need the same folders under the same names, and the same version.",
            )
        return [Notice(f"A node of the cluster is left out: {hello.problem}")]

    def _progress(self, actor: _Actor) -> list[News]:
        ref, actor.progress = actor.progress, None
        with contextlib.suppress(self._ray.exceptions.RayError):  # the task's own end tells more
            progress = self._ray.get(ref)
            if progress is not None and actor.task is not None and progress.number == actor.task.number:
                return [progress]
        return []

    def _result(self, actor: _Actor) -> News:
        task, ref = actor.task, actor.run
        assert task is not None
        actor.task = actor.run = None
        try:
            news: News = self._ray.get(ref)
        except self._ray.exceptions.RayError as error:
            self._end(actor)
            return Lost(task.number, type(error).__name__)
        return news

    def _end(self, actor: _Actor) -> None:
        self._actors.remove(actor)
        with contextlib.suppress(self._ray.exceptions.RayError, ValueError):
            self._ray.kill(actor.handle)


def _is_free(actor: _Actor) -> bool:
    return actor.task is None and actor.hello is None and not actor.is_useless


def _connected(address: str) -> Any:
    """Ray's module, connected to the cluster at ``address``; the process keeps its own handling of signals."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    try:
        import ray
    except ImportError:
        raise MissingDependency("Ray is not installed", "Install it with: pip install 'polyplive[ray]'") from None
    _check_reachable(address)
    before = signal.getsignal(signal.SIGTERM)
    try:
        ray.init(address=address, log_to_driver=False, logging_level="error", ignore_reinit_error=False)
    except (ConnectionError, ValueError, RuntimeError, OSError) as error:
        raise ConfigError(
            f"There is no Ray cluster at '{address}' ({text_of(error)})", "Start one with: ray start --head."
        ) from None
    finally:
        signal.signal(signal.SIGTERM, before)
    return ray


def _check_reachable(address: str) -> None:
    """Raise ``ConfigError`` unless something answers at ``address``: Ray itself would try for minutes."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or "/" in address:
        raise ConfigError(f"--ray '{address}' is no address of a cluster", "Write it as 10.0.0.1:6379.")
    try:
        socket.create_connection((host.strip("[]"), int(port)), _REACHED_WITHIN_S).close()
    except (OSError, OverflowError) as error:
        raise ConfigError(
            f"There is no Ray cluster at '{address}' ({text_of(error)})", "Start one with: ray start --head."
        ) from None
