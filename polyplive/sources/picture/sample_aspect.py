"""The shape of pixels, as container and codec say it."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from polyplive.sources.av_errors import AV_ERRORS
from polyplive.sources.picture.filters import FrameFilter
from polyplive.types import SQUARE

if TYPE_CHECKING:
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    from polyplive.sources.picture.cropping import Cropping

MOST_ASPECT = 8
"""A pixel that is more than so many times as wide as it is high, or as high as it is wide, is a mistake."""

_STEPS = 1024
_SAMPLE = 16


class SampleAspects:
    """Says for each picture of a stream how wide its pixels are by their height. One thread.

    The container's word counts before the codec's, as in players. It holds while the codec says what it said at first:
    in joined recordings only the codec tells that the shape changes. Nothing, or a mistake, counts as square.
    """

    def __init__(self, stream: VideoStream, cropping: Cropping, told: Fraction | None = None) -> None:
        """``stream`` has been opened; ``told`` is the word of a container around its own."""
        stated = usable(stream.sample_aspect_ratio)  # the container's word, or the codec's where it has none
        self.stated = usable(told) if told else SQUARE if stated == _of_a_cropped_track(stream, cropping) else stated
        """What is known before a picture has been decoded."""
        self._measure = FrameFilter(_measuring)
        self._said = {stated}
        codecs = usable(stream.codec_context.sample_aspect_ratio)
        self._at_first = codecs if codecs == stated else None  # else the first picture tells: see ``_codecs_word``

    def of(self, picture: VideoFrame, stream: VideoStream) -> Fraction:
        """The width of one pixel of ``picture`` by its height, as it is coded.

        The first call is for the stream's first picture. ``stream`` decoded it: the same as at first, or one opened
        again on the same file.
        """
        said = self._codecs_word(picture, stream)
        if self._at_first is None:
            self._at_first, self._said = said, {said}
        return self.stated if said == self._at_first else said

    def _codecs_word(self, picture: VideoFrame, stream: VideoStream) -> Fraction:
        # A decoder's context may be ahead of the picture by some frames, which matters only where the shape changes.
        newest = usable(stream.codec_context.sample_aspect_ratio)
        self._said.add(newest)
        if len(self._said) == 1:
            return newest
        try:
            own = self._measure.apply(picture).width / _STEPS
        except AV_ERRORS:
            return newest
        return min(self._said, key=lambda each: abs(float(each) - own))


def usable(aspect: Fraction | None) -> Fraction:
    """``aspect``, or 1 where there is none or it cannot be meant."""
    return aspect if aspect is not None and Fraction(1, MOST_ASPECT) <= aspect <= MOST_ASPECT else SQUARE


def _of_a_cropped_track(stream: VideoStream, cropping: Cropping) -> Fraction | None:
    """What FFmpeg makes of an MP4 file with square pixels whose track is as large as its rectangle.

    Without a ``pasp`` it divides the track's size by that of the coded picture. None where nothing is cropped.
    """
    width, height = stream.codec_context.width, stream.codec_context.height
    shown_width, shown_height = cropping.size(width, height)
    if (shown_width, shown_height) == (width, height):
        return None
    return Fraction(shown_width * height, width * shown_height)


def _measuring(_: VideoFrame) -> list[tuple[str, str]]:
    """Filters that give a picture as wide as ``_STEPS`` times the shape of its pixels, which PyAV does not give out."""
    return [
        ("crop", f"min(iw\\,{_SAMPLE}):min(ih\\,{_SAMPLE}):0:0"),
        ("scale", f"w=clip(round(sar*{_STEPS})\\,1\\,{MOST_ASPECT * _STEPS}):h=2:eval=frame"),
    ]
