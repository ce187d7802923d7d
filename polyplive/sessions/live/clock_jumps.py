"""What is said of a live source whose clock jumps."""

from __future__ import annotations

_TOLD_ONE_BY_ONE = 10


class ClockJumps:
    """Counts the jumps of a session's source. Used under the session's lock."""

    def __init__(self) -> None:
        self.count = 0
        self.notice = ""
        """One line for the user about all jumps so far; empty while there was none."""

    def see(self, jump_s: float) -> str:
        """Note a jump by ``jump_s`` seconds (below 0: back). Returns one line about it for the events.

        It is empty after ten jumps: a clock that is worth nothing would fill them.
        """
        self.count += 1
        way = "ahead" if jump_s > 0 else "back"
        what = f"The source's clock jumped {way} by {abs(jump_s):.1f} s"
        how = "times go on by this computer's clock."
        self.notice = f"{what}: {how}"
        if self.count > 1:
            self.notice = f"The source's clock jumped {self.count} times, last {way} by {abs(jump_s):.1f} s: {how}"
        return f"{what}: {how}" if self.count <= _TOLD_ONE_BY_ONE else ""
