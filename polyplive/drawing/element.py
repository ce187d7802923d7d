"""What every drawn element is, and the geometry that they share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from polyplive.types import Image

Colour: TypeAlias = tuple[int, int, int]
"""Blue, green, red, each from 0 to 255."""

Cover: TypeAlias = "NDArray[np.uint8]"
"""uint8 [H, W]: above 0 where a pixel may be changed."""


class Element(Protocol):
    """One thing on the frame. Made for one frame size; drawing it twice gives the same pixels."""

    def draw(self, image: Image) -> None:
        """Draw onto ``image`` (uint8 [H, W, 3] BGR), in place; what lies outside of it is cut off."""
        ...

    def cover(self, mask: Cover) -> None:
        """Set to 255 every pixel that ``draw`` may change, and perhaps a few more."""
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


@dataclass(frozen=True, slots=True)
class Scale:
    """Sizes in pixels that go with a frame's size: letters, margins and lines."""

    text: int
    margin: int
    line: int

    @classmethod
    def of(cls, width: int, height: int) -> Scale:
        """For a frame of that size; a tall narrow one counts as if it were four to three."""
        short = min(height, 0.75 * width)
        return cls(
            text=max(10, round(5.5 + 0.0145 * short)),
            margin=max(3, round(0.012 * short)),
            line=max(1, round(short / 280)),
        )
