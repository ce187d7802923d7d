"""Training folders: what is selected, what is refused, and that a seed decides everything."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from polyplive.export.data.augment import Augmentation, augment
from polyplive.export.data.dataset import FolderSource, batches, draw_epoch, load_source

from polyplive.errors import ConfigError, DataError


def picture(seed: int, side: int = 48) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (side, side, 3), np.uint8)


def disc(side: int = 48, radius: int = 12) -> np.ndarray:
    mask = np.zeros((side, side), np.uint8)
    cv2.circle(mask, (side // 2, side // 2), radius, 255, -1)
    return mask


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four polyps a1..a4 and two negatives b1, b2, in the original archive's layout."""
    for name in ("images", "masks"):
        (tmp_path / "Kvasir-SEG" / name).mkdir(parents=True)
    for number, stem in enumerate(["a1", "a2", "a3", "a4", "b1", "b2"]):
        cv2.imwrite(str(tmp_path / "Kvasir-SEG" / "images" / f"{stem}.jpg"), picture(number))
        mask = disc() if stem.startswith("a") else np.zeros((48, 48), np.uint8)
        cv2.imwrite(str(tmp_path / "Kvasir-SEG" / "masks" / f"{stem}.png"), mask)
    return tmp_path


def stems(folder: Path, **selection: object) -> list[str]:
    return [sample.stem for sample in load_source(folder, FolderSource(".", **selection), 32).samples]


def test_selection_by_name_and_by_content(folder: Path) -> None:
    assert stems(folder) == ["a1", "a2", "a3", "a4", "b1", "b2"]
    assert stems(folder, only="negative") == ["b1", "b2"]
    assert stems(folder, only="positive", exclude="^a[12]$") == ["a3", "a4"]
    assert stems(folder, include="1$") == ["a1", "b1"]


def test_samples_are_resized_and_masks_stay_binary(folder: Path) -> None:
    sample = load_source(folder, FolderSource("."), 32).samples[0]
    assert sample.image.shape == (32, 32, 3)
    assert sample.mask.shape == (32, 32)
    assert set(np.unique(sample.mask)) == {0, 255}


@pytest.mark.parametrize("damage", ["broken image", "missing mask", "mask of another size"])
def test_a_bad_pair_is_refused_or_skipped_and_named(folder: Path, damage: str) -> None:
    mask = folder / "Kvasir-SEG" / "masks" / "a2.png"
    match damage:
        case "broken image":
            (folder / "Kvasir-SEG" / "images" / "a2.jpg").write_bytes(b"\xff\xd8 cut")
        case "missing mask":
            mask.unlink()
        case _:
            cv2.imwrite(str(mask), disc(40))
    with pytest.raises(DataError, match="a2"):
        load_source(folder, FolderSource("."), 32)
    loaded = load_source(folder, FolderSource("."), 32, on_bad="skip")
    assert len(loaded.samples) == 5
    assert len(loaded.problems) == 1
    assert "a2" in loaded.problems[0]


def test_wrong_selections_are_named(folder: Path) -> None:
    with pytest.raises(ConfigError, match="every"):
        load_source(folder, FolderSource(".", only="every"), 32)
    with pytest.raises(ConfigError, match="regular expression"):
        load_source(folder, FolderSource(".", include="("), 32)
    with pytest.raises(DataError, match="no pair"):
        load_source(folder, FolderSource(".", include="z"), 32)


def test_an_epoch_is_drawn_by_its_seed(folder: Path) -> None:
    sources = [
        load_source(folder, FolderSource(".", only="negative", repeat=3), 32),
        load_source(folder, FolderSource(".", only="positive", per_epoch=2), 32),
    ]
    first, again, other = (
        [sample.stem for sample in draw_epoch(sources, np.random.default_rng(seed))]
        for seed in ((0, 1), (0, 1), (0, 2))
    )
    assert first == again != other
    assert first.count("b1") == first.count("b2") == 3
    assert len(first) == 8


def test_batches_are_the_same_for_the_same_seed(folder: Path) -> None:
    samples = list(load_source(folder, FolderSource("."), 32).samples)
    one, same, other = (list(batches(samples, 32, 2, seed, Augmentation())) for seed in ((1, 0), (1, 0), (1, 1)))
    assert all(torch.equal(a, b) and torch.equal(c, d) for (a, c), (b, d) in zip(one, same, strict=True))
    assert not all(torch.equal(a, b) for (a, _), (b, _) in zip(one, other, strict=True))
    pixels, truth = one[0]
    assert (pixels.dtype, pixels.shape) == (torch.uint8, (2, 3, 32, 32))
    assert (truth.dtype, truth.shape) == (torch.float32, (2, 1, 32, 32))
    assert set(truth.unique().tolist()) <= {0.0, 1.0}


@pytest.mark.parametrize(("count", "batch", "sizes"), [(5, 2, [2, 2]), (4, 2, [2, 2]), (1, 2, [1]), (3, 3, [3])])
def test_incomplete_batches_are_left_out_of_training_only(
    folder: Path, count: int, batch: int, sizes: list[int]
) -> None:
    samples = list(load_source(folder, FolderSource("."), 32).samples)[:count]
    assert [len(pixels) for pixels, _ in batches(samples, 32, batch, (0,), Augmentation())] == sizes
    assert sum(len(pixels) for pixels, _ in batches(samples, 32, batch, (0,), None)) == count


def test_pictures_are_rgb(folder: Path) -> None:
    (folder / "Kvasir-SEG" / "images" / "a1.jpg").unlink()
    blue = np.zeros((48, 48, 3), np.uint8)
    blue[..., 0] = 255
    cv2.imwrite(str(folder / "Kvasir-SEG" / "images" / "a1.png"), blue)
    samples = [load_source(folder, FolderSource("."), 32).samples[0]]
    pixels, _ = next(batches(samples, 32, 1, (0,), None))
    assert pixels[0, 2].min() > 250
    assert pixels[0, 0].max() < 5


def test_augmentation_moves_picture_and_mask_together() -> None:
    """The mask's disc is drawn into the picture: wherever it goes, they must still cover each other."""
    calm = Augmentation(blur=0, jpeg=0, specular=0, noise=0, colour=0, gamma=0, background=0)
    image = np.zeros((96, 96, 3), np.uint8)
    image[disc(96, 20) > 0] = 255
    for seed in range(25):
        moved, mask = augment(image, disc(96, 20), 64, np.random.default_rng(seed), calm)
        seen, marked = moved[..., 1] > 127, mask > 127
        assert marked.any()
        assert (seen & marked).sum() / (seen | marked).sum() > 0.85


def test_augmentation_changes_no_original_and_stays_in_range() -> None:
    image, mask = picture(1, 64), disc(64)
    kept_image, kept_mask = image.copy(), mask.copy()
    wild = Augmentation(
        blur=1, jpeg=1, specular=1, noise=1, background=1, exposure=1, cast=1, interlace=1, stool=1, small_copy=1
    )
    for seed in range(20):
        changed, moved = augment(image, mask, 64, np.random.default_rng(seed), wild)
        assert (changed.dtype, changed.shape, moved.shape) == (np.uint8, (64, 64, 3), (64, 64))
        assert set(np.unique(moved)) <= {0, 255}
    np.testing.assert_array_equal(image, kept_image)
    np.testing.assert_array_equal(mask, kept_mask)


def test_background_crops_show_no_polyp() -> None:
    mask = np.zeros((96, 96), np.uint8)
    mask[:20, :20] = 255
    only_crops = Augmentation(background=1)
    empty = [
        not augment(picture(0, 96), mask, 64, np.random.default_rng(seed), only_crops)[1].any() for seed in range(20)
    ]
    assert all(empty)


def smooth(side: int = 96) -> np.ndarray:
    return cv2.GaussianBlur(picture(4, side), (0, 0), 5)


def test_interlacing_moves_every_second_line_and_keeps_the_mask() -> None:
    still = Augmentation(0, (1, 1), 0, 0, 0, 0, 0, 0, 0)
    later = dataclasses.replace(still, interlace=1)
    combed = 0
    for seed in range(12):
        before, mask = augment(smooth(), disc(96, 20), 96, np.random.default_rng(seed), still)
        after, marked = augment(smooth(), disc(96, 20), 96, np.random.default_rng(seed), later)
        np.testing.assert_array_equal(marked, mask)
        change = np.abs(after.astype(int) - before).mean(axis=(1, 2))
        assert change.max() > 1
        combed += change[1::2].mean() > 4 * change[::2].mean()
    assert combed >= 3  # half of them come from a recorder with other lines, where the fields mix


def test_stool_hides_a_part_of_a_polyp_at_most_and_marks_nothing() -> None:
    still = Augmentation(0, (1, 1), 0, 0, 0, 0, 0, 0, 0)
    dirty = dataclasses.replace(still, stool=1)
    painted = 0
    for seed in range(12):
        image = np.full((96, 96, 3), (90, 100, 180), np.uint8)
        before, mask = augment(image, disc(96, 30), 96, np.random.default_rng(seed), still)
        after, marked = augment(image, disc(96, 30), 96, np.random.default_rng(seed), dirty)
        assert not (marked & ~mask).any()
        assert np.count_nonzero(marked) > 0.2 * np.count_nonzero(mask)
        hidden = (mask > 0) & (marked == 0)
        changed = np.abs(after.astype(int) - before).max(axis=2) > 8
        assert changed[hidden].mean() > 0.9 if hidden.any() else True
        painted += changed.any()
    assert painted >= 9


def test_nothing_is_painted_outside_the_field_of_view() -> None:
    still = Augmentation(0, (1, 1), 0, 0, 0, 0, 0, 0, 0, stool=1)
    image = np.zeros((96, 96, 3), np.uint8)
    cv2.circle(image, (48, 48), 30, (90, 100, 180), -1)
    for seed in range(12):
        changed, _ = augment(image, np.zeros((96, 96), np.uint8), 96, np.random.default_rng(seed), still)
        corners = [changed[:8, :8], changed[:8, -8:], changed[-8:, :8], changed[-8:, -8:]]
        assert max(int(corner.max()) for corner in corners) == 0


def test_what_came_later_draws_nothing_where_it_is_off() -> None:
    """The picture of an older recipe's seed, as it was before what came later was there."""
    rng = np.random.default_rng(5)
    augment(picture(0, 96), disc(96, 20), 64, rng, Augmentation())
    assert rng.integers(1 << 30) == 124_264_387
