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
from .calibrate import cam_full_scale
from .cam.spec import cam_spec
from .explain_graph import explain_graph, without_weights, write_explain_graph
from .load_trained import is_graph, load_trained
from .mask_and_cam import MaskAndCams
from .model_facts import ModelFacts
from .model_file import write_model
from .read_back import deployed_from_graph
from .rewrite import deployed
from .to_onnx import onnx_graph
from .verify import Agreement, compare, random_frames, require

SCORE = "of the sum of the polyp logits over the predicted mask (Vinogradova et al. 2020)"
RANDOM_FRAMES = 6
REAL_FRAMES = 8
"""How many pictures of the check folder are compared with PyTorch; the scale is taken over all of them."""


@dataclass(frozen=True, slots=True)
class ExportSettings:
    """What to export and where.

    ``checkpoint`` may be a graph, too. ``size`` None is the training size, ``cam`` None the architecture's own heatmap.
    ``check_folder`` holds images/ and masks/ for verification and for the heatmap's scale. ``facts`` go into the
    manifest. ``float16`` writes ``NAME-fp16`` beside it: see ``precision``. ``int8_weights`` keeps the weights of
    ``NAME`` in eight bits.
    """

    checkpoint: Path
    name: str
    out: Path
    size: int | None = None
    cam: str | None = None
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
    trained, checkpoint_facts = load_trained(settings.checkpoint)
    size = settings.size or _size(checkpoint_facts, settings.checkpoint)
    if size % 32:
        raise ConfigError(f"An input side of {size} cannot be halved five times", "Give a multiple of 32.")
    spec = cam_spec(settings.cam or trained.cam, trained)
    trained.cam = str(spec)
    if is_graph(settings.checkpoint) and size == checkpoint_facts["size"]:
        trained = rewritten = deployed_from_graph(settings.checkpoint)  # its very weights
        trained.cam = str(spec)
    else:
        rewritten = deployed(_fitted(trained, size))
    function = MaskAndCams(rewritten, [spec])
    model = onnx_graph(function, size, size)
    real = load_frames(settings.check_folder, size) if settings.check_folder is not None else []
    frames = [*random_frames(size, size, RANDOM_FRAMES), *real[:REAL_FRAMES]]
    exact = agreement = compare(model, trained, rewritten, frames)
    require(exact)
    scale = cam_full_scale(model, real, grows_with_mask=spec.method.averages_gradients)
    facts = _facts(model, settings, checkpoint_facts, function, scale)
    half_report = None
    if settings.float16:
        half = float16_graph(model)
        for checked in (half, rounded_graph(half)):  # the file itself, then what no processor would show of it
            rounded = compare(checked, trained, rewritten, frames)
            require(rounded, "float16")
    further, exact_model = explain_graph(rewritten, spec, size), model
    if settings.int8_weights:
        model = int8_weights(model)
        agreement = compare(model, trained, rewritten, frames)
        require(agreement, "int8 weights")
    if settings.float16:  # nothing is written before everything agrees
        half_facts = facts | {"name": float16_name(settings.name), "precision": "float16", "weights": "float16"}
        half_report = ExportReport(*write_model(half, half_facts, settings.out), rounded)
    written = write_model(model, facts, settings.out)
    write_explain_graph(without_weights(further, exact_model), written[0], written[1].sha256)
    return ExportReport(*written, agreement, half_report, exact if settings.int8_weights else None)


def load_frames(folder: Path, size: int) -> list[NDArray[np.uint8]]:
    """Every picture of ``folder/images`` as uint8 [size, size, 3] RGB. Raises ``DataError``."""
    images = (read_image(pair.image) for pair in find_pairs(folder).pairs)
    return [
        np.ascontiguousarray(cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA)[..., ::-1])
        for image in images
    ]


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
    model: ModelProto, settings: ExportSettings, checkpoint: dict[str, Any], function: MaskAndCams, scale: float
) -> dict[str, Any]:
    facts, (spec,) = settings.facts, function.specs
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
        "cam": str(spec),
        "cam_method": f"{spec.method.title} {SCORE}",
        "cam_full_scale": scale,
        "cam_grows_with_mask": spec.method.averages_gradients,
        "threshold": facts.threshold,
        "confirm_probability": facts.confirm_probability,
        "precision": "float32",
        "weights": "int8" if settings.int8_weights else "float32",
        "tensors": function.tensors,
        "training": facts.training | _training(checkpoint),
        "metrics": facts.metrics or {"validation": checkpoint.get("validation", {})},
        "licences": list(facts.licences),
    }
