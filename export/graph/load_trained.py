"""Trained networks, wherever they are: in a checkpoint, a run's folder or an exported graph."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from polyplive.manifest import load_manifest, sha256_of

from ..networks.segmentation import SegmentationNetwork
from ..networks.vision_transformer import TransformerEncoder
from ..training.checkpoint import load_network, weights_file
from .read_back import graph_recipe, network_from_graph


def load_trained(path: Path) -> tuple[SegmentationNetwork, dict[str, Any]]:
    """The network, in evaluation mode, and its facts: ``architecture``, ``options``, ``recipe``, ``origins``.

    Of a graph also its ``size``, and that it is ``folded``: batch norm and layer scale are in the weights before them.
    Raises ``TrainingError`` and ``ConfigError`` for a checkpoint, ``ExportError`` and ``ModelError`` for a graph.
    """
    if not is_graph(path):
        return load_network(path)
    network, manifest = network_from_graph(path), load_manifest(path)
    recipe = graph_recipe(manifest)
    options = dict(recipe["options"])
    if isinstance(network.encoder, TransformerEncoder):  # as the graph has it, which may be of another side
        options["grid"] = network.encoder.transformer.grid
    origins = manifest.training.get("origins", {})
    return network, {
        "architecture": manifest.architecture,
        "options": options,
        "recipe": recipe,
        "origins": origins if isinstance(origins, dict) else {},
        "epoch": manifest.training.get("epoch"),
        "size": manifest.input_height,
        "folded": True,
    }


def is_graph(path: Path) -> bool:
    """Whether ``path`` is an exported graph, rather than a checkpoint."""
    return path.suffix == ".onnx"


def origin_of(path: Path) -> dict[str, str]:
    """The ``name`` (with its folder's) and the ``sha256`` of the file that ``load_trained`` reads for ``path``."""
    file = weights_file(path)
    return {"name": f"{file.parent.resolve().name}/{file.name}", "sha256": sha256_of(file)}
