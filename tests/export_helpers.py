"""A network small enough for tests, whose predictions are neither empty nor full."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import cv2
import filelock
import numpy as np
import onnx
import pytest
import torch
from polyplive.export.graph import explain_graph
from polyplive.export.graph import export_model as exporting
from polyplive.export.graph.cam.spec import cam_spec
from polyplive.export.graph.mask_and_cam import MaskAndCams
from polyplive.export.graph.rewrite import deployed
from polyplive.export.graph.to_onnx import onnx_graph
from polyplive.export.networks.segmentation import SegmentationNetwork, build_network
from polyplive.export.training.checkpoint import save_checkpoint
from polyplive.export.training.recipe import Recipe, recipe_facts
from processes import RUN_FOLDER

from polyplive.evaluation.demo_truth import demo_clip
from polyplive.pipeline.preprocess import preprocess
from polyplive.sources.file import FileSource
from polyplive.types import Roi

SIDE = 64
TINY = {
    "unet": ("unet", {"base": 4, "levels": 4}),
    "unet-lite0": ("unet-lite0", {"widths": (16, 12, 8, 8)}),
    "unet-vit": ("unet-vit", {"widths": (8, 8), "blocks": 2, "grid": 4, "taps": (1, 2)}),
    "additive-lite0": ("additive-lite0", {"widths": (12, 8, 8)}),
    "unet-lite0, full resolution": ("unet-lite0", {"widths": (16, 12, 8, 8, 6)}),
}
"""Kinds of network: an architecture and the options that keep it small."""


def tiny_network(seed: int = 0, kind: str = "unet") -> SegmentationNetwork:
    """Random weights, random batch norm statistics, and a head that splits pictures into polyp and background."""
    torch.manual_seed(seed)
    architecture, options = TINY[kind]
    network = build_network(architecture, **options).eval()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.uniform_(-0.2, 0.2)
            module.running_var.uniform_(0.5, 1.5)
        elif isinstance(module, torch.nn.LayerNorm):  # the exporter keeps one of several equal constants
            module.weight.data.uniform_(0.5, 1.5)
            module.bias.data.uniform_(-0.2, 0.2)
    if kind == "unet-vit":  # nothing but growth behind the CAM layer, or the map would be empty
        for module in network.decoder.modules():
            if isinstance(module, torch.nn.Conv2d):
                module.weight.data.abs_()
        network.head.weight.data.abs_()
    logit = network(network.normalise(torch.from_numpy(frame(seed)).permute(2, 0, 1)[None]))
    network.head.weight.data /= logit.std()
    network.head.bias.data = (network.head.bias.data - logit.median()) / logit.std()
    return network


def tiny_graph(kind: str = "unet") -> onnx.ModelProto:
    """That of ``tiny_network(0, kind)``; each that asks gets a copy."""
    return onnx.load_from_string(_exported(kind))


@functools.cache
def _exported(kind: str) -> bytes:
    exported: bytes = graph_once(own_map(deployed(tiny_network(0, kind))), SIDE, SIDE).SerializeToString()
    return exported


def own_map(network: SegmentationNetwork) -> MaskAndCams:
    """Mask and the heatmap that the network has unless another is asked for."""
    return MaskAndCams(network, [cam_spec(network.cam, network)])


def graph_once(function: MaskAndCams, height: int, width: int) -> onnx.ModelProto:
    """``onnx_graph``, which takes seconds: a network is exported once in a run, whichever process asks first."""
    path = Path(os.environ[RUN_FOLDER], f"graph-{_fingerprint(function, height, width)}.onnx")
    with filelock.FileLock(path.with_suffix(".lock")):
        if not path.exists():
            path.write_bytes(onnx_graph(function, height, width).SerializeToString())
    return onnx.load_model(path)


@contextlib.contextmanager
def exporting_once() -> Iterator[None]:
    """Meanwhile ``export_model`` exports by ``graph_once``; it compares the graph with its checkpoint as ever."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exporting, "onnx_graph", graph_once)
        patch.setattr(explain_graph, "onnx_graph", graph_once)
        yield


def _fingerprint(function: MaskAndCams, *sizes: int) -> str:
    """Of all that a graph is made of: structure, plain attributes, weights."""
    network, specs = function.network, [str(spec) for spec in function.specs]
    digest = hashlib.sha256(repr((sizes, specs, function.is_targeted, network)).encode())
    for name, module in network.named_modules():
        plain = {key: each for key, each in vars(module).items() if isinstance(each, bool | int | float | str | tuple)}
        digest.update(repr((name, type(module), sorted(plain.items()))).encode())
    for name, values in itertools.chain(network.named_parameters(), network.named_buffers()):
        digest.update(name.encode() + values.detach().numpy().tobytes())
    return digest.hexdigest()


def overflowing_network() -> SegmentationNetwork:
    """Its weights fit in float16 and one of its activations does not; in float32 it is ``tiny_network``."""
    network = tiny_network()
    _, norm, _, following, *_ = network.encoder.levels[0]
    norm.weight.data *= 6e4  # ReLU passes the factor on; the next convolution takes it back
    norm.bias.data *= 6e4
    following.weight.data /= 6e4
    return network


def frame(seed: int, side: int = SIDE):
    """A smooth random picture, uint8 [side, side, 3]."""
    from polyplive.export.graph.verify import random_frames

    return random_frames(side, side, 4, seed)[2]


def tiny_checkpoint(path: Path, network: SegmentationNetwork | None = None, kind: str = "unet") -> Path:
    """A checkpoint as training writes it."""
    network = network or tiny_network(kind=kind)
    architecture, options = TINY[kind]
    recipe = recipe_facts(Recipe(architecture=architecture, options=options, size=SIDE))
    save_checkpoint(
        path,
        {
            "architecture": architecture,
            "options": options,
            "recipe": recipe,
            "weights": network.state_dict(),
            "validation": {"iou": 0.5},
            "epoch": 1,
        },
    )
    return path


def demo_pictures(side: int) -> list[np.ndarray]:
    """Frames of the rendered demo as a model of that side sees them, uint8 [1, side, side, 3] RGB."""
    source = FileSource(demo_clip())
    found = []
    for number in (100, 130, 230, 300, 410):
        source.seek(number / 25)
        picture = source.read()
        found.append(preprocess(picture, Roi(0, 0, picture.width, picture.height), side, side))
    source.close()
    return found


def two_polyps(picture: np.ndarray) -> np.ndarray:
    """A picture [1, H, W, 3] twice, squeezed sideways: itself and its mirror image."""
    half = cv2.resize(picture[0], (picture.shape[2] // 2, picture.shape[1]), interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(np.concatenate([half, half[:, ::-1]], axis=1))[None]
