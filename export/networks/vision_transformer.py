"""A small vision transformer with a detail path as an encoder: weights from self-supervised pre-training.

The transformer is that of DINOv2 (Oquab et al., TMLR 2024), ViT-S: 12 blocks of 384 channels (Dosovitskiy et al., ICLR
2021) with layer scale (Touvron et al., ICCV 2021). It sees patches of 16 pixels instead of its own 14. So its tokens
lie at stride 16 of the picture; the patch embedding is resized as in FlexiViT (Beyer et al., CVPR 2023, eq. 4).
Outlines finer than a patch come from a few convolutions on the picture itself.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from polyplive.errors import ConfigError

PATCH, LARGEST_GRID = 16, 128
_CHANNELS = 384
_HEADS = 6
_DETAIL = (48, 96)
_JOINED = 256


class Attention(nn.Module):
    """Self-attention of every token with every other (Vaswani et al., NeurIPS 2017, eq. 1)."""

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(channels, 3 * channels)
        self.project = ScaledLinear(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """float32 [N, T, C] -> [N, T, C]."""
        batch, tokens, channels = x.shape
        split = self.qkv(x).reshape(batch, tokens, 3, self.heads, channels // self.heads).permute(2, 0, 3, 1, 4)
        query, key, value = split[0], split[1], split[2]
        scores = (query * (channels // self.heads) ** -0.5) @ key.transpose(-2, -1)
        mixed = scores.softmax(-1) @ value  # on a processor faster than torch's fused attention, and ONNX has it
        joined: Tensor = self.project(mixed.transpose(1, 2).reshape(batch, tokens, channels))
        return joined


class ScaledLinear(nn.Linear):
    """A linear layer whose outputs are scaled by channel (layer scale). The weights are scaled, which is the same."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs)
        self.scale = nn.Parameter(torch.ones(outputs))

    def forward(self, x: Tensor) -> Tensor:
        """See ``nn.Linear``."""
        return F.linear(x, self.scale[:, None] * self.weight, self.scale * self.bias)


class Block(nn.Module):
    """Attention, then two linear layers, each normalised before, scaled by channel after, and added."""

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.before_attention = nn.LayerNorm(channels, eps=1e-6)
        self.attention = Attention(channels, heads)
        self.before_layers = nn.LayerNorm(channels, eps=1e-6)
        self.layers = nn.Sequential(nn.Linear(channels, 4 * channels), nn.GELU(), ScaledLinear(4 * channels, channels))

    def forward(self, x: Tensor) -> Tensor:
        """float32 [N, T, C] -> [N, T, C]."""
        x = x + self.attention(self.before_attention(x))
        added: Tensor = x + self.layers(self.before_layers(x))
        return added


class VisionTransformer(nn.Module):
    """Patches of a normalised picture -> features after some of its blocks, each [N, C, H / 16, W / 16].

    ``grid`` is the side, in patches, of the stored embedding of positions; for other sizes it is interpolated. One more
    position stands before them, for the token of the whole picture. The features are those after the blocks ``taps``
    (numbers of blocks, from 1).
    """

    def __init__(self, *, blocks: int = 12, grid: int = 22, taps: tuple[int, ...] = (6, 9, 12)) -> None:
        super().__init__()
        self.taps, self.grid = taps, grid
        self.embed = nn.Conv2d(3, _CHANNELS, PATCH, PATCH)
        self.positions = nn.Parameter(torch.randn(1, 1 + grid * grid, _CHANNELS) * 0.02)
        self.blocks = nn.ModuleList(Block(_CHANNELS, _HEADS) for _ in range(blocks))
        self.norm = nn.LayerNorm(_CHANNELS, eps=1e-6)

    def forward(self, x: Tensor) -> list[Tensor]:
        """float32 [N, 3, H, W], sides multiples of 16 -> a feature for each of ``taps``."""
        embedded = self.embed(x)
        batch, channels, rows, columns = embedded.shape
        patches = F.pad(embedded.flatten(2).transpose(1, 2), (0, 0, 1, 0))  # one more token: the picture as a whole
        tokens = (patches + self._positions(rows, columns)).to(embedded.dtype)  # bfloat16 under autocast
        features = []
        for number, block in enumerate(self.blocks, 1):
            tokens = block(tokens)
            if number in self.taps:
                normed = self.norm(tokens)[:, 1:]
                features.append(normed.transpose(1, 2).reshape(batch, channels, rows, columns))
        return features

    def extra_repr(self) -> str:
        """Parameters that the printed structure would lack, so that networks that print alike calculate alike."""
        return f"grid={self.grid}, taps={tuple(self.taps)}"

    @torch.no_grad()
    def keep_positions_for(self, grid: int) -> None:
        """Keep the embedding of positions for a side of ``grid`` patches; answers at that side stay as they are."""
        self.positions = nn.Parameter(self._positions(grid, grid))
        self.grid = grid

    def _positions(self, rows: int, columns: int) -> Tensor:
        if (rows, columns) == (self.grid, self.grid):
            return self.positions
        return resized_positions(self.positions, rows, columns)


def resized_positions(positions: Tensor, rows: int, columns: int) -> Tensor:
    """[1, 1 + side * side, C] -> [1, 1 + rows * columns, C], bicubic; the first, of no place, stays."""
    whole, patches = positions[:, :1], positions[:, 1:]
    side = math.isqrt(patches.shape[1])
    plane = patches.reshape(1, side, side, -1).permute(0, 3, 1, 2)
    plane = F.interpolate(plane.float(), size=(rows, columns), mode="bicubic", align_corners=False)
    return torch.cat([whole.float(), plane.flatten(2).transpose(1, 2)], 1)


def resized_patches(weight: Tensor, side: int) -> Tensor:
    """A patch embedding [C, 3, p, p] for patches of ``side`` pixels: a patch resized bilinearly embeds as before.

    With B the matrix of that resizing, the new weight is the pseudo-inverse of B transposed times the old one.
    """
    old = weight.shape[-1]
    basis = torch.eye(old * old, dtype=torch.float64).reshape(old * old, 1, old, old)
    resize = F.interpolate(basis, size=(side, side), mode="bilinear", align_corners=False).flatten(1)  # [old², side²]
    flat = weight.double().reshape(-1, old * old)
    return (flat @ torch.linalg.pinv(resize).T).reshape(*weight.shape[:2], side, side).float()


class TransformerEncoder(nn.Module):
    """Features at strides 4 and 8 (convolutions on the picture) and 16 (the transformer's, joined to 256 channels)."""

    def __init__(self, *, blocks: int = 12, grid: int = 22, taps: tuple[int, ...] = (6, 9, 12)) -> None:
        super().__init__()
        self.transformer = VisionTransformer(blocks=blocks, grid=grid, taps=taps)
        fine, coarse = _DETAIL
        self.fine = nn.Sequential(_convolved(3, fine, kernel=7, stride=4), _convolved(fine, fine, kernel=3))
        self.coarse = _convolved(fine, coarse, kernel=3, stride=2)
        self.join = _convolved(len(taps) * _CHANNELS, _JOINED, kernel=1)
        self.channels = (*_DETAIL, _JOINED)

    def forward(self, x: Tensor) -> list[Tensor]:
        """Of a normalised picture, float32 [N, 3, H, W]; finest first."""
        fine = self.fine(x)
        return [fine, self.coarse(fine), self.join(torch.cat(self.transformer(x), 1))]

    @property
    def side(self) -> int:
        """That of the pictures, in pixels, which the positions are kept for."""
        return PATCH * self.transformer.grid

    def fit(self, side: int) -> None:
        """Keep the positions for pictures of ``side`` pixels. Raises ``ConfigError`` unless that is 16 to 2048, by 16.

        The positions become another parameter: make an optimiser afterwards.
        """
        if side % PATCH or not 1 <= side // PATCH <= LARGEST_GRID:
            raise ConfigError(f"No transformer sees a side of {side} pixels", "Give a multiple of 16, to 2048.")
        self.transformer.keep_positions_for(side // PATCH)

    def rates(self, decay: float = 0.8) -> Iterator[tuple[nn.Module | nn.Parameter, float]]:
        """What was trained before, each part with its share of the learning rate: less the nearer to the picture.

        Layer-wise decay as in BEiT (Bao et al., ICLR 2022, appendix).
        """
        transformer = self.transformer
        count = len(transformer.blocks)
        lowest = decay ** (count + 1)
        yield transformer.embed, lowest
        yield transformer.positions, lowest
        for number, block in enumerate(transformer.blocks, 1):
            yield block, decay ** (count - number)
        yield transformer.norm, 1.0


def _convolved(inputs: int, outputs: int, *, kernel: int, stride: int = 1) -> nn.Sequential:
    convolution = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU())
