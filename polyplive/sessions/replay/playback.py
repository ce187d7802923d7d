"""The playback thread owns the source: it reads frames, shows them when they are due, and handles commands."""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING, TypeAlias

from polyplive.sessions.captions import words_of
from polyplive.sessions.failures import in_one_line
from polyplive.sessions.replay.inbox import Inbox
from polyplive.sessions.replay.pace import Pace
from polyplive.sessions.replay.player_settings import Mode
from polyplive.sessions.replay.reader import Reader
from polyplive.sessions.replay.recording import Recording
from polyplive.sessions.replay.results import ReplayResults
from polyplive.sessions.replay.state import closing_reason, state_of
from polyplive.sessions.view import View
from polyplive.types import Figures, Hud, SessionState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from polyplive.backends.base import EngineSpec
    from polyplive.config import PipelineSettings
    from polyplive.sessions.engine_room.room import EngineRoom, Request
    from polyplive.sessions.replay.player_settings import PlayerSettings
    from polyplive.sinks.base import Sink
    from polyplive.sources.base import Source
    from polyplive.types import Frame, OverlaySettings, Prediction, SourceInfo

_READ_AHEAD = 2
"""How many frames may be processed before they are due, so that inference runs while playback waits."""
_FORGIVEN_S = 0.1
"""A frame that is so many seconds late delays the following frames too; they are not rushed to catch up."""
_EARLIER_S = 1e-4
"""Seconds, less than the time between two frames: seeking this much before a frame's PTS finds the frame before it."""


class Playback(threading.Thread):
    """Plays one source. All methods but ``post`` and ``run`` are called in this thread, by messages from its inbox.

    A message is a function that takes the playback. Between messages ``_advance`` takes one small step at a time, so a
    command waits for at most one read.
    """

    Message: TypeAlias = "Callable[[Playback], None]"

    def __init__(
        self,
        open_source: Callable[[], Source],
        room: EngineRoom,
        on_view: Callable[[View], None],
        settings: PlayerSettings,
        sinks: Sequence[Sink],
    ) -> None:
        super().__init__(name="polyplive-playback", daemon=True)
        self._inbox: Inbox[Playback.Message] = Inbox()
        self._reader = Reader(open_source, settings.frames, on_come=lambda: self.post(lambda _: None))
        self._results = ReplayResults(room, settings.cam, settings.threshold)
        self._on_view = on_view
        self._settings = settings
        self.recording = Recording(sinks, full_paths=settings.full_paths)
        self._pace = Pace(settings.speed)
        self._fault = ""
        self._closing = False

        self._mode = settings.mode
        self._overlay = settings.overlay
        self._playing = settings.playing
        self._ended = self._awaits = False
        self._unseen = 0
        self._skipped: Counter[str] = Counter()

        self._seek_to: float | None = settings.start_s if settings.start_s > 0 else None
        self._jump = True
        self._steps = 0
        self._refresh = False
        self._shown: tuple[Frame, Prediction | None] | None = None

    def post(self, message: Message) -> None:
        """Queue ``message``; any thread."""
        self._inbox.post(message)

    def run(self) -> None:
        """Play until ``stop`` comes."""
        self._publish()
        try:
            self._reader.open()
        except Exception as error:
            self._fail(error)
        while not self._closing:
            try:
                if (message := self._inbox.receive()) is not None:  # otherwise the next frame is due
                    message(self)
                while not self._closing and self._inbox.is_empty and self._advance():
                    pass
            except Exception as error:
                self._fail(error)
        self._end_recording()
        self._reader.close()

    # Commands

    def play(self) -> None:
        """Continue; at the end, start again."""
        if self._ended:
            self.seek(self._settings.start_s)
        self._playing = True
        self._steps = 0
        self._pace.restart()
        self._publish()

    def pause(self) -> None:
        """Keep the shown frame."""
        self._playing = False
        self._steps = 0
        self._want_own_result()
        self._publish()

    def toggle(self) -> None:
        """Pause what plays, play what is paused."""
        (self.pause if self._playing else self.play)()

    def skip(self, seconds: float) -> None:
        """Seek from the shown frame."""
        self.seek(self._target_s() + seconds)

    def step(self, count: int) -> None:
        """Pause and go ``count`` frames forward (back if negative), showing each. Pending steps add up."""
        if self._playing:
            self.pause()
        self._steps += count

    def seek(self, pts_s: float) -> None:
        """Show the frame at ``pts_s`` (seconds); of several pending seeks only the last one counts."""
        self._seek_to = max(0.0, pts_s)
        self._steps = 0

    def set_speed(self, speed: float) -> None:
        """Set the speed, as a multiple of the source's rate."""
        self._pace.speed = speed
        self._pace.restart()

    def set_mode(self, mode: Mode) -> None:
        """Continue in another mode from the shown frame."""
        if mode is not self._mode:
            self._mode = mode
            self._results.newest = None
            self.seek(self._target_s())

    def set_cam(self, cam: bool) -> None:
        """Whether results carry a CAM; a paused frame without one is processed again."""
        self._results.cam = cam
        self._want_own_result()

    def set_threshold(self, threshold: float) -> None:
        """Set the probability of a contour for frames processed from now on."""
        self._results.threshold = threshold

    def set_overlay(self, overlay: OverlaySettings) -> None:
        """Set what recordings draw from now on."""
        self._overlay = overlay

    def seen(self) -> None:
        """The window has taken one view."""
        self._unseen = max(0, self._unseen - 1)

    def stop(self) -> None:
        """End the thread."""
        self._closing = True

    # Messages from the engine room

    def engine_opened(self, spec: EngineSpec) -> None:
        """An engine is ready, the first or a new one after a failure."""
        self._results.opened(spec)
        self._want_own_result()
        self._publish()

    def engine_lost(self, reason: str) -> None:
        """No results come until another engine is open; video goes on without them."""
        self._show_without_result(self._results.lost(reason))

    def frame_failed(self, request: Request, reason: str) -> None:
        """That frame has no result."""
        self._show_without_result(self._results.failed(request, reason))

    def answered(self, request: Request, prediction: Prediction) -> None:
        """A result came."""
        results, is_shown = self._results, self._is_shown(request.frame)
        if not results.answered(request):
            return
        if request is results.in_flight:
            results.in_flight = None
            if not is_shown:
                results.ready.append((request.frame, prediction))
        elif self._mode is Mode.KEEP_PACE:
            results.newest = request.frame, prediction
        if is_shown and not self._playing:
            self._shown = request.frame, prediction
            self._publish()

    def _show_without_result(self, frame: Frame | None) -> None:
        """Show ``frame`` without a result, if playback was waiting for it (None: it was not)."""
        if frame is not None and self._mode is Mode.EVERY_FRAME and not self._is_shown(frame):
            self._results.ready.append((frame, None))
        self._refresh = False
        self._publish()

    # Small steps

    def _advance(self) -> bool:
        """Take the next step; False when there is nothing to do until a message comes or a frame is due."""
        if not self._reader.is_open or self._fault:
            return False
        if self._seek_to is not None and not (self._jump and self._results.in_flight is not None):
            self._begin_at(self._seek_to)
        if self._steps < 0 and not self._jump and self._shown is not None:
            self._steps += 1
            self._begin_at(max(0.0, self._reader.pts_s(self._shown[0]) - _EARLIER_S))
        if self._refresh and self._results.in_flight is None:
            return self._ask_again()
        if self._mode is Mode.EVERY_FRAME:
            return self._advance_every_frame()
        return self._advance_at_pace()

    def _advance_every_frame(self) -> bool:
        results = self._results
        if results.ready and self._wants_frame and self._is_due(results.ready[0][0]):
            self._show(*results.ready.popleft())
            return True
        if self._reader.next is not None and results.in_flight is None:
            frame = self._reader.take()
            if results.is_down:
                results.ready.append((frame, None))
            elif results.ask(frame, wait=True):
                self._publish()
            return True
        waiting = len(results.ready) + (results.in_flight is not None)
        if self._reader.next is None and waiting < (_READ_AHEAD if self._playing else min(1, self._frames_wanted)):
            return self._reader.read() or self._reached_end(waiting)
        return False

    def _advance_at_pace(self) -> bool:
        if not self._wants_frame:
            return False
        if self._reader.next is None:
            return self._reader.read() or self._reached_end(0)
        if not self._is_due(self._reader.next):
            return False
        frame = self._reader.take()
        if not self._frames_wanted and self._pace.is_too_late(self._reader.pts_s(frame)):
            self._skipped["late"] += 1
            return True
        if not self._results.is_down:
            self._results.ask(frame, wait=False)
        self._show(frame, self._results.young_for(frame, self._settings.max_age_ms, self._reader.pts_s))
        return True

    def _begin_at(self, pts_s: float) -> None:
        self._seek_to = None
        self._ended = False
        self._results.begin_anew()
        self._refresh = False
        self._jump = True
        self.recording.jump()
        self._reader.seek(pts_s)
        self._pace.restart()

    def _reached_end(self, waiting: int) -> bool:
        if self._reader.is_waiting:
            if not waiting:
                self._pace.wait_for_source()
            if (patience_s := self._reader.patience_s) > 0:
                self._inbox.wake_in(patience_s)
            elif not self._awaits:
                self._awaits = True
                self._publish()
        elif not waiting and not self._ended:
            self._ended = True
            self._playing = self._jump = False
            self._steps = 0
            if self.recording.is_straight:
                self._end_recording()
            self._publish()
        return False

    def _ask_again(self) -> bool:
        self._refresh = False
        if self._shown is not None and not self._results.is_down:
            self._results.ask(self._shown[0], wait=True)
        return True

    def _show(self, frame: Frame, prediction: Prediction | None) -> None:
        is_new = self._shown is None or self._shown[0].index != frame.index
        forgiven_s = _FORGIVEN_S if self._mode is Mode.EVERY_FRAME else 1.0
        self._pace.shown(self._reader.pts_s(frame), forgive_s=forgiven_s)
        self._shown = frame, prediction
        if self._jump:
            self._jump = False
        elif not self._playing:
            self._steps -= 1
        self._ended = self._awaits = False
        if is_new and self._mode is Mode.EVERY_FRAME:
            words = words_of(frame, self._results.spec, self._overlay)
            hud = Hud(*self._state(), Figures(dropped=sum(self._lost().values())), **words)
            self.recording.write(self._session, frame, prediction, self._overlay, hud)
        elif is_new:
            self.recording.leave_out(frame)
        if not self._playing:
            self._want_own_result()
        self._publish()

    # Questions

    def _is_shown(self, frame: Frame) -> bool:
        return self._shown is not None and frame is self._shown[0]

    @property
    def _frames_wanted(self) -> int:
        return self._jump + max(0, self._steps)

    @property
    def _wants_frame(self) -> bool:
        limit = self._settings.views_ahead
        return (self._playing or self._frames_wanted > 0) and (limit is None or self._unseen < limit)

    @property
    def _session(self) -> tuple[SourceInfo, EngineSpec, PipelineSettings] | None:
        info, spec = self._reader.info, self._results.spec
        return (info, spec, self._results.settings) if info is not None and spec is not None else None

    def _is_due(self, frame: Frame) -> bool:
        """Whether to show the frame now; if not, sets when to wake."""
        if self._frames_wanted:
            return True
        early_s = self._pace.due_in_s(self._reader.pts_s(frame))
        if early_s > 0:
            self._inbox.wake_in(early_s)
        return early_s == 0

    def _want_own_result(self) -> None:
        """While paused: ask for the shown frame's own, complete result, unless it is already shown."""
        if not self._playing and self._shown is not None and not self._results.is_down:
            self._refresh |= not self._results.is_complete(*self._shown)

    def _target_s(self) -> float:
        """PTS in seconds of the shown frame, or of the frame that a pending seek will show."""
        if self._seek_to is not None:
            return self._seek_to
        if self._jump:
            pending = self._results.pending or self._reader.next
            if pending is not None:
                return self._reader.pts_s(pending)
        return self._reader.pts_s(self._shown[0]) if self._shown is not None else 0.0

    def _lost(self) -> Counter[str]:
        return Counter(self._reader.dropped) + self._skipped

    # To the window

    def _publish(self) -> None:
        frame, prediction = self._shown if self._shown is not None else (self._results.early, None)
        state, reason = self._state()
        lost = self._lost()
        self._unseen += 1
        self._on_view(
            View(
                frame=frame,
                prediction=prediction,
                state=state,
                reason=reason,
                playing=self._playing,
                position_s=self._reader.pts_s(frame) if frame is not None else 0.0,
                duration_s=self._reader.duration_s,
                generation=self._results.generation,
                figures=Figures(self._pace.fps if self._playing else None, dropped=sum(lost.values())),
                dropped=dict(lost),
                notices=self.recording.notices,
                info=self._reader.info,
                engine=self._results.spec,
                recording=self.recording.status,
                recorded=self.recording.ended,
            )
        )

    def _state(self) -> tuple[SessionState, str]:
        failure = self._fault or self._results.failure
        flags = {"playing": self._playing, "ended": self._ended, "awaits": self._awaits}
        return state_of(failure, self._shown, max_age_ms=self._settings.max_age_ms, early=self._results.early, **flags)

    def _fail(self, error: Exception) -> None:
        self._fault = in_one_line(error)
        self._playing = False
        self._publish()

    def _end_recording(self) -> None:
        failure, is_limited = self._fault or self._results.failure, self._reader.is_limited
        self.recording.close(self._lost(), closing_reason(failure, ended=self._ended, is_limited=is_limited))
