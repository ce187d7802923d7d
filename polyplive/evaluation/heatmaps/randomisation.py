"""Opens a model's graph with randomised weights, at the level of the trained one.

A heatmap explains the predicted mask, and a randomised network usually predicts none: there would be nothing to
compare. So its logits are shifted until it predicts as many pixels, of all pictures together, as the trained one. That
shift is the same for every pixel and tells nothing about places.
"""

from __future__ import annotations

import dataclasses
import hashlib
import math
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from polyplive.backends.factory import open_engine
from polyplive.backends.onnx_file.randomised import layer_count, randomised
from polyplive.backends.onnx_file.stored_weights import graph_bytes
from polyplive.backends.openvino import OPENVINO
from polyplive.backends.registry import find_backend
from polyplive.manifest import load_manifest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from polyplive.backends.base import Engine
    from polyplive.config import EngineOptions

_LEVELLING, _LEAST = 3, 1e-7
_KNOWN = 0.001, 0.98
"""Between these even bfloat16 knows a probability well enough for its logit."""


class RandomisedGraphs:
    """Opens the graph in the file ``graph`` with the weights of its last layers permuted.

    It runs on the same backend; where that needs a GPU, on OpenVINO: compiling so many graphs for one takes minutes.
    """

    def __init__(self, graph: Path, backend: str, options: EngineOptions, seed: int = 0) -> None:
        """Raises ``ManifestError`` where the graph's manifest does not fit; other errors come with ``opened``."""
        self._manifest = load_manifest(graph)
        self._bytes = graph_bytes(graph)
        self._backend, self._options = backend, options
        if find_backend(backend).needs_gpu:
            self._backend, self._options = OPENVINO.name, dataclasses.replace(options, precision="auto")
        self._seed = seed
        self.layers = layer_count(self._bytes)
        """How many layers there are."""

    def stages(self) -> tuple[int, ...]:
        """So many layers are randomised in turn: 1, 2, 4 and on, then all."""
        doubled = [2**power for power in range(self.layers.bit_length()) if 2**power < self.layers]
        return (*doubled, self.layers) if self.layers else ()

    @contextmanager
    def opened(self, layers: int, shift: float = 0.0) -> Iterator[Engine]:
        """An engine of the graph with so many layers randomised, and ``shift`` added to its logits.

        For the calling thread. Raises ``EngineError``.
        """
        changed = randomised(self._bytes, layers, self._seed, shift)
        with tempfile.TemporaryDirectory(prefix="polyplive-") as folder:
            path = Path(folder) / "randomised.onnx"
            path.write_bytes(changed)
            manifest = dataclasses.replace(
                self._manifest, sha256=hashlib.sha256(changed).hexdigest(), weights="float32"
            )
            path.with_suffix(".json").write_text(manifest.to_json(), encoding="utf-8")
            engine = open_engine(path, self._backend, self._options, is_parallel=True)
            try:
                yield engine
            finally:
                engine.close()


def level_shift(graphs: RandomisedGraphs, layers: int, pictures: Sequence[NDArray[np.uint8]], share: float) -> float:
    """What to add to the logits for a ``share`` of all pixels of ``pictures`` to be predicted, 0 to 1.

    ``pictures`` are uint8 [H, W, 3] RGB. Where a probability is rounded to 0 or 1, a step only comes nearer; then there
    is a second one. Raises ``EngineError``.
    """
    shift = 0.0
    for _ in range(_LEVELLING):
        with graphs.opened(layers, shift) as engine:
            given = [engine.infer(picture[None]).probability for picture in pictures]
        probabilities = np.clip(np.stack(given).astype(np.float64), _LEAST, 1 - _LEAST)
        level = float(np.quantile(probabilities, 1 - share))
        shift -= math.log(level / (1 - level))
        if _KNOWN[0] < level < _KNOWN[1]:
            break
    return shift
