"""The table of all recordings of a batch: a row each, for spreadsheets and programs."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any, TypeAlias

from polyplive.batch.result import EVENTS_FILE, REPORT_FILE
from polyplive.errors import MissingDependency

if TYPE_CHECKING:
    from collections.abc import Mapping

    from polyplive.batch.result import Result

Cell: TypeAlias = "str | int | float | None"

COLUMNS: dict[str, type] = {
    "recording": str,
    "status": str,
    "reason": str,
    "folder": str,
    "duration_s": float,
    "width": int,
    "height": int,
    "fps": float,
    "frames_read": int,
    "frames_processed": int,
    "frames_dropped": int,
    "frames_marked": int,
    "findings": int,
    "in_view_s": float,
    "started": str,
    "seconds": float,
    "model": str,
    "model_sha256": str,
    "backend": str,
    "precision": str,
    "version": str,
    "findings_sha256": str,
    "events": str,
    "report": str,
}
"""The names of the columns with what their cells are; a cell may be empty (None). Times are in seconds."""


def table_rows(results: Mapping[str, Result]) -> list[dict[str, Cell]]:
    """A row for each recording, in order; ``results`` are by the names of their folders."""
    return [_row(folder, result) for folder, result in results.items()]


def csv_text(rows: list[dict[str, Cell]]) -> str:
    """The table as comma-separated values (RFC 4180), with the columns' names in the first line."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(COLUMNS), lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def parquet_bytes(rows: list[dict[str, Cell]]) -> bytes:
    """The table as Parquet. Raises ``MissingDependency``."""
    polars = polars_module()
    kinds = {str: polars.String, int: polars.Int64, float: polars.Float64}
    made = io.BytesIO()
    polars.DataFrame(rows, {name: kinds[kind] for name, kind in COLUMNS.items()}).write_parquet(made)
    return made.getvalue()


def polars_module() -> Any:
    """What writes Parquet. Raises ``MissingDependency`` where it is not installed."""
    try:
        import polars
    except ImportError:
        raise MissingDependency(
            "polars is not installed", "Install it with: pip install 'polyplive[parquet]'"
        ) from None
    return polars


def _row(folder: str, result: Result) -> dict[str, Cell]:
    row: dict[str, Cell] = dict.fromkeys(COLUMNS)
    row |= {name: getattr(result, name) for name in COLUMNS if hasattr(result, name)}
    row |= {"recording": result.source, "folder": folder if result.status != "unfinished" else None}
    figures = result.figures
    if figures is not None:
        row |= {name: getattr(figures, name) for name in COLUMNS if hasattr(figures, name)}
        row["frames_dropped"] = sum(figures.dropped.values())
    for name, file in (("events", EVENTS_FILE), ("report", REPORT_FILE)):
        row[name] = f"{folder}/{file}" if file in result.files else None
    return row
