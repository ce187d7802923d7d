"""Interlaced motion: told from textures and noise, and hidden from the model without moving what it finds."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from coded_picture import LAYOUTS, coded
from colour_engine import ColourEngine, red_disc

from polyplive.config import PipelineSettings
from polyplive.pipeline import interlace
from polyplive.pipeline.interlace import COMBED
from polyplive.pipeline.pipeline import Pipeline
from polyplive.pipeline.preprocess import preprocess
from polyplive.pixels.picture import YuvPicture
from polyplive.pixels.resampling import first_field
from polyplive.sources.synthetic import RenderedColon
from polyplive.types import Frame, Roi


def combing(image: np.ndarray) -> float:
    return interlace.combing(image[..., 1])


def rendered(seed: int = 3, index: int = 20) -> np.ndarray:
    return RenderedColon(320, 256, seed, frames=60).render(index)[0]


def combed(image: np.ndarray, pixels: int) -> np.ndarray:
    moved = image.copy()
    moved[1::2] = np.roll(image, pixels, axis=1)[1::2]
    return moved


@pytest.mark.parametrize("seed", range(4))
def test_whole_pictures_do_not_comb_and_moved_fields_do(seed: int) -> None:
    image = rendered(seed)
    assert combing(image) < 0.8
    assert combing(cv2.GaussianBlur(image, (0, 0), 2)) < 0.5
    assert combing(combed(image, 10)) > COMBED


def test_noise_flatness_and_few_lines_do_not_comb() -> None:
    rng = np.random.default_rng(0)
    assert combing(rng.integers(0, 256, (200, 200, 3), np.uint8)) < COMBED
    assert combing(np.full((50, 60, 3), 80, np.uint8)) == 0
    for lines in (1, 2):
        assert combing(np.full((lines, 60, 3), 80, np.uint8)) == 0


def test_real_pictures_are_whole(kvasir_validation) -> None:
    """None of the pictures that the shipped model's figures come from is changed; with fields apart, nearly all are."""
    from polyplive.evaluation.image_folder import find_pairs, read_image

    images = [read_image(pair.image) for pair in find_pairs(kvasir_validation).pairs]
    assert max(combing(image) for image in images) < 0.6
    assert np.mean([combing(combed(image, 4)) > COMBED for image in images]) > 0.95


@pytest.mark.parametrize("top", [0, 1])
def test_the_first_field_is_the_frames_even_lines(top: int) -> None:
    frame = np.arange(20, dtype=np.uint8).reshape(20, 1, 1).repeat(3, 2)
    assert (first_field(frame[top:], top)[:, 0, 0] % 2 == 0).all()
    assert first_field(frame[:1], 0).shape[0] == 1


@pytest.mark.parametrize("top", [0, 1])
def test_the_model_sees_one_field_of_a_combed_frame_only(top: int) -> None:
    image, roi = rendered(), Roi(0, top, 320, 254)
    moved = combed(image, 12)
    whole = preprocess(Frame(image), roi, 128, 128).astype(int)
    seen = preprocess(Frame(moved), roi, 128, 128, one_field=True).astype(int)
    both = preprocess(Frame(moved), roi, 128, 128).astype(int)
    assert np.abs(seen - whole).mean() < 0.5 * np.abs(both - whole).mean()
    np.testing.assert_array_equal(preprocess(Frame(image), roi, 128, 128, one_field=True), whole)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_sources_planes_comb_as_pixels_do(layout: str, seed: int) -> None:
    """Chroma that was subsampled over both fields, as most cards do it, is part of it."""
    image, roi = rendered(seed), Roi(3, 1, 301, 253)
    for shown in (image, combed(image, 12)):
        frame = Frame(YuvPicture(coded(shown, layout)))
        pixels = Frame(frame.image)
        found = [interlace.combing(each.picture.lines(*roi.slices)) > COMBED for each in (frame, pixels)]
        assert found == [shown is not image] * 2
        seen = [preprocess(each, roi, 128, 128, one_field=True).astype(int) for each in (frame, pixels)]
        assert np.abs(seen[0] - seen[1]).mean() < 1


@pytest.mark.parametrize("one_field", [True, False])
def test_a_finding_stays_where_its_first_field_shows_it(one_field: bool) -> None:
    """A disc whose second field has moved by more than it is wide: outlined where it was, not as two halves."""
    image = combed(red_disc(320, 240, (100, 120), 30), 60)
    with Pipeline(ColourEngine(), PipelineSettings(roi="none", one_field=one_field)) as pipeline:
        found = pipeline.process(Frame(image, 0, None, 0.0)).detections
    x, y, width, height = found[0].bbox if found else (0, 0, 0, 0)
    as_it_was = len(found) == 1 and abs(x - 70) < 6 and abs(y - 90) < 6 and abs(width - 60) < 8 and abs(height - 60) < 8
    assert as_it_was == one_field
