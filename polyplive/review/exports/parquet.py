"""Parquet: one row a sighting, for polars, pandas, DuckDB and R (extra ``parquet``)."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from polyplive.review.exports.base import ExportFormat, ExportOptions
from polyplive.system.atomic_file import write_all
from polyplive.system.private_files import create_private

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from polyplive.review.exports.linked import LinkedFinding, LinkedFindings, LinkedFrame

COLUMNS = {
    "frame": "Int64",
    "time_s": "Float64",
    "track": "Int32",
    "label": "String",
    "x": "Int32",
    "y": "Int32",
    "width": "Int32",
    "height": "Int32",
    "area_px": "Int64",
    "share": "Float64",
    "score": "Float64",
    "verdict": "String",
    "events_track": "Int32",
    "frame_width": "Int32",
    "frame_height": "Int32",
    "sample_aspect": "Float64",
    "source": "String",
    "fps": "Float64",
    "model": "String",
    "model_sha256": "String",
    "version": "String",
}
"""The columns with polars' names of their types."""
_ROWS = 20_000
"""In a part of the file, and in memory at once."""


def write(findings: LinkedFindings, path: Path, options: ExportOptions) -> None:
    """Write the file, which is made in memory: some megabytes for an hour."""
    import polars

    schema = {name: getattr(polars, kind) for name, kind in COLUMNS.items()}
    parts: list[polars.DataFrame] = [polars.DataFrame(schema=schema)]
    rows: list[tuple[Any, ...]] = []
    for row in _rows(findings):
        rows.append(row)
        if len(rows) == _ROWS:
            parts.append(polars.DataFrame(rows, schema, orient="row"))
            rows = []
    parts.append(polars.DataFrame(rows, schema, orient="row"))
    made = io.BytesIO()  # polars' own errors about a full disk are not the system's
    polars.concat(parts).write_parquet(made, compression="zstd", row_group_size=_ROWS)
    with create_private(path) as file:
        write_all(file, made.getbuffer())


def _rows(findings: LinkedFindings) -> Iterator[tuple[Any, ...]]:
    session = findings.session
    constant = session.sample_aspect, findings.name, session.fps, session.model, session.model_sha256, session.version
    for frame in findings.frames():
        for finding in frame.findings:
            yield (*_row(frame, finding), *constant)


def _row(frame: LinkedFrame, finding: LinkedFinding) -> tuple[Any, ...]:
    detection = finding.detection
    size = frame.width, frame.height
    share = detection.area_px / (frame.width * frame.height)
    about = detection.area_px, share, detection.score, finding.verdict.value, detection.track
    return frame.index, frame.time_s, finding.track, finding.label, *detection.bbox, *about, *size


PARQUET = ExportFormat(
    "parquet", "Parquet: a table with one row a sighting", ".parquet", write, package="polars", extra="parquet"
)
