"""The networks: shapes, parameters, ImageNet weights, and the two halves around the CAM layer."""

from __future__ import annotations

import pytest
import torch
from export_helpers import TINY, frame, tiny_network
from polyplive.export.networks.segmentation import ARCHITECTURES, build_network, double_bilinear
from polyplive.export.training.losses import find_loss, image_dice, soft_dice
from torch.nn import functional as F

from polyplive.errors import ConfigError


@pytest.mark.parametrize("kind", list(TINY))
@pytest.mark.parametrize("size", [(64, 64), (64, 96)])
def test_the_logit_has_the_pictures_size(kind: str, size: tuple[int, int]) -> None:
    network = tiny_network(kind=kind)
    assert network(torch.zeros(2, 3, *size)).shape == (2, 1, *size)


def test_the_papers_unet_has_five_levels_of_64_to_1024_channels() -> None:
    network = build_network("unet")
    assert [level[0].out_channels for level in network.encoder.levels] == [64, 128, 256, 512, 1024]
    assert sum(parameter.numel() for parameter in network.parameters()) > 20e6


@pytest.mark.parametrize("variant", ["lite0", "lite1", "lite2"])
def test_imagenet_weights_fit_their_encoder(variant: str) -> None:
    plain, trained = build_network(f"unet-{variant}"), build_network(f"unet-{variant}", pretrained=True)
    stem = trained.encoder.stem[1].weight
    assert not torch.equal(stem, plain.encoder.stem[1].weight)
    assert trained.encoder.channels[-1] == trained.encoder.stages[-1][0].layers[-1][0].out_channels
    # weights in their right places keep activations in a sane range through all the stages
    features = trained.eval().encoder(trained.normalise(torch.from_numpy(frame(0, 96)).permute(2, 0, 1)[None]))
    assert all(0.01 < float(feature.detach().std()) < 20 for feature in features)


@pytest.mark.parametrize("kind", list(TINY))
def test_every_layer_is_on_the_way_to_the_same_logit(kind: str) -> None:
    network = tiny_network(kind=kind)
    pixels = torch.randn(1, 3, 64, 64)
    whole = network(pixels)
    logit, layers = network.decode(network.encode(pixels))
    torch.testing.assert_close(logit, whole)
    assert tuple(layers) == network.layers
    assert f"decoder.{len(network.decoder) - 1}" not in layers
    sides = [each.shape[-1] for each in layers.values()]
    assert sides == sorted(sides), "coarsest first"


def test_doubling_is_bilinear_with_half_pixel_centres() -> None:
    small = torch.randn(2, 3, 5, 7)
    expected = F.interpolate(small, scale_factor=2, mode="bilinear", align_corners=False)
    torch.testing.assert_close(double_bilinear(small), expected)


def test_unknown_names_list_the_known() -> None:
    with pytest.raises(ConfigError, match="unet-lite0"):
        build_network("transformer")
    with pytest.raises(ConfigError, match=r"dice\+bce"):
        find_loss("hinge")
    assert set(ARCHITECTURES) == {"unet", "unet-lite0", "unet-lite1", "unet-lite2", "additive-lite0", "unet-vit"}


def test_soft_dice_by_hand() -> None:
    truth = torch.tensor([[[[1.0, 1.0, 0.0, 0.0]]]])
    sure = torch.tensor([[[[100.0, -100.0, 100.0, -100.0]]]])
    assert soft_dice(sure, truth) == pytest.approx(1 - (2 * 1 + 1) / (2 + 2 + 1))
    assert soft_dice(200 * (truth - 0.5), truth) == pytest.approx(0, abs=1e-6)


def test_image_dice_counts_small_and_large_polyps_alike() -> None:
    truth = torch.zeros(2, 1, 40, 40)
    truth[0, :, :4, :4] = truth[1, :, :32, :32] = 1
    logit = 200 * (truth - 0.5)
    only_small_missed, only_large_missed = logit.clone(), logit.clone()
    only_small_missed[0], only_large_missed[1] = -100, -100
    assert image_dice(logit, truth) == pytest.approx(0, abs=1e-6)
    small, large = (float(image_dice(logit, truth)) for logit in (only_small_missed, only_large_missed))
    assert small == pytest.approx(large, abs=0.06)
    assert soft_dice(only_small_missed, truth) < 0.1 < soft_dice(only_large_missed, truth)


@pytest.mark.parametrize("name", ["dice", "dice+bce", "image-dice+bce"])
def test_losses_are_finite_without_a_polyp_and_punish_false_marks(name: str) -> None:
    loss, truth = find_loss(name), torch.zeros(2, 1, 8, 8)
    quiet, loud = loss(torch.full_like(truth, -9), truth), loss(torch.full_like(truth, 9), truth)
    assert torch.isfinite(quiet)
    assert quiet < 0.1 < loud
