"""Several heatmaps of one network, of any part of its answer: for explanations of single pictures.

``NAME.maps`` beside a model holds the same network with more maps, and a second input that says what they are
to explain. It is run by OpenVINO in float32, whichever runtime the session uses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from polyplive.backends.checks import check_tensor
from polyplive.backends.maps import Maps
from polyplive.backends.onnx_file.borrowed_weights import with_borrowed
from polyplive.backends.onnx_file.onnx_fields import text_properties
from polyplive.backends.onnx_file.stored_weights import graph_bytes
from polyplive.backends.openvino import OpenVinoEngine
from polyplive.backends.quiet_openvino import shared_core
from polyplive.config import EngineOptions
from polyplive.errors import EngineClosed, InferenceError, ModelError, ModelNotFound, text_of

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from polyplive.backends.base import EngineSpec
    from polyplive.types import Mask

GRAPH_SHA256 = "graph_sha256"
"""The property of the file that names the model's graph."""
_MASK = 0.5


def explain_file(graph: Path) -> Path:
    """Where the further maps of the model ``graph`` are."""
    return graph.with_suffix(".maps")


class MapEngine:
    """Compiled further maps of a model. One thread at a time uses it.

    ``names`` are those of the maps, ``METHOD:LAYER[,LAYER]``; the model's own comes first.
    """

    follows_target = True

    def __init__(self, graph: Path, threads: int | None = None) -> None:
        """Compile the maps of the model ``graph``.

        Raises ``ModelNotFound`` where it has none, ``ModelError`` where they are of another graph, and what opening an
        OpenVINO engine raises.
        """
        file = explain_file(graph)
        if not file.is_file():
            raise ModelNotFound(
                f"'{graph.stem}' has no file '{file.name}' beside it", "Export the model again for further heatmaps."
            )
        options = EngineOptions(precision="float32", threads=threads)
        self._engine = OpenVinoEngine(graph, options)
        self.spec: EngineSpec = self._engine.spec
        self.names, self._request = self._compiled(file, graph, options)

    def explain(self, tensor: NDArray[np.uint8], target: Mask | None = None) -> Maps:
        """Every map of a picture, uint8 [1, H, W, 3] RGB.

        The score is the sum of the logits over ``target`` (bool [H, W]; None: the predicted mask, as the model's own
        map takes it). Raises as ``Engine.infer`` does, and ``ValueError`` for a target of another shape.
        """
        if self._request is None:
            raise EngineClosed("The engine is closed", "Open it again.")
        check_tensor(tensor, self.spec)
        if target is None:
            target = self._engine.infer(tensor, cam=False).probability > _MASK
        elif target.shape != (self.spec.height, self.spec.width):
            raise ValueError(f"the target has the shape {target.shape}, not {(self.spec.height, self.spec.width)}")
        try:
            self._request.infer({"frame": tensor, "target": target[None, None].astype(np.float32)})
            found = {name: np.array(self._request.get_tensor(name).data[0, 0]) for name in ("probability", *self.names)}
        except RuntimeError as error:
            raise InferenceError(f"The heatmaps could not be computed: {text_of(error)}", "Try again.") from None
        return Maps(found.pop("probability"), found)

    def close(self) -> None:
        """Free everything; calling it again does nothing."""
        self._request = None
        self._engine.close()

    def _compiled(self, file: Path, graph: Path, options: EngineOptions) -> tuple[tuple[str, ...], Any]:
        try:
            data = file.read_bytes()
            if text_properties(data).get(GRAPH_SHA256) != self.spec.manifest.sha256:
                raise ModelError(f"'{file.name}' is of another graph than '{graph.name}'", "Export the model again.")
            core = shared_core()
            model = core.read_model(with_borrowed(data, graph_bytes(graph)))
            config = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
            if options.threads is not None:
                config |= {"INFERENCE_NUM_THREADS": str(options.threads), "ENABLE_CPU_PINNING": "NO"}
            names = tuple(port.any_name for port in model.outputs if port.any_name != "probability")
            return names, core.compile_model(model, "CPU", config).create_infer_request()
        except (OSError, RuntimeError, ValueError) as error:
            raise ModelError(f"'{file.name}' cannot be used ({text_of(error)})", "Export the model again.") from None


def open_map_engine(graph: Path, threads: int | None = None) -> MapEngine:
    """The further maps of the model ``graph``; see ``MapEngine``."""
    return MapEngine(graph, threads)
