"""Layers that the rewriting and the gradient do not hold for are refused: they would be exported wrongly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from export_helpers import TINY, tiny_checkpoint, tiny_network
from polyplive.export.graph.cam.grad_cam import GRAD_CAM
from polyplive.export.graph.cam.spec import CamSpec
from polyplive.export.graph.export_model import ExportSettings, export_model
from polyplive.export.graph.mask_and_cam import MaskAndCams, trace
from polyplive.export.graph.mean_gradient import shorten_means
from polyplive.export.graph.rewrite import MatrixLinear, MergedUpStage, deployed
from polyplive.export.networks.segmentation import Normalise, SegmentationNetwork, UpStage
from torch import Tensor, nn
from torch.fx.experimental.proxy_tensor import make_fx

from polyplive.errors import ExportError


def stage(upsample: nn.Module | None = None, **other: Any) -> UpStage:
    """A decoder stage of 4 coarse and 2 skip channels with its batch norm folded, or with another first layer."""
    made = UpStage(4, 2, 6).eval()
    made.convolve[0] = nn.Conv2d(6, 6, **{"kernel_size": 3, "padding": 1} | other)
    made.convolve[1] = nn.Identity()
    made.upsample = upsample or made.upsample
    return made


def test_a_stage_that_doubles_is_rewritten() -> None:
    coarse, skip, doubling = torch.randn(1, 4, 3, 5), torch.randn(1, 2, 6, 10), stage()
    torch.testing.assert_close(MergedUpStage(doubling)(coarse, skip), doubling(coarse, skip))


@pytest.mark.parametrize(("height", "width"), [(1, 1), (6, 1), (7, 10), (6, 11), (12, 20), (3, 5)])
def test_a_skip_that_is_not_twice_as_large_is_refused(height: int, width: int) -> None:
    """One of a single pixel would be spread over the picture without a word."""
    merged = MergedUpStage(stage())
    with pytest.raises(ExportError, match=f"does not double: 5x3 is joined with {width}x{height}"):
        merged(torch.zeros(1, 4, 3, 5), torch.zeros(1, 2, height, width))


@pytest.mark.parametrize(
    "upsample",
    [
        nn.Upsample(scale_factor=2, mode="bilinear"),
        nn.Upsample(scale_factor=4, mode="nearest"),
        nn.Upsample(size=(6, 10), mode="nearest"),
        nn.Identity(),
    ],
    ids=str,
)
def test_a_stage_that_enlarges_otherwise_is_refused(upsample: nn.Module) -> None:
    with pytest.raises(ExportError, match="not by nearest doubling"):
        MergedUpStage(stage(upsample))


@pytest.mark.parametrize(
    "other",
    [
        {"kernel_size": 5, "padding": 2},
        {"stride": 2},
        {"padding": 0},
        {"dilation": 2},
        {"groups": 2},
        {"padding_mode": "reflect"},
        {"bias": False},
    ],
    ids=str,
)
def test_a_stage_that_convolves_otherwise_is_refused(other: dict[str, Any]) -> None:
    with pytest.raises(ExportError, match="A decoder stage begins with"):
        MergedUpStage(stage(**other))


def test_a_network_whose_features_cannot_all_be_halved_is_refused_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seven levels halve 96 pixels to 3 and then to 1."""
    monkeypatch.setitem(TINY, "deep", ("unet", {"base": 1, "levels": 7}))
    checkpoint = tiny_checkpoint(tmp_path / "best.pt", kind="deep")
    with pytest.raises(ExportError, match="does not double: 1x1 is joined with 3x3"):
        export_model(ExportSettings(checkpoint, "deep", tmp_path / "out", size=96))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("layer", [nn.Linear(4, 4, bias=False), nn.Bilinear(4, 4, 4)], ids=str)
def test_a_layer_that_is_no_linear_layer_with_a_bias_is_refused(layer: nn.Module) -> None:
    with pytest.raises(ExportError, match="cannot be rewritten"):
        MatrixLinear(layer)


class Behind(nn.Module):
    """A network with one layer behind its CAM layer."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.normalise = Normalise((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
        self.layer = layer.requires_grad_(False)

    def encode(self, x: Tensor) -> dict[str, Tensor]:
        return {"all": torch.cat([x, x[:, :1]], 1)}

    def decode(self, features: dict[str, Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
        return self.layer(features["all"]).sum(1, keepdim=True), features


def behind(layer: nn.Module) -> MaskAndCams:
    """Its Grad-CAM."""
    return MaskAndCams(Behind(layer), [CamSpec(GRAD_CAM, ("all",))])


@pytest.mark.parametrize(
    ("layer", "what"),
    [
        (nn.Conv2d(4, 4, 3, padding=1, groups=2), "2 groups"),
        (nn.Conv2d(4, 4, 3, padding=2, dilation=2), "dilated"),
        (nn.Conv2d(4, 4, 3, stride=2, padding=1), "stride"),
        (nn.Conv2d(4, 4, 1, padding=1), "padded"),
        (nn.ConvTranspose2d(4, 4, 3, padding=1, dilation=2), "dilated"),
        (nn.ConvTranspose2d(4, 4, 2, stride=2, groups=2), "2 groups"),
        (nn.Upsample(scale_factor=4), "enlarged"),
        (nn.Upsample(size=(12, 12)), "enlarged"),
    ],
    ids=str,
)
def test_a_layer_whose_gradient_is_not_known_is_refused(layer: nn.Module, what: str) -> None:
    with pytest.raises(ExportError, match=f"No gradient is known here: .*{what}"):
        trace(behind(layer), torch.zeros((1, 8, 8, 3), dtype=torch.uint8))


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(4, 4, 5, padding=2),
        nn.Conv2d(4, 4, 3),
        nn.ConvTranspose2d(4, 4, 4, stride=2, padding=1),
        nn.ConvTranspose2d(4, 4, 3, stride=2, padding=1, output_padding=1),
        nn.Upsample(scale_factor=2),
    ],
    ids=str,
)
def test_a_layer_whose_gradient_is_known_gives_that_of_autograd(layer: nn.Module) -> None:
    torch.manual_seed(0)
    function = behind(layer)
    picture = torch.randint(0, 256, (1, 8, 8, 3), dtype=torch.uint8)
    for given, wanted in zip(trace(function, picture)(picture), function(picture), strict=True):
        torch.testing.assert_close(given, wanted)


def test_a_weight_that_takes_a_gradient_is_refused() -> None:
    network = tiny_network()
    rewritten: SegmentationNetwork = deployed(network)
    rewritten.head.weight.requires_grad_()

    class Training(MaskAndCams):
        def forward(self, frame: Tensor, _: Tensor | None = None) -> Any:
            weight = self.network.head.weight
            score = self.network(self.network.normalise(frame.float().permute(0, 3, 1, 2))).sum()
            return torch.autograd.grad(score, weight)

    with pytest.raises(ExportError, match="a weight takes a gradient"):
        trace(Training(rewritten, []), torch.zeros((1, 64, 64, 3), dtype=torch.uint8))


def test_a_mean_that_drops_rows_and_columns_is_left_alone() -> None:
    weight = torch.randn(7, 5, 3, 3)

    def mean(x: Tensor) -> Tensor:
        return torch.ops.aten.convolution(x, weight, None, [1, 1], [1, 1], [1, 1], False, [0, 0], 1).mean((2, 3))

    x = torch.randn(1, 5, 8, 8)
    graph = make_fx(mean)(x)
    assert shorten_means(graph) == 0
    torch.testing.assert_close(graph(x), mean(x))
