"""Does the exported graph give what PyTorch gives? Asked before anything is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from onnx import ModelProto
from torch import nn

from polyplive.backends.quiet_onnxruntime import import_onnxruntime
from polyplive.errors import VerificationError

from ..networks.segmentation import SegmentationNetwork
from .by_hooks import cam_by_hooks
from .cam.spec import cam_spec
from .mask_and_cam import MaskAndCams


@dataclass(frozen=True, slots=True)
class Tolerance:
    """What is put down to rounding; the names are those of ``Agreement``, ``cam`` is for both of its ways.

    None where single cells of the map may differ as they like: a pixel that changes its mind takes its evidence along.
    """

    probability: float
    cam: float | None
    cam_sum: float
    moved: float


_SLIGHT = 5e-2
"""A pixel whose probability differs by no more was undecided, and not moved by changing side."""

_TOLERANCES = {
    "float32": Tolerance(1e-3, 5e-3, 5e-3, 0.0),
    # its rounding also moves single pixels across the mask's edge, and with them the score
    "float16": Tolerance(5e-2, None, 2e-1, 0.0),
    # a pixel in a doubtful region can change its mind; a region cannot
    "int8 weights": Tolerance(0.5, None, 4e-1, 1e-2),
}


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far the exported graph is from PyTorch over all frames checked.

    ``probability`` is the greatest absolute difference. ``moved`` is the greatest share of a frame's pixels on another
    side of a probability of 0.5 that differ by more than 0.05. ``cam_autograd`` and ``cam_hooks`` are the greatest
    difference of the CAM, as a share of its maximum. The first is against autograd on the rewritten network, the second
    against hooks on the trained one. ``cam_sum`` is the sum of all differences from the second, as a share of the
    map's. ``frames`` were checked; in ``with_cam`` of them a polyp was predicted, so that there was a map to compare.
    """

    probability: float
    moved: float
    cam_autograd: float
    cam_hooks: float
    cam_sum: float
    frames: int
    with_cam: int

    def __str__(self) -> str:
        return (
            f"probability differs by at most {self.probability:.1e}, {self.moved:.2%} of a frame's pixels change side,"
            f" CAM by {self.cam_autograd:.1e} (autograd) and {self.cam_hooks:.1e} (hooks) of its maximum"
            f" and {self.cam_sum:.1e} of its sum,"
            f" over {self.frames} frames, {self.with_cam} with a map"
        )


def compare(
    model: ModelProto,
    trained: SegmentationNetwork,
    rewritten: SegmentationNetwork,
    frames: Sequence[NDArray[np.uint8]],
) -> Agreement:
    """Run every frame, uint8 [H, W, 3] RGB, through ONNX Runtime and twice through PyTorch."""
    session = import_onnxruntime().InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    spec = cam_spec(trained.cam, trained)
    autograd = MaskAndCams(rewritten, [spec])
    worst: dict[str, float] = {"probability": 0.0, "moved": 0.0, "cam_autograd": 0.0, "cam_hooks": 0.0, "cam_sum": 0.0}
    with_cam = 0
    for frame in frames:
        probability, cam = session.run(["probability", "cam"], {"frame": frame[None]})
        tensor = torch.from_numpy(np.ascontiguousarray(frame))[None]
        by_autograd = autograd(tensor)
        by_hooks = cam_by_hooks(trained, tensor, spec)
        for other in (by_autograd[0], by_hooks[0]):
            worst["probability"] = max(worst["probability"], _greatest(probability, other.numpy()))
            worst["moved"] = max(worst["moved"], _moved(probability, other.numpy()))
        for name, other in (("cam_autograd", by_autograd[1]), ("cam_hooks", by_hooks[1])):
            difference = _greatest(cam, other.numpy())  # infinite where a map holds NaN
            scale = max(float(other.max()), float(cam.max()))
            if not difference < float("inf"):
                worst[name] = difference
            elif scale > 0:
                worst[name] = max(worst[name], difference / scale)
        worst["cam_sum"] = max(worst["cam_sum"], _share(cam, by_hooks[1].numpy()))
        with_cam += bool(cam.max() > 0)
    return Agreement(**worst, frames=len(frames), with_cam=with_cam)


def require(agreement: Agreement, precision: str = "float32") -> None:
    """Raise ``VerificationError`` with the figures unless everything agrees and there was a map to compare.

    ``precision`` of the graph (float32, float16 or int8 weights) decides what is put down to rounding.
    """
    allowed = _TOLERANCES[precision]
    if not agreement.with_cam:
        raise VerificationError(
            f"No polyp was predicted in any of {agreement.frames} frames, so the heatmap could not be checked",
            "Name a folder of pictures with polyps with --check, or train further.",
        )
    cam = max(agreement.cam_autograd, agreement.cam_hooks)
    near = agreement.probability <= allowed.probability and agreement.moved <= allowed.moved
    alike = agreement.cam_sum <= allowed.cam_sum and (allowed.cam is None or cam <= allowed.cam)
    if not (near and alike):
        cells = "" if allowed.cam is None else f", {allowed.cam:.0e}"
        raise VerificationError(
            f"The exported graph differs from PyTorch: {agreement}",
            f"Allowed are {allowed.probability:.0e}, {allowed.moved:.0%}{cells} and {allowed.cam_sum:.0e}; nothing was"
            " written.",
        )


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


def _moved(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """The share of the pixels that were decided and changed side."""
    return float(np.mean(((one >= 0.5) != (other >= 0.5)) & (np.abs(one - other) > _SLIGHT)))


def _share(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """The sum of differences as a share of the sum of the larger values; 0 where both are empty."""
    one, other = one.astype(np.float64), other.astype(np.float64)
    larger = np.maximum(one, other).sum()
    return float(np.abs(one - other).sum() / larger) if larger != 0 else 0.0


def _greatest(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """The greatest difference; infinite where either holds NaN."""
    difference = np.abs(one.astype(np.float64) - other.astype(np.float64))
    return float(difference.max()) if np.isfinite(difference).all() else float("inf")
