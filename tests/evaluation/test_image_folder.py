"""Folders of images and masks: what belongs together, and what is wrong with the rest."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from polyplive.errors import DataError
from polyplive.evaluation.image_folder import find_pairs, quiet_decoders, read_image, read_pair


def write(path: Path, height: int = 20, width: int = 30, value: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), np.full((height, width, 3), value, np.uint8))


def test_pairs_match_by_stem_whatever_the_extension_in_natural_order(tmp_path: Path) -> None:
    for stem in ("10", "9", "a"):
        write(tmp_path / "images" / f"{stem}.jpg")
        write(tmp_path / "masks" / f"{stem}.png")
    (tmp_path / "images" / "notes.txt").write_text("not a picture")
    found = find_pairs(tmp_path)
    assert [pair.stem for pair in found.pairs] == ["9", "10", "a"]
    assert found.problems == ()


def test_the_archives_own_folder_is_found_one_level_down(tmp_path: Path) -> None:
    write(tmp_path / "Kvasir-SEG" / "images" / "x.jpg")
    write(tmp_path / "Kvasir-SEG" / "masks" / "x.jpg")
    assert [pair.stem for pair in find_pairs(tmp_path).pairs] == ["x"]


def test_what_has_no_partner_is_named(tmp_path: Path) -> None:
    for name in ("images/both.jpg", "masks/both.jpg", "images/alone.jpg", "masks/other.png", "images/both.png"):
        write(tmp_path / name)
    problems = "; ".join(find_pairs(tmp_path).problems)
    assert "alone.jpg: no mask" in problems
    assert "other.png: no image" in problems
    assert "both.png: has the same name" in problems


@pytest.mark.parametrize("made", [[], ["images"], ["images", "masks"]])
def test_an_unusable_folder_is_one_clear_error(tmp_path: Path, made: list[str]) -> None:
    for name in made:
        (tmp_path / name).mkdir()
    with pytest.raises(DataError) as caught:
        find_pairs(tmp_path)
    assert "images/" in caught.value.hint


def test_a_missing_folder_is_named() -> None:
    with pytest.raises(DataError, match="nowhere"):
        find_pairs(Path("nowhere"))


def test_masks_are_split_at_127(tmp_path: Path) -> None:
    write(tmp_path / "images" / "x.png")
    mask = np.full((20, 30), 127, np.uint8)
    mask[:, 15:] = 128
    (tmp_path / "masks").mkdir()
    cv2.imwrite(str(tmp_path / "masks" / "x.png"), mask)
    image, truth = read_pair(find_pairs(tmp_path).pairs[0])
    assert image.shape == (20, 30, 3)
    assert not truth[:, :15].any()
    assert truth[:, 15:].all()


@pytest.mark.parametrize("content", [b"", b"text", b"\xff\xd8\xff\xe0 cut short"])
def test_a_broken_picture_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.jpg"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"broken\.jpg"):
        read_image(path)


def test_a_mask_of_another_size_is_named(tmp_path: Path) -> None:
    write(tmp_path / "images" / "x.png")
    write(tmp_path / "masks" / "x.png", height=21)
    with pytest.raises(DataError, match="30x21, its image 30x20"):
        read_pair(find_pairs(tmp_path).pairs[0])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
def test_a_pipe_among_the_pictures_is_named_and_not_opened(tmp_path: Path) -> None:
    for stem in ("1", "2"):
        write(tmp_path / "images" / f"{stem}.png")
        write(tmp_path / "masks" / f"{stem}.png")
    (tmp_path / "images" / "2.png").unlink()
    os.mkfifo(tmp_path / "images" / "2.png")
    found = find_pairs(tmp_path)
    assert [pair.stem for pair in found.pairs] == ["1"]
    assert "2.png: is not a regular file" in "; ".join(found.problems)
    with pytest.raises(DataError, match="not a regular file"):
        read_image(tmp_path / "images" / "2.png")


def test_a_broken_picture_is_the_only_line_on_stderr(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)
    for name in ("x.png", "x.tif"):
        whole = bytearray(cv2.imencode(Path(name).suffix, noise)[1].tobytes())
        whole[len(whole) // 2] ^= 0xFF
        (tmp_path / name).write_bytes(whole[:-40])
        with contextlib.suppress(DataError), quiet_decoders():
            read_image(tmp_path / name)
    os.write(2, b"heard\n")
    assert capfd.readouterr().err == "heard\n"
