"""Hard negatives: what is marked without a polyp is written, clear of every polyp, and can be trained on."""

from __future__ import annotations

import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from colour_engine import ColourEngine, red_disc
from polyplive.export.data.dataset import FolderSource, load_source
from polyplive.export.data.hard_negatives import main, negatives, write_hard_negatives

from polyplive.config import PipelineSettings
from polyplive.errors import ConfigError, DataError
from polyplive.pipeline.pipeline import Pipeline

WIDTH, HEIGHT = 300, 240
POLYP, FOLD, RADIUS = (60, 60), (230, 170), 20
RED = (40, 40, 220)


def write(folder: Path, name: str, discs: list[tuple[int, int]], labelled: list[tuple[int, int]]) -> Path:
    image = np.full((HEIGHT, WIDTH, 3), 120, np.uint8)
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    for centre in discs:
        cv2.circle(image, centre, RADIUS, RED, -1)
    for centre in labelled:
        cv2.circle(mask, centre, RADIUS, 255, -1)
    for part, picture in (("images", image), ("masks", mask)):
        (folder / part).mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(folder / part / f"{name}.png"), picture)
    return folder


def mined(folders: list[Path], out: Path, exclude: str | None = None) -> list[str]:
    with Pipeline(ColourEngine(), PipelineSettings(roi="none")) as pipeline:
        return write_hard_negatives(folders, pipeline, out, re.compile(exclude) if exclude else None)


def stems(out: Path) -> list[str]:
    return sorted(path.stem for path in (out / "images").iterdir())


def test_pictures_without_a_polyp_that_are_marked_are_written(tmp_path: Path) -> None:
    folder = write(tmp_path / "in", "marked", [FOLD], [])
    write(folder, "clean", [], [])
    lines = mined([folder], tmp_path / "out")
    assert stems(tmp_path / "out") == ["1-marked"]
    assert "1 of 2 pictures without a polyp" in lines[0]


def test_parts_keep_clear_of_the_polyp(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    for number in range(12):  # a polyp alone in its picture: whatever is marked would be its rim
        write(folder, f"p{number}", [POLYP], [POLYP])
    seen = list(negatives(folder))
    assert len(seen) > 12
    assert all((view.image == 120).all() for view in seen)
    assert mined([folder], tmp_path / "out") == [f"{folder}: 0 of {len(seen)} pictures without a polyp are marked"]


def test_what_is_marked_beside_a_polyp_is_written(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    for number in range(12):
        write(folder, f"p{number}", [POLYP, FOLD], [POLYP])
    mined([folder, folder], tmp_path / "out")
    written = stems(tmp_path / "out")
    assert {stem[0] for stem in written} == {"1", "2"}  # a folder given twice overwrites nothing
    for stem in written:
        part = cv2.imread(str(tmp_path / "out" / "images" / f"{stem}.png"))
        assert (part == RED).all(2).sum() > 50


def test_what_is_written_can_be_trained_on(tmp_path: Path) -> None:
    folder = write(tmp_path / "in", "marked", [FOLD], [])
    mined([folder], tmp_path / "out")
    loaded = load_source(tmp_path, FolderSource("out", only="negative"), 64)
    assert len(loaded.samples) == 1
    assert not loaded.samples[0].mask.any()


def test_left_out_names_are_not_looked_at(tmp_path: Path) -> None:
    folder = write(tmp_path / "in", "18_a", [FOLD], [])
    write(folder, "180_a", [FOLD], [])
    mined([folder], tmp_path / "out", "^18_")
    assert stems(tmp_path / "out") == ["1-180_a"]


def test_a_folder_with_something_in_it_is_refused(tmp_path: Path) -> None:
    folder = write(tmp_path / "in", "marked", [FOLD], [])
    with pytest.raises(ConfigError, match="not empty"):
        mined([folder], folder)
    assert stems(folder) == ["marked"]


def test_a_broken_picture_leaves_nothing_behind(tmp_path: Path) -> None:
    folder = write(tmp_path / "in", "a", [FOLD], [])
    write(folder, "b", [FOLD], [])
    (folder / "images" / "b.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"b\.png"):
        mined([folder], tmp_path / "out")
    assert not any((tmp_path / "out").iterdir())
    (folder / "images" / "b.png").write_bytes(cv2.imencode(".png", red_disc(WIDTH, HEIGHT, FOLD, RADIUS))[1].tobytes())
    mined([folder], tmp_path / "out")
    assert stems(tmp_path / "out") == ["1-a", "1-b"]


def test_wrong_input_is_one_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder = write(tmp_path / "in", "marked", [FOLD], [])
    out = str(tmp_path / "out")
    assert main([str(tmp_path / "none"), "--out", out]) == 1
    assert main([str(folder), "--out", out, "--exclude", "("]) == 1
    assert main([str(folder), "--out", str(folder)]) == 1
    assert main([str(folder), "--out", out, "--threshold", "2"]) == 1
    said = [line for line in capfd.readouterr().err.splitlines() if line.startswith("write_hard_negatives: ")]
    assert len(said) == 4
    for line, named in zip(said, ("none", "--exclude", "not empty", "2.0"), strict=True):
        assert named in line


def test_the_command_says_what_it_found(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder = write(tmp_path / "in", "clean", [], [])
    out = tmp_path / "out"
    assert main([str(folder), "--out", str(out)]) == 0
    assert "0 of 1 pictures without a polyp" in capfd.readouterr().out
    assert stems(out) == []
