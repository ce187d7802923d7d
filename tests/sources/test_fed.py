"""Frames of a program's own: what is taken of an iterator, and how it ends."""

from __future__ import annotations

import time
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pytest

from polyplive.errors import ImageError, SourceLost, SourceUnreadable
from polyplive.sources.fed import FedSource
from polyplive.types import Frame

if TYPE_CHECKING:
    from collections.abc import Iterator

PICTURE = np.full((48, 64, 3), 7, np.uint8)


def test_pictures_are_numbered_and_timed_when_they_come() -> None:
    source = FedSource([PICTURE, PICTURE])
    assert (source.info.width, source.info.live) == (0, True)
    before_s = time.monotonic()
    first, second = source.read(), source.read()
    assert first is not None
    assert second is not None
    assert (first.index, second.index) == (0, 1)
    assert (first.pts_s, second.pts_s) == (None, None)
    assert before_s <= first.captured_s <= second.captured_s <= time.monotonic()
    assert (source.info.width, source.info.height) == (64, 48)
    assert source.read() is None
    assert source.error is None


def test_a_frame_keeps_its_own_time_and_shape_of_pixels() -> None:
    given = Frame(PICTURE, index=9, pts_s=2.5, captured_s=0.0, sample_aspect=Fraction(64, 45))
    source = FedSource(iter([given]))
    frame = source.read()
    assert frame is not None
    assert frame.picture is given.picture
    assert (frame.index, frame.pts_s, frame.sample_aspect) == (0, 2.5, Fraction(64, 45))
    assert frame.captured_s > 0.0
    assert source.info.sample_aspect == Fraction(64, 45)


def test_an_array_may_be_used_again() -> None:
    buffer = PICTURE.copy()

    def camera() -> Iterator[np.ndarray]:
        for value in (1, 2):
            buffer[:] = value
            yield buffer

    source = FedSource(camera())
    frames = [source.read(), source.read()]
    assert [frame.image.max() for frame in frames if frame is not None] == [1, 2]


def test_the_size_may_change() -> None:
    source = FedSource([PICTURE, np.zeros((30, 20, 3), np.uint8)])
    shapes = [frame.shape for frame in (source.read(), source.read()) if frame is not None]
    assert shapes == [(48, 64, 3), (30, 20, 3)]


@pytest.mark.parametrize("given", [PICTURE.astype(np.float32), PICTURE[..., 0], PICTURE[:, ::2], "frame.png", None])
def test_what_is_no_picture_is_refused_as_elsewhere(given: object) -> None:
    source = FedSource([PICTURE, given])  # type: ignore[list-item]
    assert source.read() is not None
    with pytest.raises(ImageError):
        source.read()
    assert isinstance(source.error, ImageError)
    assert source.read() is None


@pytest.mark.parametrize("raised", [ValueError("two\nlines"), KeyboardInterrupt()])
def test_an_iterator_that_raises_is_said_in_one_line(raised: BaseException) -> None:
    def camera() -> Iterator[np.ndarray]:
        yield PICTURE
        raise raised

    source = FedSource(camera())
    source.read()
    with pytest.raises(SourceUnreadable, match=type(raised).__name__) as said:
        source.read()
    assert "\n" not in str(said.value)
    assert source.error is raised
    assert source.read() is None


def test_closing_ends_a_generator() -> None:
    ended = []

    def camera() -> Iterator[np.ndarray]:
        try:
            while True:
                yield PICTURE
        finally:
            ended.append(True)

    source = FedSource(camera())
    source.read()
    source.close()
    source.close()
    assert ended == [True]
    assert source.read() is None
    with pytest.raises(SourceLost, match="cannot seek"):
        source.seek(0.0)


def test_what_cannot_be_iterated_over_is_refused_at_once() -> None:
    with pytest.raises(TypeError):
        FedSource(3)  # type: ignore[arg-type]
