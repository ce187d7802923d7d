"""The manifest of a model: ``<name>.json`` beside ``<name>.onnx``, and where models are found.

The same facts stand as metadata inside the graph; the file beside it lets a runtime read them without parsing ONNX.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import reprlib
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from polyplive.errors import ManifestError, ModelNotFound
from polyplive.machine import has_matrix_unit

SCHEMA = 1
DEFAULT_MODEL = "auto"
"""The shipped model that suits this machine: see ``default_model``."""
FAST, ACCURATE = "polyplive-fast", "polyplive-accurate"
_MODEL_VARIABLE = "POLYPLIVE_MODEL"
_LARGEST_SIDE = 1 << 16
_LARGEST_SCALE = 1e30
_KINDS: dict[str, type | tuple[type, ...]] = {
    "str": str,
    "int": int,
    "float": (int, float),
    "dict": dict,
    "list": list,
}
"""What JSON may hold for a field, by the name of the field's type."""

_SHIPPED = Path(__file__).resolve().parent.parent / "engines"


@dataclass(frozen=True, slots=True)
class ModelManifest:
    """What a graph is.

    ``input_height`` and ``input_width`` are the model's size. ``threshold`` is the probability recommended for
    contours, ``sure`` that from which a frame is evidence for a finding (0: the threshold). ``cam_full_scale`` is the
    raw CAM value shown at full strength when the predicted mask fills the picture; for a smaller mask it shrinks in
    proportion, as the CAM does. ``precision`` is that of the graph's arithmetic, ``weights`` how the file keeps them
    (``int8``: see ``backends.stored_weights``). ``tensors`` names, inside the ONNX file, the tensors that hold the
    ``logit`` and the ``activation`` of the CAM layer. ``metrics``, ``training`` and ``licences`` are free-form facts
    for people.
    """

    name: str
    version: str
    architecture: str
    input_height: int
    input_width: int
    cam_height: int
    cam_width: int
    cam_layer: str
    cam_method: str
    cam_full_scale: float
    threshold: float
    precision: str
    sha256: str
    weights: str = "float32"
    sure: float = 0.0
    tensors: dict[str, str] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)
    licences: list[str] = field(default_factory=list)
    schema: int = SCHEMA

    def to_json(self) -> str:
        """Indented JSON text, keys in the order of the fields."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n"


def sha256_of(path: Path) -> str:
    """Hexadecimal SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def shipped_models() -> dict[str, Path]:
    """Name -> graph of each model that came with the installation."""
    return {path.stem: path for path in sorted(shipped_folder().glob("*.onnx"))}


def shipped_folder() -> Path:
    """The folder of shipped graphs: ``engines/`` in a checkout, the package ``polyplive.engines`` once installed."""
    installed = Path(__file__).resolve().parent / "engines"
    return installed if installed.is_dir() else _SHIPPED


@dataclass(frozen=True, slots=True)
class DefaultModel:
    """The name that ``auto`` stands for here, and why."""

    name: str
    why: str


def default_model(backend: str = "openvino", precision: str = "auto") -> DefaultModel:
    """The accurate model where this machine has what it was made for, else the fast one.

    That is a GPU, through TensorRT, and for OpenVINO a processor that multiplies matrices of bfloat16 in a unit of its
    own. The environment variable POLYPLIVE_MODEL names another: a shipped model, or the path of an ``.onnx`` file.
    """
    named = os.environ.get(_MODEL_VARIABLE, "")
    if named not in ("", DEFAULT_MODEL):
        return DefaultModel(named, f"{_MODEL_VARIABLE} names it")
    if backend == "tensorrt":
        return DefaultModel(ACCURATE, "it was made for a GPU")
    if backend == "openvino" and precision != "float32" and has_matrix_unit():
        return DefaultModel(ACCURATE, "this processor has AMX, and runs it in real time")
    return DefaultModel(FAST, f"{ACCURATE} would be slow here")


def named_model(model: str, backend: str, precision: str) -> str:
    """``model``, or the name that ``DEFAULT_MODEL`` stands for where ``backend`` runs it: see ``default_model``."""
    return default_model(backend, precision).name if model == DEFAULT_MODEL else model


def float16_name(name: str) -> str:
    """The name of a model's float16 variant, which ``export`` writes beside the float32 one."""
    return f"{name}-fp16"


def find_float16(graph: Path) -> Path | None:
    """The float16 variant beside ``graph``, None where there is none or ``graph`` is one itself."""
    half = graph.with_name(float16_name(graph.stem) + graph.suffix)
    return half if half.is_file() else None


def find_model(model: str | Path, backend: str = "openvino", precision: str = "auto") -> Path:
    """The graph that ``model`` names: a shipped model's name, the path of an ``.onnx`` file, or ``DEFAULT_MODEL``.

    Which one that is depends on ``backend`` and ``precision``: see ``default_model``. Raises ``ModelNotFound``.
    """
    shipped = shipped_models()
    named = ""
    if model == DEFAULT_MODEL:
        model = default_model(backend, precision).name
        named = f" ({_MODEL_VARIABLE})" if model not in (FAST, ACCURATE) else ""
    if str(model) in shipped:
        return shipped[str(model)]
    try:
        path = Path(model).expanduser()
        if path.is_file():
            return path
    except (OSError, RuntimeError, ValueError):  # no such user, or nothing that can be a path
        model = reprlib.repr(str(model)).strip("'")
    names = ", ".join(shipped) or "none"
    raise ModelNotFound(f"No model '{model}'{named}", f"Name an .onnx file, or one of the shipped models: {names}.")


def load_manifest(graph: Path) -> ModelManifest:
    """Read and check the manifest beside ``graph``; the graph's SHA-256 must be the one it names."""
    path = graph.with_suffix(".json")
    redo = "Export the model again with 'polyplive export'."
    if _is_no_file(path):  # reading a pipe could wait for ever
        raise ManifestError(f"The manifest '{path}' is not a file", redo)
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        manifest = ModelManifest(**data)
    except FileNotFoundError:
        raise ManifestError(f"No manifest '{path.name}' beside '{graph}'", redo) from None
    except OSError as error:
        raise ManifestError(f"Cannot read '{path}': {error.strerror}", "Check the path and its permissions.") from None
    except RecursionError:
        raise ManifestError(f"'{path}' is not a manifest (it is nested too deep)", redo) from None
    except (ValueError, TypeError) as error:
        raise ManifestError(f"'{path}' is not a manifest ({error})", redo) from None
    if manifest.schema != SCHEMA:
        raise ManifestError(f"'{path}' has schema {reprlib.repr(manifest.schema)}; this version reads {SCHEMA}", redo)
    _check_types(manifest, path)
    try:
        actual = sha256_of(graph)
    except OSError as error:
        raise ModelNotFound(
            f"Cannot read the graph '{graph}': {error.strerror}", "Check the path and its permissions."
        ) from None
    if actual != manifest.sha256:
        raise ManifestError(
            f"'{graph}' is not the graph that its manifest describes (SHA-256 {actual[:12]}…,"
            f" expected {manifest.sha256[:12]}…)",
            "Restore both files from the same place, or export the model again.",
        )
    return manifest


def _is_no_file(path: Path) -> bool:
    """Whether something else is there."""
    with contextlib.suppress(OSError):  # a name too long, a folder that may not be entered: reading it says so
        return path.exists() and not path.is_file()
    return False


def _check_types(manifest: ModelManifest, path: Path) -> None:
    redo = "Export the model again with 'polyplive export'."
    for item in fields(manifest):
        value, kind = getattr(manifest, item.name), _KINDS[str(item.type).partition("[")[0]]
        if not isinstance(value, kind) or isinstance(value, bool):
            raise ManifestError(f"'{path}' gives {reprlib.repr(value)} as {item.name}, which is not {item.type}", redo)
    sizes = (manifest.input_height, manifest.input_width, manifest.cam_height, manifest.cam_width)
    if not all(0 < size <= _LARGEST_SIDE for size in sizes):
        raise ManifestError(f"'{path}' has a size that is not a positive number of pixels", redo)
    if not 0 < manifest.threshold < 1:
        raise ManifestError(f"'{path}' has a threshold that is not between 0 and 1", redo)
    if not 0 <= manifest.sure < 1:
        raise ManifestError(f"'{path}' asks findings to be as sure as {manifest.sure}", redo)
    if not 0 < manifest.cam_full_scale < _LARGEST_SCALE:
        raise ManifestError(f"'{path}' has a CAM scale that is not a positive number", redo)
