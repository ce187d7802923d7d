"""The pointing game: whether a heatmap's highest point lies in the polyp.

Zhang et al., "Top-down neural attention by excitation backprop", ECCV 2016.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from polyplive.types import FloatMap, Mask


def hits(shown: FloatMap, truth: Mask) -> bool:
    """Whether the highest point of ``shown`` float32 [H, W] lies in ``truth`` bool [H, W].

    Of several highest points one is enough.
    """
    return bool(truth[shown == shown.max()].any())
