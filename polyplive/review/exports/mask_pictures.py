"""Masks as PNG pictures: a pixel's value is the number of the track that it belongs to, 0 for none."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import numpy as np

from polyplive.review.exports.base import ExportFormat, ExportOptions
from polyplive.review.exports.linked import label_of
from polyplive.review.exports.png import MOST_INDEXED, grey_png, indexed_png
from polyplive.review.exports.run_length import clipped, filled_box
from polyplive.review.exports.texts import TextFile
from polyplive.system.atomic_file import write_new
from polyplive.system.private_files import make_private_folder

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from polyplive.review.exports.linked import LinkedFindings, LinkedFrame


def write(findings: LinkedFindings, path: Path, options: ExportOptions) -> None:
    """Write ``masks/NAME_000120.png`` for each frame with findings, and ``tracks.csv``, which says what numbers are."""
    make_private_folder(path / "masks")
    as_png = indexed_png if max((track.number for track in findings.tracks), default=0) <= MOST_INDEXED else grey_png
    for frame in findings.frames():
        if frame.findings or options.every_frame:
            write_new(path / "masks" / findings.frame_name(frame.index, ".png"), as_png(numbers_of(frame)))
    with TextFile(path / "tracks.csv") as file:
        file.write(_table(findings))


def numbers_of(frame: LinkedFrame) -> NDArray[np.uint16]:
    """uint16 [H, W]: the number of the track at each pixel, 0 for none; of two the more probable one."""
    numbers = np.zeros((frame.height, frame.width), np.uint16)
    for finding in sorted(frame.findings, key=lambda one: one.detection.score):
        mask, left, top = clipped(*filled_box(finding.detection.contour), frame.width, frame.height)
        height, width = mask.shape
        numbers[top : top + height, left : left + width][mask] = finding.track
    return numbers


def _table(findings: LinkedFindings) -> str:
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(("number", "name", "first_frame", "last_frame", "frames", "peak_score", "verdict"))
    for track in findings.tracks:
        first, last = track.sightings[0].index, track.sightings[-1].index
        about = label_of(track), first, last, len(track.sightings), track.peak_score
        rows.writerow((track.number, *about, findings.verdict(track.number).value))
    return text.getvalue()


MASKS = ExportFormat(
    "masks",
    "Masks as PNG: a picture for each frame with findings, its values the tracks' numbers",
    "",
    write,
    is_folder=True,
    options=("every_frame",),
)
