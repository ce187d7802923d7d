"""The index of a batch: every recording with its figures, and links to its events and report."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from polyplive.pages.environment import render
from polyplive.pages.text import clock, grouped
from polyplive.wording import counted, moment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from polyplive.batch.table import Cell

_HEADINGS = {"failed": "Failed", "unfinished": "Still being written", "skipped": "No recordings", "done": "Done"}


@dataclass(frozen=True, slots=True)
class _Row:
    name: str
    href: str
    """Of its report, else of its events; empty where it has neither."""
    events: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Group:
    heading: str
    head: tuple[str, ...]
    rows: list[_Row]
    is_figures: bool = False


def batch_page(rows: Sequence[Mapping[str, Cell]], ended: str) -> str:
    """The page of a batch's table that ``ended`` then (ISO 8601)."""
    counts = Counter(str(row["status"]) for row in rows)
    groups = [_group(status, [row for row in rows if row["status"] == status]) for status in _HEADINGS]
    done = [row for row in rows if row["status"] == "done"]
    return render(
        "batch.html.j2",
        kind="polyplive batch",
        heading=counted(len(rows), "recording"),
        ended=moment(ended),
        tiles=[
            (grouped(counts["done"]), "done"),
            (grouped(counts["failed"]), "failed"),
            (grouped(_sum(done, "findings")), "findings"),
            (clock(_sum(done, "duration_s")), "of video"),
            (grouped(_sum(done, "frames_processed")), "frames processed"),
        ],
        groups=[group for group in groups if group.rows],
    )


def _group(status: str, rows: list[Mapping[str, Cell]]) -> _Group:
    if status != "done":
        found = [_Row(str(row["recording"]), "", "", (str(row["reason"]),)) for row in rows]
        return _Group(_HEADINGS[status], ("Recording", "Why"), found)
    head = ("Recording", "Findings", "In view", "Length", "Frames", "Dropped", "Seconds")
    return _Group(_HEADINGS[status], head, [_done(row) for row in rows], is_figures=True)


def _done(row: Mapping[str, Cell]) -> _Row:
    events, report = (quote(str(row[name])) if row[name] else "" for name in ("events", "report"))
    cells = (
        grouped(int(row["findings"] or 0)),
        clock(float(row["in_view_s"] or 0)),
        clock(float(row["duration_s"] or 0)),
        grouped(int(row["frames_processed"] or 0)),
        grouped(int(row["frames_dropped"] or 0)),
        f"{float(row['seconds'] or 0):.1f}",
    )
    return _Row(str(row["recording"]), report or events, events if report else "", cells)


def _sum(rows: Sequence[Mapping[str, Cell]], name: str) -> int:
    return round(sum(float(row[name] or 0) for row in rows))
