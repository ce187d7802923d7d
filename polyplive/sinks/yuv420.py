"""Pictures as YUV 4:2:0, the pixels of a recording: BGR, or the samples that a source gave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import av
import cv2
import numpy as np
from av.video.reformatter import ColorRange, Colorspace

from polyplive.pixels.yuv import RED_BLUE, YuvSamples
from polyplive.sources.picture.yuv_planes import samples

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from polyplive.types import Image

_RED, _BLUE = RED_BLUE[Colorspace.ITU709]
_GREEN = 1 - _RED - _BLUE
_LUMA, _CHROMA = 219 / 255, 112 / 255

_BT709 = np.array(
    [
        [_BLUE * _LUMA, _GREEN * _LUMA, _RED * _LUMA, 16],
        [_CHROMA, -_CHROMA * _GREEN / (1 - _BLUE), -_CHROMA * _RED / (1 - _BLUE), 128],
        [-_CHROMA * _BLUE / (1 - _RED), -_CHROMA * _GREEN / (1 - _RED), _CHROMA, 128],
    ],
    np.float32,
)
"""From B, G, R and 1 to Y, U, V of limited range (ITU-R BT.709-6, section 3)."""


@dataclass(frozen=True, slots=True)
class ColourTags:
    """What a video file says of its samples. The first three are numbers of ITU-T H.273, 2 where unknown.

    ``chroma_place`` is where a chroma sample lies among its four pixels, in FFmpeg's words. H.264 takes the left ones
    unless told.
    """

    matrix: int
    primaries: int
    transfer: int
    is_full: bool
    chroma_place: str


def colour_tags(picture: Image | YuvSamples) -> ColourTags:
    """Those of what ``yuv420_picture`` makes of ``picture``."""
    if not isinstance(picture, YuvSamples):
        return ColourTags(1, 1, 1, is_full=False, chroma_place="center")
    is_centred = picture.is_centred or picture.cb.shape[1] == picture.luma.shape[1]
    place = "center" if is_centred else "left"
    return ColourTags(picture.matrix, picture.primaries, picture.transfer, picture.is_full, place)


def yuv420_picture(picture: Image | YuvSamples, width: int, height: int) -> av.VideoFrame:
    """``picture`` as yuv420p of even sides, which may be larger: its last column and row are repeated. Any thread.

    Samples of a source stay as they are. Chroma that has more rows or columns is the mean of those that share one, and
    more than eight bits are rounded; halves go to the even level, so that no channel moves.
    """
    if not isinstance(picture, YuvSamples):
        return _converted(_extended(picture, width, height))
    made = av.VideoFrame(width, height, "yuv420p")
    made.colorspace, made.color_range = picture.matrix, ColorRange.JPEG if picture.is_full else ColorRange.MPEG
    luma, cb, cr = (samples(plane) for plane in made.planes)
    _fill(luma, _eight_bits(picture.luma, picture, black=0))
    for to, given in ((cb, picture.cb), (cr, picture.cr)):
        _fill(to, _shared(_eight_bits(given, picture, black=128), picture.luma.shape))
    return made


def _fill(to: NDArray[np.uint8], given: NDArray[np.uint8]) -> None:
    """Write ``given`` [h, w] to the top left of ``to``, and repeat its last column and row."""
    height, width = given.shape
    to[:height, :width] = given
    to[:height, width:] = given[:, -1:]
    to[height:] = to[height - 1]


def _eight_bits(given: NDArray[np.unsignedinteger], picture: YuvSamples, black: int) -> NDArray[np.uint8]:
    if picture.bits == 8:
        return cast("NDArray[np.uint8]", given)
    share = 255 / (2**picture.bits - 1) if picture.is_full else 2 ** (8 - picture.bits)
    middle = black and black - share * 2 ** (picture.bits - 1)
    return cast("NDArray[np.uint8]", cv2.convertScaleAbs(given, alpha=share, beta=middle))


def _shared(given: NDArray[np.uint8], shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Chroma [h, w] of a picture of ``shape`` as one sample for two columns and two rows."""
    height, width = given.shape
    if width == shape[1] > 1:
        even = _extended(given, width + width % 2, height + height % 2)
        small = cv2.resize(even.astype(np.float32), None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        return cast("NDArray[np.uint8]", cv2.convertScaleAbs(small))
    if height == shape[0] > 1:
        even = _extended(given, width, height + height % 2)
        return cast("NDArray[np.uint8]", cv2.addWeighted(even[0::2], 0.5, even[1::2], 0.5, 0))
    return given


def _extended(image: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """[H, W, ...] with its last column and row repeated up to that size; the same array where it has it."""
    below, beside = height - image.shape[0], width - image.shape[1]
    if not below and not beside:
        return image
    return cast("NDArray[np.uint8]", cv2.copyMakeBorder(image, 0, below, 0, beside, cv2.BORDER_REPLICATE))


def _converted(image: Image) -> av.VideoFrame:
    """``image``, uint8 [H, W, 3] BGR with even sides, as yuv420p: BT.709, limited range, tagged as such. Any thread.

    Samples are rounded to the nearest, grey 128 becomes 126, 128, 128. FFmpeg's own conversion cuts the fractions off,
    which takes half a level from each sample and gives grey a tint; its exact one takes twice as long as this. A pair
    of chroma samples is that of the mean of four pixels. (Of the mean's rounding nothing is left: it moves all three
    channels alike, and chroma is their difference.)
    """
    height, width = image.shape[:2]
    picture = av.VideoFrame(width, height, "yuv420p")
    picture.colorspace, picture.color_range = Colorspace.ITU709, ColorRange.MPEG
    luma, cb, cr = (samples(plane) for plane in picture.planes)
    small = cv2.resize(image, (width // 2, height // 2), interpolation=cv2.INTER_AREA)
    chroma = cv2.transform(small, _BT709)
    cv2.extractChannel(cv2.transform(image, _BT709), 0, luma)
    cv2.extractChannel(chroma, 1, cb)
    cv2.extractChannel(chroma, 2, cr)
    return picture
