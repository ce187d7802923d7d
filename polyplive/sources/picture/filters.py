"""FFmpeg's filters over single frames of any size and pixel format."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from av.filter import Graph

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from av.video.frame import VideoFrame

_ANY_CLOCK = Fraction(1, 1000)
"""A filter of single frames does not look at their times."""


class FrameFilter:
    """One frame in, one frame out, by a chain of filters that is made anew for each size and pixel format. One thread.

    Filters that only point to a part of a frame leave its planes in the frame's own memory.
    """

    def __init__(self, chain: Callable[[VideoFrame], Sequence[tuple[str, str]]]) -> None:
        """``chain`` gives the filters, each by FFmpeg's name and arguments, for frames like the one it is given."""
        self._chain = chain
        self._graph: Graph | None = None
        self._kind: tuple[int, int, str] | None = None

    def apply(self, frame: VideoFrame) -> VideoFrame:
        """What the filters make of ``frame``. Raises ``AV_ERRORS``."""
        kind = frame.width, frame.height, frame.format.name
        if self._graph is None or kind != self._kind:
            self._graph, self._kind = filter_graph(frame, self._chain(frame), _ANY_CLOCK), kind
        self._graph.vpush(frame)
        return self._graph.vpull()


def filter_graph(frame: VideoFrame, chain: Sequence[tuple[str, str]], time_base: Fraction) -> Graph:
    """A graph of the filters in ``chain``, one behind the other, for frames like ``frame``.

    ``time_base`` is the unit of the frames' time stamps in seconds. Raises ``AV_ERRORS``.
    """
    graph = Graph()
    graph.threads = 1
    source = graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=time_base)
    filters = [graph.add(name, arguments) for name, arguments in chain]
    graph.link_nodes(source, *filters, graph.add("buffersink")).configure()
    return graph
