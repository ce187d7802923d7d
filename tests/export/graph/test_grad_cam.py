"""The map that is exported is Grad-CAM: against autograd by hooks, and against its definition by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from export_helpers import TINY, frame, tiny_network
from polyplive.export.graph.grad_cam import MaskAndCam, cam_by_hooks, score, trace
from polyplive.export.graph.rewrite import deployed
from polyplive.export.graph.verify import cam_module
from polyplive.export.networks.segmentation import SegmentationNetwork
from torch import Tensor

LAYERS = ["encoder.bottleneck", "decoder.0", "decoder.1"]


def case_with_map(kind: str = "unet", layer: str = "encoder.bottleneck") -> tuple[SegmentationNetwork, Tensor]:
    """A network and a frame [1, H, W, 3] whose map is not zero everywhere, as random weights' may be."""
    for seed in range(50):
        network, picture = tiny_network(seed, kind), torch.from_numpy(frame(seed))[None]
        network.cam_stage = network.cam_layers[layer]
        if cam_by_hooks(network, picture, cam_module(network))[1].max() > 0:
            return network, picture
    raise AssertionError("no random network gave a map")


@pytest.mark.parametrize(
    ("kind", "layer"),
    [(kind, layer) for kind in TINY for layer in LAYERS if (kind, layer) != ("unet-vit", "decoder.1")],  # it has two
)
def test_the_traced_graph_equals_hooks_on_the_trained_network(kind: str, layer: str) -> None:
    network, picture = case_with_map(kind, layer)
    expected_probability, expected_cam = cam_by_hooks(network, picture, cam_module(network))
    probability, cam, logit, activation = trace(MaskAndCam(deployed(network)), picture)(picture)
    torch.testing.assert_close(probability, expected_probability, atol=1e-5, rtol=0)
    torch.testing.assert_close(cam, expected_cam, atol=1e-3 * float(expected_cam.max()), rtol=0)
    torch.testing.assert_close(logit.sigmoid(), probability)
    assert activation.shape[2:] == cam.shape[2:]


def test_the_traced_graph_holds_for_other_frames_than_the_traced_one() -> None:
    network, picture = case_with_map()
    graph = trace(MaskAndCam(deployed(network)), torch.zeros((1, 64, 64, 3), dtype=torch.uint8))
    expected = cam_by_hooks(network, picture, cam_module(network))[1]
    torch.testing.assert_close(graph(picture)[1], expected, atol=1e-3 * float(expected.max()), rtol=0)


def test_without_a_predicted_polyp_the_map_is_zero() -> None:
    network = tiny_network()
    network.head.bias.data -= 100
    probability, cam, *_ = MaskAndCam(deployed(network))(torch.from_numpy(frame(0))[None])
    assert probability.max() < 0.5
    assert cam.abs().max() == 0


def test_the_score_is_the_sum_of_logits_over_the_predicted_mask() -> None:
    logit = torch.tensor([[[[-2.0, 3.0], [0.5, -0.1]]]])
    assert score(logit) == 3.5
    assert score(-logit.abs()) == 0


@pytest.mark.parametrize("architecture", ["unet", "unet-lite0", "additive-lite0", "unet-vit"])
def test_rewriting_for_speed_changes_no_logit(architecture: str) -> None:
    network = tiny_network(3, architecture)
    pixels = network.normalise(torch.from_numpy(frame(3)).permute(2, 0, 1)[None])
    expected, found = network(pixels), deployed(network)(pixels)
    assert expected.std() > 0.5
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


def test_rewriting_leaves_the_trained_network_as_it_was() -> None:
    network = tiny_network()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    deployed(network)
    assert before.keys() == network.state_dict().keys()
    assert all(torch.equal(value, network.state_dict()[name]) for name, value in before.items())


def test_grad_cam_by_its_definition() -> None:
    """alpha by central differences of the score: raise one channel everywhere, divide by step and positions."""
    trained, picture = case_with_map()
    network = deployed(trained).double()
    pixels = network.normalise(picture.permute(0, 3, 1, 2)).double()
    activation, skips = network.activation(pixels)
    mask = network.finish(activation, skips) > 0
    step, positions = 1e-6, activation.shape[2] * activation.shape[3]
    alpha = []
    for channel in range(activation.shape[1]):
        raised = torch.zeros_like(activation)
        raised[:, channel] = step
        up, down = (network.finish(activation + sign * raised, skips)[mask].sum() for sign in (1, -1))
        alpha.append((up - down) / (2 * step) / positions)
    expected = (torch.stack(alpha).view(1, -1, 1, 1) * activation).sum(1, keepdim=True).relu()
    cam = MaskAndCam(deployed(trained))(picture)[1]
    assert expected.max() > 0
    np.testing.assert_allclose(cam.detach().numpy(), expected.detach().numpy(), atol=1e-3 * float(expected.max()))
