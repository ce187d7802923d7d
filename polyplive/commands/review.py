"""``polyplive review``."""

from __future__ import annotations

import dataclasses
import functools
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from polyplive.commands import replay
from polyplive.config import Settings
from polyplive.sessions.opening import open_video
from polyplive.types import StereoOption
from polyplive.validation import check_fields

if TYPE_CHECKING:
    from collections.abc import Callable

    from polyplive.gui.review.parts import ReviewParts
    from polyplive.gui.window.opening import ReplayOpening
    from polyplive.sources.file import FileSource


@dataclass(frozen=True, slots=True)
class ReviewRequest:
    """The request of ``polyplive review``; fields as in ``ReplayRequest``."""

    video: Path
    settings: Settings = field(default_factory=Settings)
    start_s: Annotated[float, Meta(ge=0)] = 0.0
    deinterlace: bool = False
    stream: Annotated[int, Meta(ge=1)] | None = None
    stereo: StereoOption | None = None
    snapshots: Path | None = None

    def __post_init__(self) -> None:
        check_fields(self)

    @property
    def replay(self) -> replay.ReplayRequest:
        """What plays it."""
        return replay.ReplayRequest(**{item.name: getattr(self, item.name) for item in dataclasses.fields(self)})


def opening(request: ReviewRequest, by: str, name_reviewer: Callable[[str], None]) -> ReplayOpening:
    """The video with its review for the window, by somebody called ``by`` (empty: not said).

    ``name_reviewer`` keeps another name. Raises ``PolypliveError`` for what cannot be played.
    """
    made = replay.opening(request.replay)
    return dataclasses.replace(made, make_review=functools.partial(_parts, request, by, name_reviewer))


def _parts(request: ReviewRequest, by: str, name_reviewer: Callable[[str], None]) -> ReviewParts:
    from polyplive.gui.review.parts import ReviewParts
    from polyplive.review.storage import open_review

    review = open_review(request.video, by=by)
    return ReviewParts(review, functools.partial(_source, request), name_reviewer=name_reviewer, close=review.close)


def _source(request: ReviewRequest) -> FileSource:
    """The video once more, for small pictures."""
    return open_video(
        request.video,
        deinterlace=request.deinterlace,
        full_path=request.settings.full_paths,
        stream=request.stream,
        stereo=request.stereo,
    )
