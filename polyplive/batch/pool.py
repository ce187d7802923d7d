"""What a batch asks of its workers, whether they are processes of this machine or actors of a Ray cluster."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Collection

Tell: TypeAlias = Callable[[int, int | None], None]
"""Told in a worker: how many frames are done, and of how many (None: not known)."""


@dataclass(frozen=True, slots=True)
class Task:
    """A piece of work: ``call`` is a function of a module with its arguments, which can be sent to another process.

    ``number`` is its own; ``needs`` are the files that a worker has to see.
    """

    number: int
    call: Callable[[Tell], Any]
    needs: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Progress:
    """A task has done ``done`` frames of ``total`` (None: not known)."""

    number: int
    done: int
    total: int | None


@dataclass(frozen=True, slots=True)
class Done:
    """A task has ended with ``outcome``."""

    number: int
    outcome: Any


@dataclass(frozen=True, slots=True)
class Refused:
    """A task could not be done for ``reason``, which is not about its recording: the next one would meet it too."""

    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class Lost:
    """A task's worker ended by itself, as ``reason`` says."""

    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class Unseen:
    """A task's worker at ``place`` does not see a file that it needs."""

    number: int
    place: str


@dataclass(frozen=True, slots=True)
class Notice:
    """A line for the user."""

    text: str


News: TypeAlias = Progress | Done | Refused | Lost | Unseen | Notice


class Pool(Protocol):
    """Workers, each with one task at a time. One thread. ``close`` ends them all at once, whatever they do."""

    @property
    def free(self) -> int:
        """How many tasks can be started now."""

    @property
    def workers(self) -> int:
        """How many workers there may be, busy or not."""

    @property
    def places(self) -> frozenset[str]:
        """Where its workers are: machines that may see other files."""

    def start(self, task: Task, avoid: Collection[str] = ()) -> bool:
        """Give ``task`` to a free worker, not at one of the places to ``avoid``; False where there is none."""

    def news(self, timeout_s: float) -> list[News]:
        """What happened since the last call; waits for it at most so long."""

    def expect(self, waiting: int) -> None:
        """Say how many tasks ``waiting`` for a worker there are; where there are none, idle workers may go."""

    def close(self) -> None:
        """End all workers; calling it again does nothing."""
