"""What a run leaves for people: figures as CSV, and curves that can be read."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import cv2
import pytest
from polyplive.export.training import records as drawing
from polyplive.export.training.records import COLUMNS, Records, curves


def row(epoch: int, negatives: int = 0) -> dict:
    counted = {"negatives_marked": negatives // 4, "negatives": negatives, "false_marks": 0.25 if negatives else 0.0}
    best = 0.1 * min(epoch, 4)
    return {
        "epoch": epoch,
        "loss": 1 / epoch,
        "iou": best,
        "dice": best,
        "learning_rate": 1e-3,
        "seconds": 2.0,
    } | counted


@pytest.mark.parametrize("epochs", [1, 2, 3, 7, 40])
def test_epochs_are_whole_numbers_with_both_ends(epochs: int) -> None:
    for axes in curves([row(epoch) for epoch in range(1, epochs + 1)]).axes:
        texts = [label.get_text() for label in axes.get_xticklabels()]
        assert all(text == str(int(text)) for text in texts)
        assert (texts[0], texts[-1]) == ("1", str(epochs))
        low, high = axes.get_xlim()
        assert low < 1 <= epochs < high


def test_the_legend_names_the_last_and_the_best_epoch() -> None:
    _, right = curves([row(epoch, 8) for epoch in range(1, 7)]).axes
    assert [text.get_text() for text in right.get_legend().get_texts()] == [
        "Dice: last 0.400, best 0.400 in epoch 4",
        "IoU: last 0.400, best 0.400 in epoch 4",
        "Negatives marked: last 2 of 8 (25 %),\nbest 2 of 8 (25 %) in epoch 1",
    ]


def test_without_negatives_nothing_is_drawn_of_them() -> None:
    _, right = curves([row(1)]).axes
    assert len(right.get_legend().get_texts()) == 2


def test_files_hold_all_epochs_also_those_of_a_version_that_counted_less(tmp_path: Path) -> None:
    old = {name: value for name, value in row(1).items() if not name.startswith("negatives")}
    Records(tmp_path, 2).write([old, row(2, 8)])
    with (tmp_path / "metrics.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    assert [found["negatives"] for found in rows] == ["", "8"]
    assert cv2.imread(str(tmp_path / "curves.png")).shape[1] == 1200


def test_curves_are_drawn_behind_the_first_and_the_last_epoch_and_not_behind_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawing, "_DRAWN_EVERY_S", math.inf)
    records, seen = Records(tmp_path, 4), []
    for epochs in range(1, 5):
        records.write([row(epoch) for epoch in range(1, epochs + 1)])
        assert len((tmp_path / "metrics.csv").read_text().splitlines()) == 1 + epochs
        seen.append((tmp_path / "curves.png").read_bytes())
    assert seen[0] == seen[1]
    assert seen[2] != seen[3]
