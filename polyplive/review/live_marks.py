"""The marks of a live session at their places in the recording that the session made."""

from __future__ import annotations

import bisect
import csv
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from polyplive.sinks.base import Content, Mark
from polyplive.sinks.frame_list import FrameList
from polyplive.system.file_names import fitting_stem

if TYPE_CHECKING:
    from pathlib import Path

_EVENTS = ".events.jsonl"
_PART = re.compile(r"-(\d+)$")
"""The end of the name of a recording's later files."""
_CONTENT = re.compile(f"-({Content.RAW.value}|{Content.OVERLAY.value})$")
_LATE_S = 1.0
"""A mark that was made so long behind the last frame is still one of it."""


@dataclass(frozen=True, slots=True)
class _Listed:
    """A row of the list of frames: its number in the video, the session's index, its time and when it was read."""

    frame: int
    index: int
    pts_s: float
    captured_s: float


def events_beside(video: Path) -> Path | None:
    """The events of the session that recorded ``video``, where they lie beside it under the names they are given."""
    stem = video.stem
    stems = [stem, _CONTENT.sub("", stem), _PART.sub("", stem), _CONTENT.sub("", _PART.sub("", stem))]
    for name in dict.fromkeys(stems):
        path = video.with_name(fitting_stem(name, _EVENTS) + _EVENTS)
        if path.is_file():
            return path
    return None


def marks_beside(video: Path) -> tuple[Mark, ...]:
    """The marks that were made while ``video`` was recorded, by time; none where its list or events are not there.

    ``index`` and ``pts_s`` are the frame's number and its time in the video. A mark that waited for the recording is at
    its beginning. A mark of another file of the same recording is left out. Raises nothing.
    """
    events = events_beside(video)
    if events is None:
        return ()
    try:
        rows, marks = _rows(FrameList(video).path), _marks(events)
    except (OSError, ValueError, KeyError, TypeError, csv.Error, msgspec.MsgspecError):
        return ()
    if not rows:
        return ()
    is_first, is_last = not _has_neighbour(video, -1), not _has_neighbour(video, 1)
    placed = [_placed(mark, rows, is_first=is_first, is_last=is_last) for mark in marks.values()]
    return tuple(sorted(filter(None, placed), key=lambda mark: (mark.pts_s or 0.0, mark.number)))


def _has_neighbour(video: Path, by: int) -> bool:
    """Whether the next file of the same recording (1) or the previous one (-1) lies beside it."""
    number = _PART.search(video.stem)
    stem = video.stem[: number.start()] if number is not None else video.stem
    width, value = (len(number[1]), int(number[1])) if number is not None else (1, 1)
    names = [f"{stem}-{value + by:0{width}d}", *([stem] if number is not None and by < 0 else [])]
    return any(video.with_name(name + video.suffix).exists() for name in names)


def _placed(mark: Mark, rows: list[_Listed], *, is_first: bool, is_last: bool) -> Mark | None:
    """The mark at the frame that was on screen, or at the newest that was read when it was made."""
    at = bisect.bisect_left(rows, mark.index, key=lambda row: row.index) if mark.index is not None else len(rows)
    if at == len(rows) or rows[at].index != mark.index:
        late_s = mark.at_s - rows[-1].captured_s
        if late_s > _LATE_S or (late_s > 0 and not is_last):
            return None
        at = bisect.bisect_right(rows, mark.at_s, key=lambda row: row.captured_s) - 1
        if at < 0 and not is_first:
            return None
    row = rows[max(at, 0)]
    return Mark(mark.number, mark.at_s, row.frame, row.pts_s - rows[0].pts_s, mark.text)


def _rows(path: Path) -> list[_Listed]:
    with path.open(newline="", encoding="utf-8") as file:
        return [
            _Listed(int(row["frame"]), int(row["index"]), float(row["pts_s"]), float(row["captured_s"]))
            for row in csv.DictReader(file)
            if None not in row.values()  # the last one, cut short
        ]


def _marks(path: Path) -> dict[int, Mark]:
    """Marks by number, without reading what was found: an hour of that takes seconds."""
    found = {}
    with path.open("rb") as file:
        for line in file:
            if b'"mark"' in line[:24] and line.endswith(b"\n"):
                item = msgspec.json.decode(line)
                mark = Mark(item["number"], item["at_s"], item["index"], item["pts_s"], item["text"])
                found[mark.number] = mark
    return found
