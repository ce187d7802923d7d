"""The TensorRT backend: float16 unless it overflows, else float32."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from polyplive.backends.base import Backend, Engine, Notify
from polyplive.backends.tensorrt.engine import NAME, TensorRtEngine
from polyplive.backends.tensorrt.float16_trial import stays_finite
from polyplive.backends.tensorrt.graph_choice import choose_graph
from polyplive.errors import BackendUnavailable

if TYPE_CHECKING:
    from pathlib import Path

    from polyplive.config import EngineOptions


def _open(graph: Path, options: EngineOptions, notify: Notify) -> Engine:
    """Open the engine. A float16 graph is tried first, as it may never have run; if it overflows, float32 runs."""
    choice = choose_graph(graph, options)
    if choice.why:
        notify(choice.why)
    engine = TensorRtEngine(choice.graph, notify)
    with contextlib.ExitStack() as opened:
        opened.callback(engine.close)
        if choice.graph == graph or stays_finite(engine):
            opened.pop_all()
            return engine
    what = f"In float16 the answers of '{graph.stem}' are not numbers"
    if options.precision == "float16":
        raise BackendUnavailable(what, "Take --precision float32.")
    notify(f"{what}: TensorRT runs it in float32")
    return TensorRtEngine(graph, notify)


TENSORRT = Backend(
    name=NAME,
    needs=(("tensorrt", "tensorrt_rtx"), ("pycuda",)),
    install="Install with: pip install 'polyplive[tensorrt]' (PyCUDA needs NVIDIA's CUDA toolkit).",
    precisions=("auto", "float32", "float16"),
    open=_open,
    why=lambda: "an NVIDIA GPU is here, with TensorRT and PyCUDA",
    needs_gpu=True,
)
