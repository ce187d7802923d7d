"""From a checkpoint to ``NAME.onnx`` with ``NAME.json`` beside it: rewritten, traced, verified, then written."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto

from polyplive.errors import ConfigError
from polyplive.evaluation.image_folder import find_pairs, read_image
from polyplive.manifest import ModelManifest, float16_name

from ..networks.segmentation import SegmentationNetwork
from ..networks.vision_transformer import TransformerEncoder
from ..precision.int8_weights import int8_weights
from ..precision.narrow_graph import float16_graph, rounded_graph
from ..training.checkpoint import load_network
from .calibrate import cam_full_scale
from .model_facts import ModelFacts
from .model_file import write_model
from .rewrite import deployed
from .to_onnx import TENSORS, onnx_graph
from .verify import Agreement, compare, random_frames, require

CAM_METHOD = (
    "Grad-CAM (Selvaraju et al. 2017) of the sum of the polyp logits over the predicted mask (Vinogradova et al. 2020)"
)
RANDOM_FRAMES = 6
REAL_FRAMES = 8
"""How many pictures of the check folder are compared with PyTorch; the scale is taken over all of them."""


@dataclass(frozen=True, slots=True)
class ExportSettings:
    """What to export and where.

    ``size`` None is the training size, ``cam_layer`` None the architecture's own. ``check_folder`` holds images/ and
    masks/ for verification and for the heatmap's scale. ``facts`` go into the manifest. ``float16`` writes
    ``NAME-fp16`` beside it: see ``precision``. ``int8_weights`` keeps the weights of ``NAME`` in eight bits.
    """

    checkpoint: Path
    name: str
    out: Path
    size: int | None = None
    cam_layer: str | None = None
    check_folder: Path | None = None
    facts: ModelFacts = field(default_factory=ModelFacts)
    float16: bool = False
    int8_weights: bool = False


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What was written, and how well it agrees with PyTorch; ``half`` is the same of the float16 graph.

    ``exact`` is the agreement before weights were rounded to int8, None where they were not.
    """

    graph: Path
    manifest: ModelManifest
    agreement: Agreement
    half: ExportReport | None = None
    exact: Agreement | None = None


def export_model(settings: ExportSettings) -> ExportReport:
    """Export, verify, write. Raises ``TrainingError`` for the checkpoint, ``ConfigError``, ``VerificationError``.

    Nothing is written unless every graph agrees with PyTorch, and then graph and manifest each in one step.
    """
    trained, checkpoint_facts = load_network(settings.checkpoint)
    size = settings.size or _size(checkpoint_facts, settings.checkpoint)
    if size % 32:
        raise ConfigError(f"An input side of {size} cannot be halved five times", "Give a multiple of 32.")
    layer = _choose_layer(trained, settings.cam_layer)
    rewritten = deployed(_fitted(trained, size))
    model = onnx_graph(rewritten, size, size)
    real = load_frames(settings.check_folder, size) if settings.check_folder is not None else []
    frames = [*random_frames(size, size, RANDOM_FRAMES), *real[:REAL_FRAMES]]
    exact = agreement = compare(model, trained, rewritten, frames)
    require(exact)
    facts = _facts(model, settings, checkpoint_facts, layer, cam_full_scale(model, real))
    half_report = None
    if settings.float16:
        half = float16_graph(model)
        for checked in (half, rounded_graph(half)):  # the file itself, then what no processor would show of it
            rounded = compare(checked, trained, rewritten, frames)
            require(rounded, "float16")
    if settings.int8_weights:
        model = int8_weights(model)
        agreement = compare(model, trained, rewritten, frames)
        require(agreement, "int8 weights")
    if settings.float16:  # nothing is written before everything agrees
        half_facts = facts | {"name": float16_name(settings.name), "precision": "float16", "weights": "float16"}
        half_report = ExportReport(*write_model(half, half_facts, settings.out), rounded)
    written = write_model(model, facts, settings.out)
    return ExportReport(*written, agreement, half_report, exact if settings.int8_weights else None)


def load_frames(folder: Path, size: int) -> list[NDArray[np.uint8]]:
    """Every picture of ``folder/images`` as uint8 [size, size, 3] RGB. Raises ``DataError``."""
    images = (read_image(pair.image) for pair in find_pairs(folder).pairs)
    return [
        np.ascontiguousarray(cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA)[..., ::-1])
        for image in images
    ]


def _choose_layer(network: SegmentationNetwork, name: str | None) -> str:
    layers = network.cam_layers
    if name is None:
        return next(layer for layer, stage in layers.items() if stage == network.cam_stage)
    if name not in layers:
        raise ConfigError(f"No CAM layer '{name}'", f"Choose one of: {', '.join(layers)}.")
    network.cam_stage = layers[name]
    return name


def _size(checkpoint: dict[str, Any], path: Path) -> int:
    """The side that the network was trained at, or that the graph had which it was read from."""
    size = checkpoint.get("size", checkpoint["recipe"].get("size"))
    if not isinstance(size, int) or size < 1:
        raise ConfigError(f"'{path}' does not say at what side it was trained", "Give --size.")
    return size


def _fitted(trained: SegmentationNetwork, size: int) -> SegmentationNetwork:
    """With positions for ``size``: a constant of the graph, which can be read back from it."""
    if not isinstance(trained.encoder, TransformerEncoder):
        return trained
    fitted = copy.deepcopy(trained)
    assert isinstance(fitted.encoder, TransformerEncoder)
    fitted.encoder.fit(size)
    return fitted


def _training(checkpoint: dict[str, Any]) -> dict[str, Any]:
    """How the weights came about, as far as the checkpoint says."""
    told = {"recipe": checkpoint["recipe"], "epoch": checkpoint.get("epoch")}
    return told | {"origins": checkpoint["origins"]} if checkpoint["origins"] else told


def _facts(
    model: ModelProto, settings: ExportSettings, checkpoint: dict[str, Any], layer: str, scale: float
) -> dict[str, Any]:
    facts = settings.facts
    shapes = {
        value.name: [item.dim_value for item in value.type.tensor_type.shape.dim]
        for value in (*model.graph.input, *model.graph.output)
    }
    return {
        "name": settings.name,
        "version": facts.version,
        "architecture": checkpoint["architecture"],
        "input_height": shapes["frame"][1],
        "input_width": shapes["frame"][2],
        "cam_height": shapes["cam"][2],
        "cam_width": shapes["cam"][3],
        "cam_layer": layer,
        "cam_method": CAM_METHOD,
        "cam_full_scale": scale,
        "threshold": facts.threshold,
        "confirm_probability": facts.confirm_probability,
        "precision": "float32",
        "weights": "int8" if settings.int8_weights else "float32",
        "tensors": TENSORS,
        "training": facts.training | _training(checkpoint),
        "metrics": facts.metrics or {"validation": checkpoint.get("validation", {})},
        "licences": list(facts.licences),
    }
