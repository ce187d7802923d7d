"""Lists of packets kept in the user's cache folder, so that a long video is read through once and not at each start.

A file here is named by a hash of what names the video's bytes (its place on the disk, size and times of change), and
holds numbers alone: no name and no picture. One that is damaged or of another version counts as not there.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np
import platformdirs

from polyplive import __version__
from polyplive.sources.reading.packet_index import PacketIndex
from polyplive.system.atomic_file import write_atomic
from polyplive.system.private_files import make_private_folder

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

FEWEST = 10_000
"""Shorter lists are made as fast as they are read."""
MOST_BYTES = 128 << 20
"""An hour takes about 4 MB."""
SETTLED_S = 2.0
"""Files that changed later than so many seconds ago may change again within one tick of their file system's clock."""
_SCHEMA = 1
_DIGEST_BYTES = hashlib.sha256().digest_size
_NONE = np.iinfo(np.int64).min
_COLUMNS = 7


@dataclass(frozen=True, slots=True, eq=False)
class Listed:
    """A file's ``index``, which nobody changes, and the number of frames that its container lists (None: unknown)."""

    index: PacketIndex
    sampled: int | None


@dataclass(frozen=True, slots=True)
class VideoState:
    """What names a video's bytes: the kind of medium, device, inode, bytes, times of change in ns, and the stream."""

    medium: str
    device: int
    inode: int
    size: int
    modified_ns: int
    changed_ns: int
    stream: int

    @property
    def is_settled(self) -> bool:
        """Whether a later change shows in the times."""
        return time.time() - max(self.modified_ns, self.changed_ns) / 1e9 > SETTLED_S


def default_folder() -> Path:
    """``packets`` in the user's cache folder."""
    return Path(platformdirs.user_cache_dir("polyplive", appauthor=False)) / "packets"


def read_kept(state: VideoState, folder: Path) -> Listed | None:
    """The list that was kept for ``state``; None where there is none that can be used. Raises nothing."""
    try:
        path = folder / _file_name(state)
        data = path.read_bytes()
        os.utime(path)  # the newest
    except OSError:
        return None
    body = memoryview(data)[_DIGEST_BYTES:]
    if len(body) % 8 or hashlib.sha256(body).digest() != data[:_DIGEST_BYTES]:
        return None
    return _unpacked(np.frombuffer(body, np.int64))


def keep(listed: Listed, state: VideoState, folder: Path) -> None:
    """Keep ``listed`` where it is long, for its owner alone; the oldest go where there are too many. Raises nothing."""
    if len(listed.index) < FEWEST or not listed.index.is_named_by_offset or not state.is_settled:
        return
    with contextlib.suppress(OSError, OverflowError):  # it only saves time
        data = _packed(listed).tobytes()
        make_private_folder(folder)
        write_atomic(folder / _file_name(state), hashlib.sha256(data).digest() + data)
        _clean(folder)


def _file_name(state: VideoState) -> str:
    return hashlib.sha256(repr((_SCHEMA, __version__, av.__version__, state)).encode()).hexdigest() + ".packets"


def _clean(folder: Path) -> None:
    found = sorted(((each.stat(), each) for each in folder.glob("*.packets")), key=lambda pair: -pair[0].st_mtime_ns)
    total = 0
    for stat, path in found:
        total += stat.st_size
        if total > MOST_BYTES:
            path.unlink(missing_ok=True)


def _packed(listed: Listed) -> NDArray[np.int64]:
    """All columns behind one another, before them their lengths. Raises ``OverflowError``."""
    index = listed.index
    columns: tuple[Iterable[int | None], ...] = (
        index.stamps,
        index.decoding,
        index.offsets,
        index.sizes,
        index.keys,
        sorted(index.without_picture),
        index.order,
    )
    arrays = [_array(column) for column in columns]
    sampled = _NONE if listed.sampled is None else listed.sampled
    head = np.array([index.may_guess, sampled, *(len(array) for array in arrays)], np.int64)
    return np.concatenate([head, *arrays])


def _unpacked(data: NDArray[np.int64]) -> Listed:
    may_guess, sampled, *lengths = data[: 2 + _COLUMNS].tolist()
    ends = np.cumsum(lengths)[:-1]
    stamps, decoding, offsets, sizes, keys, without_picture, order = np.split(data[2 + _COLUMNS :], ends)
    index = PacketIndex(
        bool(may_guess),
        _values(stamps),
        _values(decoding),
        _values(offsets),
        sizes.tolist(),
        keys.tolist(),
        set(without_picture.tolist()),
        _values(order),
    )
    return Listed(index, None if sampled == _NONE else sampled)


def _array(values: Iterable[int | None]) -> NDArray[np.int64]:
    return np.array([_NONE if value is None else value for value in values], np.int64)


def _values(array: NDArray[np.int64]) -> list[int | None]:
    values: list[int | None] = array.tolist()
    for place in np.flatnonzero(array == _NONE).tolist():
        values[place] = None
    return values
