"""Masks as PNG, read by others: OpenCV, and Pillow, which sees the numbers of a colour table."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from written_events import HEIGHT, WIDTH, detection, write_events

from polyplive.pipeline.postprocess import filled
from polyplive.review.exports import mask_pictures
from polyplive.review.exports.base import ExportOptions
from polyplive.review.exports.png import grey_png

from .conftest import FIRST, SECOND


def inside(box: tuple[int, int, int, int]) -> np.ndarray:
    return filled([detection(1, box, 0.5)], (HEIGHT, WIDTH))


def test_values_are_the_numbers_of_tracks(exported: Callable[..., Path]) -> None:
    folder = exported("masks")
    names = [path.name for path in sorted((folder / "masks").iterdir())]
    assert names == [f"procedure_{index:06d}.png" for index in sorted(FIRST.keys() | SECOND.keys())]
    with Image.open(folder / "masks" / "procedure_000007.png") as picture:
        assert picture.mode == "P"
        numbers = np.asarray(picture)
        colours = picture.convert("RGB").getcolors()
    assert np.array_equal(numbers == 1, inside(FIRST[7]))
    assert np.array_equal(numbers == 2, inside(SECOND[7]))
    assert len(colours) == 3
    with (folder / "tracks.csv").open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    assert [(row["number"], row["first_frame"], row["last_frame"]) for row in table] == [
        ("1", "3", "14"),
        ("2", "6", "19"),
    ]


def test_every_frame_has_one_where_that_is_wanted(exported: Callable[..., Path]) -> None:
    folder = exported("masks", options=ExportOptions(every_frame=True))
    assert len(list((folder / "masks").iterdir())) == 20
    empty = cv2.imread(str(folder / "masks" / "procedure_000000.png"), cv2.IMREAD_UNCHANGED)
    assert empty.shape[:2] == (HEIGHT, WIDTH)
    assert not empty.any()


def test_more_findings_than_a_colour_table_holds_are_16_bits(
    exported: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mask_pictures, "MOST_INDEXED", 1)
    picture = cv2.imread(str(exported("masks") / "masks" / "procedure_000007.png"), cv2.IMREAD_UNCHANGED)
    assert picture.dtype == np.uint16
    assert np.array_equal(picture == 2, inside(SECOND[7]))


def test_16_bits_hold_every_number() -> None:
    numbers = np.arange(65536, dtype=np.uint16).reshape(64, 1024)
    read = cv2.imdecode(np.frombuffer(grey_png(numbers), np.uint8), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(read, numbers)


def test_of_two_that_overlap_the_more_probable_is_on_top(exported: Callable[..., Path], tmp_path: Path) -> None:
    frames = {index: {1: (20, 30, 40, 30), 2: (40, 40, 40, 30)} for index in range(3)}
    folder = exported("masks", write_events(tmp_path / "events.jsonl", frames, scores={1: 0.9, 2: 0.5}))
    with Image.open(folder / "masks" / "procedure_000001.png") as picture:
        assert np.array_equal(np.asarray(picture) == 1, inside((20, 30, 40, 30)))


def test_each_frame_has_its_own_size(exported: Callable[..., Path], tmp_path: Path) -> None:
    frames = {index: {1: (20, 30, 40, 30) if index < 2 else (40, 60, 80, 60)} for index in range(4)}
    folder = exported("masks", write_events(tmp_path / "events.jsonl", frames, sizes={2: (320, 256)}))
    sizes = [cv2.imread(str(path), cv2.IMREAD_UNCHANGED).shape[:2] for path in sorted((folder / "masks").iterdir())]
    assert sizes == [(128, 160), (128, 160), (256, 320), (256, 320)]
