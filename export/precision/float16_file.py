"""The float16 variant of a model that was shipped without one, made on the machine that wants it; needs no PyTorch."""

from __future__ import annotations

import hashlib
from pathlib import Path

from polyplive.backends.tensorrt.engine_cache import MAKE_ROOM
from polyplive.errors import ModelError
from polyplive.manifest import float16_name, load_manifest

from ..graph.model_file import variant_facts, write_model
from .narrow_graph import float16_of_file

_VERSION = 1
"""Of ``precision.float16_graph``: raised where it gives another graph."""


def float16_path(graph: Path, folder: Path) -> Path:
    """The path at which ``float16_file`` stores the variant of ``graph``. Raises ``ModelError`` for the manifest."""
    source = hashlib.sha256(f"{_VERSION} {load_manifest(graph).to_json()}".encode()).hexdigest()
    return folder / f"float16-{source[:16]}" / f"{float16_name(graph.stem)}.onnx"


def float16_file(graph: Path, folder: Path) -> Path:
    """The float16 graph of the float32 ``graph``, in ``folder``; made only where a sound one is not there yet.

    Raises ``ModelError`` for the manifest, ``ExportError`` for a graph that float16 cannot hold.
    """
    manifest, made = load_manifest(graph), float16_path(graph, folder)
    try:
        load_manifest(made)
    except (ModelError, OSError):
        half, facts = float16_of_file(graph), variant_facts(manifest, made.stem, "float16")
        made, _ = write_model(half, facts, made.parent, f"{MAKE_ROOM}; --precision float32 needs none.")
    return made
