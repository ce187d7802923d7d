"""What is said of recordings: while they run, and at their end."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from polyplive.sessions.recorder.progress import Progress, WrittenFile
    from polyplive.sinks.base import Content


@dataclass(frozen=True, slots=True)
class RecorderFacts:
    """One recorder at one moment: what it writes, what it has written, what it lost. ``problems`` are lines of text."""

    contents: tuple[Content, ...]
    progress: Progress
    left_out: int = 0
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RecordingStatus:
    """Whether a session is being recorded, and how that goes.

    ``is_recording``: frames are being written as video. ``contents`` is what is being written, also without video
    (events, a report). ``started`` is the local time in ISO 8601 when it began, ``elapsed_s`` the seconds since;
    of a replay, how much of it was recorded. ``files`` are those so far, in bytes together ``bytes_written``, at most a
    second ago. ``free_bytes`` is what the disk has left; None where that is unknown. ``pieces`` counts the files that
    its longest video has become. ``left_out`` counts frames for which there was no time. ``error`` is the last problem
    in one line; that of a recording that ended by itself stays until the next one begins. ``finishing`` counts frames
    that a recording which was stopped still has to write.

    ``marks`` counts the session's marks; ``marks_in_no_file`` those of them that no events file holds yet.
    ``takes_marks``: an events file is being written, which will hold the next one.
    """

    is_recording: bool = False
    contents: tuple[Content, ...] = ()
    started: str = ""
    elapsed_s: float = 0.0
    files: tuple[Path, ...] = ()
    bytes_written: int = 0
    free_bytes: int | None = None
    pieces: int = 0
    left_out: int = 0
    error: str = ""
    finishing: int = 0
    marks: int = 0
    marks_in_no_file: int = 0
    takes_marks: bool = False


@dataclass(frozen=True, slots=True)
class RecordingEnd:
    """What a recording left, once all of it is written.

    ``files`` are in order: videos, then events and reports. ``started`` is the local time in ISO 8601 when it began,
    ``duration_s`` how long it ran; of a replay, how much of it was recorded. ``left_out`` counts frames for which there
    was no time; ``problems`` are lines about what failed. ``reason`` says why it ended.
    """

    files: tuple[WrittenFile, ...]
    started: str
    duration_s: float
    reason: str
    left_out: int = 0
    problems: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)

    @property
    def videos(self) -> tuple[Path, ...]:
        """The files that can be played."""
        return tuple(file.path for file in self.files if file.content is not None and file.content.is_video)


def pieces_of(files: Sequence[WrittenFile]) -> int:
    """The number of files that the longest video has become."""
    counts = Counter(file.content for file in files if file.content is not None and file.content.is_video)
    return max(counts.values(), default=0)
