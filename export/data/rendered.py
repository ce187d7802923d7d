"""A training folder of rendered colons: pictures with and without polyps, and their exact masks."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from polyplive.errors import DataError
from polyplive.sources.colon.polyps import Placement
from polyplive.sources.synthetic import DEMO_SEED, RenderedColon
from polyplive.types import Image

_SECONDS = 8.0
_FPS = 10.0
_TRIES = 12
SMALLEST_PART = 0.006
"""Pictures whose polyps cover less of it than this are passed over while others can be found: they are hard to see."""


@dataclass(frozen=True, slots=True)
class RenderedCounts:
    """How many pictures were written, and how many of them show a polyp."""

    written: int
    with_polyp: int


def write_dataset(
    folder: Path | str,
    count: int,
    seeds: Sequence[int] = range(1000),
    size: tuple[int, int] = (400, 320),
    with_polyp: float = 0.5,
) -> RenderedCounts:
    """Write ``count`` pairs ``images/NAME.jpg`` and ``masks/NAME.png`` (0 or 255) into ``folder``.

    Each seed is one colon and gives several pictures where ``count`` exceeds the seeds. ``size`` is (width, height)
    in pixels; ``with_polyp`` the part of pictures that show one. The same arguments write the same files. Raises
    ``DataError`` for the demo clip's seed, which is never trained on, and for no seeds.
    """
    if not seeds or DEMO_SEED in seeds:
        raise DataError(f"seeds {seeds!r} cannot be used", f"Give at least one seed, and not the demo's {DEMO_SEED}.")
    images, masks = Path(folder) / "images", Path(folder) / "masks"
    images.mkdir(parents=True, exist_ok=True)
    masks.mkdir(parents=True, exist_ok=True)
    shown = done = 0
    for position, seed in enumerate(seeds[:count]):
        share = len(range(position, count, len(seeds)))
        wanted = [math.ceil((n + 1) * with_polyp) > math.ceil(n * with_polyp) for n in range(done, done + share)]
        done += share
        for turn, (image, mask) in enumerate(_pairs(seed, wanted, size)):
            name = f"rendered-{seed:04d}-{turn:03d}"
            cv2.imwrite(str(images / f"{name}.jpg"), image, [cv2.IMWRITE_JPEG_QUALITY, 92])
            cv2.imwrite(str(masks / f"{name}.png"), mask)
            shown += bool(mask.any())
    return RenderedCounts(done, shown)


def _pairs(seed: int, wanted: Sequence[bool], size: tuple[int, int]) -> Iterator[tuple[Image, NDArray[np.uint8]]]:
    """A picture of one colon for each entry of ``wanted``: with a polyp where it is true, else without."""
    rng = np.random.default_rng([seed, 100])
    frames = int(_SECONDS * _FPS)
    border = bool(rng.random() < 0.7)
    placements = {True: _placements(rng), False: ()}
    colons = {
        polyp: RenderedColon(size[0], size[1], seed, placements[polyp], frames, _FPS, border) for polyp in set(wanted)
    }
    for polyp in wanted:
        yield _picture(rng, colons[polyp], frames)


def _picture(rng: np.random.Generator, colon: RenderedColon, frames: int) -> tuple[Image, NDArray[np.uint8]]:
    """A frame at random; where there are polyps, one shortly before the camera passes one of them."""
    if not colon.placements:
        return colon.render(int(rng.integers(frames)))
    for _ in range(_TRIES):
        place = colon.placements[int(rng.integers(len(colon.placements)))].at
        image, mask = colon.render(int(np.clip(place * frames - rng.integers(1, 14), 0, frames - 1)))
        if np.count_nonzero(mask) >= SMALLEST_PART * mask.size:
            break
    return image, mask


def _placements(rng: np.random.Generator) -> tuple[Placement, ...]:
    """One polyp, or two, well inside the clip."""
    placed = []
    for at in rng.permutation([0.3, 0.6, 0.9])[: 1 + int(rng.random() < 0.4)]:
        stalked = rng.random() < 0.35
        size = float(rng.uniform(0.14, 0.26) if stalked else rng.uniform(0.16, 0.42))
        spot = float(at + rng.uniform(-0.08, 0.08))
        placed.append(Placement(spot, float(rng.uniform(0, 360)), "pedunculated" if stalked else "sessile", size))
    return tuple(placed)
