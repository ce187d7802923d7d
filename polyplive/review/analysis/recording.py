"""The recording that a runner of pieces has open, and where reading stands in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyplive.errors import SourceUnreadable
from polyplive.system.video_identity import identity_of

if TYPE_CHECKING:
    from polyplive.review.analysis.planning import Piece, Plan, Unit
    from polyplive.review.analysis.reading import Position
    from polyplive.sources.file import FileSource


class OpenRecording:
    """The recording of ``plan``, open; one thread.

    Pieces that follow each other are read on without a seek: then even damage shows as in an unsplit run.
    """

    def __init__(self, plan: Plan) -> None:
        """Raises ``SourceError``, also where the file is another one than planned."""
        self._plan = plan
        if not identity_of(plan.path).is_same_video(plan.identity):
            raise SourceUnreadable(f"'{plan.path}' has changed since its analysis was planned", "Start again.")
        self.source: FileSource = plan.video.open(plan.path)
        self._is_fresh = True
        self._piece_next: int | None = None
        self._position: Position | None = None

    def is_of(self, plan: Plan) -> bool:
        """Whether ``plan`` is for this recording, opened so."""
        own = self._plan
        return (plan.path, plan.video, plan.identity) == (own.path, own.video, own.identity)

    def go_to(self, unit: Unit) -> tuple[Position | None, bool]:
        """Stand at the piece of ``unit``, or where decoding up to it begins.

        Returns where reading stands (None: nowhere in particular), and whether all frames before are decoded too.
        """
        piece, position = unit.piece, self._position
        follows = self._piece_next == piece.number
        self._position = self._piece_next = None
        if follows and position is not None and (position.from_start or not unit.from_start):
            return position, position.from_start
        if unit.from_start or piece.first == 0:
            if not self._is_fresh:
                self.source.close()
                self.source = self._plan.video.open(self._plan.path)
            self._is_fresh = False
            return None, True
        self._is_fresh = False
        self.source.seek_frame(piece.first)
        return None, False

    def has_read(self, piece: Piece, position: Position | None) -> None:
        """Note that ``piece`` was read to its end."""
        self._piece_next, self._position = piece.number + 1, position

    def close(self) -> None:
        """Close it; calling it again does nothing."""
        self.source.close()
