"""What a batch writes beside the results: the reports of recordings, the table and the index."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from polyplive.batch.table import csv_text, parquet_bytes, table_rows
from polyplive.commands.messages import write_text
from polyplive.pages.batch import batch_page
from polyplive.pages.report import report_page
from polyplive.review.events_file import EventsFile
from polyplive.review.recording_report import recording_report
from polyplive.sinks.failures import sink_error
from polyplive.system.atomic_file import write_atomic

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from polyplive.batch.result import Result
    from polyplive.review.analysis.planning import VideoOptions
    from polyplive.review.timeline import QualitySpan

TABLE_FILE, PARQUET_FILE, INDEX_FILE = "batch.csv", "batch.parquet", "index.html"


def write_report(
    options: VideoOptions, video: Path, events: Path, quality: Sequence[QualitySpan], report: Path
) -> None:
    """Write the report of a recording with these events, whose picture has the flaws ``quality``; in a worker.

    Raises ``SinkError`` and ``SourceError``.
    """
    with options.open(video) as source:
        write_text(report, report_page(recording_report(EventsFile(events), source, quality=quality)))


def write_tables(out: Path, results: Mapping[str, Result], *, parquet: bool) -> list[Path]:
    """Write the table and the index of ``results`` into ``out``; the files. Raises ``SinkError``."""
    rows = table_rows(results)
    ended = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
    write_text(out / INDEX_FILE, batch_page(rows, ended))
    write_text(out / TABLE_FILE, csv_text(rows))
    files = [out / INDEX_FILE, out / TABLE_FILE]
    if parquet:
        path = out / PARQUET_FILE
        try:
            write_atomic(path, parquet_bytes(rows))
        except OSError as error:
            raise sink_error(path, error, kept=False) from None
        files.append(path)
    return files
