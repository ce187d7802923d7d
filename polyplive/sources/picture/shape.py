"""How decoded pictures become what is meant to be seen: cropped, one eye of two, turned, with a pixel's shape."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyplive.sources.picture.cropping import Cropping
from polyplive.sources.picture.orientation import Orientation
from polyplive.sources.picture.sample_aspect import SampleAspects
from polyplive.sources.picture.stereo import Eye, EyeCutter
from polyplive.types import SQUARE

if TYPE_CHECKING:
    from fractions import Fraction

    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    from polyplive.types import Image, StereoOption


class PictureShape:
    """The shape of one stream's pictures. One thread.

    Pictures are cropped first, then turned. All pictures of one coded size are turned as the first of them says: a
    codec may say it with key frames alone. Of 3D pictures one eye is shown, as the stream's first picture is flagged or
    as the user wants.
    """

    def __init__(
        self,
        stream: VideoStream,
        *,
        square: bool = False,
        told: Fraction | None = None,
        stereo: StereoOption | None = None,
    ) -> None:
        """``stream`` has been opened. With ``square`` its pixels are square, whatever it says: a card cannot know.

        ``told`` is the shape of its pixels as told outside of the stream, which counts before the container's word.
        """
        self._stereo = stereo
        self._tag = stream.metadata.get("stereo_mode", "")
        self.eye = Eye.wanted(stereo)
        """What is shown of pictures: as the user wants, and from the first picture on also as that one is flagged."""
        self._is_begun = False
        self._cropping = Cropping.of(stream)
        self._aspects = None if square else SampleAspects(stream, self._cropping, told)
        self._cutter = self._make_cutter()
        self._orientations: dict[tuple[int, int], Orientation] = {}

    @property
    def stated(self) -> Fraction:
        """What is known of pixels before a picture has been decoded: their width by their height, as coded."""
        return SQUARE if self._aspects is None else self._aspects.stated

    def foretold(self, width: int, height: int) -> Fraction:
        """``sample_aspect`` as far as it is known before a picture of that coded size has been decoded."""
        return self.eye.sample_aspect(self.stated, *self._cropping.size(width, height))

    def cropped(self, width: int, height: int) -> tuple[int, int]:
        """How much of a decoded picture of that size is shown, before it is turned: width and height."""
        return self._cropping.size(width, height) if self._cutter is None else self._cutter.size(width, height)

    def part(self, picture: VideoFrame) -> VideoFrame:
        """The eye of ``picture`` that is shown, cropped, without a copy; ``picture`` itself where all of it is."""
        if not self._is_begun:
            self._is_begun = True
            self.eye = Eye.of(picture, self._tag, self._stereo, self._orientation(picture))
            self._cutter = self._make_cutter()
        return picture if self._cutter is None else self._cutter.cut(picture)

    def apply(self, image: Image, picture: VideoFrame) -> Image:
        """``image``, uint8 [H, W, 3] as ``part(picture)`` is coded, as it is meant to be seen; contiguous."""
        if self._cutter is None:
            image = self._cropping.apply(image)
        return self._orientation(picture).apply(image)

    def is_whole(self, picture: VideoFrame) -> bool:
        """Whether ``apply`` leaves such a picture's ``part`` as it is."""
        size = picture.width, picture.height
        is_cropped = self._cutter is None and self._cropping.size(*size) != size
        return not is_cropped and self._orientation(picture) == Orientation()

    def sample_aspect(self, picture: VideoFrame, stream: VideoStream) -> Fraction:
        """The width of a pixel by its height, once ``picture``, which ``stream`` decoded, has been turned."""
        aspect = SQUARE if self._aspects is None else self._aspects.of(picture, stream)
        aspect = self.eye.sample_aspect(aspect, *self._cropping.size(picture.width, picture.height))
        return 1 / aspect if self._orientation(picture).transpose else aspect

    def _make_cutter(self) -> EyeCutter | None:
        return None if self.eye.half is None else EyeCutter(self.eye.half, self._cropping)

    def _orientation(self, picture: VideoFrame) -> Orientation:
        size = picture.width, picture.height
        if size not in self._orientations:
            self._orientations[size] = Orientation.of(picture)
        return self._orientations[size]
