"""A review on the disk: opened with what was kept, and written after every action."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyplive.review.review_content import stored
from polyplive.review.review_writer import ReviewWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from polyplive.review.review_content import ReviewContent, StoredFinding
    from polyplive.review.review_file import ReviewFile
    from polyplive.review.tracks import Track
    from polyplive.system.video_identity import VideoIdentity


class KeptReview:
    """Keeps a review in its file. ``put`` returns at once; one thread, which opened it."""

    def __init__(self, file: ReviewFile) -> None:
        self._file = file
        self.content: ReviewContent | None = file.load()
        """What was kept; None where there was nothing."""
        self._writer = ReviewWriter(file)
        self._stored: dict[int, tuple[Track, StoredFinding]] = {}

    @property
    def identity(self) -> VideoIdentity:
        """The video's."""
        return self._file.identity

    @property
    def path(self) -> Path | None:
        """The file in which it was found, or written last."""
        return self._file.path

    @property
    def notices(self) -> tuple[str, ...]:
        """One line for each thing that the user should know."""
        return self._file.notices

    @property
    def has_earlier(self) -> bool:
        """Whether there is a review of other bytes under the video's name."""
        return self._file.earlier is not None

    def take_earlier(self) -> ReviewContent | None:
        """The review of other bytes under the video's name; once."""
        earlier, self._file.earlier = self._file.earlier, None
        return earlier

    def stored(self, tracks: Sequence[Track]) -> tuple[StoredFinding, ...]:
        """What the file keeps of ``tracks``, without decisions; those that it has kept before cost nothing.

        In the writer's thread.
        """
        before = self._stored
        self._stored = {
            track.number: known
            if (known := before.get(track.number)) is not None and known[0] is track
            else (track, stored(track))
            for track in tracks
        }
        return tuple(finding for _, finding in self._stored.values())

    def put(self, make: Callable[[], bytes]) -> None:
        """Write what ``make`` returns, in another thread."""
        self._writer.put(make)

    def flush(self, timeout_s: float | None = None) -> bool:
        """Wait until all is written; False where it is not."""
        return self._writer.flush(timeout_s)

    def close(self, timeout_s: float) -> bool:
        """Write what is left; False where that failed."""
        return self._writer.close(timeout_s)
