"""A graph and its manifest as two files, each written whole or not at all; needs no PyTorch."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import onnx
from onnx import ModelProto

from polyplive.errors import ExportError
from polyplive.manifest import ModelManifest, load_manifest
from polyplive.system.atomic_file import write_to_disk
from polyplive.system.private_files import SHARED_MODE, unfinished


def float32_manifest(graph: Path) -> ModelManifest:
    """As ``load_manifest``; ``ExportError`` for a graph in another precision."""
    manifest = load_manifest(graph)
    if manifest.precision != "float32":
        raise ExportError(f"'{graph.name}' is {manifest.precision}", "Name the float32 graph.")
    return manifest


def variant_facts(manifest: ModelManifest, name: str, precision: str) -> dict[str, Any]:
    """What ``write_model`` needs for the same model under another name, weights and all in ``precision``."""
    facts = asdict(manifest) | {"name": name, "precision": precision, "weights": precision}
    return {key: value for key, value in facts.items() if key not in ("sha256", "schema")}


def write_model(
    model: ModelProto, facts: dict[str, Any], out: Path, hint: str = "Name another folder with --out."
) -> tuple[Path, ModelManifest]:
    """Write ``model`` with ``facts`` inside, and its manifest beside it; gives the path and the manifest.

    The manifest comes last: a graph without one is not a model, so a kill in between leaves nothing half valid. Raises
    ``ExportError``, with ``hint`` where nothing can be written.
    """
    onnx.helper.set_model_props(model, {key: _as_text(value) for key, value in facts.items()})
    data = model.SerializeToString(deterministic=True)
    manifest = ModelManifest(**facts, sha256=hashlib.sha256(data).hexdigest())
    graph = out / f"{manifest.name}.onnx"
    try:
        out.mkdir(parents=True, exist_ok=True)
        replace_all(((graph, data), (graph.with_suffix(".json"), manifest.to_json().encode())))
    except OSError as error:
        raise ExportError(f"Cannot write '{graph}': {error.strerror}", hint) from None
    return graph, manifest


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def replace_all(files: Sequence[tuple[Path, bytes]]) -> None:
    """Write every file beside its place, and only when all are whole put them there; other writers do not matter."""
    with contextlib.ExitStack() as stack:
        partials = []
        for path, data in files:
            partial, file = stack.enter_context(unfinished(path, SHARED_MODE))
            write_to_disk(file, data)
            partials.append(partial)
        for partial, (path, _) in zip(partials, files, strict=True):
            partial.replace(path)
