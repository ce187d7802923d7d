"""The one policy for times: which time stamps of a recording hold, and what time a frame has where they do not.

A stamp gives a time, never existence: every frame that decodes is given, in the decoder's order. Most stamps are right.
So those are kept that fit together with the fewest changes, and the others are repaired from their neighbours. The page
docs/time.md says the same for users.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

REACH = 24
"""How many neighbouring frames decide on a stamp: more than a codec reorders."""

_LEFT_OUT = 1.0
"""The cost of repairing one stamp. The other costs below are in this unit."""
_RESTART = 3.5
"""Of a clock that starts again. So up to three stamps behind are repaired; more are a new clock."""
_RETURN, _RETURN_STEPS = 20.0, 2.5
"""Of a step back to where the clock had been without the frames before: these frames are repaired, not the clock."""
_UNEVEN, _UNEVEN_A_STEP = 0.01, 0.004
"""Of an interval that differs from the usual one, at most and by usual steps; it decides between equal stamps."""
_CLOCK_SET_S = 3600.0
"""No recorder pauses so long: where a container's clock may be set anew, a longer step is such a change."""
ROUNDING_S = 5e-7
"""Times are written to the microsecond; the rounded time still means its own frame."""
_ENOUGH, _APART_S, _APART_STEPS = 16, 60.0, 100
"""A first stamp so many seconds and usual steps behind the second, in a recording of so many frames, is no pause."""
_SAMPLED = 4096
_MOSTLY = 0.5
_VAGUE = 3.5
"""By how many frames a stamp may miss its own in a stream that stamps only some."""


@dataclass(frozen=True, slots=True)
class Clock:
    """How a stream counts time.

    ``tick_s`` is the unit of its stamps in seconds. ``step`` is the usual time between frames, in ticks. ``may_jump``
    is True where a container stores the sender's clock (transport and program streams).
    """

    tick_s: float
    step: float
    may_jump: bool = False


@dataclass(frozen=True, slots=True)
class FrameTime:
    """When a frame is shown: ``time_s`` in seconds from the first frame, ``stamp_s`` on the container's own clock.

    Both are repaired where the frame's stamp was missing or not usable, as ``is_repaired`` says. The container's clock
    may start again in a recording; ``time_s`` goes on.
    """

    time_s: float
    stamp_s: float
    is_repaired: bool


class Timeline:
    """The time of each frame of a recording in order of presentation; one thread.

    ``stamps`` are integers in ticks, None where a frame has none. The times are seconds from the first frame, and
    strictly rise. A pause and a variable rate stay. A clock that starts again goes on one usual step after the frame
    before.
    """

    def __init__(self, stamps: Sequence[int | None], clock: Clock) -> None:
        self._clock = clock
        bare = sum(stamp is None for stamp in stamps)
        self._is_bare = bare > _MOSTLY * len(stamps)
        self._ticks, self._shifts, self._repaired = self._judged(stamps)
        self._first = self._ticks[0] if self._ticks else 0.0

    def __len__(self) -> int:
        return len(self._ticks)

    def time_s(self, number: int) -> float:
        """Seconds from the first frame to frame ``number``; frames behind the last one follow in usual steps."""
        beyond = number - (len(self._ticks) - 1)
        if beyond > 0:
            last = self._ticks[-1] if self._ticks else -self._clock.step
            return (last + beyond * self._clock.step - self._first) * self._clock.tick_s
        return (self._ticks[number] - self._first) * self._clock.tick_s

    def time(self, number: int) -> FrameTime:
        """When frame ``number`` is shown."""
        time_s, known = self.time_s(number), min(number, len(self._ticks) - 1)
        shift = self._shifts[known] if self._shifts else 0.0
        repaired = number == known >= 0 and bool(self._repaired[number])
        return FrameTime(time_s, time_s + (self._first - shift) * self._clock.tick_s, repaired)

    def number_at(self, time_s: float) -> int:
        """The last frame whose time is at most ``time_s`` to the microsecond, from 0."""
        return max(0, bisect_right(range(len(self)), time_s + ROUNDING_S, key=self.time_s) - 1)

    def refresh(self, stamps: Sequence[int | None], first: int) -> None:
        """Find the times from frame ``first`` on again, as ``stamps`` (of the whole recording) have moved there."""
        begin = max(0, first - 2 * REACH)
        ticks, shifts, repaired = self._judged(stamps[begin:])
        shift = self._ticks[begin] - ticks[0]
        for number in range(max(begin, first - REACH), len(stamps)):
            self._ticks[number] = ticks[number - begin] + shift
            self._shifts[number] = shifts[number - begin] + shift
            self._repaired[number] = repaired[number - begin]

    def _judged(self, stamps: Sequence[int | None]) -> tuple[list[float], list[float], bytearray]:
        """As ``repaired_ticks``. Where most frames have no stamp, that is in order, and not repaired."""
        ticks, shifts, repaired = repaired_ticks(stamps, self._clock)
        if self._is_bare:
            for number, stamp in enumerate(stamps):
                repaired[number] &= stamp is not None
        return ticks, shifts, repaired


class RunningTimes:
    """The same policy for a recording of which only the next frames are known; one thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._stamps: deque[int | None] = deque(maxlen=REACH)
        self._ticks: deque[float] = deque(maxlen=REACH)
        self._shift = 0.0
        self._first: float | None = None

    def go_on_behind(self, times: Sequence[FrameTime]) -> None:
        """Take ``times`` for those of the last frames, in order."""
        for time in times[-REACH:]:
            tick, stamp = time.time_s / self._clock.tick_s, round(time.stamp_s / self._clock.tick_s)
            self._ticks.append(tick)
            self._stamps.append(stamp)
            self._shift, self._first = tick - stamp, 0.0

    def doubts(self, stamp: int | None) -> bool:
        """Whether the next frames' stamps are needed to judge this one."""
        last = self._stamps[-1] if self._stamps else None
        return stamp is None or last is None or not 0 < stamp - last < 4 * self._clock.step

    def breaks(self, stamp: int | None, ahead: Sequence[int | None]) -> bool:
        """Whether this stamp and those of the next frames do not rise, or the first one stands apart."""
        following = [*list(self._stamps)[-1:], stamp, *ahead]
        known = [value for value in following if value is not None]
        if len(known) < len(following) or any(after <= before for before, after in pairwise(known)):
            return True
        is_first = not self._stamps and len(known) > 1
        return is_first and (known[1] - known[0]) * self._clock.tick_s > _APART_S

    def time(self, stamp: int | None, ahead: Sequence[int | None]) -> FrameTime:
        """When the next frame is shown; ``ahead`` are the stamps of those that follow it."""
        before = len(self._stamps)
        ticks, shifts, repaired = repaired_ticks([*self._stamps, stamp, *ahead], self._clock, anchored=before > 0)
        is_repaired = bool(repaired[before])
        tick = ticks[before]
        if before:  # the frames given keep their times
            tick = max(tick + self._ticks[0] - ticks[0], self._ticks[-1] + 1)
        holds = not is_repaired or (before > 0 and shifts[before] != shifts[before - 1])  # or the clock starts again
        if stamp is not None and holds:
            self._shift = tick - stamp
        self._ticks.append(tick)
        self._stamps.append(stamp if holds else round(tick - self._shift))
        if self._first is None:
            self._first = tick
        tick_s = self._clock.tick_s
        return FrameTime((tick - self._first) * tick_s, (tick - self._shift) * tick_s, is_repaired)


def usual_step(stamps: Sequence[int | None]) -> float | None:
    """The median of the steps ahead between frames, in ticks; None where there is none."""
    known: list[tuple[int, int]] = []
    for number, stamp in enumerate(stamps[:_SAMPLED]):
        if stamp is not None and not (known and stamp == known[-1][1]):  # equal stamps share one step
            known.append((number, stamp))
    steps = [(stamp - last) / (number - at) for (at, last), (number, stamp) in pairwise(known) if stamp > last]
    return float(median(steps)) if steps else None


def steadied(stamps: Sequence[int | None], clock: Clock) -> Sequence[int | None]:
    """The same stamps; where only some frames have one, a clock runs on beside them and takes up none but large steps.

    Streams that stamp a packet now and then do not say for which of a few frames it is.
    """
    known = sum(stamp is not None for stamp in stamps)
    if known >= _MOSTLY * len(stamps):
        return stamps
    steady: list[int | None] = []
    anchor: float | None = None
    for number, stamp in enumerate(stamps):
        if stamp is not None and (anchor is None or abs(stamp - anchor - number * clock.step) > _VAGUE * clock.step):
            anchor = stamp - number * clock.step
        steady.append(None if stamp is None or anchor is None else round(anchor + number * clock.step))
    return steady


def repaired_ticks(
    stamps: Sequence[int | None], clock: Clock, *, anchored: bool = False
) -> tuple[list[float], list[float], bytearray]:
    """The tick of each frame, strictly rising; its shift against the container's clock; 1 where its stamp was not used.

    The shift is not 0 behind a clock that started again, and 1 stands where it starts. With ``anchored`` the first
    stamp holds.
    """
    known = [number for number, stamp in enumerate(stamps) if stamp is not None]
    values = [stamp for stamp in stamps if stamp is not None]
    repaired = bytearray(b"\1" * len(stamps))
    kept, offsets = _kept(known, values, clock, anchored=anchored)
    ticks = [0.0] * len(stamps)
    shifts = [0.0] * len(stamps)
    for index, offset in zip(kept, offsets, strict=True):
        ticks[known[index]] = values[index] + offset
        if offset == shifts[known[index]]:
            repaired[known[index]] = 0
        else:  # the clock starts again here
            shifts[known[index] :] = [offset] * (len(stamps) - known[index])
    _fill([known[index] for index in kept], ticks, clock.step)
    return ticks, shifts, repaired


def _kept(known: list[int], values: list[int], clock: Clock, *, anchored: bool) -> tuple[list[int], list[float]]:
    """Which stamps hold, and what is added to each of them so that the clock goes on where it started again."""
    kept: list[int] = []
    done = 0
    sparse = bool(known) and len(known) < _MOSTLY * (known[-1] + 1)  # then each stamp counts for many frames
    for begin, end in [(0, len(values))] if sparse else _doubtful(values, clock):
        kept.extend(range(done, begin))
        kept.extend(_best_chain(known, values, begin, end, clock, anchored=anchored or begin > 0))
        done = end
    kept.extend(range(done, len(values)))
    if not anchored and _stands_apart(kept, values, clock):
        del kept[0]
    offsets: list[float] = []
    offset = 0.0
    for before, index in zip([None, *kept], kept, strict=False):
        if before is not None and _is_restart(values[index] - values[before], clock):
            frames = known[index] - known[before]
            offset += values[before] - values[index] + frames * clock.step
        offsets.append(offset)
    return kept, offsets


def _stands_apart(kept: list[int], values: list[int], clock: Clock) -> bool:
    """Whether the first stamp lies far behind all others: a stream's first is often 0, whatever its clock says."""
    if len(kept) < _ENOUGH:
        return False
    step = values[kept[1]] - values[kept[0]]
    return step * clock.tick_s > _APART_S and step > _APART_STEPS * clock.step


def _is_restart(step: float, clock: Clock) -> bool:
    return step <= 0 or (clock.may_jump and step * clock.tick_s > _CLOCK_SET_S)


def _doubtful(values: list[int], clock: Clock) -> list[tuple[int, int]]:
    """The runs of stamps around each step back, as [begin, end); everywhere else all stamps hold."""
    runs: list[tuple[int, int]] = []
    for index, (before, after) in enumerate(pairwise(values)):
        if after > before:
            continue
        begin, end = max(0, index - REACH), min(len(values), index + REACH + 2)
        if runs and begin <= runs[-1][1]:
            runs[-1] = (runs[-1][0], end)
        else:
            runs.append((begin, end))
    return runs


def _best_chain(
    known: list[int], values: list[int], begin: int, end: int, clock: Clock, *, anchored: bool
) -> list[int]:
    """The stamps of a doubtful run that are kept: the chain of the lowest cost, by dynamic programming.

    A run that begins or ends inside the recording keeps its first or last stamp, as nothing speaks against it.
    """
    costs: list[float] = []
    befores: list[int] = []
    for index in range(begin, end):
        cost = (index - begin) * _LEFT_OUT if not anchored or index == begin else float("inf")
        before = -1
        for earlier in range(max(begin, index - REACH), index):
            through = costs[earlier - begin] + (index - earlier - 1) * _LEFT_OUT
            if through < cost:
                through += _link_cost(known, values, earlier, index, clock)
                if through < cost:
                    cost, before = through, earlier
        costs.append(cost)
        befores.append(before)
    ends = range(end - 1, begin - 1, -1) if end == len(values) else range(end - 1, end - 2, -1)
    index = min(ends, key=lambda last: costs[last - begin] + (end - 1 - last) * _LEFT_OUT)
    chain = [index]
    while (index := befores[index - begin]) >= 0:
        chain.append(index)
    return chain[::-1]


def _link_cost(known: list[int], values: list[int], earlier: int, index: int, clock: Clock) -> float:
    """Of two stamps that are both kept, with none between them."""
    frames, step = known[index] - known[earlier], values[index] - values[earlier]
    if _is_restart(step, clock):
        return _RETURN if _returns(known, values, earlier, index, clock) else _RESTART
    return min(_UNEVEN, _UNEVEN_A_STEP * abs(step / clock.step - frames))


def _returns(known: list[int], values: list[int], earlier: int, index: int, clock: Clock) -> bool:
    """Whether the clock steps back to where it had been, had it run on from a frame shortly before ``earlier``."""
    for anchor in range(max(0, earlier - REACH), earlier):
        step, frames = values[index] - values[anchor], known[index] - known[anchor]
        if step > 0 and abs(step / clock.step - frames) <= _RETURN_STEPS:
            return True
    return False


def _fill(kept: list[int], ticks: list[float], step: float) -> None:
    """Give the other frames their ticks: spread evenly between those that are kept, or in usual steps."""
    if not kept:
        ticks[:] = [number * step for number in range(len(ticks))]
        return
    for number in range(kept[0] - 1, -1, -1):
        ticks[number] = ticks[number + 1] - step
    for before, after in pairwise(kept):
        frames = after - before
        if frames > 1:
            even = (ticks[after] - ticks[before]) / frames
            for number in range(before + 1, after):
                ticks[number] = ticks[number - 1] + min(even, step)
    for number in range(kept[-1] + 1, len(ticks)):
        ticks[number] = ticks[number - 1] + step
