"""The mean of a convolution without the convolution: the same numbers, and no convolution left."""

from __future__ import annotations

import pytest
import torch
from export_helpers import SIDE, frame, tiny_network
from polyplive.export.graph.cam.spec import cam_spec
from polyplive.export.graph.mask_and_cam import MaskAndCams, trace
from polyplive.export.graph.mean_gradient import shorten_means
from polyplive.export.graph.rewrite import deployed
from torch.fx.experimental.proxy_tensor import make_fx

aten = torch.ops.aten


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "padding"),
    [((22, 22), 4, 2, 1), ((11, 14), 3, 1, 1), ((9, 7), 3, 2, 0), ((8, 8), 1, 1, 0), ((5, 6), 5, 1, 4)],
)
def test_the_mean_is_the_same(size: tuple[int, int], kernel: int, stride: int, padding: int) -> None:
    torch.manual_seed(0)
    weight = torch.randn(7, 5, kernel, kernel)

    def mean(x: torch.Tensor) -> torch.Tensor:
        return aten.convolution(x, weight, None, [stride] * 2, [padding] * 2, [1, 1], False, [0, 0], 1).mean(
            (2, 3), keepdim=True
        )

    x = torch.randn(1, 5, *size)
    graph = make_fx(mean)(x)
    assert shorten_means(graph) == 1
    torch.testing.assert_close(graph(x), mean(x), rtol=1e-5, atol=1e-5)
    assert graph(x).shape == (1, 7, 1, 1)
    assert not any(node.target == aten.mean.dim for node in graph.graph.nodes)


def test_what_others_use_too_is_left_alone() -> None:
    weight = torch.randn(7, 5, 3, 3)

    def both(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        y = aten.convolution(x, weight, None, [1, 1], [1, 1], [1, 1], False, [0, 0], 1)
        return y.mean((2, 3), keepdim=True), y.relu()

    graph = make_fx(both)(torch.randn(1, 5, 8, 8))
    assert shorten_means(graph) == 0


@pytest.mark.parametrize("architecture", ["unet", "unet-lite0", "additive-lite0", "unet-vit"])
def test_the_exported_graph_has_it_and_the_same_cam(architecture: str) -> None:
    network = deployed(tiny_network(0, architecture))
    function = MaskAndCams(network, [cam_spec("grad-cam:encoder.bottleneck", network)])
    picture = torch.from_numpy(frame(0))[None]
    graph = trace(function, picture)
    assert not any(node.target == aten.mean.dim for node in graph.graph.nodes)
    for given, wanted in zip(graph(picture), function(picture), strict=True):
        torch.testing.assert_close(given, wanted, rtol=1e-4, atol=1e-5 * float(wanted.abs().max()))
    assert float(function(picture)[1].max()) > 0
    assert picture.shape[1] == SIDE
