"""The baseline: the trained network in eager PyTorch, its heatmap by hooks and ``backward``, as papers run it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from polyplive.backends.base import EngineSpec, Outputs
from polyplive.backends.checks import check_tensor
from polyplive.backends.torch import TORCH
from polyplive.config import EngineOptions
from polyplive.errors import EngineClosed, InferenceError, text_of
from polyplive.manifest import load_manifest

from ..networks.segmentation import SegmentationNetwork
from .by_hooks import cam_by_hooks
from .cam.spec import cam_spec
from .read_back import network_from_graph


class TorchEngine:
    """A shipped graph's network run by PyTorch, on a GPU where there is one; implements ``Engine``.

    It is there to be compared with, and takes no pains to be fast. ``threads`` are PyTorch's, in the whole process.
    """

    def __init__(self, graph: Path, options: EngineOptions | None = None) -> None:
        """Read the network back. Raises ``ConfigError``, ``ModelError``, ``ExportError`` or ``InferenceError``."""
        options = options or EngineOptions()
        TORCH.check_precision(options)
        manifest = load_manifest(graph)
        if options.threads is not None:
            torch.set_num_threads(options.threads)
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        network = network_from_graph(graph)
        try:
            self._network: SegmentationNetwork | None = network.to(self._device)
        except RuntimeError as error:  # no room on the GPU, or no GPU that answers
            raise _inference_error("load", manifest.name, error) from None
        self._spec = EngineSpec.of(
            manifest, TORCH.name, torch.cuda.get_device_name() if self._device.type == "cuda" else "CPU"
        )

    @property
    def spec(self) -> EngineSpec:
        """Shapes, names and the model's manifest."""
        return self._spec

    def infer(self, tensor: NDArray[np.uint8], *, cam: bool = True) -> Outputs:
        """See ``Engine.infer``."""
        if self._network is None:
            raise EngineClosed("The engine is closed", "Open it again.")
        check_tensor(tensor, self._spec)
        try:
            frame = torch.from_numpy(np.ascontiguousarray(tensor)).to(self._device)
            probability, activation_map = _run(self._network, frame, cam=cam)
        except RuntimeError as error:
            raise _inference_error("run", self._spec.manifest.name, error) from None
        return Outputs(probability, activation_map)

    def close(self) -> None:
        """Forget the network."""
        self._network = None


def _run(network: SegmentationNetwork, frame: torch.Tensor, *, cam: bool) -> tuple[Any, Any]:
    """float32 [H, W] and, with ``cam``, [h, w], both on the host."""
    if not cam:
        with torch.inference_mode():
            logit = network(network.normalise(frame.permute(0, 3, 1, 2)))
            return logit.sigmoid()[0, 0].cpu().numpy().copy(), None
    probability, activation_map = cam_by_hooks(network, frame, cam_spec(network.cam, network))
    return probability[0, 0].cpu().numpy().copy(), activation_map[0, 0].cpu().numpy().copy()


def _inference_error(verb: str, what: str, error: RuntimeError) -> InferenceError:
    return InferenceError(f"PyTorch could not {verb} '{what}': {text_of(error)}", "Try another --backend.")
