"""Interlaced pictures made whole: one picture out for each picture in."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import av.error
from av.filter import Graph

from polyplive.sources.frame_stream import Numbered

if TYPE_CHECKING:
    from fractions import Fraction

    from av.video.frame import VideoFrame

_FILTER = "bwdif"
_SMALLEST = 4  # the filter refuses smaller pictures
_MODE = "mode=send_frame:parity=auto:deint=all"


class Deinterlacer:
    """FFmpeg's ``bwdif`` over a run of frames. One thread.

    Every frame is treated, flagged as interlaced or not: many recorders do not set the flag, and who asks for
    deinterlacing knows the material. Field order is the frame's own flag, top field first where it has none. The
    filter looks one frame back and one ahead, so it answers one frame late; each answer gets the number and the PTS
    that came in with it, as the filter changes time stamps.
    """

    def __init__(self, time_base: Fraction) -> None:
        self._time_base = time_base
        self._graph: Graph | None = None
        self._kind: tuple[int, int, str] | None = None
        self._pending: deque[Numbered] = deque()

    def push(self, found: Numbered) -> list[Numbered]:
        """Take a frame; give what is ready by now, in order."""
        frame = found.picture
        ready: list[Numbered] = []
        if min(frame.width, frame.height) < _SMALLEST:
            return [found]
        kind = (frame.width, frame.height, frame.format.name)
        if kind != self._kind:
            ready = self.flush()
            self._graph = self._build(frame)
            self._kind = kind
        assert self._graph is not None
        self._pending.append(found)
        self._graph.vpush(frame)
        return ready + self._pull()

    def flush(self) -> list[Numbered]:
        """Give what is left, and start afresh."""
        ready: list[Numbered] = []
        if self._graph is not None:
            self._graph.vpush(None)
            ready = self._pull()
        self.reset()
        return ready

    def reset(self) -> None:
        """Forget all: the next frame does not follow the last one."""
        self._graph = None
        self._kind = None
        self._pending.clear()

    def _build(self, frame: VideoFrame) -> Graph:
        graph = Graph()
        graph.threads = 1
        source = graph.add_buffer(
            width=frame.width, height=frame.height, format=frame.format, time_base=self._time_base
        )
        graph.link_nodes(source, graph.add(_FILTER, _MODE), graph.add("buffersink")).configure()
        return graph

    def _pull(self) -> list[Numbered]:
        assert self._graph is not None
        ready: list[Numbered] = []
        while self._pending:
            try:
                picture = self._graph.vpull()
            except (av.error.BlockingIOError, av.error.EOFError):
                break
            found = self._pending.popleft()
            ready.append(Numbered(picture, found.number, found.pts))
        return ready
