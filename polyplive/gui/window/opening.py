"""What the main window can open, and how a page for it is made."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from polyplive.config import Settings
from polyplive.gui.review.review_page import ReviewPage
from polyplive.gui.session.display import Display
from polyplive.gui.session.live_page import LivePage
from polyplive.gui.session.replay_page import ReplayPage
from polyplive.gui.session.snapshots import default_folder
from polyplive.sessions.live import LiveSession
from polyplive.sessions.replay import Player, PlayerSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from polyplive.gui.export.job import Export
    from polyplive.gui.review.parts import ReviewParts
    from polyplive.gui.session.session_page import SessionPage
    from polyplive.sessions.engine_room.supervisor import OpenEngine
    from polyplive.sessions.live import LiveParts
    from polyplive.sessions.view import View
    from polyplive.sinks.base import Sink
    from polyplive.sources.base import Source
    from polyplive.sources.capture.address import Address
    from polyplive.sources.capture.options import CaptureRequest
    from polyplive.types import OverlaySettings

_VIEWS_AHEAD = 3


class Opening(Protocol):
    """Something that can be shown: a recording or a live source with its outputs. Qt's thread."""

    @property
    def path(self) -> Path | None:
        """The recording's file; None for a live source."""
        ...

    @property
    def source(self) -> Address | None:
        """The address of a live source, which nothing else may open meanwhile; None for a recording."""
        ...

    @property
    def snapshots(self) -> Path | None:
        """The folder for snapshots that was asked for; None for the usual one."""
        ...

    @property
    def closes_window(self) -> bool:
        """Whether the window closes when the session ends by itself."""
        ...

    def make_page(self) -> SessionPage:
        """The page with its session, not shown or started yet. Raises ``PolypliveError``."""
        ...

    def closed(self, page: SessionPage) -> None:
        """The page was closed, and its session has ended: say what it did. Raises nothing."""
        ...


class Program(Protocol):
    """Makes openings of what a user chooses in the window. Qt's thread; it may raise ``PolypliveError``."""

    def recording(self, path: Path) -> Opening:
        """The video at ``path``."""
        ...

    def review(self, path: Path, by: str, name_reviewer: Callable[[str], None], start_s: float = 0.0) -> Opening:
        """The video at ``path``, to be reviewed by somebody called ``by`` (empty: not said), from ``start_s`` on.

        ``name_reviewer`` keeps another name. A review that is there already goes on. Called in another thread: the
        index of an hour of video takes a second.
        """
        ...

    def source(self, address: str, capture: CaptureRequest) -> Opening:
        """The capture device, screen or stream at ``address``."""
        ...

    def demo(self) -> Opening:
        """The rendered clip."""
        ...

    def export(
        self, path: Path, files: Mapping[str, Path], overlay: OverlaySettings, threshold: float | None
    ) -> Export:
        """An export of the video at ``path`` into ``files``, by the names of ``gui.export.dialog.PLAYED``."""
        ...


def _nothing(_: object) -> None:
    """Nothing is to be said at the end."""


@dataclass(frozen=True, slots=True)
class ReplayOpening:
    """A recording, to be played or, where ``make_review`` makes the parts of a review, to be reviewed.

    ``open_source`` and ``open_engine`` are called in the player's threads. ``snapshots`` is the folder for snapshots
    (None: ``default_folder``). ``on_closed`` is called with the page when its session has ended.
    """

    open_source: Callable[[], Source]
    open_engine: OpenEngine
    settings: Settings = field(default_factory=Settings)
    sinks: Sequence[Sink] = ()
    start_s: float = 0.0
    frames: int | None = None
    snapshots: Path | None = None
    on_closed: Callable[[ReplayPage], None] = _nothing
    closes_window: bool = False
    path: Path | None = None
    source: None = None

    make_review: Callable[[], ReviewParts] | None = None

    def make_page(self) -> ReplayPage:
        """The page with its player. Raises ``PolypliveError`` where the review cannot be made."""
        settings = self.settings
        display = Display(settings.overlay, settings.pipeline.threshold, settings.pipeline.min_area)
        chosen = PlayerSettings(
            start_s=self.start_s,
            frames=self.frames,
            cam=display.needs_cam,
            threshold=settings.pipeline.threshold,
            overlay=settings.overlay,
            views_ahead=_VIEWS_AHEAD,
            full_paths=settings.full_paths,
        )

        def make_player(on_view: Callable[[View], None]) -> Player:
            return Player(self.open_source, self.open_engine, on_view, chosen, self.sinks, settings.pipeline)

        folder = self.snapshots or default_folder()
        if self.make_review is not None:
            return ReviewPage(make_player, display, folder, self.make_review(), settings.view, settings)
        return ReplayPage(make_player, display, folder, settings.view, settings=settings)

    def closed(self, page: SessionPage) -> None:
        """Say what the session did."""
        assert isinstance(page, ReplayPage)
        self.on_closed(page)


@dataclass(frozen=True, slots=True)
class LiveOpening:
    """A live source; ``on_closed`` is called with the page when its session has ended.

    ``recordings`` is the folder for recordings that are started in the window (None: ``recordings_folder``).
    """

    parts: LiveParts
    settings: Settings
    snapshots: Path | None = None
    sound: bool = False
    on_closed: Callable[[LivePage], None] = _nothing
    closes_window: bool = False
    path: None = None
    source: Address | None = None
    recordings: Path | None = None

    def make_page(self) -> LivePage:
        """The page with its session."""
        settings = self.settings
        display = Display(settings.overlay, settings.pipeline.threshold, settings.pipeline.min_area)
        folder = self.snapshots or default_folder()

        def make_session(on_news: Callable[[], None]) -> LiveSession:
            return LiveSession(self.parts, on_news)

        return LivePage(make_session, display, folder, self.sound, settings.view, self.recordings)

    def closed(self, page: SessionPage) -> None:
        """Say what the session did."""
        assert isinstance(page, LivePage)
        self.on_closed(page)
