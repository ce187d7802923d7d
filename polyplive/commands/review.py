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
from polyplive.review.analysis.planning import VideoOptions
from polyplive.types import StereoOption
from polyplive.validation import check_fields

if TYPE_CHECKING:
    from collections.abc import Callable

    from polyplive.gui.window.opening import ReplayOpening


@dataclass(frozen=True, slots=True)
class ReviewRequest:
    """The request of ``polyplive review``: ``by`` is the reviewer's name; the others are as in ``ReplayRequest``."""

    video: Path
    settings: Settings = field(default_factory=Settings)
    by: str = ""
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
        names = {item.name for item in dataclasses.fields(self)} - {"by"}
        return replay.ReplayRequest(**{name: getattr(self, name) for name in names})


def opening(request: ReviewRequest, name_reviewer: Callable[[str], None]) -> ReplayOpening:
    """The video with its review, for the window. ``name_reviewer`` keeps another name of the reviewer.

    Raises ``PolypliveError`` for what cannot be played.
    """
    from polyplive.commands.review_parts import review_parts  # which takes a while: here a window goes on meanwhile

    made = replay.opening(request.replay)
    video = VideoOptions(request.deinterlace, request.stream, request.stereo, request.settings.full_paths)
    return dataclasses.replace(
        made,
        make_review=functools.partial(review_parts, request.video, request.settings, video, request.by, name_reviewer),
    )
