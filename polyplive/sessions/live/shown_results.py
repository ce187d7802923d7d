"""Which results were on screen, and with which delay."""

from __future__ import annotations

import dataclasses
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from polyplive.sessions.recorder.messages import FrameDelays
from polyplive.stats import Delays

if TYPE_CHECKING:
    from collections.abc import Callable

    from polyplive.sessions.live.display_queue import DisplayQueue
    from polyplive.sessions.recorder.messages import ProcessedFrame
    from polyplive.types import Prediction


@dataclass(slots=True, eq=False)
class _Pending:
    item: ProcessedFrame
    annotation_ms: float | None = None


class ShownResults:
    """Follows each result to the screen and passes it on with both delays of its frame. Used under the session's lock.

    Results are passed on in order, each once its delays are final. They are final when the result was painted. They are
    also final when a newer one replaced it and no view holds it any more. Without a ``screen`` the annotation delay
    ends when the result is there. A result is known by its frame's number: a view may hold it with less of it drawn.
    """

    def __init__(self, screen: DisplayQueue | None, hand_on: Callable[[ProcessedFrame], None]) -> None:
        self.delays = Delays()
        """Milliseconds from a frame's read until its result was on screen, of each result that was shown."""
        self.unshown = 0
        """The number of results that were never on screen."""
        self._display = screen
        self._hand_on = hand_on
        self._pending: deque[_Pending] = deque()
        self._newest: int | None = None
        self._viewed: int | None = None

    def answered(self, item: ProcessedFrame) -> None:
        """Note a new result; views can hold it from now on."""
        pending = _Pending(item)
        self._newest = item.frame.index
        self._pending.append(pending)
        if self._display is None and item.prediction is not None:
            self._note_shown(pending, item.prediction.completed_s)
        self._settle()

    def viewed(self, prediction: Prediction | None) -> None:
        """Note that the window got a view with this result, in place of its last view."""
        self._viewed = prediction.index if prediction is not None else None
        self._settle()

    def drawn(self, prediction: Prediction | None, now_s: float) -> None:
        """Note that a view with this result is on screen now; only the first time counts."""
        for pending in self._pending:
            is_it = prediction is not None and pending.item.frame.index == prediction.index
            if is_it and pending.annotation_ms is None:
                self._note_shown(pending, now_s)
        self._settle()

    def close(self) -> None:
        """Pass on all remaining results: nothing more will be drawn."""
        self._newest = self._viewed = None
        self._settle()

    def _note_shown(self, pending: _Pending, now_s: float) -> None:
        pending.annotation_ms = (now_s - pending.item.frame.captured_s) * 1e3
        self.delays.add(pending.annotation_ms)

    def _settle(self) -> None:
        while self._pending and self._is_settled(self._pending[0]):
            pending = self._pending.popleft()
            self.unshown += pending.annotation_ms is None
            video_ms = self._display.delay_ms(pending.item.frame) if self._display is not None else None
            delays = FrameDelays(video_ms, pending.annotation_ms)
            self._hand_on(dataclasses.replace(pending.item, delays=delays))

    def _is_settled(self, pending: _Pending) -> bool:
        may_still_be_shown = pending.item.frame.index in (self._newest, self._viewed)
        if pending.annotation_ms is None and may_still_be_shown:
            return False
        return self._display is None or not self._display.may_still_show(pending.item.frame)
