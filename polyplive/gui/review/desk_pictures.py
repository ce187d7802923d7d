"""The pictures of a review's report, as the panel that explains a frame changes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from polyplive.gui.review.desk import ReviewDesk


class DeskPictures:
    """Pictures of the review on ``desk``; Qt's thread. Each change can be undone there."""

    def __init__(self, desk: ReviewDesk) -> None:
        self._desk = desk

    def has(self, at_s: float, name: str) -> bool:
        """Whether the report has the picture of this name."""
        return self._desk.review.has_picture(at_s, name)

    def add(self, at_s: float, name: str, caption: str, jpeg: bytes) -> None:
        """Put it there."""
        self._desk.review.add_picture(at_s, name, caption, jpeg)
        self._desk.refresh()

    def remove(self, at_s: float, name: str) -> None:
        """Take it out again."""
        self._desk.review.remove_picture(at_s, name)
        self._desk.refresh()
