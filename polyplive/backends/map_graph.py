"""The compiled graph of ``NAME.maps``: further heatmaps of a model, of any part of its answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from polyplive.backends.onnx_file.borrowed_weights import with_borrowed
from polyplive.backends.onnx_file.onnx_fields import text_properties
from polyplive.backends.onnx_file.stored_weights import graph_bytes
from polyplive.backends.quiet_openvino import import_openvino, shared_core
from polyplive.errors import EngineClosed, InferenceError, ModelError, ModelNotFound, text_of

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from polyplive.types import FloatMap, Mask

GRAPH_SHA256 = "graph_sha256"
"""The property of the file that names the model's graph."""

PROBABILITY = "probability"


def explain_file(graph: Path) -> Path:
    """Where the further maps of the model ``graph`` are."""
    return graph.with_suffix(".maps")


class MapGraph:
    """The maps ``names`` of a model, ``METHOD:LAYER[,LAYER]``, computed by OpenVINO. One thread at a time uses it."""

    def __init__(
        self, graph: Path, sha256: str, only: str | None = None, *, threads: int | None = None, half: bool = False
    ) -> None:
        """Compile all maps of the model ``graph``, whose hash is ``sha256``; ``only`` names one, and no other is made.

        With ``half`` the arithmetic is bfloat16. Raises ``ModelNotFound`` where the model has no maps, ``ModelError``
        where they are of another graph.
        """
        file = explain_file(graph)
        if not file.is_file():
            raise ModelNotFound(
                f"'{graph.stem}' has no file '{file.name}' beside it", "Export the model again for further heatmaps."
            )
        config = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "bf16" if half else "f32"}
        if threads is not None:
            config |= {"INFERENCE_NUM_THREADS": str(threads), "ENABLE_CPU_PINNING": "NO"}
        try:
            data = file.read_bytes()
            if text_properties(data).get(GRAPH_SHA256) != sha256:
                raise ModelError(f"'{file.name}' is of another graph than '{graph.name}'", "Export the model again.")
            runtime, core = import_openvino(), shared_core()
            model = core.read_model(with_borrowed(data, graph_bytes(graph)))
            if only is not None:
                model = runtime.Model([model.output(only)], model.get_parameters(), only)
            found = [port.any_name for port in model.outputs]
            self.names = tuple(name for name in found if name != PROBABILITY)
            self._outputs = tuple(found)
            self._request = core.compile_model(model, "CPU", config).create_infer_request()
        except (OSError, RuntimeError, ValueError) as error:
            raise ModelError(f"'{file.name}' cannot be used ({text_of(error)})", "Export the model again.") from None

    def run(self, tensor: NDArray[np.uint8], target: Mask) -> dict[str, FloatMap]:
        """Every map, float32 [h, w], and ``PROBABILITY`` where it is not left out, by name.

        ``tensor`` is uint8 [1, H, W, 3] RGB. The score is the sum of the logits over ``target`` bool [H, W]. Raises
        ``EngineClosed`` and ``InferenceError``.
        """
        if self._request is None:
            raise EngineClosed("The engine is closed", "Open it again.")
        try:
            self._request.infer({"frame": tensor, "target": target[None, None].astype(np.float32)})
            return {name: np.array(self._request.get_tensor(name).data[0, 0]) for name in self._outputs}
        except RuntimeError as error:
            raise InferenceError(f"The heatmaps could not be computed: {text_of(error)}", "Try again.") from None

    def close(self) -> None:
        """Free everything; calling it again does nothing."""
        self._request = None
