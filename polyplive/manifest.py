"""The manifest of a model: ``<name>.json`` beside ``<name>.onnx``, and where models are found.

The graph holds the same facts as metadata; the separate file can be read without parsing ONNX.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import reprlib
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any, TypeAlias

from msgspec import Meta

from polyplive.config import ConfirmProbability, Threshold
from polyplive.errors import ConfigError, ManifestError, ModelNotFound
from polyplive.validation import check_fields, from_table, in_file

SCHEMA = 3
FAST, ACCURATE, LIGHT = "polyplive-fast", "polyplive-accurate", "polyplive-light"
BY_ACCURACY = (ACCURATE, FAST, LIGHT)
"""The shipped models, the most accurate first; each is faster than the one before."""
Side: TypeAlias = Annotated[int, Meta(ge=1, le=1 << 16)]
"""A number of pixels."""

_REDO = "Export the model again with 'polyplive export'."
_SHIPPED = Path(__file__).resolve().parent.parent / "engines"


@dataclass(frozen=True, slots=True)
class ModelManifest:
    """The facts about a graph.

    ``input_height`` and ``input_width`` are the model's size. ``threshold`` is the probability recommended for
    contours; ``confirm_probability`` makes a frame evidence for a finding (0: the threshold). ``cam`` names the
    heatmap's method and layers, ``METHOD:LAYER[,LAYER]``, ``cam_method`` the same for people. ``cam_full_scale`` is the
    raw CAM value shown at full strength. Where ``cam_grows_with_mask`` that is for a mask that fills the picture; for a
    smaller one it shrinks in proportion, as the CAM does. ``precision`` is that of the graph's arithmetic, ``weights``
    how the file keeps them (``int8``: see ``backends.stored_weights``). ``tensors`` names, inside the ONNX file, the
    tensors that hold the ``logit`` and, layer by layer, the ``activation`` and the ``gradient`` of the map.
    ``metrics``, ``training`` and ``licences`` are free-form facts for people.
    """

    name: str
    version: str
    architecture: str
    input_height: Side
    input_width: Side
    cam_height: Side
    cam_width: Side
    cam: str
    cam_method: str
    cam_full_scale: Annotated[float, Meta(gt=0, lt=1e30)]
    threshold: Threshold
    precision: str
    sha256: str
    weights: str = "float32"
    cam_grows_with_mask: bool = True
    confirm_probability: ConfirmProbability = 0.0
    tensors: dict[str, str] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)
    metrics: dict[str, Any] = field(default_factory=dict)
    licences: list[str] = field(default_factory=list)
    schema: int = SCHEMA

    def __post_init__(self) -> None:
        check_fields(self)

    @property
    def cam_layers(self) -> tuple[str, ...]:
        """The layers of the heatmap, coarsest first."""
        return tuple(self.cam.partition(":")[2].split(","))

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


def float16_name(name: str) -> str:
    """The name of a model's float16 variant, which ``export`` writes beside the float32 one."""
    return f"{name}-fp16"


def find_float16(graph: Path) -> Path | None:
    """The float16 variant beside ``graph``, None where there is none or ``graph`` is one itself."""
    half = graph.with_name(float16_name(graph.stem) + graph.suffix)
    return half if half.is_file() else None


def find_graph(model: str | Path, *, named_by: str = "") -> Path:
    """The graph that ``model`` names: a shipped model's name, or the path of an ``.onnx`` file.

    ``named_by`` says where the name was given, for the error. Raises ``ModelNotFound``.
    """
    shipped = shipped_models()
    if str(model) in shipped:
        return shipped[str(model)]
    try:
        path = Path(model).expanduser()
        if path.is_file():
            return path
    except (OSError, RuntimeError, ValueError):  # no such user, or not a possible path
        model = reprlib.repr(str(model)).strip("'")
    names = ", ".join(shipped) or "none"
    where = f" ({named_by})" if named_by else ""
    raise ModelNotFound(f"No model '{model}'{where}", f"Name an .onnx file, or one of the shipped models: {names}.")


def load_manifest(graph: Path) -> ModelManifest:
    """Read and check the manifest beside ``graph``; the graph's SHA-256 must be the one it names."""
    path = graph.with_suffix(".json")
    if _is_no_file(path):  # not a pipe: reading one could wait for ever
        raise ManifestError(f"The manifest '{path}' is not a file", _REDO)
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ManifestError(f"No manifest '{path.name}' beside '{graph}'", _REDO) from None
    except OSError as error:
        raise ManifestError(f"Cannot read '{path}': {error.strerror}", "Check the path and its permissions.") from None
    except RecursionError:
        raise ManifestError(f"'{path}' is not a manifest (it is nested too deep)", _REDO) from None
    except ValueError as error:
        raise ManifestError(f"'{path}' is not a manifest ({error})", _REDO) from None
    manifest = _manifest_from(table, path)
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


def _manifest_from(table: Any, path: Path) -> ModelManifest:
    schema = table.get("schema", SCHEMA) if isinstance(table, dict) else SCHEMA
    if schema != SCHEMA:
        raise ManifestError(f"'{path}' has schema {reprlib.repr(schema)}; this version reads {SCHEMA}", _REDO)
    try:
        return from_table(ModelManifest, table, in_file(path))
    except ConfigError as error:
        raise ManifestError(str(error), _REDO) from None
