"""The thread that owns the source: it reads, paces and shows, one message at a time."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, TypeAlias

from polyplive.failures import in_one_line
from polyplive.player.inference import Request
from polyplive.player.pace import Pace
from polyplive.player.recording import Recording
from polyplive.player.values import Mode, annotation_delay_ms
from polyplive.rate import Rate
from polyplive.types import Figures, Hud, SessionState
from polyplive.view import View

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from polyplive.backends.base import EngineSpec
    from polyplive.player.values import PlayerSettings
    from polyplive.sinks.base import Sink
    from polyplive.slot import LatestSlot
    from polyplive.sources.base import Source
    from polyplive.types import Frame, OverlaySettings, Prediction, SourceInfo

_READ_AHEAD = 2
"""Frames that may have their results before they are due: inference overlaps with the wait for the clock."""
_FORGIVEN_S = 0.1
"""A frame this late makes the following ones later too, instead of a rush to catch up."""
_TOO_LATE_S = 0.1
_LONGEST_GAP_S = 0.25
"""At the source's pace a frame too late is left out, unless nothing was shown for this long."""
_LONGEST_WAIT_S = 3.0
_EARLIER_S = 1e-4
"""Less than the time between two frames: the frame at most this much before a frame's PTS is the one before it."""


class Playback(threading.Thread):
    """Plays one source. Everything but ``post`` and ``run`` is called in this thread, by messages from the inbox.

    A message is a function of the playback. Between messages ``_advance`` does one small thing at a time, so that
    a command is looked at after at most one read.
    """

    Message: TypeAlias = "Callable[[Playback], None]"

    def __init__(
        self,
        open_source: Callable[[], Source],
        requests: LatestSlot[Request],
        on_view: Callable[[View], None],
        settings: PlayerSettings,
        sinks: Sequence[Sink],
    ) -> None:
        super().__init__(name="polyplive-playback", daemon=True)
        self._inbox: SimpleQueue[Playback.Message] = SimpleQueue()
        self._open_source = open_source
        self._requests = requests
        self._on_view = on_view
        self._settings = settings
        self._recording = Recording(sinks)
        self._pace = Pace(settings.speed)
        self._rate = Rate()
        self._source: Source | None = None
        self._engine: EngineSpec | None = None
        self._fault = ""
        self._engine_fault = ""
        self._closing = False

        self._mode = settings.mode
        self._cam = settings.cam
        self._threshold = settings.threshold
        self._overlay = settings.overlay
        self._playing = settings.playing
        self._ended = False
        self._limit: int | None = None
        self._is_limited = False
        self._unseen = 0
        self._skipped: Counter[str] = Counter()
        self._wake_s: float | None = None

        self._generation = 0
        self._seek_to: float | None = settings.start_s if settings.start_s > 0 else None
        self._jump = True
        self._steps = 0
        self._refresh = False
        self._at_end = False
        self._shown: tuple[Frame, Prediction | None] | None = None
        self._next: Frame | None = None
        self._in_flight: Request | None = None
        self._ready: deque[tuple[Frame, Prediction | None]] = deque()
        self._newest: tuple[Frame, Prediction] | None = None

    def post(self, message: Message) -> None:
        """Queue ``message``; any thread."""
        self._inbox.put(message)

    def run(self) -> None:
        """Play until ``stop`` comes."""
        self._publish()
        try:
            self._source = self._open_source()
        except Exception as error:
            self._fail(error)
        while not self._closing:
            try:
                self._receive()
                while not self._closing and self._inbox.empty() and self._advance():
                    pass
            except Exception as error:
                self._fail(error)
        self._close()

    # Commands

    def play(self) -> None:
        """Go on; from the end, start again."""
        if self._ended:
            self.seek(self._settings.start_s)
        self._playing = True
        self._steps = 0
        self._restart_clock()
        self._publish()

    def pause(self) -> None:
        """Keep the shown frame."""
        self._playing = False
        self._steps = 0
        self._want_own_result()
        self._publish()

    def toggle(self) -> None:
        """Pause what plays, play what is paused."""
        if self._playing:
            self.pause()
        else:
            self.play()

    def skip(self, seconds: float) -> None:
        """Seek from the shown frame."""
        self.seek(self._target_s() + seconds)

    def step(self, count: int) -> None:
        """Pause, and go ``count`` frames on (back if negative), showing each; steps that were not done yet add up."""
        if self._playing:
            self.pause()
        self._steps += count

    def seek(self, pts_s: float) -> None:
        """Show the frame at ``pts_s``; of several seeks in a row the last one counts."""
        self._seek_to = max(0.0, pts_s)
        self._steps = 0

    def set_speed(self, speed: float) -> None:
        """A multiple of the source's pace."""
        self._pace.speed = speed
        self._restart_clock()

    def set_mode(self, mode: Mode) -> None:
        """Go on in another mode from the shown frame."""
        if mode is not self._mode:
            self._mode = mode
            self._newest = None
            self.seek(self._target_s())

    def set_cam(self, cam: bool) -> None:
        """Whether results carry a CAM; a paused frame without one is processed again."""
        self._cam = cam
        self._want_own_result()

    def set_threshold(self, threshold: float) -> None:
        """For the frames that are processed from now on."""
        self._threshold = threshold

    def set_overlay(self, overlay: OverlaySettings) -> None:
        """What recordings draw from now on."""
        self._overlay = overlay

    def seen(self) -> None:
        """The window has taken one view."""
        self._unseen = max(0, self._unseen - 1)

    def stop(self) -> None:
        """End the thread."""
        self._closing = True

    # Messages from inference

    def engine_opened(self, spec: EngineSpec) -> None:
        """The model is ready."""
        self._engine = spec
        self._publish()

    def engine_failed(self, reason: str) -> None:
        """No more results come; video goes on without them."""
        self._engine_fault = reason
        if self._in_flight is not None and self._mode is Mode.EVERY_FRAME:
            self._ready.append((self._in_flight.frame, None))
        self._in_flight = None
        self._refresh = False
        self._publish()

    def answered(self, request: Request, prediction: Prediction) -> None:
        """A result came; one that was asked for before a seek is discarded."""
        if request.generation != self._generation:
            return
        if request is self._in_flight:
            self._in_flight = None
            if not (self._shown is not None and request.frame is self._shown[0]):
                self._ready.append((request.frame, prediction))
        elif self._mode is Mode.KEEP_PACE:
            self._newest = request.frame, prediction
        if not self._playing and self._shown is not None and request.frame is self._shown[0]:
            self._shown = request.frame, prediction
            self._publish()

    # One small thing at a time

    def _receive(self) -> None:
        """Handle one message, or none when the next frame is due before one comes."""
        wait_s = None if self._wake_s is None else max(0.0, self._wake_s - time.monotonic())
        self._wake_s = None
        try:
            message = self._inbox.get(timeout=wait_s)
        except Empty:
            return
        message(self)

    def _advance(self) -> bool:
        """Do the next thing there is to do; False when nothing is left until a message or a moment comes."""
        if self._source is None or self._fault:
            return False
        if self._seek_to is not None and not (self._jump and self._in_flight is not None):
            self._begin_at(self._source, self._seek_to)
        if self._steps < 0 and not self._jump and self._shown is not None:
            self._steps += 1
            self._begin_at(self._source, max(0.0, self._pts_s(self._shown[0]) - _EARLIER_S))
        if self._refresh and self._in_flight is None:
            return self._ask_again()
        if self._mode is Mode.EVERY_FRAME:
            return self._advance_every_frame(self._source)
        return self._advance_at_pace(self._source)

    def _advance_every_frame(self, source: Source) -> bool:
        if self._ready and self._wants_frame and self._is_due(self._ready[0][0]):
            self._show(*self._ready.popleft())
            return True
        if self._next is not None and self._in_flight is None:
            frame, self._next = self._next, None
            if self._engine_fault:
                self._ready.append((frame, None))
            else:
                self._in_flight = self._ask(frame)
            return True
        waiting = len(self._ready) + (self._in_flight is not None)
        if self._next is None and waiting < (_READ_AHEAD if self._playing else min(1, self._frames_wanted)):
            return self._read(source) or self._reached_end(waiting)
        return False

    def _advance_at_pace(self, source: Source) -> bool:
        if not self._wants_frame:
            return False
        if self._next is None:
            return self._read(source) or self._reached_end(0)
        if not self._is_due(self._next):
            return False
        frame, self._next = self._next, None
        if self._is_too_late(frame):
            self._skipped["late"] += 1
            return True
        if not self._engine_fault:
            self._ask(frame)
        self._show(frame, self._young_enough(frame))
        return True

    def _begin_at(self, source: Source, pts_s: float) -> None:
        self._seek_to = None
        self._ended = False
        self._generation += 1
        self._forget()
        self._jump = True
        source.seek(pts_s)
        self._restart_clock()

    def _forget(self) -> None:
        """Drop what was read and asked for ahead: playback goes on elsewhere."""
        self._next = self._in_flight = self._newest = None
        self._ready.clear()
        self._at_end = self._refresh = False

    def _read(self, source: Source) -> bool:
        """Read the next frame; False at the end."""
        frame = None if self._at_end else source.read()
        if frame is not None and self._settings.frames is not None:
            self._limit = frame.index + self._settings.frames if self._limit is None else self._limit
            self._is_limited = frame.index >= self._limit
            frame = None if self._is_limited else frame
        self._at_end = frame is None
        self._next = frame
        return frame is not None

    def _reached_end(self, waiting: int) -> bool:
        if not waiting and not self._ended:
            self._ended = True
            self._playing = self._jump = False
            self._steps = 0
            self._publish()
        return False

    def _ask(self, frame: Frame) -> Request:
        request = Request(frame, self._generation, self._cam, self._threshold)
        self._requests.put(request)
        return request

    def _ask_again(self) -> bool:
        self._refresh = False
        if self._shown is not None and not self._engine_fault:
            self._in_flight = self._ask(self._shown[0])
        return True

    def _show(self, frame: Frame, prediction: Prediction | None) -> None:
        is_new = self._shown is None or self._shown[0].index != frame.index
        self._pace.shown(self._pts_s(frame), forgive_s=_FORGIVEN_S if self._mode is Mode.EVERY_FRAME else 1.0)
        self._rate.tick()
        self._shown = frame, prediction
        if self._jump:
            self._jump = False
        elif not self._playing:
            self._steps -= 1
        self._ended = False
        if is_new and self._mode is Mode.EVERY_FRAME:
            hud = Hud(*self._state(), Figures(dropped=sum(self._lost().values())))
            self._recording.write(self._session, frame, prediction, self._overlay, hud)
        elif is_new:
            self._recording.leave_out(frame)
        if not self._playing:
            self._want_own_result()
        self._publish()

    # Questions

    @property
    def _frames_wanted(self) -> int:
        return self._jump + max(0, self._steps)

    @property
    def _wants_frame(self) -> bool:
        limit = self._settings.views_ahead
        return (self._playing or self._frames_wanted > 0) and (limit is None or self._unseen < limit)

    @property
    def _session(self) -> tuple[SourceInfo, EngineSpec] | None:
        if self._source is None or self._engine is None:
            return None
        return self._source.info, self._engine

    def _is_due(self, frame: Frame) -> bool:
        """Whether to show the frame now; if not, sets when to wake."""
        early_s = -self._pace.lateness_s(self._pts_s(frame))
        if self._frames_wanted or early_s <= 0:
            return True
        if early_s > _LONGEST_WAIT_S:  # a hole in the recording, or a damaged time stamp: nobody waits that long
            self._restart_clock()
            return True
        self._wake_s = time.monotonic() + early_s
        return False

    def _is_too_late(self, frame: Frame) -> bool:
        if self._frames_wanted or self._pace.lateness_s(self._pts_s(frame)) < _TOO_LATE_S:
            return False
        return self._rate.since_last_s < _LONGEST_GAP_S

    def _young_enough(self, frame: Frame) -> Prediction | None:
        if self._newest is None:
            return None
        age_s = self._pts_s(frame) - self._pts_s(self._newest[0])
        return self._newest[1] if age_s * 1e3 <= self._settings.max_age_ms else None

    def _want_own_result(self) -> None:
        """While paused, the shown frame's own and complete result is asked for where it is not what is shown."""
        if self._playing or self._shown is None or self._engine_fault:
            return
        frame, prediction = self._shown
        if prediction is None or prediction.index != frame.index or (self._cam and prediction.cam is None):
            self._refresh = True

    def _restart_clock(self) -> None:
        self._pace.restart()
        self._rate.restart()

    def _target_s(self) -> float:
        """PTS of the frame that is shown, or that will be once what was asked for is done."""
        if self._seek_to is not None:
            return self._seek_to
        if self._jump:
            pending = self._ready[0][0] if self._ready else self._in_flight.frame if self._in_flight else self._next
            if pending is not None:
                return self._pts_s(pending)
        return self._pts_s(self._shown[0]) if self._shown is not None else 0.0

    def _interval_s(self) -> float:
        fps = self._source.info.fps if self._source is not None else None
        return 1.0 / (fps or 25.0)

    def _pts_s(self, frame: Frame) -> float:
        return frame.pts_s if frame.pts_s is not None else frame.index * self._interval_s()

    def _lost(self) -> Counter[str]:
        return Counter(self._source.dropped if self._source is not None else {}) + self._skipped

    # To the window

    def _publish(self) -> None:
        frame, prediction = self._shown if self._shown is not None else (None, None)
        state, reason = self._state()
        info = self._source.info if self._source is not None else None
        is_own = frame is not None and prediction is not None and self._playing and prediction.index == frame.index
        delay_ms = annotation_delay_ms(frame, prediction) if is_own and frame and prediction else None
        lost = self._lost()
        self._unseen += 1
        self._on_view(
            View(
                frame=frame,
                prediction=prediction,
                state=state,
                reason=reason,
                playing=self._playing,
                position_s=self._pts_s(frame) if frame is not None else 0.0,
                duration_s=info.duration_s if info is not None else None,
                generation=self._generation,
                figures=Figures(self._rate.fps if self._playing else None, None, delay_ms, sum(lost.values())),
                dropped=dict(lost),
                notices=self._recording.notices,
                info=info,
                engine=self._engine,
            )
        )

    def _state(self) -> tuple[SessionState, str]:
        if self._fault or self._engine_fault:
            return SessionState.FAULT, self._fault or self._engine_fault
        if self._ended:
            return SessionState.ENDED, "The video is over; play starts it again."
        if self._shown is None:
            return SessionState.READY, "Opening the video and the model."
        if not self._playing:
            return SessionState.PAUSED, ""
        if self._shown[1] is None:
            limit = f"{self._settings.max_age_ms:.0f} ms"
            return SessionState.STALE, f"No result is younger than {limit}: no overlay is drawn."
        return SessionState.READY, ""

    def _fail(self, error: Exception) -> None:
        self._fault = in_one_line(error)
        self._playing = False
        self._publish()

    def _close(self) -> None:
        reason = self._fault or self._engine_fault
        ended = "frame limit" if self._is_limited else "end of file"
        self._recording.close(self._lost(), f"error: {reason}" if reason else ended if self._ended else "stopped")
        if self._source is not None:
            self._source.close()
