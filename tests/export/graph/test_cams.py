"""Each heatmap that is exported: against float64 hooks on the trained network, and by its definition."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from export_helpers import TINY, frame, tiny_network
from polyplive.export.graph.by_hooks import cam_by_hooks
from polyplive.export.graph.cam.registry import METHODS
from polyplive.export.graph.cam.spec import CamSpec, cam_spec
from polyplive.export.graph.mask_and_cam import MaskAndCams, score, trace
from polyplive.export.graph.rewrite import deployed
from polyplive.export.networks.segmentation import SegmentationNetwork
from torch import Tensor

from polyplive.errors import ConfigError

SINGLE = ["grad-cam", "hires-cam", "layer-cam"]


def texts(network: SegmentationNetwork) -> list[str]:
    """Every method at every layer, and some of several."""
    layers = network.layers
    joined = [f"multi-level:{layers[0]},{layers[-1]}", f"multi-level:{layers[0]},{layers[1]},{layers[-1]}"]
    return [f"{method}:{layer}" for method in SINGLE for layer in layers] + joined


def pictures(count: int = 3) -> list[Tensor]:
    return [torch.from_numpy(frame(seed))[None] for seed in range(count)]


@pytest.mark.parametrize("kind", list(TINY))
def test_the_traced_graph_equals_float64_hooks_on_the_trained_network(kind: str) -> None:
    exact = tiny_network(0, kind).double()
    specs = [cam_spec(text, exact) for text in texts(exact)]
    # in float64, too: in float32 rounding puts a value on the other side of a ReLU now and then
    graph = trace(MaskAndCams(deployed(tiny_network(0, kind)).double(), specs), pictures()[0])
    drawn = set()
    for picture in pictures():
        probability, *cams = graph(picture)
        for spec, cam in zip(specs, cams, strict=True):
            wanted_probability, wanted = cam_by_hooks(exact, picture, spec)
            torch.testing.assert_close(probability, wanted_probability, atol=1e-5, rtol=0)
            torch.testing.assert_close(cam, wanted, atol=1e-4 * float(wanted.max()), rtol=0, msg=str(spec))
            if wanted.max() > 0:
                drawn.add(str(spec))
    assert len(drawn) > 0.6 * len(specs), "there were maps to compare"
    assert {name.split(":")[0] for name in drawn} == METHODS.keys()


def test_a_target_takes_the_place_of_the_mask() -> None:
    network = tiny_network()
    spec = cam_spec("hires-cam:decoder.0", network)
    picture = pictures()[0]
    function = MaskAndCams(deployed(network), [spec], is_targeted=True)
    graph = trace(function, picture)
    assert function.inputs == ("frame", "target")
    for columns in (slice(0, 20), slice(40, 64)):
        target = torch.zeros(1, 1, 64, 64)
        target[..., columns] = 1
        wanted = cam_by_hooks(network, picture, spec, target)[1]
        torch.testing.assert_close(graph(picture, target)[1], wanted, atol=1e-3 * float(wanted.max()), rtol=0)
        assert wanted.max() > 0
    assert graph(picture, torch.zeros(1, 1, 64, 64))[1].max() == 0


def test_without_a_predicted_polyp_every_map_is_zero() -> None:
    network = tiny_network()
    network.head.bias.data -= 100
    specs = [cam_spec(text, network) for text in texts(network)]
    probability, *cams = MaskAndCams(deployed(network), specs)(pictures()[0])
    assert probability.max() < 0.5
    assert all(cam.abs().max() == 0 for cam in cams)


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


def by_differences(network: SegmentationNetwork, features: dict[str, Tensor], layer: str, shift: Tensor) -> float:
    """The score's derivative along ``shift`` of one of the decoder's inputs, over the mask without it."""
    mask = network.decode(features)[0] > 0
    step = 1e-6
    up, down = (
        network.decode(features | {layer: features[layer] + sign * step * shift})[0][mask].sum() for sign in (1, -1)
    )
    return float(up - down) / (2 * step)


def test_grad_cam_and_hires_cam_by_their_definitions() -> None:
    """Grad-CAM: a channel is raised everywhere. HiResCAM: each value alone."""
    layer, picture = "encoder.bottleneck", pictures()[0]
    trained = tiny_network()
    network = deployed(trained).double()
    features = network.encode(network.normalise(picture.permute(0, 3, 1, 2)).double())
    activation = features[layer]
    gradient = torch.zeros_like(activation)
    for place in np.ndindex(*activation.shape):
        one = torch.zeros_like(activation)
        one[place] = 1
        gradient[place] = by_differences(network, features, layer, one)
    alpha = gradient.mean((2, 3), keepdim=True)
    for text, expected in (("grad-cam", alpha * activation), ("hires-cam", gradient * activation)):
        wanted = expected.sum(1, keepdim=True).relu()
        cam = MaskAndCams(deployed(trained), [cam_spec(f"{text}:{layer}", trained)])(picture)[1]
        np.testing.assert_allclose(cam.numpy(), wanted.detach().numpy(), atol=1e-3 * float(wanted.max()) + 1e-6)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("saliency:decoder.0", "grad-cam, hires-cam"),
        ("grad-cam:head", "encoder.bottleneck, skip.0"),
        ("grad-cam", "grad-cam takes 1"),
        ("grad-cam:decoder.0,decoder.1", "grad-cam takes 1"),
        ("multi-level:decoder.0", "2 to 3"),
        ("multi-level:decoder.0,decoder.0", "2 to 3"),
        ("", "Choose one of"),
    ],
)
def test_what_is_no_heatmap_is_one_clear_error(text: str, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        cam_spec(text, tiny_network())
    assert says in f"{caught.value} {caught.value.hint}"


def test_layers_are_put_into_their_order() -> None:
    spec = cam_spec("multi-level:decoder.1,encoder.bottleneck", tiny_network())
    assert isinstance(spec, CamSpec)
    assert str(spec) == "multi-level:encoder.bottleneck,decoder.1"
