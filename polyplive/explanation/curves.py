"""Deletion and insertion: how the score falls, or rises, as pixels are changed in the order of a heatmap.

Petsiuk, Das and Saenko, "RISE: Randomized Input Sampling for Explanation of Black-box Models", BMVC 2018. Here it is
done for segmentation: the score is the mean probability over a region. Pixels are replaced by those of a strong blur,
not by black, which no colonoscope shows.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from polyplive.explanation.displayed import displayed
from polyplive.explanation.ordering import first_of, relevance_order

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from polyplive.explanation.scoring import Score
    from polyplive.types import FloatMap

STEPS = 16
"""Steps of a curve, of equal shares of pixels: a curve has one point more."""

BLUR = 0.1
"""The blur's standard deviation, as a share of the picture's shorter side."""

_WIDE = 16
"""Pixels of standard deviation from which on nothing of a quarter's pixels is seen."""

AT_ONCE = 4
"""Pictures that are scored together: between two points of a curve nobody waits long, and no processor is idle."""


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """A point of a curve: the ``score`` once a ``share``, 0 to 1, of the pixels has been changed."""

    share: float
    score: float


def blurred(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture uint8 [H, W, 3], blurred by a Gaussian of ``BLUR``; it is mirrored at its borders.

    A wide blur is made at a quarter of the size: a hundred times as fast, and within a level of the other.
    """
    height, width = picture.shape[:2]
    sigma = BLUR * min(height, width)
    shrunk = 4 if sigma >= _WIDE else 1
    small = cv2.resize(picture.astype(np.float32), (width // shrunk, height // shrunk), interpolation=cv2.INTER_AREA)
    blur = cv2.GaussianBlur(small, (0, 0), sigma / shrunk, borderType=cv2.BORDER_REFLECT)
    whole: NDArray[np.float32] = cv2.resize(blur, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.rint(whole).astype(np.uint8)


def deletion(
    picture: NDArray[np.uint8], cam: FloatMap, score: Score, *, steps: int = STEPS, seed: int = 0
) -> Iterator[CurvePoint]:
    """The points of the deletion curve, as they are measured: the blur takes over, the most relevant pixels first.

    ``picture`` is uint8 [H, W, 3] RGB, at the model's size. ``cam`` float32 [h, w] covers it, and is compared as
    ``displayed``. There are ``steps`` + 1 points, from share 0 to 1. The lower the ``area`` below them, the better the
    map. Ties of the map are broken at random by ``seed``. Raises what ``score`` raises.
    """
    return _curve(picture, blurred(picture), cam, score, steps, seed)


def insertion(
    picture: NDArray[np.uint8], cam: FloatMap, score: Score, *, steps: int = STEPS, seed: int = 0
) -> Iterator[CurvePoint]:
    """The points of the insertion curve: the blurred picture becomes sharp, the most relevant pixels first.

    As for ``deletion``; here the higher the ``area``, the better the map.
    """
    return _curve(blurred(picture), picture, cam, score, steps, seed)


def area(points: Iterable[CurvePoint]) -> float:
    """The area below a curve over shares from 0 to 1, by trapezoids; in the score's unit."""
    pairs = itertools.pairwise(points)
    return sum((one.score + other.score) / 2 * (other.share - one.share) for one, other in pairs)


def _curve(
    before: NDArray[np.uint8], after: NDArray[np.uint8], cam: FloatMap, score: Score, steps: int, seed: int
) -> Iterator[CurvePoint]:
    height, width = before.shape[:2]
    order = relevance_order(displayed(cam, height, width), seed)
    shares = [step / steps for step in range(steps + 1)]
    for begin in range(0, len(shares), AT_ONCE):
        some = shares[begin : begin + AT_ONCE]
        changed = [first_of(order, share, (height, width))[..., None] for share in some]
        scores = score(np.stack([np.where(mask, after, before) for mask in changed]))
        yield from (CurvePoint(share, float(value)) for share, value in zip(some, scores, strict=True))
