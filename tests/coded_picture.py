"""Pictures as samples of luma and chroma, and back, by the formula alone."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from polyplive.pixels.yuv import YuvSamples

LAYOUTS = {"4:2:0": (2, 2), "4:2:2": (2, 1), "4:4:4": (1, 1)}


def coded(image: np.ndarray, layout: str = "4:2:0", matrix: int = 1, bits: int = 8, **kind: Any) -> YuvSamples:
    """``image`` in that code, by the formula (ITU-R BT.709-6, section 3); chroma is the mean of those that share it."""
    across, down = LAYOUTS[layout]
    samples = YuvSamples(*[np.zeros((1, 1), np.uint8)] * 3, matrix=matrix, bits=bits, **kind)
    to_yuv = np.linalg.inv(samples.to_bgr[:, :3].astype(float))
    planes = np.moveaxis((image - samples.to_bgr[:, 3].astype(float)) @ to_yuv.T, -1, 0)
    kept = []
    for plane in planes:
        whole = plane
        if kept:
            height, width = plane.shape
            whole = np.pad(plane, ((0, -height % down), (0, -width % across)), "edge")
            whole = whole.reshape(len(whole) // down, down, -1, across).mean((1, 3))
        kept.append(np.rint(whole).clip(0, 2**bits - 1).astype(np.uint8 if bits == 8 else np.uint16))
    return replace(samples, luma=kept[0], cb=kept[1], cr=kept[2])


def pixels_of(samples: YuvSamples) -> np.ndarray:
    """uint8 [H, W, 3] BGR by the formula; pixels that share a chroma sample get the same one."""
    height, width = samples.luma.shape
    chroma = [
        np.repeat(np.repeat(plane, samples.across, 1), samples.down, 0)[:height, :width]
        for plane in (samples.cb, samples.cr)
    ]
    yuv = np.dstack([samples.luma, *chroma]).astype(float)
    return np.rint(yuv @ samples.to_bgr[:, :3].T + samples.to_bgr[:, 3]).clip(0, 255).astype(np.uint8)
