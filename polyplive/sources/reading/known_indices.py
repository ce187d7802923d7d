"""Lists of packets that this process has made, so that a file which is opened again is not read through again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from polyplive.sources.reading.medium import Medium
    from polyplive.sources.reading.packet_index import PacketIndex

_MOST = 2
"""So many lists are kept. One of an hour takes about 40 MB."""


@dataclass(frozen=True, slots=True, eq=False)
class Listed:
    """A file's ``index``, which nobody changes, and the number of frames that its container lists (None: unknown)."""

    index: PacketIndex
    sampled: int | None


class _KnownIndices:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[Hashable, Listed] = OrderedDict()

    def of(self, medium: Medium, stream: int, make: Callable[[], Listed]) -> Listed:
        key = _identity(medium, stream)
        with self._lock:
            known = self._known.get(key) if key is not None else None
            if known is not None:
                self._known.move_to_end(key)
                return known
        made = make()
        if key is not None and key == _identity(medium, stream):
            with self._lock:
                self._known[key] = made
                while len(self._known) > _MOST:
                    self._known.popitem(last=False)
        return made


_KNOWN = _KnownIndices()


def known_index(medium: Medium, stream: int, make: Callable[[], Listed]) -> Listed:
    """The list of packets of video stream ``stream`` of ``medium``; ``make`` makes it where it is not known.

    Any thread. Only lists of whole files are kept, by the file's place on the disk, size and time of change.
    """
    return _KNOWN.of(medium, stream, make)


def _identity(medium: Medium, stream: int) -> Hashable | None:
    """What names a file's bytes; None where they may change or are not a file's alone."""
    if medium.is_growing:
        return None
    try:
        found = medium.path.stat()
    except OSError:
        return None
    return type(medium), found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns, stream
