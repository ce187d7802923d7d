"""Shows how a batch goes: bars for all and for each on a terminal, a line for each recording elsewhere."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from polyplive.commands.messages import say
from polyplive.wording import counted

if TYPE_CHECKING:
    from types import TracebackType

    from rich.progress import TaskID

    from polyplive.batch.recording import Recording
    from polyplive.batch.result import Result

_NAME_SHOWN = 40
_BARS = 16
"""So many recordings have a bar; a cluster may work on hundreds."""


class BatchProgress:
    """A ``Watcher``, in a ``with`` statement. One thread."""

    def __init__(self, recordings: int) -> None:
        self._recordings = recordings
        self._ended = self._before = 0
        self._bars: dict[str, TaskID] = {}
        self._bar: Progress | None = None
        self._all: TaskID | None = None

    def __enter__(self) -> BatchProgress:
        if sys.stderr.isatty():
            columns = (
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
            )
            self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
            self._bar.start()
            self._all = self._bar.add_task("All recordings", total=self._recordings)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
        if self._before:
            say(f"{counted(self._before, 'recording')} had a result before")

    def progress(self, recording: Recording, done: int, total: int | None) -> None:
        """See ``Watcher``."""
        if self._bar is None:
            return
        if recording.name not in self._bars and len(self._bars) < _BARS:
            name = recording.path.name
            shown = name if len(name) <= _NAME_SHOWN else name[: _NAME_SHOWN - 1] + "…"
            self._bars[recording.name] = self._bar.add_task(shown, total=total)
        if recording.name in self._bars:
            self._bar.update(self._bars[recording.name], completed=done, total=total)

    def ended(self, recording: Recording, result: Result, is_new: bool) -> None:
        """See ``Watcher``."""
        self._ended += 1
        self._before += not is_new
        if self._bar is not None and self._all is not None:
            if recording.name in self._bars:
                self._bar.remove_task(self._bars.pop(recording.name))
            self._bar.update(self._all, completed=self._ended)
        if is_new:
            self._say(f"[{self._ended}/{self._recordings}] {result.source}: {_in_words(result)}")

    def notice(self, text: str) -> None:
        """See ``Watcher``."""
        self._say(text)

    def _say(self, text: str) -> None:
        if self._bar is not None:
            self._bar.console.print(text, markup=False, emoji=False, highlight=False, soft_wrap=True)
        else:
            say(text)


def _in_words(result: Result) -> str:
    figures = result.figures
    if figures is None:
        return f"{result.status}: {result.reason}"
    rate = figures.frames_processed / result.seconds if result.seconds else 0.0
    found = counted(figures.findings, "finding")
    return f"{result.status}, {counted(figures.frames_processed, 'frame')}, {found}, {rate:.0f} frames a second"
