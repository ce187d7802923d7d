"""Deinterlacing: one picture out for each picture in."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING

import av.error

from polyplive.sources.picture.filters import filter_graph

if TYPE_CHECKING:
    from fractions import Fraction

    from av.filter import Graph

    from polyplive.sources.reading.frame_stream import NumberedFrame

_SMALLEST = 4  # pixels: the filter refuses smaller pictures
_BWDIF = ("bwdif", "mode=send_frame:parity=auto:deint=all")


class Deinterlacer:
    """FFmpeg's ``bwdif`` over a run of frames. One thread.

    It filters every frame, flagged as interlaced or not, as many recorders do not set the flag. The field order is the
    frame's flag, or top field first without one. The filter uses the frames before and after, so each result comes one
    frame late. The result gets the number and the time of its own frame, as the filter changes time stamps.
    """

    def __init__(self, time_base: Fraction) -> None:
        self._time_base = time_base
        self._graph: Graph | None = None
        self._kind: tuple[int, int, str] | None = None
        self._pending: deque[NumberedFrame] = deque()

    def push(self, found: NumberedFrame) -> list[NumberedFrame]:
        """Take a frame. Returns the results that are ready, in order."""
        frame = found.picture
        ready: list[NumberedFrame] = []
        if min(frame.width, frame.height) < _SMALLEST:
            return [*self.flush(), found]
        kind = (frame.width, frame.height, frame.format.name)
        if kind != self._kind:
            ready = self.flush()
            self._graph = filter_graph(frame, [_BWDIF], self._time_base)
            self._kind = kind
        assert self._graph is not None
        self._pending.append(found)
        self._graph.vpush(frame)
        return ready + self._pull()

    def flush(self) -> list[NumberedFrame]:
        """Return the remaining results, and start again."""
        ready: list[NumberedFrame] = []
        if self._graph is not None:
            self._graph.vpush(None)
            ready = self._pull()
        self.reset()
        return ready

    def reset(self) -> None:
        """Drop all frames: the next frame does not follow the last one."""
        self._graph = None
        self._kind = None
        self._pending.clear()

    def _pull(self) -> list[NumberedFrame]:
        assert self._graph is not None
        ready: list[NumberedFrame] = []
        while self._pending:
            try:
                picture = self._graph.vpull()
            except (av.error.BlockingIOError, av.error.EOFError):
                break
            found = self._pending.popleft()
            ready.append(replace(found, picture=picture))
        return ready
