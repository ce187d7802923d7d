"""What OpenGL draws equals what the raster view shows, read back: each layout of samples, each way of scaling."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import opengl_pictures
import pytest
from opengl_pictures import CROPPED, LAYOUTS, ROOM, SIZES, sizes_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from polyplive.types import Frame

CASES = [(name, size) for name in [*LAYOUTS, "BGR", "decoded, 10 bits"] for size in [*sizes_of(name), *CROPPED]]
LEVELS, SHARE = 2, 0.999
"""Of all pixels this share may differ by so many levels and no more."""


@pytest.fixture(scope="module")
def drawn(opengl: Callable[..., str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("opengl")
    opengl_pictures.write_wide(folder)
    opengl(str(Path(opengl_pictures.__file__)), str(folder))
    return folder


@pytest.fixture(scope="module")
def frames(drawn: Path) -> dict[str, Frame]:
    return opengl_pictures.frames(drawn)


@pytest.mark.parametrize(("name", "size"), CASES)
def test_a_frame_looks_as_in_the_raster_view(drawn: Path, frames: dict[str, Frame], name: str, size: str) -> None:
    picture = np.load(drawn / f"{name} {size}.npy")
    frame = frames[name]
    crop, (width, height) = CROPPED.get(size) or (None, SIZES[size] or (frame.width, frame.height))
    expected = frame.bgra_at(width, height, crop=crop)
    assert expected[..., :3].std() > 20, "a picture in which something is to be seen"
    inner = picture[ROOM : ROOM + height, ROOM : ROOM + width]
    difference = np.abs(inner.astype(int) - expected).max(2)
    assert (difference <= LEVELS).mean() >= SHARE, (difference.max(), difference.mean())
    picture[ROOM : ROOM + height, ROOM : ROOM + width] = (0, 0, 0, 255)
    assert (picture == (0, 0, 0, 255)).all(), "around it nothing is drawn"


def test_layouts_do_look_different(frames: dict[str, Frame]) -> None:
    """Else the tests above could not tell one matrix, range or place of chroma from another."""
    pictures = [frames[name].bgra_at(290, 217).astype(int) for name in LAYOUTS if "gaps" not in name]
    for number, one in enumerate(pictures):
        for other in pictures[:number]:
            assert (np.abs(one - other).max(2) > LEVELS).mean() > 1 - SHARE
