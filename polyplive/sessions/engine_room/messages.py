"""The messages between a session and its engine's process: small frozen values, sent through a pipe.

Pictures and maps do not go through the pipe: they are in shared memory (``shared_memory.py``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from polyplive import errors
from polyplive.errors import InferenceError, PolypliveError

if TYPE_CHECKING:
    from polyplive.backends.base import Engine, EngineSpec

Notify: TypeAlias = "Callable[[str], None]"
EngineOpener: TypeAlias = "Callable[[Notify], Engine]"
"""Opens an engine.

Its argument takes lines for the user, such as what takes long or which backend was skipped. It must be picklable: a
module's function, or a ``functools.partial`` of one.
"""


@dataclass(frozen=True, slots=True)
class Line:
    """From the child: a line for the user while the engine opens."""

    text: str


@dataclass(frozen=True, slots=True)
class Opened:
    """From the child: the engine is ready, and the shared memory laid out for its ``spec`` and so many ``requests``."""

    spec: EngineSpec
    requests: int


@dataclass(frozen=True, slots=True)
class Infer:
    """To the child: run the model on the picture in one ``place`` of the shared memory, with or without the heatmap."""

    place: int
    cam: bool


@dataclass(frozen=True, slots=True)
class Answered:
    """From the child: the result is in shared memory, in its request's place. Answers have the requests' order.

    ``infer_s`` is the runtime's own time in seconds. ``memory_mib`` is the memory of the process in MiB, None where
    unknown.
    """

    infer_s: float
    memory_mib: float | None


@dataclass(frozen=True, slots=True)
class Failed:
    """From the child: an error. ``kind`` is the name of a class in ``polyplive.errors``."""

    kind: str
    message: str
    hint: str

    @classmethod
    def of(cls, error: BaseException) -> Failed:
        """Make the message for ``error``.

        An unexpected one becomes an ``InferenceError`` that names its class and text.
        """
        if isinstance(error, PolypliveError):
            return cls(type(error).__name__, error.message, error.hint)
        return cls(InferenceError.__name__, f"Unforeseen error ({type(error).__name__}): {error}", "")

    def as_error(self) -> PolypliveError:
        """The same error on this side of the pipe."""
        found = getattr(errors, self.kind, None)
        kind = found if isinstance(found, type) and issubclass(found, PolypliveError) else InferenceError
        return kind(self.message, self.hint)


Reply: TypeAlias = "Line | Opened | Answered | Failed"
