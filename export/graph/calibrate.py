"""The one number that turns a raw CAM into a heatmap's strength, chosen from data."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto

from polyplive.backends.quiet_onnxruntime import import_onnxruntime

PERCENTILE = 50.0


def cam_full_scale(model: ModelProto, frames: Sequence[NDArray[np.uint8]]) -> float:
    """The CAM at full strength, for a polyp that fills the picture; frames are uint8 [H, W, 3] RGB.

    The score is a sum over the predicted mask, so the CAM grows with the mask's share of the picture. Each frame's
    maximum is divided by that share; the result is the ``PERCENTILE`` of those, over frames with a predicted polyp.
    """
    session = import_onnxruntime().InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    found = []
    for frame in frames:
        probability, cam = session.run(["probability", "cam"], {"frame": frame[None]})
        share = float((probability > 0.5).mean())
        if share > 0 and cam.max() > 0:
            found.append(float(cam.max()) / share)
    return float(np.percentile(found, PERCENTILE)) if found else 1.0
