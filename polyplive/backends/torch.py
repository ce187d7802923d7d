"""PyTorch in eager mode: the baseline for comparisons. The engine itself is part of ``export``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyplive.backends.base import Backend, Engine, Notify

if TYPE_CHECKING:
    from pathlib import Path

    from polyplive.config import EngineOptions


def _open(graph: Path, options: EngineOptions, notify: Notify) -> Engine:
    from polyplive.export.graph.torch_engine import TorchEngine

    engine: Engine = TorchEngine(graph, options)
    return engine


TORCH = Backend(
    name="torch",
    needs=(("torch",), ("onnx",)),
    install="Install with: pip install 'polyplive[train]'",
    precisions=("auto", "float32"),
    open=_open,
    baseline=True,
)
