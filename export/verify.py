"""Does the exported graph give what PyTorch gives? Asked before anything is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from onnx import ModelProto
from torch import nn

from polyplive.errors import VerificationError

from .graph import MaskAndCam, cam_by_hooks
from .networks import SegmentationNetwork

PROBABILITY_TOLERANCE = 1e-3
"""The greatest difference of a probability that is put down to rounding."""
CAM_TOLERANCE = 5e-3
"""The greatest difference of the CAM, as a share of its own maximum in that frame."""
FLOAT16_PROBABILITY_TOLERANCE = 5e-2
FLOAT16_CAM_TOLERANCE = 1e-1
"""The same for float16, whose rounding also moves single pixels across the mask's edge, and with them the score."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far the exported graph is from PyTorch over all frames checked.

    ``probability`` is the greatest absolute difference; ``cam_autograd`` and ``cam_hooks`` the greatest difference of
    the CAM as a share of its maximum, against autograd on the rewritten network and against hooks on the trained one.
    ``frames`` were checked; in ``with_cam`` of them a polyp was predicted, so that there was a map to compare.
    """

    probability: float
    cam_autograd: float
    cam_hooks: float
    frames: int
    with_cam: int

    def __str__(self) -> str:
        return (
            f"probability differs by at most {self.probability:.1e}, CAM by {self.cam_autograd:.1e} (autograd) and"
            f" {self.cam_hooks:.1e} (hooks) of its maximum, over {self.frames} frames, {self.with_cam} with a map"
        )


def compare(
    model: ModelProto,
    trained: SegmentationNetwork,
    rewritten: SegmentationNetwork,
    frames: Sequence[NDArray[np.uint8]],
) -> Agreement:
    """Run every frame, uint8 [H, W, 3] RGB, through ONNX Runtime and twice through PyTorch."""
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    autograd, layer = MaskAndCam(rewritten), cam_module(trained)
    worst = {"probability": 0.0, "autograd": 0.0, "hooks": 0.0}
    with_cam = 0
    for frame in frames:
        probability, cam = session.run(["probability", "cam"], {"frame": frame[None]})
        tensor = torch.from_numpy(np.ascontiguousarray(frame))[None]
        by_autograd = autograd(tensor)
        by_hooks = cam_by_hooks(trained, tensor, layer)
        for other in (by_autograd[0], by_hooks[0]):
            worst["probability"] = max(worst["probability"], _greatest(probability, other.numpy()))
        for name, other in (("autograd", by_autograd[1]), ("hooks", by_hooks[1])):
            difference = _greatest(cam, other.numpy())  # infinite where a map holds NaN
            scale = max(float(other.max()), float(cam.max()))
            if not difference < float("inf"):
                worst[name] = difference
            elif scale > 0:
                worst[name] = max(worst[name], difference / scale)
        with_cam += bool(cam.max() > 0)
    return Agreement(worst["probability"], worst["autograd"], worst["hooks"], len(frames), with_cam)


def require(agreement: Agreement, precision: str = "float32") -> None:
    """Raise ``VerificationError`` with the figures unless everything agrees and there was a map to compare.

    ``precision`` of the graph, float32 or float16, decides what is put down to rounding.
    """
    half = precision == "float16"
    probability_tolerance = FLOAT16_PROBABILITY_TOLERANCE if half else PROBABILITY_TOLERANCE
    cam_tolerance = FLOAT16_CAM_TOLERANCE if half else CAM_TOLERANCE
    if not agreement.with_cam:
        raise VerificationError(
            f"No polyp was predicted in any of {agreement.frames} frames, so the Grad-CAM could not be checked",
            "Name a folder of pictures with polyps with --check, or train further.",
        )
    cam = max(agreement.cam_autograd, agreement.cam_hooks)
    if not (agreement.probability <= probability_tolerance and cam <= cam_tolerance):
        raise VerificationError(
            f"The exported graph differs from PyTorch: {agreement}",
            f"Allowed are {probability_tolerance:.0e} and {cam_tolerance:.0e}; nothing was written.",
        )


def cam_module(network: SegmentationNetwork) -> nn.Module:
    """The module of the trained network whose output is the CAM layer's activation."""
    if network.cam_stage >= 0:
        return network.decoder[network.cam_stage]
    return network.coarsest


def random_frames(height: int, width: int, count: int, seed: int = 0) -> list[NDArray[np.uint8]]:
    """uint8 [height, width, 3]: noise at scales from half of the picture down to a 64th."""
    rng = np.random.default_rng(seed)
    frames = []
    for number in range(count):
        cells = 2 ** (1 + number % 6)
        coarse = torch.from_numpy(rng.random((1, 3, cells, cells), np.float32))
        smooth = nn.functional.interpolate(coarse, (height, width), mode="bilinear", align_corners=False)
        frames.append((255 * smooth[0].permute(1, 2, 0)).to(torch.uint8).numpy())
    return frames


def _greatest(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """The greatest difference; infinite where either holds what is not a number."""
    difference = np.abs(one.astype(np.float64) - other.astype(np.float64))
    return float(difference.max()) if np.isfinite(difference).all() else float("inf")
