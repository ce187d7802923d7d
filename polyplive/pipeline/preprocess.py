"""From a frame's field of view to the model's input tensor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from polyplive.pipeline.interlace import COMBED, combing

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polyplive.types import Frame, Roi


def preprocess(
    frame: Frame, roi: Roi, height: int, width: int, out: NDArray[np.uint8] | None = None, *, one_field: bool = False
) -> NDArray[np.uint8]:
    """The region ``roi`` of ``frame`` at the model's size: uint8 [1, ``height``, ``width``, 3], RGB, contiguous.

    It is made from the source's own samples; no picture of the frame's size is. The region is stretched to the model's
    shape whatever its own, as the training images are. With ``one_field`` a region that combs is seen through its
    first field (``pipeline.interlace``). ``out``, an array of the result's shape and dtype, is filled and returned in
    place of a new one. Raises ``ValueError`` where ``roi`` reaches outside of ``frame`` or ``out`` does not fit.
    """
    roi.check_inside(frame.shape)
    shape = (1, height, width, 3)
    if out is None:
        out = np.empty(shape, np.uint8)
    elif out.shape != shape or out.dtype != np.uint8 or not out.flags.c_contiguous:
        raise ValueError(f"expected a contiguous uint8 array {shape}, received {out.dtype} {out.shape}")
    is_combed = one_field and combing(frame.picture.lines(*roi.slices)) > COMBED
    region = frame.picture.part_at(*roi.slices, height, width, one_field=is_combed)
    cv2.cvtColor(region, cv2.COLOR_BGR2RGB, dst=out[0])
    return out
