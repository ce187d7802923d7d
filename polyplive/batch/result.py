"""The result file of a recording: written last and whole, so that a recording with one is done with."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

from polyplive import __version__
from polyplive.batch.file_state import FileState
from polyplive.system.atomic_file import write_atomic

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = 1
RESULT_FILE, EVENTS_FILE, REPORT_FILE = "result.json", "events.jsonl", "report.html"

Status: TypeAlias = Literal["done", "failed", "skipped", "unfinished"]
"""``skipped``: it is no recording. ``unfinished``: it is still being written; only that has no result file."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What was found. Times are in seconds of the video.

    ``dropped`` counts the frames without a result, by cause. ``frames_marked`` had a finding; ``findings`` are the
    tracks, seen for ``in_view_s`` in all. ``findings_sha256`` is of every frame's findings: the same where they are
    equal.
    """

    width: int
    height: int
    fps: float | None
    duration_s: float
    frames_read: int
    frames_processed: int
    dropped: dict[str, int]
    repaired: int
    frames_marked: int
    findings: int
    in_view_s: float
    findings_sha256: str


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a recording. ``source`` is its file's name, ``reason`` a line where it is not done.

    ``input`` is the file that was read, ``work_sha256`` what was done with it. ``started`` is local time, ISO 8601 with
    its offset; ``seconds`` is how long it took.
    """

    status: Status
    source: str
    reason: str = ""
    input: FileState | None = None
    work_sha256: str = ""
    started: str = ""
    seconds: float = 0.0
    model: str = ""
    model_sha256: str = ""
    backend: str = ""
    precision: str = ""
    figures: Figures | None = None
    files: tuple[str, ...] = ()
    version: str = __version__
    schema: int = field(default=SCHEMA)

    @property
    def is_kept(self) -> bool:
        """Whether it need not be done again, if file and work are the same."""
        return self.status in ("done", "skipped")


def read_result(folder: Path) -> Result | None:
    """The result in ``folder``; None where there is none that can be read."""
    with contextlib.suppress(OSError, msgspec.MsgspecError, ValueError):
        result = msgspec.json.decode((folder / RESULT_FILE).read_bytes(), type=Result)
        if result.schema == SCHEMA and all((folder / name).is_file() for name in result.files):
            return result
    return None


def write_result(folder: Path, result: Result) -> None:
    """Write it into ``folder``, completely or not at all. Raises ``OSError``."""
    write_atomic(folder / RESULT_FILE, msgspec.json.format(msgspec.json.encode(result), indent=2) + b"\n")
