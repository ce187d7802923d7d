"""3D recordings whose pictures hold both eyes: which half is shown."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from polyplive.sources.picture.filters import FrameFilter
from polyplive.sources.picture.side_data import side_data

if TYPE_CHECKING:
    from fractions import Fraction

    from av.video.frame import VideoFrame

    from polyplive.sources.picture.cropping import Cropping
    from polyplive.sources.picture.orientation import Orientation
    from polyplive.types import StereoOption

_STEREO = struct.Struct("=2i")  # the first fields of AVStereo3D: type, flags
_INVERTED = 1
_ANAGLYPH = "anaglyph"
"""How Matroska's word for it begins, which has no number in FFmpeg."""
_OTHER_PACKINGS = {
    3: "both eyes in turn, frame by frame",
    4: "both eyes as a checkerboard",
    6: "both eyes line by line",
    7: "both eyes column by column",
}
"""FFmpeg's numbers of packings that are shown whole. 1, 2 and 5 hold the eyes side by side or one above the other."""
_TOP_BOTTOM = 2
_SIDES = (1, 5)
_GRID = 2
"""Halves are cut at multiples of so many pixels, which may share a chroma sample."""


class Half(Enum):
    """A half of a picture."""

    LEFT = "left"
    RIGHT = "right"
    TOP = "top"
    BOTTOM = "bottom"

    @property
    def is_beside(self) -> bool:
        """Whether the halves lie side by side."""
        return self in (Half.LEFT, Half.RIGHT)

    @property
    def other(self) -> Half:
        """The other half of the same picture."""
        return _OTHER[self]

    def turned(self, orientation: Orientation) -> Half:
        """Where this half of a coded picture is when the picture has been turned."""
        half = _TRANSPOSED[self] if orientation.transpose else self
        is_mirrored = orientation.mirror_x if half.is_beside else orientation.mirror_y
        return half.other if is_mirrored else half


_OTHER = {Half.LEFT: Half.RIGHT, Half.RIGHT: Half.LEFT, Half.TOP: Half.BOTTOM, Half.BOTTOM: Half.TOP}
_TRANSPOSED = {Half.LEFT: Half.TOP, Half.TOP: Half.LEFT, Half.RIGHT: Half.BOTTOM, Half.BOTTOM: Half.RIGHT}


@dataclass(frozen=True, slots=True)
class Eye:
    """What is shown of a stream's pictures.

    ``half`` is that of a coded picture and ``shown`` the same half once the picture has been turned; both are None
    where all of it is shown. ``notice`` is a line for the user, empty where there is nothing to say.
    """

    half: Half | None = None
    shown: Half | None = None
    notice: str = ""

    @property
    def name(self) -> str | None:
        """The word for the half that is shown: left, right, top or bottom; None for the whole picture."""
        return None if self.shown is None else self.shown.value

    @classmethod
    def wanted(cls, wanted: StereoOption | None) -> Eye:
        """What the user ``wanted``, before it is known whether pictures are turned."""
        half = None if wanted in (None, "whole") else Half(wanted)
        return cls(half, half)

    @classmethod
    def of(cls, picture: VideoFrame, tag: str, wanted: StereoOption | None, orientation: Orientation) -> Eye:
        """What the user ``wanted``, or else the left eye, where the stream's first ``picture`` is flagged as 3D.

        ``tag`` is the container's own word for it, empty where it has none.
        """
        if wanted == "whole":
            return cls()
        if wanted is not None:
            shown = Half(wanted)
            return cls(next(half for half in Half if half.turned(orientation) is shown), shown)
        return _flagged(picture, tag, orientation)

    def sample_aspect(self, whole: Fraction, width: int, height: int) -> Fraction:
        """The width of a pixel of the eye by its height, as coded, where those of the whole picture are ``whole``.

        ``width`` and ``height`` are of the whole, as coded. Recorders squeeze both eyes into one picture of a usual
        size, or put them together as they are. An eye that would be narrower than high was squeezed to half its width;
        one that would be at least twice as wide as high, to half its height.
        """
        if self.half is None:
            return whole
        shape = whole * width / height
        if self.half.is_beside:
            return whole * 2 if shape < 2 else whole
        return whole / 2 if shape >= 1 else whole


def _flagged(picture: VideoFrame, tag: str, orientation: Orientation) -> Eye:
    packing, flags = _flag(picture)
    if tag.startswith(_ANAGLYPH):
        return Eye(notice="is flagged as 3D for coloured glasses (anaglyph); it is shown as it is")
    if packing in _OTHER_PACKINGS:
        return Eye(notice=f"is flagged as 3D, {_OTHER_PACKINGS[packing]}; it is shown as it is")
    if packing not in (*_SIDES, _TOP_BOTTOM):
        return Eye()
    how = "one above the other" if packing == _TOP_BOTTOM else "side by side"
    half = Half.TOP if packing == _TOP_BOTTOM else Half.LEFT
    half = half.other if flags & _INVERTED else half
    shown = half.turned(orientation)
    choice = f"--stereo {shown.other.value} for the other, --stereo whole for both"
    return Eye(half, shown, f"is flagged as 3D, both eyes {how}; the left eye ({shown.value} half) is shown; {choice}")


def _flag(picture: VideoFrame) -> tuple[int, int]:
    """FFmpeg's number of the packing and its flags; 0, 0 for a picture that says nothing."""
    data = side_data(picture, "STEREO3D")
    if len(data) < _STEREO.size:
        return 0, 0
    packing, flags = _STEREO.unpack_from(data)
    return int(packing), int(flags)


class EyeCutter:
    """Cuts one half out of decoded pictures without a copy. One thread."""

    def __init__(self, half: Half, cropping: Cropping) -> None:
        """``half`` of what ``cropping`` leaves of a coded picture."""
        self._half = half
        self._cropping = cropping
        self._filter = FrameFilter(self._crop)

    def cut(self, picture: VideoFrame) -> VideoFrame:
        """The half: its planes are those of ``picture``. A picture of less than four pixels is left whole."""
        return self._filter.apply(picture)

    def size(self, width: int, height: int) -> tuple[int, int]:
        """Width and height of the half of a picture of that size."""
        return self._place(width, height)[:2]

    def _place(self, width: int, height: int) -> tuple[int, int, int, int]:
        """Width and height of the half, and where it begins in the coded picture: x, y."""
        shown_width, shown_height = self._cropping.size(width, height)
        is_whole = (shown_width, shown_height) == (width, height)
        x, y = (0, 0) if is_whole else (self._cropping.left, self._cropping.top)
        length = shown_width if self._half.is_beside else shown_height
        half = length // 2 // _GRID * _GRID
        if not half:
            return shown_width, shown_height, x, y
        skipped = 0 if self._half in (Half.LEFT, Half.TOP) else (length - half) // _GRID * _GRID
        if self._half.is_beside:
            return half, shown_height, x + skipped, y
        return shown_width, half, x, y + skipped

    def _crop(self, picture: VideoFrame) -> list[tuple[str, str]]:
        width, height, x, y = self._place(picture.width, picture.height)
        return [("crop", f"{width}:{height}:{x}:{y}:exact=1")]
