"""Heatmaps of the trained network by hooks and ``backward``, as they are usually computed.

It shares no code with the exported graph but the score: each method is written out a second time, for comparison.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..networks.segmentation import BOTTLENECK, SegmentationNetwork
from .cam.spec import CamSpec
from .mask_and_cam import score


def cam_by_hooks(
    network: SegmentationNetwork, frame: Tensor, spec: CamSpec, target: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Probability [1, 1, H, W] and map [1, 1, h, w] of ``frame``, uint8 [1, H, W, 3] RGB, in the network's precision.

    ``target`` [1, 1, H, W] weighs the logits of the score; None: the predicted mask.
    """
    kept: dict[str, dict[str, Tensor]] = {name: {} for name in spec.layers}
    handles = [_hooked(network, name, kept[name]) for name in spec.layers]
    try:
        with torch.enable_grad():
            pixels = network.normalise(frame.permute(0, 3, 1, 2)).to(network.head.weight.dtype).requires_grad_()
            logit = network(pixels)
            value = score(logit) if target is None else (logit * target).sum()
            value.backward()
    finally:
        for handle in handles:
            handle.remove()
    found = []
    for name in spec.layers:
        activation = kept[name]["activation"]
        found.append((activation, kept[name].get("gradient", torch.zeros_like(activation))))
    return logit.sigmoid().detach(), _MAPS[spec.method.name](found)


def _hooked(network: SegmentationNetwork, layer: str, kept: dict[str, Tensor]) -> Any:
    """Keep activation and gradient of ``layer`` where the decoder reads or makes it."""

    def keep(tensor: Tensor) -> None:
        kept["activation"] = tensor.detach()
        tensor.register_hook(lambda gradient: kept.__setitem__("gradient", gradient))

    if layer.startswith("decoder."):
        return network.get_submodule(layer).register_forward_hook(lambda _, __, output: keep(output))
    stage = network.decoder[0 if layer == BOTTLENECK else int(layer.removeprefix("skip."))]
    place = 0 if layer == BOTTLENECK else 1

    def copied(_: nn.Module, given: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """A tensor of its own: other paths from the same features do not count."""
        own = [each.clone() if number == place else each for number, each in enumerate(given)]
        keep(own[place])
        return tuple(own)

    return stage.register_forward_pre_hook(copied)


def _grad_cam(found: list[tuple[Tensor, Tensor]]) -> Tensor:
    activation, gradient = found[0]
    weights = gradient.sum(dim=(2, 3)) / (gradient.shape[2] * gradient.shape[3])
    return torch.einsum("nk,nkhw->nhw", weights, activation)[:, None].clamp(min=0)


def _hires_cam(found: list[tuple[Tensor, Tensor]]) -> Tensor:
    activation, gradient = found[0]
    return torch.einsum("nkhw,nkhw->nhw", gradient, activation)[:, None].clamp(min=0)


def _layer_cam(found: list[tuple[Tensor, Tensor]]) -> Tensor:
    activation, gradient = found[0]
    return torch.einsum("nkhw,nkhw->nhw", gradient.clamp(min=0), activation)[:, None].clamp(min=0)


def _multi_level(found: list[tuple[Tensor, Tensor]]) -> Tensor:
    size = found[-1][0].shape[2:]
    logs = []
    for activation, gradient in found:
        evidence = (activation * gradient).clamp(min=0).sum(dim=1, keepdim=True)
        evidence = evidence + evidence.sum() / evidence[0, 0].numel() / 1000
        while evidence.shape[2:] != size:
            evidence = F.interpolate(evidence, scale_factor=2, mode="bilinear", align_corners=False)
        logs.append(evidence.log())
    return torch.stack(logs).mean(0).exp()


_MAPS: dict[str, Callable[[list[tuple[Tensor, Tensor]]], Tensor]] = {
    "grad-cam": _grad_cam,
    "hires-cam": _hires_cam,
    "layer-cam": _layer_cam,
    "multi-level": _multi_level,
}
