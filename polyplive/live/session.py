"""The live session: puts the threads together and keeps what they share, under one lock."""

from __future__ import annotations

import dataclasses
import datetime
import logging
import threading
import time
from array import array
from typing import TYPE_CHECKING

from polyplive.compositor import prepare
from polyplive.live.capture import CaptureThread
from polyplive.live.engine_desk import EngineDesk
from polyplive.live.facts import SourceFacts, state_of
from polyplive.live.ledger import Ledger
from polyplive.live.outlet import Captured, Closing, Processed
from polyplive.live.screen import Screen
from polyplive.live.signal import SignalWatch
from polyplive.live.values import LiveSummary, Paintings
from polyplive.live.watchdog import SleepWatch, Watchdog
from polyplive.session import describe_session
from polyplive.sinks.base import SessionNote
from polyplive.stats import Delays
from polyplive.threads import join_until, survivors
from polyplive.types import Figures, Hud, SessionState
from polyplive.view import View

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

    from polyplive.live.values import LiveParts
    from polyplive.sinks.base import SessionInfo
    from polyplive.types import Frame, OverlaySettings, Prediction, SourceInfo

_log = logging.getLogger(__name__)

_OPENING_TAKES_S = 10.0
_NO_OVERLAY = (SessionState.NO_SIGNAL, SessionState.RECONNECTING)


class LiveSession:
    """Runs a live source through a pipeline; video never waits for the model.

    Threads: capture owns the source, inference the engine, the watchdog neither; outlets have their own. Commands
    and questions may come from any thread and return at once. ``on_news`` is called in capture's thread after each
    frame and in the watchdog's when the state has changed; it must not wait. Nothing is raised to the caller: what
    goes wrong is a state with its reason, and is tried again.
    """

    def __init__(self, parts: LiveParts, on_news: Callable[[], None] = lambda: None) -> None:
        self._parts = parts
        self._settings = parts.settings
        self._on_news = on_news
        self._lock = threading.RLock()
        self._over = threading.Event()
        self._ledger = Ledger()
        self._screen = Screen(self._ledger)
        self._video, self._annotation, self._painted_s = Delays(), Delays(), array("d")
        self._signal = SignalWatch()
        self._sleep = SleepWatch()
        self._source = SourceFacts()
        self._info: SourceInfo | None = None
        self._annotated: Prediction | None = None
        self._next_index = self._first_index = 0
        self._clock_offset_s: float | None = None
        self._first_s: float | None = None
        self._finishing_s: float | None = None
        self._overlay = parts.overlay
        self._state = SessionState.RECONNECTING, ""
        self._untold = False
        self._reason = "stopped"
        self._warnings: tuple[str, ...] = ()
        self._capture: CaptureThread | None = None
        self._capture_delay_s = 0.5
        self._given_up: list[threading.Thread] = []
        self._desk = EngineDesk(parts, self._lock, self._ledger, self._prepare, self._engine_answered, self._given_up)
        self._watchdog = Watchdog(self._check)
        self._started = datetime.datetime.now().astimezone()

    # Commands

    def start(self) -> None:
        """Open source and pipeline, each in its thread, and begin."""
        for outlet in self._parts.outlets:
            outlet.start()
        with self._lock:
            self._start_capture(0.0)
            self._desk.start()
        self._watchdog.start()

    def set_cam(self, cam: bool) -> None:
        """Whether to compute the heatmap."""
        self._desk.cam = cam

    def set_threshold(self, threshold: float) -> None:
        """The probability of a contour, for frames processed from now on."""
        self._desk.threshold = threshold

    def set_overlay(self, overlay: OverlaySettings) -> None:
        """What is drawn, also in recordings, from now on."""
        with self._lock:
            self._overlay = overlay
            self._look_at_state(time.monotonic())

    def set_screen_visible(self, visible: bool) -> None:
        """Whether anyone can see the window: frames that nobody could have seen are counted as hidden."""
        with self._lock:
            self._screen.visible = visible

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait for the session's own end, the frame limit; False when ``timeout_s`` was not enough."""
        return self._over.wait(timeout_s)

    def close(self, timeout_s: float = 5.0) -> tuple[str, ...]:
        """End all threads; the names of those that still run after ``timeout_s`` seconds (none, usually).

        A survivor is in a call of a driver or a runtime that cannot be interrupted. Calling it again waits again.
        """
        deadline_s = time.monotonic() + timeout_s
        self._watchdog.stop()
        with self._lock:
            if self._capture is not None:
                self._capture.stop()
            self._desk.close()
            threads = [thread for thread in (self._capture, self._desk.thread, *self._given_up) if thread is not None]
        join_until((*threads, self._watchdog), deadline_s)
        with self._lock:
            self._desk.give_up_rest()
            self._screen.close()
            self._over.set()
            tally = dataclasses.replace(self._ledger.tally(), live=self._closing_figures())
            head = self._head()
        for outlet in self._parts.outlets:
            outlet.finish(Closing(tally, self._reason, head), max(1.0, deadline_s - time.monotonic()))
        return survivors((*threads, *self._parts.outlets), timeout_s)

    def __enter__(self) -> LiveSession:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # The screen

    def view(self) -> View:
        """The newest frame, to be shown at once, with the newest result that is young enough."""
        with self._lock:
            now_s = time.monotonic()
            self._look_at_state(now_s)
            frame = self._screen.newest()
            state, reason = self._state
            return View(
                frame=frame,
                prediction=self._young_for(frame, now_s),
                state=state,
                reason=reason,
                playing=True,
                position_s=(frame.pts_s or 0.0) if frame is not None else 0.0,
                figures=self._figures(),
                dropped=self._ledger.all_dropped,
                notices=self._notices(),
                info=self._info,
                engine=self._desk.spec,
            )

    def drawn(self, view: View) -> None:
        """``view`` has gone to the screen now: count its frame and its result, each once, with their delays."""
        now_s = time.monotonic()
        with self._lock:
            if view.frame is None or not self._screen.drawn(view.frame):
                return
            self._painted_s.append(now_s)
            self._video.add((now_s - view.frame.captured_s) * 1e3)
            result = self._desk.result
            if view.prediction is None or result is None or view.prediction is self._annotated:
                return
            if result.prediction is view.prediction:
                self._annotated = view.prediction
                self._annotation.add((now_s - result.frame.captured_s) * 1e3)

    # Questions

    @property
    def state(self) -> tuple[SessionState, str]:
        """The state and its reason."""
        with self._lock:
            return self._state

    def summary(self) -> LiveSummary:
        """What it has done so far; final after ``close``."""
        with self._lock:
            return LiveSummary(
                tally=self._ledger.tally(),
                reason=self._reason,
                shown=self._ledger.shown,
                unshown=dict(self._ledger.unshown),
                video_delay=self._video.distribution(),
                annotation_delay=self._annotation.distribution(),
                engine_starts=self._desk.facts.starts,
                source_opens=self._source.opens,
                marked=self._ledger.marked,
                notices=self._notices(),
            )

    def paintings(self) -> Paintings:
        """What went to the screen so far, frame by frame: a copy."""
        with self._lock:
            return Paintings(self._painted_s.tolist(), self._video.values(), self._annotation.values())

    # From capture's thread

    def source_opening(self, thread: CaptureThread) -> bool:
        """The source is about to be opened."""
        with self._lock:
            self._source.began_s, self._source.opening = time.monotonic(), True
            return thread is self._capture

    def source_opened(self, thread: CaptureThread, info: SourceInfo, warnings: tuple[str, ...]) -> bool:
        """It is open; what was known of the last opening does not count any more."""
        with self._lock:
            if thread is not self._capture:
                return False
            self._source.is_open, self._source.opening, self._source.failure = True, False, ""
            self._source.opens += 1
            self._source.began_s = time.monotonic()
            self._info = info
            self._warnings = warnings
            self._clock_offset_s = None
            self._signal.reset()
            self._ledger.source_closed()
            self._desk.source_changed()
            return True

    def frame_read(self, thread: CaptureThread, frame: Frame, lost: Mapping[str, int]) -> bool:
        """One frame: to the engine, to the screen, to the recorders; none of them is waited for."""
        now_s = time.monotonic()
        with self._lock:
            if self._finishing_s is not None:
                return False
            if thread is not self._capture:
                self._ledger.left_behind(self._parts.with_screen)
                return False
            frame = self._numbered(frame)
            self._source.newest_s, self._capture_delay_s = now_s, 0.5
            self._signal.look(frame.image, now_s)
            self._ledger.received += 1
            self._ledger.source_lost(lost)
            self._desk.offer(frame)
            if self._parts.with_screen:
                self._screen.offer(frame)
            self._look_at_state(now_s)
            captured = self._captured(frame, now_s) if self._parts.outlets else None
            if self._parts.frames is not None and self._ledger.received >= self._parts.frames:
                self._finishing_s, self._reason = now_s, "frame limit"
        if captured is not None:
            for outlet in self._parts.outlets:
                outlet.offer(captured)
        self._on_news()
        return self._finishing_s is None

    def source_failed(self, thread: CaptureThread, reason: str, next_try_s: float) -> bool:
        """It gives no more frames, or could not be opened."""
        with self._lock:
            if thread is not self._capture or self._finishing_s is not None:
                return False
            self._ledger.source_closed()
            self._source.is_open = self._source.opening = False
            self._source.failure = f"{reason} Next try in {next_try_s:.1f} s."
            self._look_at_state(time.monotonic())
        return True

    # From inference's thread

    def _prepare(self, frame: Frame, prediction: Prediction) -> None:
        """Take from the screen's thread what can be done here."""
        if self._parts.with_screen:
            prepare(frame.image.shape, prediction, self._overlay)

    def _engine_answered(self, frame: Frame, prediction: Prediction) -> None:
        delay_ms = (prediction.completed_s - frame.captured_s) * 1e3
        if not self._parts.with_screen:
            self._annotation.add(delay_ms)
        done = Processed(frame, prediction, self._overlay, delay_ms, self._head())
        for outlet in self._parts.outlets:
            outlet.offer(done)
        # No news: the next frame shows it. Drawing the last frame again would make the next one wait.

    # From the watchdog's thread

    def _check(self, now_s: float) -> None:
        with self._lock:
            self._check_source(now_s)
            self._desk.check(now_s)
            if self._finishing_s is not None and (self._desk.is_idle or now_s - self._finishing_s > 2.0):
                self._over.set()
            self._look_at_state(now_s)
            untold, self._untold = self._untold, False
        if untold:
            self._on_news()

    def _check_source(self, now_s: float) -> None:
        source = self._source
        slept_s = self._sleep.slept_s()
        silent_s = source.silent_s(now_s)
        if self._finishing_s is not None:
            return
        if slept_s:
            self._replace_capture(f"The machine slept for {slept_s:.0f} s: the source is opened again.")
        elif source.is_open and silent_s >= self._settings.reopen_s:
            self._replace_capture(f"No picture has come for {silent_s:.1f} s: the source is opened again.")
        elif source.opening and silent_s >= max(_OPENING_TAKES_S, self._settings.reopen_s):
            self._replace_capture(f"The source has not opened for {silent_s:.0f} s: it is tried again.")

    def _replace_capture(self, reason: str) -> None:
        """Leave the thread that does not come back to itself, and open the source in a new one."""
        if self._capture is not None:
            self._capture.stop()
            self._given_up.append(self._capture)
        self._ledger.source_closed()
        self._source.is_open = self._source.opening = False
        self._source.failure = reason
        self._start_capture(self._capture_delay_s)
        self._capture_delay_s = min(2 * self._capture_delay_s, 30.0)

    # Parts

    def _start_capture(self, wait_s: float) -> None:
        self._source.began_s = time.monotonic()
        self._capture = CaptureThread(self._parts.open_source, self, wait_s)
        self._capture.start()

    def _numbered(self, frame: Frame) -> Frame:
        """The frame with its number and its time in the whole session, whatever openings came before."""
        if self._clock_offset_s is None:
            self._first_s = self._first_s if self._first_s is not None else frame.captured_s
            self._clock_offset_s = frame.captured_s - self._first_s - (frame.pts_s or 0.0)
            self._first_index = self._next_index
        index = self._first_index + frame.index
        self._next_index = index + 1
        pts_s = frame.pts_s if frame.pts_s is not None else frame.captured_s - (self._first_s or 0.0)
        return dataclasses.replace(frame, index=index, pts_s=pts_s + self._clock_offset_s)

    def _head(self) -> SessionInfo | None:
        """What the session is of, once both source and engine are known."""
        if self._info is None or self._desk.spec is None:
            return None
        return describe_session(self._info, self._desk.spec, self._started)

    def _captured(self, frame: Frame, now_s: float) -> Captured:
        state, reason = self._state
        hud = Hud(state, reason, self._figures())
        return Captured(frame, self._young_for(frame, now_s), self._overlay, hud, self._info)

    def _young_for(self, frame: Frame | None, now_s: float) -> Prediction | None:
        result = self._desk.result
        if result is None or frame is None or self._state[0] in _NO_OVERLAY:
            return None
        if result.frame.image.shape != frame.image.shape:
            return None
        is_young = (now_s - result.frame.captured_s) * 1e3 <= self._settings.max_age_ms
        return result.prediction if is_young else None

    def _look_at_state(self, now_s: float) -> None:
        """Bring the state up to date; the watchdog tells of a change that no frame has told of."""
        self._source.signal = self._signal.problem(now_s, self._settings.no_signal_s)
        result = self._desk.result
        age_s = now_s - result.frame.captured_s if result is not None else None
        before = self._state[0]
        self._state = state_of(self._source, self._desk.facts, self._settings, now_s, self._overlay.visible, age_s)
        if self._state[0] is before:
            return
        self._untold = True
        _log.info("%s: %s", self._state[0].value, self._state[1])
        for outlet in self._parts.outlets:
            outlet.offer(SessionNote(now_s, *self._state))

    def _figures(self) -> Figures:
        video, annotation = self._video.recent(), self._annotation.recent()
        return Figures(
            fps=self._screen.rate.fps,
            video_delay_ms=video[0] if video else None,
            annotation_delay_ms=annotation[0] if annotation else None,
            dropped=sum(self._ledger.unshown.values()),
            unprocessed=sum(self._ledger.all_dropped.values()),
            video_p99_ms=video[1] if video else None,
            annotation_p99_ms=annotation[1] if annotation else None,
        )

    def _closing_figures(self) -> dict[str, object]:
        summary = self.summary()
        return {
            "shown": summary.shown,
            "unshown": dict(summary.unshown),
            "video_delay_ms": summary.video_delay.rounded() if summary.video_delay else None,
            "annotation_delay_ms": summary.annotation_delay.rounded() if summary.annotation_delay else None,
            "source_opens": summary.source_opens,
            "engine_starts": summary.engine_starts,
        }

    def _notices(self) -> tuple[str, ...]:
        found = list(self._warnings)
        for outlet in self._parts.outlets:
            found += outlet.notices
        return tuple(found)
