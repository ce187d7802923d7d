"""Checks of an engine's input, its graph and its output."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polyplive.errors import ManifestError, NotFinite

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polyplive.backends.base import EngineSpec, Outputs
    from polyplive.manifest import ModelManifest


def check_tensor(tensor: NDArray[np.uint8], spec: EngineSpec) -> None:
    """Raise ``ValueError`` unless ``tensor`` is uint8 [1, H, W, 3] of the engine's size."""
    expected = (1, spec.height, spec.width, 3)
    if tensor.shape != expected or tensor.dtype != np.uint8:
        raise ValueError(f"the engine takes uint8 {list(expected)}, not {tensor.dtype} {list(tensor.shape)}")


def check_graph(shapes: dict[str, tuple[int, ...]], manifest: ModelManifest) -> None:
    """Raise ``ManifestError`` unless the graph's inputs and outputs are those that its manifest names."""
    expected = {
        "frame": (1, manifest.input_height, manifest.input_width, 3),
        "probability": (1, 1, manifest.input_height, manifest.input_width),
        "cam": (1, 1, manifest.cam_height, manifest.cam_width),
    }
    if shapes != expected:
        raise ManifestError(
            f"The graph of '{manifest.name}' has {shapes}, its manifest says {expected}",
            "Export the model again with 'polyplive export'.",
        )


def check_numbers(outputs: Outputs, backend: str) -> None:
    """Raise ``NotFinite`` if an output holds NaN or infinity, which later comparisons would not notice."""
    for name, values in (("probability", outputs.probability), ("CAM", outputs.cam)):
        if values is not None and not np.isfinite(np.sum(values)):  # one such value makes the sum NaN or infinite
            raise NotFinite(
                f"The model's {name} holds values that are no numbers ({backend})",
                "Try another --backend, or --precision float32.",
            )
