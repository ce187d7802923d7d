"""The float16 variant of a model that was shipped without one, made on the machine that wants it; needs no PyTorch."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from pathlib import Path

import onnx

from polyplive.backends.engine_cache import MAKE_ROOM
from polyplive.backends.stored_weights import graph_bytes
from polyplive.errors import ExportError, ModelError, said_by
from polyplive.manifest import float16_name, load_manifest

from .model_file import write_model
from .precision import float16_graph

_VERSION = 1
"""Of ``precision.float16_graph``: raised where it gives another graph."""


def float16_file(graph: Path, folder: Path) -> Path:
    """The float16 graph of the float32 ``graph``, in ``folder``; made only where a sound one is not there yet.

    Raises ``ModelError`` for the manifest, ``ExportError`` for a graph that float16 cannot hold.
    """
    manifest = load_manifest(graph)
    source = hashlib.sha256(f"{_VERSION} {manifest.to_json()}".encode()).hexdigest()
    made = folder / f"float16-{source[:16]}" / f"{float16_name(graph.stem)}.onnx"
    try:
        load_manifest(made)
    except (ModelError, OSError):
        facts = asdict(manifest) | {"name": made.stem, "precision": "float16", "weights": "float16"}
        facts = {key: value for key, value in facts.items() if key not in ("sha256", "schema")}
        try:
            half = float16_graph(onnx.load_from_string(graph_bytes(graph)))
        except ExportError:
            raise
        except Exception as error:  # protobuf's and onnx's errors share no base class
            raise ExportError(
                f"'{graph.name}' cannot be turned into float16 ({said_by(error)})", "Take float32."
            ) from None
        made, _ = write_model(half, facts, made.parent, f"{MAKE_ROOM}; --precision float32 needs none.")
    return made
