"""How fast a recording goes by on screen, beside its own time; without Qt."""

from __future__ import annotations

from collections import deque

_SPAN_S = 2.0
_LEAST_S = 0.5
"""Below this much time on screen a ratio says nothing."""


class ShownPace:
    """The recording's time that passes in a second on screen, over the last two seconds; one thread."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, float]] = deque()

    def see(self, pts_s: float, now_s: float) -> None:
        """A frame of ``pts_s`` came to the screen at ``now_s``, both in seconds. A step back begins anew."""
        if self._seen and pts_s <= self._seen[-1][0]:
            self.restart()
        self._seen.append((pts_s, now_s))
        while now_s - self._seen[0][1] > _SPAN_S:
            self._seen.popleft()

    def restart(self) -> None:
        """Forget the past: playback stood still, or went elsewhere."""
        self._seen.clear()

    @property
    def ratio(self) -> float | None:
        """1 where the recording goes by as fast as it was recorded; None while that is not known."""
        if len(self._seen) < 2:
            return None
        (first_pts, first_s), (last_pts, last_s) = self._seen[0], self._seen[-1]
        passed_s = last_s - first_s
        return (last_pts - first_pts) / passed_s if passed_s >= _LEAST_S else None


def pace_text(ratio: float | None) -> str:
    """``ratio`` in words, such as ``0.3x real time``; empty while it is not known."""
    return f"{ratio:.1f}\u00d7 real time" if ratio is not None else ""
