"""The time of each frame of a file: from its stamps, or from a rate where the container holds none."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from polyplive.sources.reading.timeline import REACH, Clock, FrameTime, RunningTimes, Timeline, steadied, usual_step
from polyplive.sources.streams import stated_rate

if TYPE_CHECKING:
    from collections.abc import Callable

    from polyplive.sources.reading.decoder import Decoder
    from polyplive.sources.reading.medium import Medium
    from polyplive.sources.reading.presentation import Presentation

_DEFAULT_RATE = 25.0
_MAX_RATE = 1000.0
_RATE_TOLERANCE = 0.02


class FrameTimes:
    """Gives frames their times, before and after the packets are listed; one thread."""

    def __init__(self, medium: Medium, decoder: Decoder) -> None:
        stream = decoder.stream
        self._tick_s = float(decoder.time_base)
        self._may_jump = decoder.clock_may_jump
        self._has_stamps = decoder.has_stamps
        self._may_run = decoder.has_stamps and not decoder.may_stamp_decoding
        told = 0 if self._has_stamps else medium.rate or 0
        stated = float(told or stated_rate(stream) or 0)
        self._given_s = tuple(medium.times_s)
        self.rate = stated if 0 < stated <= _MAX_RATE else _DEFAULT_RATE
        """Average frames per second: as stated, or as measured where the time stamps do not agree with it."""
        self.goes_on = False
        """Whether the line may end before the last frame, as the file grows."""
        self.line: Timeline | None = None
        """The times of all frames, once the packets are listed."""
        self._frames: Presentation | None = None
        self._list_clock = self._clock(None)
        self._running = RunningTimes(self._list_clock)
        self._run_to = -1

    def lay_out(self, frames: Presentation) -> None:
        """Find the times of all frames."""
        self._frames = frames
        if not self._has_stamps or all(stamp is None for stamp in frames.stamps):
            self.line = self._told(len(frames))
        else:
            self._list_clock = self._clock(usual_step(frames.stamps))
            self.line = Timeline(steadied(frames.stamps, self._list_clock), self._list_clock)
        count = len(self.line)
        if count > 1 and (span_s := self.line.time_s(count - 1)) > 0:
            measured = (count - 1) / span_s
            if abs(measured - self.rate) > _RATE_TOLERANCE * measured and measured <= _MAX_RATE:
                self.rate = measured

    def moved(self, frames: Presentation, first: int) -> None:
        """Find the times from frame ``first`` on again, as the decoder's order of the frames there is another one."""
        if self.line is not None and self._has_stamps and not frames.holds_decoding_times:
            self.line.refresh(steadied(frames.stamps, self._list_clock), first)

    def breaks(self, stamp: int | None, ahead: Callable[[], list[int | None]]) -> bool:
        """Whether stamps do not rise here, so that the whole recording has to be known to tell which ones are wrong."""
        if self.line is not None or not self._may_run:
            return False
        return self._running.breaks(stamp, ahead())

    def of(self, number: int, stamp: int | None, ahead: Callable[[], list[int | None]]) -> FrameTime:
        """When frame ``number`` is shown; ``ahead`` gives the stamps of the frames behind it, if they are needed."""
        if self.line is not None and not self._is_behind(number):
            time = self.line.time(number)
            if not self._may_run:
                return replace(time, stamp_s=time.time_s)  # such a file begins at 0
            borrowed = self._frames is not None and self._frames.borrows(number)
            return replace(time, is_repaired=True) if borrowed else time
        if not self._may_run:
            time_s = self._given_s[number] if number < len(self._given_s) else number / self.rate
            return FrameTime(time_s, time_s, is_repaired=False)
        self._run_to = number
        return self._running.time(stamp, ahead() if self._running.doubts(stamp) else [])

    def _is_behind(self, number: int) -> bool:
        """Whether frame ``number`` is behind the end of the line; running times then go on there."""
        assert self.line is not None
        end = len(self.line)
        if not self.goes_on or not self._may_run or number < end:
            return False
        if self._run_to < end - 1:
            self._running = RunningTimes(self._list_clock)
            self._running.go_on_behind([self.line.time(before) for before in range(max(0, end - REACH), end)])
        return True

    def duration_s(self, frames: int) -> float:
        """How long ``frames`` frames last, the last one by the usual step."""
        if self.line is None or not frames:
            return 0.0
        step_s = self._list_clock.step * self._tick_s if self._has_stamps else 1.0 / self.rate
        return self.line.time_s(frames - 1) + step_s

    def _clock(self, step: float | None) -> Clock:
        return Clock(self._tick_s, step or max(1.0, 1.0 / (self.rate * self._tick_s)), self._may_jump)

    def _told(self, count: int) -> Timeline:
        """The times of a stream without stamps: those that were told outside of it, or by its rate."""
        if len(self._given_s) >= count:
            micro = Clock(1e-6, 1e6 / self.rate)
            return Timeline([round(time_s * 1e6) for time_s in self._given_s[:count]], micro)
        return Timeline([None] * count, Clock(1.0 / self.rate, 1.0))
