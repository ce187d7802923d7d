"""When each frame was taken, as a DICOM header says (PS3.3, C.7.6.5)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate

FRAME_TIME, FRAME_TIME_VECTOR = 0x00181063, 0x00181065
CINE_RATE, DISPLAY_RATE = 0x00180040, 0x00082144
_SHORTEST_S, _LONGEST_S = Fraction(1, 1000), 3600
_FINEST = 1_000_000
_MOST_LETTERS, _LARGEST = 64, 1e12


@dataclass(frozen=True, slots=True)
class FrameTimes:
    """The times of the frames as the header gives them.

    ``step_s`` is the time from one frame to the next in seconds, on average where it varies; None where the header
    gives none. ``times_s`` are the seconds from the first frame where they vary, and empty otherwise.
    """

    step_s: Fraction | None = None
    times_s: tuple[float, ...] = ()

    @property
    def rate(self) -> float | None:
        """Frames a second, None where it is not known."""
        return float(1 / self.step_s) if self.step_s else None


def frame_times(frames: int, pointer: int, texts: dict[int, str]) -> FrameTimes:
    """The times of ``frames`` frames. ``texts`` has the values of the elements above, as they are in the file.

    The element that the frame increment ``pointer`` names goes first. After that: one time for all frames, a vector
    of times, the rate at which they were taken, the rate at which they should be shown. What makes no sense is passed
    over: no time, a vector of another length, more than 1,000 frames a second, an hour for a frame.
    """
    order = (FRAME_TIME_VECTOR, FRAME_TIME) if pointer == FRAME_TIME_VECTOR else (FRAME_TIME, FRAME_TIME_VECTOR)
    for tag in (*order, CINE_RATE, DISPLAY_RATE):
        text = texts.get(tag, "")
        found = _vector(frames, text) if tag == FRAME_TIME_VECTOR else _uniform(text, is_rate=tag not in order)
        if found is not None:
            return found
    return FrameTimes()


def _uniform(text: str, *, is_rate: bool) -> FrameTimes | None:
    value = number(text)
    if value is None or value <= 0:
        return None
    step = (1 / value if is_rate else value / 1000).limit_denominator(_FINEST)
    return FrameTimes(step) if _SHORTEST_S <= step <= _LONGEST_S else None


def _vector(frames: int, text: str) -> FrameTimes | None:
    """The increments in milliseconds, of which the first counts as 0."""
    parts = text.split("\\", maxsplit=frames)
    steps = [number(part) for part in parts[1:]]
    known = [step for step in steps if step is not None and 0 <= step <= 1000 * _LONGEST_S]
    if frames < 2 or len(parts) != frames or len(known) != len(steps):
        return None
    times = tuple(accumulate((float(step) / 1000 for step in known), initial=0.0))
    step = Fraction(times[-1] / (frames - 1)).limit_denominator(_FINEST)
    return FrameTimes(step, times) if step >= _SHORTEST_S else None


def number(text: str) -> Fraction | None:
    """The number that a decimal or integer string holds, None where it holds none."""
    if len(text) > _MOST_LETTERS:
        return None
    try:
        value = float(text)
    except ValueError:
        return None
    if not math.isfinite(value) or abs(value) > _LARGEST:
        return None
    return Fraction(text.strip()) if value else Fraction(0)
