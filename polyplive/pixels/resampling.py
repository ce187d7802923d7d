"""A picture's samples at another size, without its own pixels in between."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import cv2
import numpy as np

from polyplive.pixels.crop import Cut
from polyplive.pixels.shrink import shrink
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
    planes = [shrink(plane, height, width) for plane in (samples.luma, *_centred(samples))]
    cv2.cvtColor(bgr_of_points(planes, samples, _scratch), cv2.COLOR_BGR2BGRA, dst=out)


def bgra_of_crop(samples: YuvSamples, crop: Crop, out: NDArray[np.uint8]) -> None:
    """Fill ``out``, uint8 [height, width, 4], with ``crop`` of the picture at that size: BGRA, opaque. Any thread."""
    size = out.shape[0], out.shape[1]
    planes = [stretched(plane, cut, size) for plane, cut in zip(samples.planes, cuts(samples, crop, size), strict=True)]
    cv2.cvtColor(bgr_of_points(planes, samples, _scratch), cv2.COLOR_BGR2BGRA, dst=out)


def cuts(samples: YuvSamples, crop: Crop, size: tuple[int, int]) -> tuple[Cut, Cut, Cut]:
    """What is taken of luma, Cb and Cr for ``crop`` at ``size`` (rows, columns); chroma lies where the source says."""
    luma = Cut.of(samples.luma.shape, crop.rows, crop.columns, size, with_neighbours=True)
    rows = crop.rows[0] / samples.down, crop.rows[1] / samples.down
    columns = crop.columns[0] / samples.across + samples.beside, crop.columns[1] / samples.across + samples.beside
    chroma = Cut.of(samples.cb.shape, rows, columns, size, with_neighbours=True)
    return luma, chroma, chroma


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
    cut = Cut.of(chroma[0].shape, (top, bottom), (left, right), (height, width))
    scaled = [stretched(plane, cut, (height, width)) for plane in chroma]
    return bgr_of_points([shrink(luma, height, width), *scaled], samples)


def first_field(lines: NDArray[Any], top: int) -> NDArray[Any]:
    """The even lines of a picture, a view: ``lines`` is a part of it from line ``top`` on.

    Each stands for itself and the odd line below it (or above it, where ``top`` is odd): what is found lies half a line
    off at most. That the even lines come first is so for HD; for the other order the picture is a field older.
    """
    return lines[top % 2 :: 2] if lines.shape[0] > 1 else lines


def stretched(plane: NDArray[Any], cut: Cut, size: tuple[int, int]) -> NDArray[Any]:
    """The part of ``plane`` ([h, w] or [h, w, 3]) that ``cut`` takes for ``size`` (rows, columns), without aliasing."""
    small = plane[cut.rows, cut.columns]
    for rows, columns in cut.sizes:
        small = cast("NDArray[Any]", cv2.resize(small, (columns, rows), interpolation=cv2.INTER_LINEAR))
    to_small = np.array([[cut.step[0], 0, cut.origin[0]], [0, cut.step[1], cut.origin[1]]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    moved = cv2.warpAffine(small, to_small, size[::-1], flags=flags, borderMode=cv2.BORDER_REPLICATE)
    return cast("NDArray[Any]", moved)


def _centred(samples: YuvSamples) -> tuple[NDArray[Any], ...]:
    """The planes of chroma as if each sample lay amid the pixels that share it."""
    beside = samples.beside
    if not beside:
        return samples.cb, samples.cr
    found = []
    for plane in (samples.cb, samples.cr):
        moved = plane.copy()
        cv2.addWeighted(plane[:, :-1], 1 - beside, plane[:, 1:], beside, 0, dst=moved[:, :-1])
        found.append(moved)
    return tuple(found)
