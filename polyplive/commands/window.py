"""The window: empty, or with what a command asks for."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from polyplive.commands import live, replay, review
from polyplive.commands.session_setup import require_display
from polyplive.config import Settings
from polyplive.errors import MissingDependency, SourceRefused, SourceUnreadable
from polyplive.evaluation.demo_truth import demo_clip
from polyplive.wording import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from polyplive.gui.window.opening import LiveOpening, Opening, ReplayOpening
    from polyplive.sources.capture.options import CaptureRequest
    from polyplive.types import OverlaySettings

_SHOWN = (SourceUnreadable, SourceRefused, MissingDependency)
"""What is shown in the window, as its cause is the video. A mistake in the command is a line in the terminal alone."""


@dataclasses.dataclass(frozen=True, slots=True)
class WindowProgram:
    """Makes what a user chooses in the window, with the settings of the command that opened it."""

    settings: Settings
    snapshots: Path | None = None

    def recording(self, path: Path) -> ReplayOpening:
        """The video at ``path``."""
        return replay.opening(replay.ReplayRequest(path, self.settings, snapshots=self.snapshots))

    def review(self, path: Path, by: str, name_reviewer: Callable[[str], None], start_s: float = 0.0) -> ReplayOpening:
        """The video at ``path``, to be reviewed from ``start_s`` on."""
        request = review.ReviewRequest(path, self.settings, by, start_s, snapshots=self.snapshots)
        return review.opening(request, name_reviewer)

    def source(self, address: str, capture: CaptureRequest) -> LiveOpening:
        """The capture device, screen or stream at ``address``."""
        return live.opening(
            live.LiveRequest(
                self.settings,
                address,
                size=capture.size,
                rate=capture.rate,
                pixel_format=capture.pixel_format,
                stream=capture.stream,
                stereo=capture.stereo,
                snapshots=self.snapshots,
            )
        )

    def demo(self) -> ReplayOpening:
        """The rendered clip."""
        return self.recording(demo_clip())

    def export(
        self, path: Path, files: Mapping[str, Path], overlay: OverlaySettings, threshold: float | None
    ) -> RecordingExport:
        """An export of the video at ``path``, drawn with ``overlay``, outlined above ``threshold``."""
        pipeline = dataclasses.replace(self.settings.pipeline, threshold=threshold)
        settings = dataclasses.replace(self.settings, overlay=overlay, pipeline=pipeline)
        record, events, report = (files.get(name) for name in ("record", "events", "report"))
        request = replay.ReplayRequest(path, settings, headless=True, record=record, events=events, report=report)
        return RecordingExport(request)


class RecordingExport:
    """Processes a recording into files, as ``polyplive replay --headless`` does."""

    def __init__(self, request: replay.ReplayRequest) -> None:
        """Check video and files. Raises ``PolypliveError``."""
        self._request = request
        self._sinks, video = replay.checked_sinks(request)
        self.frames = video.frames

    def run(self, on_frame: Callable[[int], None]) -> str:
        """Write the files, and say what was written. Any thread. Raises ``PolypliveError``."""
        summary = replay.process(self._request, self._sinks, on_frame)
        if summary.failures:
            raise summary.failures[0]
        how = "Stopped" if summary.reason == "stopped" else "Written"
        names = ", ".join(file.name for sink in self._sinks for file in sink.files)
        return f"{how}: {names}. {counted(summary.tally.processed, 'frame')}, {summary.marked} of them with a finding."


def run(settings: Settings | None = None) -> int:
    """Show the window with nothing open. Returns the exit code."""
    return _show(WindowProgram(settings or Settings()))


def run_replay(request: replay.ReplayRequest) -> int:
    """Show a recording. Returns the exit code."""
    return _show(WindowProgram(request.settings, request.snapshots), lambda: replay.opening(request))


def run_review(request: review.ReviewRequest) -> int:
    """Show a recording to be reviewed, by who is remembered where no name is given. Returns the exit code."""

    def first() -> ReplayOpening:
        from polyplive.gui.window.preferences import Preferences

        remembered = Preferences()

        def remember(name: str) -> None:
            remembered.reviewer = name

        return review.opening(dataclasses.replace(request, by=request.by or remembered.reviewer), remember)

    return _show(WindowProgram(request.settings, request.snapshots), first, "A review needs one.")


def run_live(request: live.LiveRequest) -> int:
    """Show a live source. Returns the exit code."""
    program = WindowProgram(request.settings, request.snapshots)
    return _show(program, lambda: live.opening(request, closes_window=True))


def run_demo(settings: Settings) -> int:
    """Show the rendered clip. Returns the exit code."""
    program = WindowProgram(settings)
    return _show(program, program.demo)


def _show(program: WindowProgram, first: Callable[[], Opening] | None = None, hint: str = "") -> int:
    require_display(hint) if hint else require_display()
    from polyplive.gui.app import run_window

    if first is None:
        return run_window(program, view=program.settings.view)
    try:
        opening = first()
    except _SHOWN as error:
        return run_window(program, error)
    return run_window(program, opening)
