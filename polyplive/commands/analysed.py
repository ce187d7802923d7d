"""Analyses a recording in the terminal, as the window does in the background: what was analysed once is kept."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from polyplive.commands.messages import say
from polyplive.errors import DataError
from polyplive.review.analysis.background import Analysis, AnalysisState
from polyplive.review.timeline import Timeline
from polyplive.system.progress import progress_bar
from polyplive.system.stopping import on_stop

if TYPE_CHECKING:
    from pathlib import Path

    from polyplive.config import Settings
    from polyplive.review.analysis.background import AnalysisProgress

_ASKED_EVERY_S = 0.5
"""A signal is heard between two waits."""


@dataclass(frozen=True, slots=True)
class Analysed:
    """The ``events`` of the whole recording, and its ``timeline``."""

    events: Path
    timeline: Timeline


def analysed(video: Path, settings: Settings) -> Analysed:
    """Analyse ``video`` whole, or take up what is known of it; with a progress bar. In the main thread.

    Raises ``DataError`` with the reason where that fails, and ``KeyboardInterrupt`` where it is stopped.
    """
    newest = deque([Timeline(0.0)], maxlen=1)
    with progress_bar(video.name, None) as done:

        def on_progress(progress: AnalysisProgress) -> None:
            done(progress.done)

        analysis = Analysis(video, settings, on_progress=on_progress, on_timeline=newest.append, notify=say)
        with on_stop(analysis.stop):
            analysis.start()
            try:
                while not analysis.join(_ASKED_EVERY_S):
                    pass
            except KeyboardInterrupt:
                analysis.stop()
                analysis.join()
                raise
    progress = analysis.progress
    if progress.state is AnalysisState.STOPPED:
        raise KeyboardInterrupt
    if analysis.events is None:
        raise DataError(f"'{video.name}' could not be analysed: {progress.message}", "Give events with --events FILE.")
    return Analysed(analysis.events, newest[0])
