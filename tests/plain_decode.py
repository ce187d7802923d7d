"""What plain PyAV decodes of a file in one thread: the measure for every reader of ours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import av
import numpy as np
from av.video.reformatter import Colorspace, Interpolation, VideoReformatter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

LEVELS = 4
SPREAD, MEAN = 0.06, 1.0
"""Two conversions of one picture to BGR may be apart by more than ``LEVELS`` in a few of its values, and by ``MEAN`` on
average: where colours change, one spreads the samples that pixels share, another repeats them."""


@dataclass(frozen=True)
class Plain:
    """The pictures in the decoder's order, uint8 [H, W, 3] BGR, and their stamps in seconds (None: it has none)."""

    images: list[NDArray[np.uint8]]
    stamps: list[float | None]


def plain(path: Path) -> Plain:
    """Decode ``path`` in one thread, packet by packet, and convert as polyplive says that it converts."""
    reformatter = VideoReformatter()
    images, stamps = [], []
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "NONE"
        for picture in _decoded(container, stream):
            bgr = reformatter.reformat(
                picture,
                format="bgr24",
                src_colorspace=_matrix(picture),
                src_color_range=picture.color_range or None,
                interpolation=Interpolation.BILINEAR | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT,
            )
            images.append(bgr.to_ndarray())
            stamps.append(None if picture.pts is None else float(picture.pts * stream.time_base))
    return Plain(images, stamps)


def same(image: NDArray[np.uint8], other: NDArray[np.uint8]) -> bool:
    """Whether two images are the same picture."""
    if image.shape != other.shape:
        return False
    apart = np.abs(image.astype(int) - other)
    return bool(apart.mean() <= MEAN and (apart > LEVELS).mean() <= SPREAD)


def _decoded(container: av.container.InputContainer, stream: av.VideoStream) -> Iterator[av.VideoFrame]:
    for packet in container.demux(stream):
        # An empty packet says that the last picture stays (AVI); to the decoder it would be the end.
        if packet.size:
            try:
                yield from stream.codec_context.decode(packet)
            except av.FFmpegError:
                continue
    yield from stream.codec_context.decode(None)


def _matrix(picture: av.VideoFrame) -> int | None:
    unspecified = 2
    if picture.colorspace != unspecified or picture.format.is_rgb:
        return None
    return int(Colorspace.ITU709 if picture.height >= 720 else Colorspace.ITU601)
