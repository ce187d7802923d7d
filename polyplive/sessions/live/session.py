"""The live session: starts the threads and keeps their shared state under one lock."""

from __future__ import annotations

import dataclasses
import logging
import threading
import time
from typing import TYPE_CHECKING

from polyplive.overlay.baked import baked
from polyplive.sessions.captions import words_of
from polyplive.sessions.failures import why_ended
from polyplive.sessions.live.display_queue import DisplayQueue
from polyplive.sessions.live.figures import NO_PICTURE, figures_of
from polyplive.sessions.live.frame_counts import FrameCounts
from polyplive.sessions.live.head import SessionHead
from polyplive.sessions.live.recording_commands import RecordingCommands
from polyplive.sessions.live.recordings import LiveRecordings
from polyplive.sessions.live.results import LiveResults
from polyplive.sessions.live.savings import Savings
from polyplive.sessions.live.screens import Screens
from polyplive.sessions.live.second_picture import Shown
from polyplive.sessions.live.shown_results import ShownResults
from polyplive.sessions.live.source_supervisor import SourceSupervisor
from polyplive.sessions.live.state import next_try_s, state_of
from polyplive.sessions.live.summary import DisplayTimes, LiveSummary, summary_of
from polyplive.sessions.live.watchdog import Watchdog
from polyplive.sessions.recorder.messages import CapturedFrame, ProcessedFrame, SessionEnd
from polyplive.sessions.threads import join_until, survivors
from polyplive.sessions.view import View
from polyplive.sinks.base import SessionNote
from polyplive.system.spans import DRAW, span
from polyplive.types import Hud, SessionState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

    from polyplive.overlay.target import Target
    from polyplive.sessions.live.capture import CaptureThread
    from polyplive.sessions.live.parts import LiveParts
    from polyplive.sinks.base import GovernorStep, Note
    from polyplive.types import Frame, OverlaySettings, Prediction, SourceInfo

_log = logging.getLogger(__name__)

_NO_RESULTS = (*NO_PICTURE, SessionState.FAULT)
_NO_OVERLAY = (*NO_PICTURE, SessionState.STALE)


class LiveSession:
    """Runs a live source through a pipeline; video never waits for the model.

    The capture thread owns the source, and the engine room's thread owns the engine. The watchdog's thread checks both.
    Each recorder has its own thread. Methods may be called from any thread and return at once, as may those of
    ``recording``, which starts and stops recordings and makes marks.

    ``on_news`` is called in the capture thread after each frame, and in the watchdog's thread when the state changes.
    It must not wait.

    Errors are not raised to the caller. An error becomes a state with a reason, and the session tries again. An error
    that trying again cannot mend ends the session and is in ``LiveSummary.error``.
    """

    def __init__(self, parts: LiveParts, on_news: Callable[[], None] = lambda: None) -> None:
        self._parts = parts
        self._settings = parts.settings
        self._screens = Screens(on_news, parts.second_screen)
        self._lock = threading.RLock()
        self._over = threading.Event()
        self._counts = FrameCounts()
        self._display = DisplayQueue(self._counts)
        self._source = SourceSupervisor(parts, self, self._counts)
        self._results = LiveResults(parts, self._lock, self._counts, self)
        self._head = SessionHead(self._source, self._results)
        self._recordings = LiveRecordings(parts, self._counts, self._head)
        self._shown = ShownResults(self._display if parts.with_screen else None, self._recordings.offer)
        self._finishing_s: float | None = None
        self._overlay = parts.overlay
        self._target: Target | None = None
        self._state = SessionState.RECONNECTING, ""
        self._untold = False
        self._reason = "stopped"
        self.savings = Savings(parts, self._lock, self._results, self._source, self.warned)
        self.recording = RecordingCommands(self._lock, self._recordings, self._display, self._source, self._notes_now)
        self._error: Exception | None = None
        self._watchdog = Watchdog(self._check)

    # Commands

    def start(self) -> None:
        """Open the source and the pipeline, each in its own thread, and begin."""
        self._recordings.start()
        self._screens.watch(self)
        with self._lock:
            self._source.start()
        self._results.room.start()
        self._watchdog.start()

    def set_cam(self, cam: bool) -> None:
        """Whether to compute the heatmap."""
        self._results.cam = cam

    def set_threshold(self, threshold: float) -> None:
        """The probability of a contour, for frames processed from now on."""
        self._results.threshold = threshold

    def set_overlay(self, overlay: OverlaySettings) -> None:
        """Set what is drawn from now on, also in recordings."""
        with self._lock:
            self._overlay = overlay
            self._look_at_state(time.monotonic())

    def set_target(self, target: Target) -> None:
        """Say at which size the window shows frames: what it lays over them is then drawn in the engine's thread."""
        self._target = target

    def set_screen_visible(self, visible: bool) -> None:
        """Say whether anyone can see the window; otherwise frames that are not shown count as hidden."""
        with self._lock:
            self._display.visible = visible

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until the session ends by itself, by its frame limit or an error. False after ``timeout_s`` seconds."""
        return self._over.wait(timeout_s)

    def close(self, timeout_s: float = 5.0, on_waiting: Callable[[int], None] = lambda _: None) -> tuple[str, ...]:
        """End all threads. Returns the names of those that still run after ``timeout_s`` seconds, usually none.

        It waits for recorders as long as they write. ``on_waiting`` gets, in the calling thread, the number of frames
        they have left. A thread that still runs is stuck in a driver or runtime that cannot be interrupted. A second
        call waits again.
        """
        deadline_s = time.monotonic() + timeout_s
        seen = self._screens.finish(deadline_s)
        self._watchdog.stop()
        with self._lock:
            self._source.stop()
            self._results.close()
            threads: list[threading.Thread] = [self._results.room, *self._source.threads]
        join_until((*threads, self._watchdog), deadline_s)
        with self._lock:
            self._results.give_up_rest()
            self._display.close()
            self._shown.close()
            self._over.set()
            tally = dataclasses.replace(self._counts.tally(), live=self.summary().closing_figures())
            self._recordings.close(SessionEnd(tally, self._reason, self._head.whole()))
        self._recordings.wait(deadline_s, on_waiting)
        left = survivors((*threads, *seen, *self._recordings.threads), timeout_s)
        with self._lock:
            self._recordings.collect(time.monotonic())
        return left

    def __enter__(self) -> LiveSession:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # The screen

    def view(self) -> View:
        """The newest frame, to be shown at once, with the newest result that is not stale."""
        with self._lock:
            now_s = time.monotonic()
            self._look_at_state(now_s)
            frame = self._display.newest()
            prediction = self._young_for(frame, now_s)
            self._shown.viewed(prediction)
            state, reason = self._state
            return View(
                frame=frame,
                prediction=prediction,
                state=state,
                reason=reason,
                playing=True,
                position_s=(frame.pts_s or 0.0) if frame is not None else 0.0,
                figures=figures_of(self._display, self._shown, self._counts, state),
                picture_age_s=self._source.status.picture_age_s(now_s),
                next_try_s=self._next_try_s(now_s),
                late=self.savings.late,
                dropped=self._counts.all_dropped,
                notices=self._notices(self._source.jumps.notice),
                info=self._source.info,
                engine=self._results.spec,
                governed=self._results.governing.line(now_s),
                restream=self._screens.url,
                recording=self._recordings.status,
                recorded=self._recordings.ended,
            )

    def drawn(self, view: View) -> None:
        """Note that ``view`` is on screen now: its frame and its result are counted, each once, with their delays."""
        now_s = time.monotonic()
        with self._lock:
            if view.frame is not None:
                self._display.drawn(view.frame, now_s, view.drawn)
                self._shown.drawn(view.prediction, now_s)

    def shown(self) -> Shown:
        """The newest frame as a second screen shows it now; it is not counted."""
        with self._lock:
            now_s = time.monotonic()
            self._look_at_state(now_s)
            frame = self._source.newest
            captured = self._captured(frame, now_s) if frame is not None else None
            return Shown(captured, *self._state, self._source.status.picture_age_s(now_s), self._next_try_s(now_s))

    # Questions

    @property
    def state(self) -> tuple[SessionState, str]:
        """The state and its reason."""
        with self._lock:
            return self._state

    @property
    def governed(self) -> str:
        """What the governor did last, in one line; empty while everything is done as usual."""
        with self._lock:
            return self._results.governing.line(time.monotonic())

    @property
    def source(self) -> SourceInfo | None:
        """The source as it was opened last, with what its first frame told; None before that."""
        with self._lock:
            return self._source.info

    def summary(self) -> LiveSummary:
        """What the session has done so far; final after ``close``."""
        with self._lock:
            done = self._counts, self._display, self._shown, self._source, self._results, self._recordings
            return summary_of(*done, self._reason, self._error, self._notices())

    def display_times(self) -> DisplayTimes:
        """When each frame was on screen so far; a copy."""
        with self._lock:
            screen = self._display
            return DisplayTimes(screen.painted_s.tolist(), screen.delays.values(), self._shown.delays.values())

    # From capture's thread

    def source_opening(self, thread: CaptureThread) -> bool:
        """The source is about to be opened."""
        with self._lock:
            self._source.opening()
            return self._source.is_current(thread)

    def source_opened(self, thread: CaptureThread, info: SourceInfo, warnings: tuple[str, ...]) -> bool:
        """The source is open; findings from before it was opened are dropped."""
        with self._lock:
            if not self._source.is_current(thread):
                return False
            self._source.opened(info, warnings)
            self._results.source_changed()
            return True

    def source_told(self, thread: CaptureThread, info: SourceInfo) -> None:
        """Keep what the first frame told about the source."""
        with self._lock:
            if self._source.is_current(thread):
                self._source.info = info

    def frame_read(self, thread: CaptureThread, frame: Frame, lost: Mapping[str, int]) -> bool:
        """Pass one frame to the engine, the screen and the recorders, without waiting for any of them."""
        now_s = time.monotonic()
        with self._lock:
            if self._finishing_s is not None:
                return False
            if not self._source.is_current(thread):
                self._counts.left_behind(self._parts.with_screen)
                return False
            frame = self._source.read(frame, lost, now_s)
            self._results.offer(frame)
            if self._parts.with_screen:
                self._display.offer(frame)
            self._look_at_state(now_s)
            self._note_jump(frame, now_s)
            if self._recordings.wants_video:
                self._recordings.offer(self._captured(frame, now_s))
            if self._parts.frames is not None and self._counts.received >= self._parts.frames:
                self._finishing_s, self._reason = now_s, "frame limit"
        self._screens.tell()
        self._source.inspect(frame, now_s)  # the picture is on its way meanwhile
        return self._finishing_s is None

    def source_failed(self, thread: CaptureThread, error: Exception, next_try_s: float) -> bool:
        """The source ended or could not be opened; False when it is not opened again."""
        with self._lock:
            if not self._source.is_current(thread) or self._finishing_s is not None:
                return False
            if self._parts.opens_once:
                self._finishing_s, self._reason = time.monotonic(), why_ended(error)
                return False
            if not self._source.failed(error, next_try_s):
                self.impossible(error)
                return False
            self._look_at_state(time.monotonic())
        return True

    def impossible(self, error: Exception) -> None:
        """The source or the engine can never be opened: end the session. Also called in the engine room's thread."""
        with self._lock:
            self._error = error
            self._reason = f"error: {error}"
        self._over.set()

    # From the engine room's thread

    def prepare(self, frame: Frame, prediction: Prediction) -> None:
        """Compute here what the screen's thread would otherwise have to compute."""
        target = self._target
        if target is not None and target.source == (frame.width, frame.height):
            with span(DRAW, frame.index):
                baked(target, prediction, self._overlay)

    def engine_answered(self, frame: Frame, prediction: Prediction) -> None:
        """A result came; no view holds it yet."""
        hud = Hud(**words_of(frame, self._results.spec, self._overlay))
        self._shown.answered(ProcessedFrame(frame, prediction, self._overlay, hud, self._head.whole()))
        self._parts.on_result()
        # No call of on_news: the next frame shows it. Drawing the last frame again would delay the next one.

    def stepped(self, step: GovernorStep) -> None:
        """The governor took a step; also called in the watchdog's thread."""
        _log.info("%s", step.reason)
        self._recordings.offer(step)
        self._untold = True

    def warned(self, said: str) -> None:
        """Something failed that costs no result: say it in the events."""
        _log.warning("%s", said)
        self._recordings.offer(SessionNote(time.monotonic(), self._state[0], said))

    # From the watchdog's thread

    def _check(self, now_s: float) -> None:
        with self._lock:
            if self._finishing_s is None:
                self._source.check(now_s)
            elif self._results.are_settled(now_s, self._finishing_s):
                self._over.set()
            self._look_at_state(now_s)
            is_running = self._state[0] not in _NO_RESULTS
            self._recordings.look(now_s)
            self._results.govern(now_s, is_running=is_running)
            self.savings.look(now_s, is_running=is_running)
            untold, self._untold = self._untold, False
        if untold:
            self._screens.tell()

    # Parts

    def _notes_now(self) -> tuple[Note, ...]:
        """What an events file that begins now has to know."""
        return (SessionNote(time.monotonic(), *self._state), *self._results.governing.steps[-1:])

    def _captured(self, frame: Frame, now_s: float) -> CapturedFrame:
        words = words_of(frame, self._results.spec, self._overlay)
        hud = Hud(*self._state, figures_of(self._display, self._shown, self._counts, self._state[0]), **words)
        return CapturedFrame(frame, self._young_for(frame, now_s), self._overlay, hud, self._head.alone())

    def _next_try_s(self, now_s: float) -> float | None:
        return next_try_s(self._state[0], self._source.status, self._results.room.status, self._settings, now_s)

    def _young_for(self, frame: Frame | None, now_s: float) -> Prediction | None:
        result = self._results.result
        if result is None or frame is None or self._state[0] in _NO_OVERLAY:
            return None
        if result.frame.shape != frame.shape:
            return None
        return result.drawable(now_s, self._settings.max_age_ms)

    def _look_at_state(self, now_s: float) -> None:
        """Update the state. The watchdog reports a change that no frame has reported."""
        self._source.look(now_s)
        before = self._state[0]
        engine, freshness = self._results.room.status, self._results.freshness
        self._state = state_of(self._source.status, engine, self._settings, now_s, self._overlay.visible, freshness)
        if self._state[0] in _NO_RESULTS:
            freshness.interrupt()
        if self._state[0] is not before:
            self._untold = True
            _log.info("%s: %s", self._state[0].value, self._state[1])
            self._recordings.offer(SessionNote(now_s, *self._state))
        if self._state[0] is SessionState.READY:
            self._state = SessionState.READY, self._results.governing.news(now_s)

    def _note_jump(self, frame: Frame, now_s: float) -> None:
        if frame.clock_jump_s and (said := self._source.jumps.see(frame.clock_jump_s)):
            _log.info("%s", said)
            self._recordings.offer(SessionNote(now_s, self._state[0], said))

    def _notices(self, *others: str) -> tuple[str, ...]:
        return (*self._source.warnings, *filter(None, others), *self._screens.problems, *self._recordings.notices)
