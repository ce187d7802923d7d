"""MOT's folder."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

from .conftest import FIRST, SECOND


def rows(path: Path) -> list[list[float]]:
    with path.open(encoding="utf-8", newline="") as file:
        return [[float(value) for value in row] for row in csv.reader(file)]


def test_frames_and_tracks_count_from_1(exported: Callable[..., Path]) -> None:
    folder = exported("mot")
    truth, found = rows(folder / "gt" / "gt.txt"), rows(folder / "det" / "det.txt")
    boxes = {(index + 1, number): box for number, seen in ((1, FIRST), (2, SECOND)) for index, box in seen.items()}
    assert {(row[0], row[1]): tuple(row[2:6]) for row in truth} == boxes
    assert {tuple(row[6:]) for row in truth} == {(1, 1, 1)}
    assert {(row[1], row[6]) for row in found} == {(1, 0.9), (2, 0.6)}
    assert all(row[7:] == [-1, -1, -1] for row in found)
    assert [row[0] for row in truth] == sorted(row[0] for row in truth)
    assert (folder / "gt" / "labels.txt").read_text(encoding="utf-8") == "polyp\n"
    assert "seqLength=20\n" in (folder / "seqinfo.ini").read_text(encoding="utf-8")
