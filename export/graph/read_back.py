"""A trained network's ordinary modules out of an exported graph: the way of ``deployed`` and ``trace``, backwards.

So a shipped model can be run as papers run theirs, in eager PyTorch with hooks, without a checkpoint. Batch norm was
folded into the convolutions; here it comes back as one that only adds what is left of it. A doubling convolution's
kernel comes back from the differences of the 4x4 one.
"""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper
from torch import Tensor, nn

from polyplive.backends.onnx_file.stored_weights import graph_bytes
from polyplive.errors import ConfigError, ExportError, text_of
from polyplive.manifest import ModelManifest

from ..networks.segmentation import SegmentationNetwork, build_network, without_pretrained
from ..networks.vision_transformer import ScaledLinear, TransformerEncoder
from .cam.spec import cam_spec
from .mask_and_cam import MaskAndCams, trace
from .model_file import float32_manifest
from .rewrite import DoublingAdditiveStage, MatrixLinear, MergedUpStage, deployed

_SIDE = 64


@torch.no_grad()
def network_from_graph(graph: Path) -> SegmentationNetwork:
    """The network that ``graph`` was exported from, in evaluation mode, float32, with its CAM layer chosen.

    Its answers are the graph's, up to rounding. What the graph's nodes compute is not looked at. Raises ``ModelError``
    for the manifest. Raises ``ExportError`` for a graph in float16, and for one whose constants are not that network's
    by name, shape and type.
    """
    network, rewritten = _read(graph)
    for name, module in network.named_modules():
        if isinstance(module, nn.Sequential):
            _unfold(module, name, rewritten)
    for mine, merged in zip(network.decoder, rewritten.decoder, strict=True):
        if isinstance(merged, DoublingAdditiveStage):
            _set(mine.narrow_coarse[0], mine.narrow_coarse[1], merged.kernel[..., :1, :1].transpose(0, 1), merged.bias)
        else:
            _unmerge(mine.convolve, merged)
    _copy_same(network, rewritten)
    return network


@torch.no_grad()
def deployed_from_graph(graph: Path) -> SegmentationNetwork:
    """As ``network_from_graph``, but rewritten as it was exported: no constant is changed. Raises what that raises."""
    return _read(graph)[1]


def graph_recipe(manifest: ModelManifest) -> dict[str, Any]:
    """What the manifest says of the recipe, with the network's ``options`` as ``without_pretrained`` gives them.

    Raises ``TypeError`` or ``ValueError`` for options that are no table.
    """
    recipe = manifest.training.get("recipe")
    told = recipe if isinstance(recipe, dict) else {}
    return told | {"options": without_pretrained(dict(told.get("options") or {}))}


def _read(graph: Path) -> tuple[SegmentationNetwork, SegmentationNetwork]:
    """An empty network as it was trained, and the same rewritten and filled."""
    manifest = float32_manifest(graph)
    network = _empty(manifest, graph)
    rewritten = deployed(network)
    _fill(rewritten, _constants(graph), graph.name)
    return network, rewritten


def _empty(manifest: ModelManifest, graph: Path) -> SegmentationNetwork:
    try:
        network = build_network(manifest.architecture, **graph_recipe(manifest)["options"])
        if isinstance(network.encoder, TransformerEncoder):
            network.encoder.fit(manifest.input_height)
        network.cam = str(cam_spec(manifest.cam, network))
    except (ConfigError, KeyError, TypeError, ValueError, RuntimeError):  # the manifest's options can be anything
        raise ExportError(f"'{graph.name}' is of no network known here", "Use another backend than torch.") from None
    network.eval().requires_grad_(False)
    return network


def _constants(graph: Path) -> dict[str, NDArray[Any]]:
    """Name -> value of each constant in the file."""
    try:
        model = onnx.load_from_string(graph_bytes(graph))
        return {item.name: numpy_helper.to_array(item) for item in model.graph.initializer}
    except Exception as error:  # protobuf's, onnx's and the system's errors share no base class
        raise ExportError(f"'{graph.name}' cannot be read as ONNX ({text_of(error)})", "Export it again.") from None


def _fill(rewritten: SegmentationNetwork, values: dict[str, NDArray[Any]], graph: str) -> None:
    """Put the graph's constants into the rewritten network: a trace of it names each as the export did."""
    encoder = rewritten.encoder
    side = encoder.side if isinstance(encoder, TransformerEncoder) else _SIDE
    try:
        traced = trace(
            MaskAndCams(rewritten, [cam_spec(rewritten.cam, rewritten)]),
            torch.zeros((1, side, side, 3), dtype=torch.uint8),
        )
    except (RuntimeError, ValueError):  # no channels, or more levels than the side can be halved
        raise ExportError(f"'{graph}' is of a network that cannot be run", "Use another backend than torch.") from None
    names = {value.data_ptr(): name for name, value in vars(traced)["_buffers"].items()}
    names |= {value.data_ptr(): name for name, value in vars(traced)["_parameters"].items()}
    known = {buffer.data_ptr() for buffer in rewritten.normalise.buffers()}  # of the architecture, not trained
    for wanted in (*rewritten.parameters(), *rewritten.buffers()):
        if wanted.data_ptr() in known:
            continue
        found = values.get(names.get(wanted.data_ptr(), ""))
        if found is None or found.shape != tuple(wanted.shape) or found.dtype != np.float32:
            raise ExportError(f"'{graph}' is not as this version exports", "Export it again.")
        wanted.copy_(torch.from_numpy(found.copy()))


def _unfold(mine: nn.Sequential, name: str, rewritten: SegmentationNetwork) -> None:
    """A convolution and the batch norm behind it, from the one convolution that they became."""
    for (place, first), (_, second) in itertools.pairwise(mine.named_children()):
        if isinstance(first, nn.Conv2d) and isinstance(second, nn.BatchNorm2d):
            try:
                folded = rewritten.get_submodule(f"{name}.{place}")
            except AttributeError:
                return  # a decoder stage: see _unmerge
            _set(first, second, folded.weight, folded.bias)


def _unmerge(mine: nn.Sequential, merged: MergedUpStage) -> None:
    weight = torch.cat([_single_kernel(merged.kernel), merged.skip_weight], 1)
    layers = list(mine)
    _set(layers[0], layers[1], weight, merged.bias)
    _set(layers[3], layers[4], merged.rest[2].weight, merged.rest[2].bias)


def _copy_same(network: SegmentationNetwork, rewritten: SegmentationNetwork) -> None:
    """What both have by the same name, and linear layers, whose weight was turned."""
    same = rewritten.state_dict()
    for name, value in network.state_dict().items():
        if name in same and same[name].shape == value.shape:
            value.copy_(same[name])
    for name, module in network.named_modules():
        if isinstance(module, nn.Linear):
            turned = rewritten.get_submodule(name)
            assert isinstance(turned, MatrixLinear)
            module.weight.copy_(turned.matrix.T)
            if isinstance(module, ScaledLinear):
                module.scale.fill_(1.0)


def _set(convolution: nn.Conv2d, norm: nn.BatchNorm2d, weight: Tensor, bias: Tensor) -> None:
    convolution.weight.copy_(weight)
    norm.running_mean.zero_()
    norm.running_var.fill_(1.0)
    norm.weight.fill_((1.0 + norm.eps) ** 0.5)
    norm.bias.copy_(bias)


def _single_kernel(kernel: Tensor) -> Tensor:
    """[C, O, 4, 4] of ``MergedUpStage`` -> [O, C, 3, 3]: the inverse of summing neighbouring taps.

    Kernels rounded to eight bits are no such sums any more; the nearest that are (least squares) are taken.
    """
    sums = torch.tensor([[1, 0, 0], [1, 1, 0], [0, 1, 1], [0, 0, 1]], dtype=kernel.dtype)
    inverse = torch.linalg.pinv(sums)
    return torch.einsum("ia,jb,coab->ocij", inverse, inverse, kernel).flip((2, 3))
