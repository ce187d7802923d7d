"""Recorded colours come back: what is lost is the rounding of 8-bit YUV 4:2:0 and of the codec, to both sides alike."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest

from polyplive import FileSource, VideoWriter
from polyplive.sinks.yuv420 import yuv420_picture

if TYPE_CHECKING:
    from pathlib import Path

ROUNDING = 2
"""Levels. Y, U and V are each at most 0.5 off. That makes (255 / 219) / 2 + (255 / 224) * (1 - 0.0722) = 1.64 in
blue, the worst channel, and at most 2 after its own rounding. CRF 18 keeps a plain picture's samples as they are."""
COLOURS = {
    "27 colours": list(itertools.product((0, 128, 255), repeat=3)),
    "64 colours": list(itertools.product((5, 77, 181, 250), repeat=3)),
    "greys": [(level, level, level) for level in range(0, 256, 5)],
}


def written(path: Path, colours: list[tuple[int, ...]]) -> Path:
    with VideoWriter(path) as video:
        for colour in colours:
            video.write(np.full((48, 64, 3), colour, np.uint8))
    return path


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
@pytest.mark.parametrize("colours", COLOURS.values(), ids=COLOURS)
def test_a_recorded_colour_is_read_back(tmp_path: Path, colours: list[tuple[int, ...]], suffix: str) -> None:
    with FileSource(written(tmp_path / f"colours{suffix}", colours)) as source:
        errors = np.array([frame.image.astype(int) - colour for frame, colour in zip(source, colours, strict=True)])
    assert np.abs(errors).max() <= ROUNDING
    assert np.abs(errors.mean((0, 1, 2))).max() < 0.2, "no channel is moved"


def test_grey_has_no_tint(tmp_path: Path) -> None:
    path = written(tmp_path / "grey.mp4", [(128, 128, 128)])
    with av.open(str(path)) as container:
        samples = next(container.decode(video=0)).to_ndarray()
    assert set(samples[:48].flat) == {126}
    assert set(samples[48:].flat) == {128}


def test_a_texture_keeps_its_mean_colour(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    texture = rng.integers((20, 60, 120), (60, 110, 220), (96, 128, 3)).astype(np.uint8)
    with VideoWriter(tmp_path / "texture.mp4") as video:
        video.write(texture)
    with FileSource(tmp_path / "texture.mp4") as source:
        frame = source.read()
    assert frame is not None
    assert frame.image.mean((0, 1)) == pytest.approx(texture.mean((0, 1)), abs=0.4)


def test_chroma_lies_in_the_middle_of_its_pixels_and_the_file_says_so(tmp_path: Path) -> None:
    """Samples of a mirrored picture are mirrored; H.264's usual place, on the left column, would move the colours."""
    rng = np.random.default_rng(4)
    half = rng.integers(0, 256, (48, 32, 3), np.uint8)
    samples = yuv420_picture(np.ascontiguousarray(np.concatenate([half, half[:, ::-1]], 1)), 64, 48).to_ndarray()
    chroma = samples[48:].reshape(2, 24, 32)
    assert np.array_equal(chroma, chroma[:, :, ::-1])
    header = written(tmp_path / "place.mkv", [(1, 2, 3)]).read_bytes()
    assert b"\x55\xb7\x81\x02\x55\xb8\x81\x02" in header, "Matroska's ChromaSitingHorz and Vert, both 2: half"
