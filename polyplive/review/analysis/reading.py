"""Reads the frames of one piece in order, with the region of each; frames whose result is known are stepped over."""

from __future__ import annotations

import threading
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from polyplive.pipeline.picture_mask import picture_mask
from polyplive.pipeline.tracking import PATIENCE
from polyplive.review.analysis.results import Closing, KeptFrame, KeptMask, KeptView, Seam, kept_roi
from polyplive.review.quality.flaws import frame_flaws

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from polyplive.pipeline.field_of_view import FieldOfView
    from polyplive.review.analysis.planning import Piece
    from polyplive.sources.file import FileSource
    from polyplive.types import Frame, Roi

QUALITY_EVERY = 5
"""Of so many frames one is looked at for flaws of the picture: 5 a second of video."""

_MISSING = "missing"
"""The one cause of loss that a source knows at the end only."""


@dataclass(frozen=True, slots=True, eq=False)
class PieceFrame:
    """A ``frame`` to process: ``kept`` is what is known of it without a result.

    ``before`` are frames between the one that was given before and this one, whose results were known.
    """

    frame: Frame
    kept: KeptFrame
    before: tuple[KeptFrame, ...]


class GivenRegion:
    """Gives the region that was set for the frame that is prepared next. Implements ``SeesRegions``."""

    def __init__(self) -> None:
        self.roi: Roi | None = None

    def area(self, frame: Frame) -> Roi:
        """The region that was set."""
        assert self.roi is not None, f"frame {frame.index} has no region"
        return self.roi

    def reset(self) -> None:
        """Nothing is kept."""


@dataclass(frozen=True, slots=True, eq=False)
class Position:
    """Where the reading of a recording stands: ``frame`` was read last, and ``lost`` before it, by cause.

    ``from_start``: all frames were read in order from the first one on.
    """

    frame: Frame
    lost: dict[str, int]
    from_start: bool


class PieceReader:
    """Gives a piece's frames that have to be processed, and sets the region of each in ``region``.

    ``position`` is where ``source`` stands, if that is at the piece's first frame; None where it has been sought, or
    stands at the start of the file. ``view`` finds the regions, from the state before the piece on. ``known`` are the
    frames of an earlier result of the piece, in order: a frame with the same region is not processed again. Its
    neighbours behind a frame that is processed are, as these may leave findings that are missing in them.

    ``frames`` runs in one thread, up to the end; then ``rest``, ``closing`` and ``position`` are there. ``stop`` in any
    thread ends it.
    """

    def __init__(
        self,
        source: FileSource,
        piece: Piece,
        position: Position | None,
        view: FieldOfView,
        region: GivenRegion,
        known: Iterable[KeptFrame],
    ) -> None:
        self._source = source
        self._piece = piece
        self._begin = position
        self._view = view
        self._region = region
        self._known = iter(known)
        self._next_known = next(self._known, None)
        self._near = 0
        self._stopped = threading.Event()
        self._first: Seam | None = None
        self._behind: Frame | None = None
        self._stepped: list[KeptFrame] = []
        self._lost: dict[str, int] = {}
        self._counted = _counted(source.dropped)
        self._was_lost = False
        self._damage = source.errors + source.concealed

    @property
    def rest(self) -> list[KeptFrame]:
        """The frames behind the last one that was given, whose results were known."""
        return self._stepped

    def position(self, *, from_start: bool) -> Position | None:
        """Where the source stands now: at the first frame behind the piece; None at the end."""
        return None if self._behind is None else Position(self._behind, self._lost, from_start)

    def closing(self, *, from_start: bool, has_failed: bool) -> Closing:
        """What lies around the piece."""
        behind = None if self._behind is None else _seam(self._behind)
        missing = self._source.dropped.get(_MISSING, 0) if behind is None else 0
        is_clean = not self._was_lost and self._source.errors + self._source.concealed == self._damage
        view = KeptView.of(self._view.state)
        return Closing(self._first, behind, view, self._lost, missing, is_clean, from_start, has_failed)

    def stop(self) -> None:
        """Read no more frames."""
        self._stopped.set()

    def frames(self) -> Iterator[PieceFrame]:
        """The frames to process, in order."""
        for frame in self._read():
            if not self._piece.is_last and frame.index >= self._piece.last:
                self._behind = frame
                return
            if frame.index < self._piece.first:  # on the way to the piece
                self._lost, self._was_lost = {}, False
                self._damage = self._source.errors + self._source.concealed
                continue
            kept, roi = self._described(frame)
            if (known := self._known_result(kept)) is not None:
                self._stepped.append(known)
                continue
            before, self._stepped = tuple(self._stepped), []
            self._region.roi = roi
            yield PieceFrame(frame, kept, before)

    def _read(self) -> Iterator[Frame]:
        if self._begin is not None:
            self._lost, begin, self._begin = self._begin.lost, self._begin.frame, None
            yield begin
        while not self._stopped.is_set():
            frame = self._source.read()
            self._count_lost()
            if frame is None:
                return
            yield frame

    def _described(self, frame: Frame) -> tuple[KeptFrame, Roi]:
        if self._first is None:
            self._first = _seam(frame)
        size = frame.width, frame.height
        mask = picture_mask(frame.picture) if self._view.searches(size) else None
        roi = self._view.area_by(size, mask)
        lost, self._lost = self._lost, {}
        kept = KeptFrame(
            index=frame.index,
            pts_s=frame.pts_s,
            captured_s=frame.captured_s,
            is_repaired=frame.is_repaired,
            size=size,
            aspect=frame.sample_aspect.as_integer_ratio(),
            lost=lost,
            roi=kept_roi(roi),
            mask=None if mask is None else KeptMask.of(mask),
            flaws=None if frame.index % QUALITY_EVERY else [flaw.value for flaw in frame_flaws(frame, roi)],
        )
        return kept, roi

    def _known_result(self, kept: KeptFrame) -> KeptFrame | None:
        """``kept`` with its result from before; None where it has to be processed."""
        while self._next_known is not None and self._next_known.index < kept.index:
            self._next_known = next(self._known, None)
        known = self._next_known
        is_same = known is not None and (known.index, known.size, known.roi) == (kept.index, kept.size, kept.roi)
        if not is_same:
            self._near = PATIENCE
            return None
        if self._near:
            self._near -= 1
            return None
        assert known is not None
        return msgspec.structs.replace(kept, result=known.result)

    def _count_lost(self) -> None:
        now = _counted(self._source.dropped)
        lost = {cause: count - self._counted.get(cause, 0) for cause, count in now.items()}
        self._lost = {cause: count for cause, count in lost.items() if count}
        self._was_lost |= bool(self._lost)
        self._counted = now


def _counted(dropped: Mapping[str, int]) -> dict[str, int]:
    """The frames lost so far, without those that are known at the end only."""
    return {cause: count for cause, count in dropped.items() if cause != _MISSING}


def _seam(frame: Frame) -> Seam:
    return Seam(frame.index, frame.pts_s, frame.is_repaired, (frame.width, frame.height), zlib.crc32(frame.image.data))
