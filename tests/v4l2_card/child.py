"""A live session on the emulated card, in a process of its own: says what happens, one JSON object a line.

``python child.py '{"frames": 300, ...}'``; it ends at the frame limit or when its standard input is closed.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from live_rig import faulty_pipeline

from polyplive.compositor import compose, footprint
from polyplive.config import LiveSettings
from polyplive.live import LiveParts, LiveSession
from polyplive.sources.address import parse_address
from polyplive.sources.device import CaptureRequest, DeviceSource
from polyplive.types import OverlaySettings
from v4l2_card.card import PATH, read_number

if TYPE_CHECKING:
    from polyplive.types import Frame

OVERLAY = OverlaySettings(figures=False)


class Noted(DeviceSource):
    """The real source; the numbers drawn into its frames are kept."""

    numbers: list[tuple[int, int | None, int]]

    def read(self) -> Frame | None:
        frame = super().read()
        if frame is not None:
            self.numbers.append((frame.index, read_number(frame.image), frame.width))
        return frame


def say(**values: Any) -> None:
    sys.stdout.write(json.dumps(values) + "\n")  # in one piece: several threads say things
    sys.stdout.flush()


def main() -> int:
    options = json.loads(sys.argv[1])
    opened: list[Noted] = []
    changed = [0]
    compared = [0]

    def open_source() -> Noted:
        rate, letters = options.get("rate", 60.0), options.get("format", "YUYV")
        size = tuple(options["size"]) if "size" in options else None
        source = Noted(parse_address(PATH), CaptureRequest(size, rate, letters))
        source.numbers = []
        opened.append(source)
        say(event="opened", warnings=source.warnings, fps=source.info.fps, codec=source.info.codec)
        return source

    told = [""]

    def look() -> None:
        view = session.view()
        if view.frame is not None and options.get("compare"):
            drawn = compose(view.frame, view.prediction, OVERLAY)
            free = ~footprint(drawn.shape, view.prediction, OVERLAY)
            compared[0] += 1
            changed[0] += int(np.count_nonzero(drawn[free] != view.frame.image[free]))
        session.drawn(view)
        if view.state.value != told[0]:
            told[0] = view.state.value
            say(event="state", state=told[0], reason=view.reason, at=time.monotonic())

    patience = LiveSettings(max_age_ms=300, no_signal_s=0.5, reopen_s=1.2, engine_timeout_s=5)
    parts = LiveParts(
        open_source, faulty_pipeline, patience, overlay=OVERLAY, frames=options.get("frames"), with_screen=True
    )
    session = LiveSession(parts, look)
    session.start()
    ended = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    while not session.wait(0.05) and not ended.is_set():
        pass
    survivors = session.close(10.0)
    summary = session.summary()
    say(
        event="end",
        read=summary.tally.read,
        processed=summary.tally.processed,
        dropped=dict(summary.tally.dropped),
        shown=summary.shown,
        unshown=dict(summary.unshown),
        opens=summary.source_opens,
        numbers=[source.numbers for source in opened],
        survivors=survivors,
        changed=changed[0],
        compared=compared[0],
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
