"""A live session on the emulated card, in a process of its own: says what happens, one JSON object a line.

``python child.py '{"frames": 300, ...}'``; it ends at the frame limit or when its standard input is closed.
"""

from __future__ import annotations

import json
import re
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from live_rig import PATIENT, WHOLE_FRAME, open_sound

from polyplive.overlay.compositor import compose, footprint
from polyplive.sessions.live import LiveParts, LiveSession
from polyplive.sources.capture.address import parse_address
from polyplive.sources.capture.options import CaptureRequest
from polyplive.sources.device import DeviceSource
from polyplive.types import OverlaySettings
from v4l2_card.card import PATH, read_number

if TYPE_CHECKING:
    from polyplive.types import Frame

OVERLAY = OverlaySettings(figures=False)


class Noted(DeviceSource):
    """The real source; the numbers drawn into its frames are kept."""

    numbers: list[tuple[int, int | None, int]]
    times_s: list[float | None]
    captured_s: list[float]

    def read(self) -> Frame | None:
        frame = super().read()
        if frame is not None:
            self.numbers.append((frame.index, read_number(frame.image), frame.width))
            self.times_s.append(frame.pts_s)
            self.captured_s.append(frame.captured_s)
        return frame


def say(**values: Any) -> None:
    sys.stdout.write(json.dumps(values) + "\n")  # in one piece: several threads say things
    sys.stdout.flush()


class Child:
    """The session, its sources and what the screen saw of it."""

    def __init__(self, options: dict[str, Any]) -> None:
        self.options = options
        self.opened: list[Noted] = []
        self.changed = 0
        self.compared = 0
        self.told = "", ""
        self.done = threading.Event()
        """All that it was started for has happened."""
        parts = LiveParts(
            self.open_source,
            open_sound,
            replace(PATIENT, **{name: options[name] for name in ("no_signal_s", "reopen_s") if name in options}),
            overlay=OVERLAY,
            frames=options.get("frames"),
            with_screen=True,
            pipeline=WHOLE_FRAME,
        )
        self.session = LiveSession(parts, self.look)

    def open_source(self) -> Noted:
        rate, letters = self.options.get("rate", 60.0), self.options.get("format", "YUYV")
        size = tuple(self.options["size"]) if "size" in self.options else None
        source = Noted(parse_address(PATH), CaptureRequest(size, rate, letters))
        source.numbers, source.times_s, source.captured_s = [], [], []
        self.opened.append(source)
        say(event="opened", warnings=source.warnings, fps=source.info.fps, codec=source.info.codec)
        return source

    def look(self) -> None:
        view = self.session.view()
        if view.frame is not None and self.options.get("compare"):
            drawn = compose(view.frame, view.prediction, OVERLAY)
            free = ~footprint(drawn.shape, view.prediction, OVERLAY)
            self.compared += 1
            self.changed += int(np.count_nonzero(drawn[free] != view.frame.image[free]))
            if self.compared == self.options["compare"]:
                self.done.set()
        self.session.drawn(view)
        told = view.state.value, re.sub(r"\d", "", view.reason)
        if told != self.told:
            self.told = told
            say(event="state", state=view.state.value, reason=view.reason, at=time.monotonic())

    def end(self) -> None:
        survivors = self.session.close(60.0)
        summary = self.session.summary()
        say(
            event="end",
            read=summary.tally.read,
            processed=summary.tally.processed,
            dropped=dict(summary.tally.dropped),
            shown=summary.shown,
            unshown=dict(summary.unshown),
            opens=summary.source_opens,
            numbers=[source.numbers for source in self.opened],
            times_s=[source.times_s for source in self.opened],
            captured_s=[source.captured_s for source in self.opened],
            clock_jumps=summary.clock_jumps,
            survivors=survivors,
            changed=self.changed,
            compared=self.compared,
        )


def main() -> int:
    child = Child(json.loads(sys.argv[1]))
    child.session.start()
    threading.Thread(target=lambda: (sys.stdin.read(), child.done.set()), daemon=True).start()
    while not child.session.wait(0.05) and not child.done.is_set():
        pass
    child.end()
    return 0


if __name__ == "__main__":
    sys.exit(main())
