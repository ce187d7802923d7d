"""Spans of time, as they were measured: which stage worked on which frame, from when to when.

Somebody who wants to know, such as a benchmark, records them; else nothing is kept, and a ``span`` costs a fraction of
a microsecond.
"""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

DECODE, READ, PREPROCESS, INFER, POSTPROCESS = "decode", "read", "preprocess", "infer", "postprocess"
DRAW, SCALE, PRESENT, ON_SCREEN = "draw", "scale", "present", "on screen"
"""Stages. ``READ`` and ``ON_SCREEN`` are moments: the frame was handed on, and its own result was painted."""


class Span(NamedTuple):
    """``stage`` worked on the frame of index ``frame`` from ``began_s`` to ``ended_s``, ``time.perf_counter()``.

    ``with_map``: the heatmap was computed, where that is a question.
    """

    stage: str
    frame: int
    began_s: float
    ended_s: float
    with_map: bool = False

    @property
    def ms(self) -> float:
        """Its length in milliseconds."""
        return (self.ended_s - self.began_s) * 1e3


_kept: list[Span] | None = None


@contextlib.contextmanager
def recorded_spans() -> Iterator[list[Span]]:
    """Keep the spans of all threads of this process, in the order in which they ended, until the end of the block.

    One block at a time. The list grows while the block runs: any thread may look at it.
    """
    global _kept
    assert _kept is None, "spans are recorded already"
    found: list[Span] = []
    _kept = found
    try:
        yield found
    finally:
        _kept = None


def note(stage: str, frame: int, began_s: float, ended_s: float, *, with_map: bool = False) -> None:
    """Keep a span that the caller has measured by ``time.perf_counter()``; any thread."""
    kept = _kept
    if kept is not None:
        kept.append(Span(stage, frame, began_s, ended_s, with_map))  # atomic: one thread at a time holds the GIL


def note_moment(stage: str, frame: int) -> None:
    """Keep a moment, now; any thread."""
    kept = _kept
    if kept is not None:
        now_s = time.perf_counter()
        kept.append(Span(stage, frame, now_s, now_s))


class span:  # noqa: N801
    """Measures a ``with`` block as a span of ``stage`` for the frame of index ``frame``; any thread."""

    __slots__ = ("_began_s", "_frame", "_stage")

    def __init__(self, stage: str, frame: int) -> None:
        self._stage, self._frame = stage, frame

    def __enter__(self) -> None:
        self._began_s = time.perf_counter() if _kept is not None else 0.0

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._began_s and error is None:
            note(self._stage, self._frame, self._began_s, time.perf_counter())
