"""Mask and class activation maps as one function of a frame, and that function as one traced graph.

For segmentation the score is the sum of the polyp's logits over the predicted mask (Vinogradova et al., "Seg-Grad-CAM",
AAAI 2020, eq. 1), or over a target that is given. ``cam`` holds the methods that make a map of its gradient.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.fx import GraphModule
from torch.fx.experimental.proxy_tensor import make_fx

from ..networks.segmentation import SegmentationNetwork
from .cam.spec import CamSpec
from .gradients import GRADIENTS
from .mean_gradient import shorten_means


@dataclass(frozen=True, slots=True)
class Output:
    """A named tensor of the graph. ``is_inner`` where it can be looked at inside the file, but is no output."""

    name: str
    is_inner: bool = False


def score(logit: Tensor) -> Tensor:
    """The sum of the logits where a polyp is predicted (probability above one half); 0 where none is."""
    return (logit * (logit.detach() > 0)).sum()


class MaskAndCams(nn.Module):
    """uint8 frame [1, H, W, 3], RGB -> the tensors that ``outputs`` names; gradients are computed inside.

    With ``is_targeted`` there is a second input, ``target``, float32 [1, 1, H, W]: the weight of each pixel's logit in
    the score, in the place of the predicted mask.
    """

    def __init__(self, network: SegmentationNetwork, specs: Sequence[CamSpec], *, is_targeted: bool = False) -> None:
        super().__init__()
        self.network = network
        self.specs = tuple(specs)
        self.is_targeted = is_targeted

    @property
    def inputs(self) -> tuple[str, ...]:
        """Their names."""
        return ("frame", "target") if self.is_targeted else ("frame",)

    @property
    def outputs(self) -> tuple[Output, ...]:
        """What ``forward`` gives, in its order.

        A single map is ``cam``; several are named as their specs are. Of a single one the logit, the activations and,
        where the method does not average them first, the gradients are inner tensors.
        """
        if len(self.specs) != 1 or self.is_targeted:
            return (Output("probability"), *(Output(str(spec)) for spec in self.specs))
        (spec,) = self.specs
        inner = ["logit", *(f"activation {layer}" for layer in spec.layers)]
        if not spec.method.averages_gradients:
            inner += [f"gradient {layer}" for layer in spec.layers]
        return (Output("probability"), Output("cam"), *(Output(name, is_inner=True) for name in inner))

    @property
    def tensors(self) -> dict[str, str]:
        """For the manifest: role -> name of each inner tensor."""
        return {output.name: output.name.replace(" ", ":") for output in self.outputs if output.is_inner}

    def forward(self, frame: Tensor, target: Tensor | None = None) -> tuple[Tensor, ...]:
        """See the class."""
        network = self.network
        with torch.enable_grad():
            # in this order: TensorRT takes bytes only to convert them
            pixels = network.normalise(frame.float().permute(0, 3, 1, 2))
            features = {name: each.detach().requires_grad_() for name, each in network.encode(pixels).items()}
            logit, layers = network.decode(features)
            value = score(logit) if target is None else (logit * target).sum()
            wanted = list(dict.fromkeys(layer for spec in self.specs for layer in spec.layers))
            gradients = dict(zip(wanted, torch.autograd.grad(value, [layers[name] for name in wanted]), strict=True))
        traced = {name: (layers[name].detach(), gradients[name]) for name in wanted}
        cams = [spec.method.combine([traced[name] for name in spec.layers]) for spec in self.specs]
        known = {"logit": logit.detach()}
        for name in wanted:
            known |= {f"activation {name}": traced[name][0], f"gradient {name}": traced[name][1]}
        inner = [known[output.name] for output in self.outputs if output.is_inner]
        return (logit.detach().sigmoid(), *cams, *inner)


def trace(function: MaskAndCams, frame: Tensor) -> GraphModule:
    """Forward and gradient as one graph of operations that ONNX has.

    Raises ``ExportError`` for a layer in the decoder whose gradient is not known here.
    """
    inputs = [frame]
    if function.is_targeted:
        inputs.append(torch.zeros((1, 1, *frame.shape[1:3])))
    graph = make_fx(function, decomposition_table=GRADIENTS)(*inputs)
    graph.graph.eliminate_dead_code()
    shorten_means(graph)
    return graph.eval()
