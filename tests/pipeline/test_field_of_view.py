from __future__ import annotations

import functools
from pathlib import Path

import cv2
import numpy as np
import pytest
from coded_picture import LAYOUTS, coded, pixels_of

from polyplive.errors import ConfigError
from polyplive.pipeline.field_of_view import FieldOfView, RoiMode, parse_roi
from polyplive.pipeline.picture_mask import bounding_region, picture_mask
from polyplive.pixels.picture import YuvPicture
from polyplive.types import Frame, Roi

WIDTH, HEIGHT = 1280, 720
PICTURE = Roi(420, 60, 700, 600)
CLIP = Path(__file__).parents[3] / "shared/data/clips/polyp-25fps-560x480.mp4"


def mucosa(width: int, height: int, seed: int = 0) -> np.ndarray:
    """A reddish picture with folds, a dark lumen and highlights."""
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    chance = np.random.default_rng(seed)
    x, y = chance.uniform(0.35, 0.65, 2) * (width, height)
    distance = np.hypot(columns - x, rows - y) / max(width, height)
    light = np.clip(0.12 + 1.6 * distance, 0, 1) * (0.85 + 0.15 * np.sin(18 * distance + seed))
    image = light[..., None] * np.array([80, 110, 205], np.float32)
    image += chance.normal(0, 4, image.shape).astype(np.float32)
    for _ in range(6):
        centre = (int(chance.uniform(0, width)), int(chance.uniform(0, height)))
        cv2.circle(image, centre, 6, (250, 250, 250), -1)
    return np.clip(image, 0, 255).astype(np.uint8)


@functools.cache
def recorded(picture: Roi = PICTURE, *, seed: int = 0, panel: int = 12, shape: str = "octagon") -> np.ndarray:
    """A recorder's screen: a dark panel with lines of text at the left, and the picture."""
    screen = np.full((HEIGHT, WIDTH, 3), panel, np.uint8)
    for line in range(14):
        place = (24, 60 + 34 * line)
        cv2.putText(screen, "Name 0123456789 / CVP 9:41", place, cv2.FONT_HERSHEY_SIMPLEX, 0.7, (235,) * 3, 2)
    window = np.zeros((picture.height, picture.width), np.uint8)
    w, h, c = picture.width, picture.height, picture.height // 6
    if shape == "octagon":
        corners = [(c, 0), (w - c, 0), (w, c), (w, h - c), (w - c, h), (c, h), (0, h - c), (0, c)]
        cv2.fillPoly(window, [np.array(corners, np.int32)], 1)
    elif shape == "round":
        cv2.ellipse(window, (w // 2, h // 2), (w // 2, h // 2), 0, 0, 360, 1, -1)
    else:
        window[:] = 1
    part = screen[picture.slices]
    part[:] = np.where(window[..., None] > 0, mucosa(w, h, seed), np.uint8(panel))
    return screen


def areas(images: list[np.ndarray], view: FieldOfView | None = None) -> list[Roi]:
    view = view or FieldOfView()
    return [view.area(Frame(image, index, index / 25, 0.0)) for index, image in enumerate(images)]


def misses(found: Roi, wanted: Roi) -> tuple[int, int]:
    """How far the region's edges lie outside of the wanted ones at most, and how far inside."""
    outside = (
        wanted.x - found.x,
        wanted.y - found.y,
        found.x + found.width - wanted.x - wanted.width,
        found.y + found.height - wanted.y - wanted.height,
    )
    return max(outside), -min(outside)


@pytest.mark.parametrize("shape", ["octagon", "round", "square"])
@pytest.mark.parametrize("panel", [0, 12, 40])
def test_the_picture_is_found_beside_a_panel_with_text(shape: str, panel: int) -> None:
    (found,) = areas([recorded(panel=panel, shape=shape)])
    outside, inside = misses(found, PICTURE)
    assert outside <= 24
    assert inside <= (6 if shape == "round" else 0)


@pytest.mark.parametrize("border", [(0, 0), (160, 0), (0, 90), (200, 100)])
def test_black_borders_are_left_out(border: tuple[int, int]) -> None:
    x, y = border
    picture = Roi(x, y, WIDTH - 2 * x, HEIGHT - 2 * y)
    image = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    image[picture.slices] = mucosa(picture.width, picture.height)
    (found,) = areas([image])
    assert misses(found, picture)[0] <= 24
    assert misses(found, picture)[1] <= 0


def test_a_full_frame_stays_whole() -> None:
    assert areas([mucosa(WIDTH, HEIGHT)]) == [Roi(0, 0, WIDTH, HEIGHT)]


@pytest.mark.parametrize("level", [0, 30, 255])
def test_with_nothing_to_see_the_frame_stays_whole(level: int) -> None:
    image = np.full((HEIGHT, WIDTH, 3), level, np.uint8)
    assert areas([image]) == [Roi(0, 0, WIDTH, HEIGHT)]


def test_the_region_is_stable_while_the_picture_moves() -> None:
    found = areas([recorded(seed=seed % 7) for seed in range(120)])
    assert len(set(found[17:])) == 1
    assert misses(found[-1], PICTURE)[1] <= 0


@pytest.mark.parametrize("level", [0, 6, 252])
def test_a_covered_lens_or_a_white_out_does_not_move_it(level: int) -> None:
    dark = recorded().copy()
    dark[PICTURE.slices] = level
    seen = [recorded(seed=seed % 5) for seed in range(30)]
    found = areas([*seen, *[dark] * 150, *seen])
    assert set(found[17:]) == {found[17]}


def test_a_title_over_the_whole_frame_does_not_move_it_unless_it_stays() -> None:
    seen = [recorded(seed=seed % 5) for seed in range(30)]
    title = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    found = areas([*seen, *[title] * 40, *seen])
    assert set(found[17:]) == {found[17]}


def test_another_layout_that_stays_is_followed() -> None:
    other = Roi(100, 20, 760, 680)
    before = [recorded(seed=seed % 5) for seed in range(30)]
    found = areas([*before, *[recorded(other, shape="square", seed=seed % 5) for seed in range(260)]])
    assert len(set(found[17:60])) == 1
    outside, inside = misses(found[-1], other)
    assert outside <= 24
    assert inside <= 0
    assert len(set(found[17:])) <= 4


def test_the_same_frames_give_the_same_regions_after_a_reset() -> None:
    images = [recorded(seed=seed % 5, shape="round") for seed in range(40)]
    view = FieldOfView()
    first = areas(images, view)
    view.reset()
    assert areas(images, view) == first == areas(images)


def test_frames_are_searched_rarely(monkeypatch: pytest.MonkeyPatch) -> None:
    from polyplive.pipeline import field_of_view

    searched = []
    monkeypatch.setattr(field_of_view, "picture_mask", lambda image: searched.append(1) or picture_mask(image))
    areas([recorded()] * 251)
    assert len(searched) <= 17


def test_a_change_of_size_starts_the_search_again() -> None:
    view = FieldOfView()
    areas([recorded()] * 3, view)
    (small,) = areas([mucosa(320, 240)], view)
    assert small == Roi(0, 0, 320, 240)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("panel", [0, 12, 40])
@pytest.mark.parametrize("shape", ["octagon", "round"])
def test_the_same_region_is_found_in_planes_as_in_pixels(shape: str, panel: int, layout: str) -> None:
    samples = coded(recorded(shape=shape, panel=panel), layout)
    found = [FieldOfView().area(frame) for frame in (Frame(YuvPicture(samples)), Frame(pixels_of(samples)))]
    assert found[0] == found[1]


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (7, 5), (2160, 4096)])
def test_any_size_of_frame(size: tuple[int, int]) -> None:
    image = np.full((*size, 3), (60, 80, 200), np.uint8)
    assert areas([image]) == [Roi(0, 0, size[1], size[0])]


def test_a_given_region_is_used_as_it_is() -> None:
    view = FieldOfView.parse("100, 50,640,480")
    given, whole = Roi(100, 50, 640, 480), Roi(0, 0, 320, 240)
    assert areas([recorded(), mucosa(320, 240), recorded()], view) == [given, whole, given]
    with pytest.raises(ConfigError, match="outside of frames of 320x240"):
        areas([mucosa(320, 240)], FieldOfView.parse("100, 50,640,480"))


def test_none_is_the_whole_frame() -> None:
    assert areas([recorded()], FieldOfView.parse("none")) == [Roi(0, 0, WIDTH, HEIGHT)]


def test_what_roi_means() -> None:
    assert parse_roi(" AUTO ") == (RoiMode.AUTO, None)
    assert parse_roi("none") == (RoiMode.NONE, None)
    assert parse_roi("0,0,1,1") == (RoiMode.FIXED, Roi(0, 0, 1, 1))


@pytest.mark.parametrize("text", ["", "left", "1,2,3", "1,2,3,4,5", "1,2,0,4", "-1,2,3,4", "1.5,2,3,4", "a,b,c,d"])
def test_a_region_that_is_not_understood_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="x,y,w,h"):
        parse_roi(text)


def test_the_region_holds_every_cell_of_the_mask() -> None:
    mask = np.zeros((90, 160), np.uint8)
    mask[30:60, 40:100] = 1
    found = bounding_region(mask, 1920, 1080)
    assert misses(found, Roi(480, 360, 720, 360)) == (12, -12)


@pytest.mark.skipif(not CLIP.exists(), reason="the shared clip is not here")
def test_a_real_clip_keeps_one_region() -> None:
    from polyplive.sources.file import FileSource

    source = FileSource(CLIP)
    view = FieldOfView()
    found = set()
    while (frame := source.read()) is not None:
        found.add(view.area(frame))
    source.close()
    assert found == {Roi(0, 0, 560, 480)}


@pytest.mark.parametrize("text", ["0,0,1_0,1_0", "0,0,\u0661\u0660,10", "0,0,1e2,10", "0,0," + "9" * 400 + ",10"])
def test_a_region_is_written_in_plain_digits(text: str) -> None:
    with pytest.raises(ConfigError, match="not understood"):
        parse_roi(text)
