"""Outside of the body: what the scope sees of the room before and after."""

from __future__ import annotations

import cv2
import numpy as np

from polyplive.sources.colon.numerics import smooth_noise
from polyplive.types import Image

_SHARE = 1.5  # how much more of the room there is than the view holds
_DARK_S = 1.0  # the lamp is off for this long at the procedure's ends


class Room:
    """A blurred room in grey and blue, with a lamp and a screen; the scope's tip hangs and swings."""

    def __init__(self, width: int, height: int, seed: int) -> None:
        rng = np.random.default_rng([seed, 30])
        self._size = (width, height)
        wide, tall = round(_SHARE * width), round(_SHARE * height)
        noise = smooth_noise(rng, (tall, wide), (4, 5))[..., None]
        picture = np.array([118, 106, 92], np.float32) + noise * np.array([12, 11, 10], np.float32)
        for _ in range(9):
            corner = rng.uniform(-0.1, 1, 2) * (wide, tall)
            far = corner + rng.uniform(0.1, 0.45, 2) * (wide, tall)
            shade = rng.uniform(30, 190) * np.array([1.08, 1.0, rng.uniform(0.8, 0.95)])
            cv2.rectangle(picture, tuple(map(int, corner)), tuple(map(int, far)), shade.tolist(), -1)
        lamp = (int(rng.uniform(0.3, 0.7) * wide), int(rng.uniform(0.15, 0.4) * tall))
        cv2.circle(picture, lamp, int(0.09 * tall), (255.0, 252.0, 245.0), -1)
        self._picture = np.clip(cv2.GaussianBlur(picture, (0, 0), 0.012 * tall), 0, 255).astype(np.uint8)

    def look(self, seconds: float, left: float) -> Image:
        """uint8 [H, W, 3] BGR, ``seconds`` into the procedure with ``left`` to go; black at its very ends."""
        width, height = self._size
        tall, wide = self._picture.shape[:2]
        swing = (0.5 + 0.3 * np.sin(0.7 * seconds), 0.5 + 0.3 * np.sin(0.5 * seconds + 1.0))
        middle = (width / 2 + swing[0] * (wide - width), height / 2 + swing[1] * (tall - height))
        view = cv2.getRectSubPix(self._picture, (width, height), middle)
        lit = min(max((min(seconds, left) - _DARK_S) / 0.3, 0.0), 1.0)
        return np.asarray(cv2.convertScaleAbs(view, alpha=lit), np.uint8)
