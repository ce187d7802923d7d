"""Lists of packets that were made before, so that a file which is opened again is not read through again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

from polyplive.sources.reading import kept_indices
from polyplive.sources.reading.kept_indices import VideoState

if TYPE_CHECKING:
    from collections.abc import Callable

    from polyplive.sources.reading.kept_indices import Listed
    from polyplive.sources.reading.medium import Medium

_MOST = 2
"""So many lists stay in memory. One of an hour takes about 25 MB."""


class _KnownIndices:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[VideoState, Listed] = OrderedDict()

    def of(self, medium: Medium, stream: int, make: Callable[[], Listed]) -> Listed:
        state = _state(medium, stream)
        if state is None:
            return make()
        with self._lock:
            known = self._known.get(state)
            if known is not None:
                self._known.move_to_end(state)
                return known
        folder = kept_indices.default_folder()
        made = kept_indices.read_kept(state, folder)
        if made is None:
            made = make()
            if state != _state(medium, stream):
                return made
            kept_indices.keep(made, state, folder)
        self._remember(state, made)
        return made

    def _remember(self, state: VideoState, listed: Listed) -> None:
        with self._lock:
            self._known[state] = listed
            while len(self._known) > _MOST:
                self._known.popitem(last=False)


_KNOWN = _KnownIndices()


def known_index(medium: Medium, stream: int, make: Callable[[], Listed]) -> Listed:
    """The list of packets of video stream ``stream`` of ``medium``; ``make`` makes it where it is not known.

    Any thread. Only lists of whole files are kept: the last ones in memory, long ones in the user's cache folder too.
    """
    return _KNOWN.of(medium, stream, make)


def _state(medium: Medium, stream: int) -> VideoState | None:
    """What names the video's bytes; None where they may change or are not a file's alone."""
    if medium.is_growing:
        return None
    try:
        found = medium.path.stat()
    except OSError:
        return None
    times = found.st_mtime_ns, found.st_ctime_ns
    return VideoState(type(medium).__name__, found.st_dev, found.st_ino, found.st_size, *times, stream)
