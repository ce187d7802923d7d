"""A picture's samples at another size, without its own pixels in between."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, cast

import cv2
import numpy as np

from polyplive.pixels.crop import Cut
from polyplive.pixels.shrink import halved, shrink
from polyplive.pixels.yuv import Scratch, bgr_of_points

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polyplive.pixels.crop import Crop
    from polyplive.pixels.yuv import YuvSamples


def bgra_of(samples: YuvSamples, out: NDArray[np.uint8]) -> None:
    """Fill ``out``, uint8 [height, width, 4], with all of the picture at that size: BGRA, opaque. Any thread.

    Each plane is scaled on its own (``shrink``), then each pixel converted by the formula. All at once and not strip by
    strip: behind each call another thread may hold Python's lock for milliseconds.
    """
    height, width = out.shape[:2]
    chroma = [_centred(plane, samples.beside) for plane in (samples.cb, samples.cr)]
    planes = [shrink(plane, height, width) for plane in (samples.luma, *chroma)]
    cv2.cvtColor(bgr_of_points(planes, samples, _scratch), cv2.COLOR_BGR2BGRA, dst=out)


def bgra_of_crop(samples: YuvSamples, crop: Crop, out: NDArray[np.uint8]) -> None:
    """Fill ``out``, uint8 [height, width, 4], with ``crop`` of the picture at that size: BGRA, opaque. Any thread."""
    size = out.shape[0], out.shape[1]
    planes: list[NDArray[Any]] = []
    for plane, cut in zip(samples.planes, cuts(samples, crop, size), strict=True):
        beside = samples.beside if planes else 0.0
        planes.append(grown(_centred(plane[cut.rows, cut.columns], beside), cut, size))
    cv2.cvtColor(bgr_of_points(planes, samples, _scratch), cv2.COLOR_BGR2BGRA, dst=out)


def cuts(samples: YuvSamples, crop: Crop, size: tuple[int, int]) -> tuple[Cut, Cut, Cut]:
    """What is taken of luma, Cb and Cr for ``crop`` at ``size`` (rows, columns)."""
    height, width = samples.luma.shape
    chroma = Cut.of((height, width), crop, size, (samples.across, samples.down))
    return Cut.of((height, width), crop, size), chroma, chroma


def grown(samples: NDArray[Any], cut: Cut, size: tuple[int, int]) -> NDArray[Any]:
    """The part of ``size`` (rows, columns), a view: ``samples``, [h, w] or [h, w, 3], are what ``cut`` takes."""
    for rows, columns in cut.sizes:
        samples = cv2.resize(samples, (columns, rows), interpolation=cv2.INTER_LINEAR)
    samples = cv2.resize(samples, None, fx=cut.growth[0], fy=cut.growth[1], interpolation=cv2.INTER_LINEAR)
    left, top = cut.before
    return samples[top : top + size[0], left : left + size[1]]


_scratch = Scratch()


def part_of(
    samples: YuvSamples, rows: slice, columns: slice, height: int, width: int, *, one_field: bool = False
) -> NDArray[np.uint8]:
    """uint8 [height, width, 3] BGR: a part of the picture, given in pixels, at another size. Any thread.

    Each plane is shrunk on its own, so that ``height`` times ``width`` pixels are converted and no more. With
    ``one_field`` only the picture's even lines are seen (``first_field``).
    """
    luma = samples.luma[rows, columns]
    across, down = samples.across, samples.down
    left, right = columns.start / across + samples.beside, columns.stop / across + samples.beside
    top, bottom = rows.start / down, rows.stop / down
    chroma = [samples.cb, samples.cr]
    if one_field:
        luma = first_field(luma, rows.start)
        if down == 1:  # else a row of chroma belongs to one line of each field
            chroma = [first_field(plane[rows], rows.start) for plane in chroma]
            top, bottom = 0, len(luma)
    scaled = [_stretched(plane, (top, bottom), (left, right), height, width) for plane in chroma]
    return bgr_of_points([shrink(luma, height, width), *scaled], samples)


def first_field(lines: NDArray[Any], top: int) -> NDArray[Any]:
    """The even lines of a picture, a view: ``lines`` is a part of it from line ``top`` on.

    Each stands for itself and the odd line below it (or above it, where ``top`` is odd): what is found lies half a line
    off at most. That the even lines come first is so for HD; for the other order the picture is a field older.
    """
    return lines[top % 2 :: 2] if lines.shape[0] > 1 else lines


def _stretched(
    plane: NDArray[Any], rows: tuple[float, float], columns: tuple[float, float], height: int, width: int
) -> NDArray[Any]:
    """The part of ``plane`` between those edges, which may lie within samples, at another size and without aliasing."""
    (top, bottom), (left, right) = rows, columns
    first_row, first_column = math.floor(top), math.floor(left)
    whole = plane[first_row : math.ceil(bottom), first_column : math.ceil(right)]
    small = halved(whole, height, width)
    down, across = small.shape[0] / whole.shape[0], small.shape[1] / whole.shape[1]
    step_x, step_y = (right - left) / width, (bottom - top) / height
    to_small = np.array(
        [
            [step_x * across, 0, (left - first_column + step_x / 2) * across - 0.5],
            [0, step_y * down, (top - first_row + step_y / 2) * down - 0.5],
        ]
    )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    moved = cv2.warpAffine(small, to_small, (width, height), flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return cast("NDArray[Any]", moved)


def _centred(plane: NDArray[Any], beside: float) -> NDArray[Any]:
    """A plane of chroma as if each sample lay amid the pixels that share it, and not ``beside`` that."""
    if not beside:
        return plane
    moved = plane.copy()
    cv2.addWeighted(plane[:, :-1], 1 - beside, plane[:, 1:], beside, 0, dst=moved[:, :-1])
    return moved
