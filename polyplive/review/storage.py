"""Opens the review of a video, as it was kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyplive.errors import DataError, text_of
from polyplive.review.kept_review import KeptReview
from polyplive.review.review import Review
from polyplive.review.review_file import ReviewFile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def open_review(
    video: Path,
    *,
    by: str = "",
    on_changed: Callable[[], None] = lambda: None,
    folder: Path | None = None,
    read_only: bool = False,
) -> Review:
    """The review of ``video``: as it was kept, else a new one. Set its ``analysis`` and its ``timeline``.

    ``folder`` holds reviews of videos whose own folder is read-only; None is the user's. With ``read_only``
    nothing is written, and a window may have the review open. Raises ``DataError`` where the video cannot be read.
    """
    try:
        return Review(by, on_changed, KeptReview(ReviewFile(video, folder, read_only=read_only)))
    except OSError as error:
        raise DataError(f"'{video.name}' cannot be read: {text_of(error)}", "Give another file.") from None
