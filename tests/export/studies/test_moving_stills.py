"""Stills that move: the same each time, true to their masks, and followed as the settings say."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from colour_engine import ColourEngine, red_disc
from polyplive.export.studies.moving_stills import (
    FRAMES,
    SIDE,
    Disturbances,
    FollowedSetting,
    Motion,
    main,
    measure,
    moving_still,
    recordings,
)

from polyplive.config import PipelineSettings
from polyplive.evaluation.disturbances import generator_for
from polyplive.pipeline.pipeline import Pipeline

WIDTH, HEIGHT = 200, 160
CENTRE, RADIUS = (100, 80), 30


def truth() -> np.ndarray:
    return cv2.circle(np.zeros((HEIGHT, WIDTH), np.uint8), CENTRE, RADIUS, 1, -1).astype(bool)


def write(folder: Path, names: dict[str, bool]) -> Path:
    for part in ("images", "masks"):
        (folder / part).mkdir(parents=True)
    for name, has_polyp in names.items():
        cv2.imwrite(str(folder / "images" / f"{name}.png"), red_disc(WIDTH, HEIGHT, CENTRE, RADIUS))
        cv2.imwrite(str(folder / "masks" / f"{name}.png"), 255 * (truth() & has_polyp).astype(np.uint8))
    return folder


@pytest.mark.parametrize("name", ["a", "b", "c"])
def test_picture_and_mask_move_together_and_the_same_each_time(name: str) -> None:
    picture = red_disc(WIDTH, HEIGHT, CENTRE, RADIUS)
    first, again = (list(moving_still(name, picture, truth(), first=80)) for _ in range(2))
    assert [one.frame.index for one in first] == list(range(80, 80 + FRAMES))
    agreements = []
    for one, other in zip(first, again, strict=True):
        assert one.frame.image.shape == (SIDE, SIDE, 3)
        assert (one.frame.image == other.frame.image).all()
        assert one.polyp
        assert one.truth is not None
        blue, _, red = (one.frame.image[..., channel].astype(int) for channel in range(3))
        seen = red - blue > 0.4 * (red - blue).max()
        agreements.append((seen & one.truth).sum() / (seen | one.truth).sum())
    assert np.median(agreements) > 0.85  # blurred, dark and combed frames agree less
    assert len({one.frame.image.tobytes() for one in first}) == FRAMES


def test_a_combing_frame_is_half_of_this_view_and_half_of_the_one_before() -> None:
    troubles = Disturbances(range(0), 8, 0.0, range(0), 1.0, combs=True, quality=95)
    rng = np.random.default_rng(1)
    this, before = (np.full((SIDE, SIDE, 3), value, np.uint8) for value in (60, 120))
    recorded = troubles.apply(this, before, 7, rng)
    assert abs(recorded[::2].mean() - 60) < 2
    assert abs(recorded[1::2].mean() - 120) < 2
    assert (this == 60).all()


def combs(name: str) -> bool:
    rng = generator_for(name)
    Motion.draw(rng)
    return Disturbances.draw(rng).combs


def test_the_other_field_moves_on_too() -> None:
    name = next(name for name in "abcdefghijkl" if combs(name))
    bright = np.where(truth()[..., None], np.uint8([200] * 3), np.uint8([40] * 3))  # JPEG mixes lines of colour
    frames = list(moving_still(name, bright, truth()))
    with_before, with_first = [], []
    for before, this in pairwise(frames):
        field = this.frame.image[1::2, :, 1]
        seen = field > 0.6 * field.max()
        for agreements, other in ((with_before, before), (with_first, frames[0])):
            where = other.truth[1::2]
            agreements.append((seen & where).sum() / (seen | where).sum())
    assert np.median(with_before) > 0.85
    assert np.median(with_before[FRAMES // 2 :]) > np.median(with_first[FRAMES // 2 :]) + 0.1


def test_another_name_moves_otherwise() -> None:
    picture = red_disc(WIDTH, HEIGHT, CENTRE, RADIUS)
    first, other = (next(moving_still(name, picture, truth())).truth for name in "ab")
    assert (first != other).any()


def test_a_picture_with_a_polyp_gives_a_part_without_too(tmp_path: Path) -> None:
    made = list(recordings([write(tmp_path, {"p": True, "n": False})]))
    assert [name for name, _, _ in made][:2] == ["n", "p"]
    for name, image, where in made:
        assert image.shape[:2] == where.shape
        assert where.any() == (name == "p")


def test_every_way_follows_the_same_frames(tmp_path: Path) -> None:
    folder = write(tmp_path, {"p": True})
    ways = [FollowedSetting(1, 1.0), FollowedSetting(3, 1.0), FollowedSetting(FRAMES + 1, 1.0)]
    with Pipeline(ColourEngine(), PipelineSettings(roi="none")) as pipeline:
        measure([folder], pipeline, ways)
    at_once, later, never = ([mark.found for mark in way.marks if mark.polyp] for way in ways)
    assert len(at_once) == len(later) == len(never) == FRAMES
    assert sum(at_once) >= sum(later) + 2 > 2
    assert not any(never)


def test_wrong_input_is_one_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "none")]) == 1
    assert main([str(write(tmp_path / "one", {"p": True})), "--release-probability", "2"]) == 1
    said = [line for line in capfd.readouterr().err.splitlines() if line.startswith("moving_stills: ")]
    assert len(said) == 2
    assert "none" in said[0]
    assert "2.0" in said[1]
