"""A decoded frame of any pixel format as a picture: its own samples, or BGR where these cannot serve."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, cast

import cv2
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter

from polyplive.errors import SourceUnreadable
from polyplive.pixels.lossless import is_centred
from polyplive.pixels.picture import BgrPicture, Picture, YuvPicture
from polyplive.pixels.yuv import RED_BLUE, bgr_of
from polyplive.sources.picture.tone_mapping import WIDE_FORMAT, ToneMapper, is_hdr
from polyplive.sources.picture.yuv_planes import samples, yuv_samples

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

    from polyplive.pixels.yuv import YuvSamples
    from polyplive.sources.picture.shape import PictureShape
    from polyplive.types import Image

_UNSPECIFIED = 2
_UNKNOWN = {
    8: "YCgCo",
    10: "BT.2020 of constant luminance",
    11: "YDzDx",
    12: "a matrix of their primaries",
    13: "a matrix of their primaries",
    14: "ICtCp",
    15: "IPT",
    16: "YCgCo",
    17: "YCgCo",
}
"""Matrices of ITU-T H.273 that FFmpeg's scaler cannot convert."""
_HD_HEIGHT = 720
_PLANAR = {
    "nv12": "yuv420p",
    "nv21": "yuv420p",
    "yuva420p": "yuv420p",
    "yuyv422": "yuv422p",
    "yvyu422": "yuv422p",
    "uyvy422": "yuv422p",
}
"""Other layouts of the same samples, which cards and some encoders use."""
_WIDE_PLANAR = {"p010le": "yuv420p10le", "p210le": "yuv422p10le", "y210le": "yuv422p10le"}
"""The same with more than eight bits."""
_EXACT = Interpolation.BILINEAR | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT
"""Without the last two FFmpeg cuts fractions off, which takes a level or two from each channel."""


_CENTRED = ("mjpeg", "mpeg1video")
"""Codecs in which a chroma sample lies amid its pixels, not on the left ones."""


class PictureMaker:
    """Makes pictures of decoded frames, each in its own size. One thread.

    A picture keeps the frame's own samples, and becomes BGR when somebody asks. Where the samples cannot stand for
    what is shown, it is made of BGR at once: of RGB, of HDR and wide gamuts, which are mapped to SDR with the colours
    of BT.709, of what is turned or cropped by the container, and of rare layouts.

    The matrix (BT.601, BT.709, BT.2020) and the range (limited, full) are those that the frame states. Where it
    states no matrix, BT.709 is taken from 720 lines up and BT.601 below, as players do. Samples of more than eight
    bits are rounded to eight. Frames are cropped and turned as ``shape`` says, or left whole and upright. Pixels that
    are not square are left as they are coded. ``codec`` is FFmpeg's name of it, which tells where chroma lies, as does
    what a lossless recording says as its description, ``described``.
    """

    def __init__(self, shape: PictureShape | None = None, codec: str = "", described: str = "") -> None:
        self._shape = shape
        self._is_centred = codec in _CENTRED or is_centred(described)
        self._reformatter = VideoReformatter()
        self._widener = VideoReformatter()
        self._tones = ToneMapper()

    def picture(self, frame: VideoFrame, *, is_lent: bool = False) -> Picture:
        """``frame`` as it is meant to be seen. With ``is_lent`` the frame's memory is not its own; the picture's is.

        Raises ``SourceUnreadable`` for colours in ICtCp or another code that cannot be converted.
        """
        part = frame if self._shape is None else self._shape.part(frame)
        matrix = None if frame.format.is_rgb else _matrix(frame)
        planar = self._planar(part)
        samples = self._samples(part, planar, matrix, frame, is_lent=is_lent)
        if samples is None:
            bgr = np.ascontiguousarray(self._bgr(part, planar, matrix))
            bgr = bgr if self._shape is None else self._shape.apply(bgr, frame)
            # A picture that needs no conversion is still in the driver's memory, which is reused and later unmapped.
            return BgrPicture(bgr.copy() if is_lent and part.format.name == "bgr24" else bgr)
        if samples.bits == 8:
            return YuvPicture(samples)
        if is_lent:
            image = _rounded(self._reformatter, part, matrix)
            return YuvPicture(samples, lambda: image)
        return YuvPicture(samples, functools.partial(_rounded, VideoReformatter(), part, matrix))

    def _samples(
        self, part: VideoFrame, planar: VideoFrame, matrix: int | None, frame: VideoFrame, *, is_lent: bool
    ) -> YuvSamples | None:
        """The samples of ``part``, where they are what is shown of ``frame``."""
        if matrix not in RED_BLUE or self._tones.mapping(part) is not None:
            return None
        if self._shape is not None and not self._shape.is_whole(frame):
            return None
        if part.format.name in _WIDE_PLANAR:
            planar = self._widener.reformat(part, format=_WIDE_PLANAR[part.format.name], threads=1)
        copied = is_lent and planar is part
        return yuv_samples(planar, matrix, is_full=_is_full(part), is_centred=self._is_centred, copied=copied)

    def _bgr(self, frame: VideoFrame, planar: VideoFrame, matrix: int | None) -> Image:
        mapping = self._tones.mapping(frame)
        if mapping is not None:
            mapped = mapping.apply(_rgb(self._widener, frame, WIDE_FORMAT, matrix))
            return _merged(_rgb(self._reformatter, mapped, "gbrp", None))
        if matrix is None:
            bgr = self._reformatter.reformat(frame, format="bgr24", interpolation=_EXACT)
            return cast("Image", bgr.to_ndarray())
        if matrix in RED_BLUE:
            samples = yuv_samples(planar, matrix, is_full=_is_full(frame), is_centred=False)
            if samples is not None and samples.bits == 8:
                return bgr_of(samples)
        return _rounded(self._reformatter, frame, matrix)

    def _planar(self, frame: VideoFrame) -> VideoFrame:
        """The same samples as planes, where that only means to sort them; else ``frame`` itself."""
        name = _PLANAR.get(frame.format.name)
        return frame if name is None else self._reformatter.reformat(frame, format=name, threads=1)


def _rounded(reformatter: VideoReformatter, frame: VideoFrame, matrix: int | None) -> Image:
    """uint8 [H, W, 3] BGR by FFmpeg's exact conversion, for more than eight bits and for rare layouts."""
    return _merged(_rgb(reformatter, frame, "gbrp", matrix))


def _rgb(reformatter: VideoReformatter, frame: VideoFrame, form: str, matrix: int | None) -> VideoFrame:
    """``frame`` in ``form``, planes of green, blue and red, by ``matrix`` (None: it is RGB) and the range it states."""
    return reformatter.reformat(
        frame,
        format=form,
        src_colorspace=matrix,
        src_color_range=frame.color_range or None,
        interpolation=_EXACT,
    )


def _merged(frame: VideoFrame) -> Image:
    """uint8 [H, W, 3] BGR of a frame in ``gbrp``."""
    green, blue, red = (samples(plane) for plane in frame.planes)
    return cast("Image", cv2.merge([blue, green, red]))


def _is_full(frame: VideoFrame) -> bool:
    return frame.color_range == ColorRange.JPEG or frame.format.name.startswith("yuvj")


def _matrix(frame: VideoFrame) -> int:
    """The number of the frame's matrix, guessed from the height where the frame states none."""
    if frame.colorspace in _UNKNOWN:
        raise SourceUnreadable(
            f"The colours are coded as {_UNKNOWN[frame.colorspace]}, which cannot be converted",
            "Convert the video first: ffmpeg -i VIDEO -vf zscale=matrix=709 OUT.mp4",
        )
    if frame.colorspace != _UNSPECIFIED:
        return int(frame.colorspace)
    if is_hdr(frame.color_trc):
        return int(Colorspace.BT2020)
    return int(Colorspace.ITU709 if frame.height >= _HD_HEIGHT else Colorspace.ITU601)
