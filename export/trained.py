"""Trained networks, wherever they are: in a checkpoint, a run's folder or an exported graph."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from polyplive.manifest import load_manifest, sha256_of

from .checkpoint import load_network
from .networks import SegmentationNetwork
from .read_back import network_from_graph


def load_trained(path: Path) -> tuple[SegmentationNetwork, dict[str, Any]]:
    """The network, in evaluation mode, and what is known of it: ``architecture``, ``options`` and ``recipe`` at least.

    Raises ``TrainingError`` for a checkpoint, ``ExportError`` and ``ModelError`` for a graph.
    """
    if path.suffix != ".onnx":
        return load_network(path)
    network, manifest = network_from_graph(path), load_manifest(path)
    told = manifest.training.get("recipe")
    recipe = {**(told if isinstance(told, dict) else {}), "size": manifest.input_height}
    options = {key: value for key, value in (recipe.get("options") or {}).items() if key != "pretrained"}
    return network, {"architecture": manifest.architecture, "options": options, "recipe": recipe}


def origin_of(path: Path) -> dict[str, str]:
    """The ``name`` (with its folder's) and the ``sha256`` of the file that ``load_trained`` reads for ``path``."""
    file = (path / "best.pt" if path.is_dir() else path).resolve()
    return {"name": f"{file.parent.name}/{file.name}", "sha256": sha256_of(file)}
