"""Progress of long work: a bar if stderr is a terminal, and how many frames an ending session still has to write."""

from __future__ import annotations

import contextlib
import sys
import time
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from polyplive.wording import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NOTICE_AFTER_S = 0.5
_NOTICE_EVERY_S = 2.0


@contextlib.contextmanager
def progress_bar(what: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """A context with a function that takes the number of items done; ``total`` None shows only the count."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.update(task, completed=done)


class WaitingNotice:
    """Reports how many frames an ending session still has to write: after half a second, then every two seconds."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._due_s = time.monotonic() + NOTICE_AFTER_S

    def __call__(self, frames: int) -> None:
        """Report that ``frames`` are left."""
        now_s = time.monotonic()
        if frames and now_s >= self._due_s:
            self._due_s = now_s + _NOTICE_EVERY_S
            self._say(still_to_write(frames))


def still_to_write(frames: int) -> str:
    """The notice as one line."""
    verb, them = ("is", "it") if frames == 1 else ("are", "them")
    return f"{counted(frames, 'frame')} {verb} still to be written. Ctrl-C abandons {them}."
