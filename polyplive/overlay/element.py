"""What every drawn element is, and the geometry that they share."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Self, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from polyplive.types import Image

Cover: TypeAlias = "NDArray[np.uint8]"
"""uint8 [H, W]: above 0 where a pixel may be changed."""


class Element(Protocol):
    """One thing that is drawn. Made for one target; drawing it twice gives the same pixels.

    It blends colours in, so it draws on either kind of array: a picture, or a canvas that is laid over one later.
    """

    def draw(self, image: Image) -> None:
        """Draw onto ``image``, in place; what lies outside of it is cut off.

        It is a picture, uint8 [H, W, 3] BGR, or a canvas, uint8 [H, W, 4] BGRA with colours multiplied by alpha.
        """
        ...

    def cover(self, mask: Cover) -> None:
        """Set to 255 every pixel that ``draw`` may change, and perhaps a few more."""
        ...

    @property
    def bounds(self) -> Rect:
        """A rectangle that holds all that ``cover`` sets; it may reach outside of the picture."""
        ...

    def moved(self, across: int, down: int) -> Element:
        """The same so many columns to the right and rows below."""
        ...


@dataclass(frozen=True, slots=True)
class Rect:
    """A rectangle of pixels: columns ``x`` to ``x + width - 1``, rows ``y`` to ``y + height - 1``."""

    x: int
    y: int
    width: int
    height: int

    @property
    def slices(self) -> tuple[slice, slice]:
        """Rows and columns; only for a rectangle that starts inside of the image."""
        return slice(self.y, self.y + self.height), slice(self.x, self.x + self.width)

    def shared(self, other: Rect) -> int:
        """How many pixels both hold."""
        width = min(self.x + self.width, other.x + other.width) - max(self.x, other.x)
        height = min(self.y + self.height, other.y + other.height) - max(self.y, other.y)
        return max(width, 0) * max(height, 0)

    def within(self, width: int, height: int) -> bool:
        """Whether a frame of that size holds all of it."""
        return self.x >= 0 and self.y >= 0 and self.x + self.width <= width and self.y + self.height <= height

    def moved(self, across: int, down: int) -> Rect:
        """The same so many columns to the right and rows below."""
        return Rect(self.x + across, self.y + down, self.width, self.height)

    def joined(self, other: Rect) -> Rect:
        """The smallest that holds both."""
        left, top = min(self.x, other.x), min(self.y, other.y)
        right = max(self.x + self.width, other.x + other.width)
        bottom = max(self.y + self.height, other.y + other.height)
        return Rect(left, top, right - left, bottom - top)

    def clipped(self, width: int, height: int) -> Rect | None:
        """What of it a frame of that size holds; None where that is nothing."""
        left, top = max(self.x, 0), max(self.y, 0)
        right, bottom = min(self.x + self.width, width), min(self.y + self.height, height)
        return Rect(left, top, right - left, bottom - top) if right > left and bottom > top else None


@dataclass(frozen=True, slots=True)
class Pad:
    """The base of elements that fill a rectangle inside of the picture: text on a pad."""

    rect: Rect

    def draw(self, image: Image) -> None:
        """Draw the pad and what stands on it."""
        raise NotImplementedError

    def cover(self, mask: Cover) -> None:
        """The pad."""
        mask[self.rect.slices] = 255

    @property
    def bounds(self) -> Rect:
        """The pad."""
        return self.rect

    def moved(self, across: int, down: int) -> Self:
        """The same elsewhere."""
        return dataclasses.replace(self, rect=self.rect.moved(across, down))


@dataclass(frozen=True, slots=True)
class Scale:
    """Sizes in pixels that go with a frame's size: letters, margins and lines."""

    text: int
    margin: int
    line: int

    @classmethod
    def of(cls, width: int, height: int, density: float = 1.0) -> Scale:
        """For a frame of that size; a tall narrow one counts as if it were four to three.

        With ``density`` pixels in one that a viewer sees as such, everything is so much larger.
        """
        short = min(height, 0.75 * width)
        return cls(
            text=max(round(10 * density), round(5.5 * density + 0.0145 * short)),
            margin=max(round(3 * density), round(0.012 * short)),
            line=max(round(density), round(short / 280)),
        )
