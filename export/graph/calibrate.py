"""The one number that turns a raw CAM into a heatmap's strength, chosen from data."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto

from polyplive.backends.quiet_onnxruntime import import_onnxruntime

PERCENTILE = 50.0


def cam_full_scale(model: ModelProto, frames: Sequence[NDArray[np.uint8]], *, grows_with_mask: bool) -> float:
    """The CAM at full strength; frames are uint8 [H, W, 3] RGB.

    It is the ``PERCENTILE`` of the frames' maxima, over frames with a predicted polyp. The score is a sum over the
    predicted mask. Where the map averages gradients over the picture it ``grows_with_mask``: then each maximum is
    divided by the mask's share of the picture, and the result is for a polyp that fills it.
    """
    session = import_onnxruntime().InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    found = []
    for frame in frames:
        probability, cam = session.run(["probability", "cam"], {"frame": frame[None]})
        share = float((probability > 0.5).mean())
        if share > 0 and cam.max() > 0:
            found.append(float(cam.max()) / (share if grows_with_mask else 1.0))
    return float(np.percentile(found, PERCENTILE)) if found else 1.0
