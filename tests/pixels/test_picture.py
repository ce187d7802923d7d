"""A picture's samples give every form that is asked for, with the same colours, and each conversion is made once."""

from __future__ import annotations

import pickle
import threading
from dataclasses import replace

import cv2
import numpy as np
import pytest
from coded_picture import LAYOUTS, coded, pixels_of

from polyplive.pixels import picture as picture_module
from polyplive.pixels.picture import BgrPicture, YuvPicture
from polyplive.pixels.shrink import shrink
from polyplive.pixels.yuv import RED_BLUE, YuvSamples
from polyplive.types import Frame


@pytest.fixture(scope="module")
def colon() -> np.ndarray:
    """Uneven colours like those of mucosa, a sensor's noise, and black corners."""
    rng = np.random.default_rng(5)
    colours = rng.normal((70, 90, 170), (15, 20, 35), (13, 17, 3)).astype(np.float32)
    image = cv2.resize(colours, (321, 243), interpolation=cv2.INTER_CUBIC) + rng.normal(0, 1.7, (243, 321, 1))
    rows, columns = np.mgrid[:243, :321]
    image[abs(rows - 121) + abs(columns - 160) > 200] = 0
    return np.rint(image).clip(0, 255).astype(np.uint8)


def parts(height: int, width: int) -> list[tuple[slice, slice]]:
    return [
        (slice(0, height), slice(0, width)),
        (slice(31, 200), slice(45, 300)),
        (slice(40, 201), slice(60, 301)),
        (slice(33, 34), slice(51, 52)),
        (slice(height - 1, height), slice(width - 1, width)),
    ]


@pytest.mark.parametrize("one_field", [False, True])
@pytest.mark.parametrize("bits", [8, 10])
@pytest.mark.parametrize("is_full", [False, True])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_part_is_the_same_as_that_of_the_pixels(
    colon: np.ndarray, layout: str, is_full: bool, bits: int, one_field: bool
) -> None:
    samples = coded(colon, layout, bits=bits, is_full=is_full, is_centred=True)
    planes = YuvPicture(samples)
    pixels = BgrPicture(pixels_of(samples))
    for rows, columns in parts(*colon.shape[:2]):
        for size in ((128, 128), (96, 160), (352, 352)):
            found = planes.part_at(rows, columns, *size, one_field=one_field).astype(int)
            errors = found - pixels.part_at(rows, columns, *size, one_field=one_field)
            assert np.abs(errors).mean() < 1
            if rows.stop - rows.start > 1:
                assert np.abs(errors.mean((0, 1))).max() < 0.6, "no channel is moved"


@pytest.mark.parametrize("matrix", RED_BLUE)
def test_every_matrix_gives_the_colours_back(matrix: int) -> None:
    colours = np.random.default_rng(0).integers(30, 220, (6, 8, 3))
    image = np.repeat(np.repeat(colours, 16, 0), 16, 1).astype(np.uint8)
    picture = YuvPicture(coded(image, matrix=matrix))
    for found in (
        picture.bgr(),
        picture.bgra_at(64, 48)[..., :3],
        picture.part_at(slice(0, 96), slice(0, 128), 48, 64),
    ):
        step = found.shape[0] // 6
        assert np.abs(found[step // 2 :: step, step // 2 :: step].astype(int) - colours).max() <= 2


@pytest.mark.parametrize("size", [(200, 150), (321, 100), (640, 480), (80, 60)])
@pytest.mark.parametrize("bits", [8, 10])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_view_is_the_scaled_picture(colon: np.ndarray, layout: str, bits: int, size: tuple[int, int]) -> None:
    samples = coded(colon, layout, bits=bits, is_centred=True)
    found = YuvPicture(samples).bgra_at(*size)
    assert found.shape == (size[1], size[0], 4)
    assert (found[..., 3] == 255).all()
    errors = found[..., :3].astype(int) - shrink(pixels_of(samples), size[1], size[0])
    assert np.abs(errors).mean() < 1.1
    assert np.abs(errors.mean((0, 1))).max() < 0.6


@pytest.mark.parametrize("kind", ["planes", "pixels"])
def test_a_view_is_deterministic_and_fills_the_callers_array(colon: np.ndarray, kind: str) -> None:
    picture = YuvPicture(coded(colon)) if kind == "planes" else BgrPicture(colon)
    frame = Frame(picture)
    first = frame.bgra_at(200, 120)
    out = np.zeros((120, 200, 4), np.uint8)
    assert frame.bgra_at(200, 120, out) is out
    assert np.array_equal(out, first)
    own = frame.bgra_at(frame.width, frame.height)
    assert np.array_equal(own[..., :3], frame.image), "at its own size the picture's own pixels"
    for wrong in (np.zeros((200, 120, 4), np.uint8), np.zeros((120, 200, 3), np.uint8), out[:, ::-1]):
        with pytest.raises(ValueError, match="expected a contiguous uint8 array"):
            frame.bgra_at(200, 120, wrong)


@pytest.mark.parametrize("is_centred", [True, False])
@pytest.mark.parametrize("form", ["part", "view"])
def test_chroma_lies_where_the_source_says(is_centred: bool, form: str) -> None:
    """A step of colour between columns: its middle is found where luma has it, whichever place chroma was taken at."""
    across = np.arange(128, dtype=float)
    column = 100 + 20 * np.clip((across - 63.5) / 16, -1, 1)  # from the left to the right, its middle between 63 and 64
    chroma = (column[0::2] + column[1::2]) / 2 if is_centred else column[0::2]
    luma, chroma = np.full((64, 128), 120, np.uint8), np.tile(np.rint(chroma), (32, 1)).astype(np.uint8)
    picture = YuvPicture(YuvSamples(luma, chroma, np.full_like(chroma, 128), 1, is_full=True, is_centred=is_centred))
    if form == "part":
        blue = picture.part_at(slice(0, 64), slice(0, 128), 64, 128)[32, :, 0].astype(float)
    else:
        blue = picture.bgra_at(256, 128)[64, :, 0].astype(float)
    expected = np.interp((np.arange(len(blue)) + 0.5) * 128 / len(blue) - 0.5, across, column)
    errors = blue - (120 + 1.8556 * (expected - 128))
    assert np.abs(errors[8:-8].mean()) < 0.3


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("step", [1, 3, 12])
def test_thinned_pixels_are_those_of_the_picture(colon: np.ndarray, layout: str, step: int) -> None:
    picture = YuvPicture(coded(colon, layout))
    assert np.array_equal(picture.thinned(step), picture.bgr()[::step, ::step])
    assert np.array_equal(BgrPicture(colon).thinned(step), colon[::step, ::step])


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("size", [(1, 1), (1, 2), (2, 1), (3, 3), (5, 2)])
def test_the_smallest_pictures(layout: str, size: tuple[int, int]) -> None:
    image = np.full((*size, 3), (40, 90, 160), np.uint8)
    picture = YuvPicture(coded(image, layout))
    for row in range(size[0]):
        for column in range(size[1]):
            part = picture.part_at(slice(row, row + 1), slice(column, column + 1), 16, 24, one_field=True)
            assert np.abs(part.astype(int) - (40, 90, 160)).max() <= 2
    for found in (picture.bgr(), picture.thinned(2), picture.bgra_at(20, 10)[..., :3]):
        assert np.abs(found.astype(int) - (40, 90, 160)).max() <= 2


def test_threads_that_ask_at_once_get_one_picture(monkeypatch: pytest.MonkeyPatch, colon: np.ndarray) -> None:
    made: list[object] = []
    convert = picture_module.bgr_of
    monkeypatch.setattr(picture_module, "bgr_of", lambda samples: made.append(1) or convert(samples))
    frame = Frame(YuvPicture(coded(colon)))
    renamed = replace(frame, index=7, pts_s=1.0)
    got: list[np.ndarray] = []
    together = threading.Barrier(4)

    def ask(of: Frame) -> None:
        together.wait()
        got.append(of.image)

    threads = [threading.Thread(target=ask, args=(of,)) for of in (frame, renamed, frame, renamed)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert all(image is got[0] for image in got)


@pytest.mark.parametrize("bits", [8, 10])
def test_a_frame_can_be_sent_to_another_process(colon: np.ndarray, bits: int) -> None:
    samples = coded(colon, bits=bits)
    frame = Frame(YuvPicture(samples, (lambda: pixels_of(samples)) if bits > 8 else None), 3, pts_s=0.12)
    sent = pickle.loads(pickle.dumps(frame))
    assert (sent.index, sent.pts_s, sent.captured_s, sent.yuv.bits) == (3, 0.12, frame.captured_s, bits)
    assert np.array_equal(sent.image, frame.image)
    assert np.array_equal(sent.bgra_at(100, 80), frame.bgra_at(100, 80))


def test_size_and_shape_ask_for_no_conversion(monkeypatch: pytest.MonkeyPatch, colon: np.ndarray) -> None:
    monkeypatch.setattr(picture_module, "bgr_of", lambda _: pytest.fail("converted"))
    frame = replace(Frame(YuvPicture(coded(colon))), index=3)
    assert (frame.width, frame.height, frame.shape) == (321, 243, (243, 321, 3))
    assert frame.yuv is not None
    assert Frame(colon).yuv is None


def test_a_bgr_frame_is_its_array(colon: np.ndarray) -> None:
    frame = Frame(colon)
    assert frame.image is colon
    part = frame.picture.part_at(slice(11, 211), slice(20, 301), 64, 96)
    assert np.array_equal(part, shrink(colon[11:211, 20:301], 64, 96))
    view = frame.bgra_at(100, 70)
    assert np.array_equal(view, cv2.cvtColor(shrink(colon, 70, 100), cv2.COLOR_BGR2BGRA))
