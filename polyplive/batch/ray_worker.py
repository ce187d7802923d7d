"""A worker on a node of a Ray cluster. The class is plain; ``ray_cluster`` makes an actor of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from polyplive import __version__
from polyplive.batch.pool import Progress, Unseen
from polyplive.batch.worker import run

if TYPE_CHECKING:
    from polyplive.batch.pool import News, Task


@dataclass(frozen=True, slots=True)
class Hello:
    """What a worker says of itself: its node's ``place``, and why it is of no ``use`` (empty: it is)."""

    place: str
    problem: str


class RayWorker:
    """Does one task at a time; ``progress`` may be asked for meanwhile, in another thread."""

    def __init__(self) -> None:
        import ray

        self._place: str = ray.get_runtime_context().get_node_id()
        self._progress: Progress | None = None
        self._thread = ThreadPoolExecutor(1)  # an engine belongs to one thread; Ray calls in several

    def hello(self, key_file: Path, key: str, version: str) -> Hello:
        """Whether this node sees the folder of results, by the key in it, and has the same ``version``."""
        if version != __version__:
            return Hello(self._place, f"it has polyplive {__version__}, and this machine {version}")
        try:
            seen = key_file.read_text(encoding="ascii", errors="replace")
        except OSError:
            seen = ""
        return Hello(self._place, "" if seen == key else "it does not see the folder of results")

    def run(self, task: Task) -> News:
        """Do ``task``. What it needs and is not there is told, and not taken for damage."""
        if not all(path.exists() for path in task.needs):
            return Unseen(task.number, self._place)
        self._progress = None
        return self._thread.submit(run, task, self._note).result()

    def progress(self) -> Progress | None:
        """The newest progress of the present task."""
        return self._progress

    def _note(self, progress: Progress) -> None:
        self._progress = progress
