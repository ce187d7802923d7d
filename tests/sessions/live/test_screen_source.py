"""A screen as a source: a real X server without a monitor, read through FFmpeg's own input."""

from __future__ import annotations

import dataclasses
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from live_rig import PATIENT, WHOLE_FRAME, open_sound
from processes import PATIENCE_S

from polyplive.sessions.live import LiveParts, LiveSession
from polyplive.sources.capture.address import parse_address
from polyplive.sources.capture.options import CaptureRequest
from polyplive.sources.device import DeviceSource
from polyplive.types import SessionState

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(shutil.which("Xvfb") is None, reason="needs Xvfb, an X server without a monitor")


@pytest.fixture
def screen() -> Iterator[str]:
    reader, writer = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writer), "-screen", "0", "320x200x24"], pass_fds=(writer,), stderr=subprocess.DEVNULL
    )
    os.close(writer)
    with os.fdopen(reader) as said:
        number = said.readline().strip()
    yield f"screen:{number}.0"
    server.terminate()
    server.wait(PATIENCE_S)


def test_frames_of_a_screen(screen: str) -> None:
    source = DeviceSource(parse_address(screen), CaptureRequest(rate=60.0))
    try:
        frames = [source.read() for _ in range(30)]
    finally:
        source.close()
    assert all(frame.image.shape == (200, 320, 3) for frame in frames)
    assert [frame.index + 0 for frame in frames] == sorted({frame.index for frame in frames})
    assert source.warnings == ()


def test_an_empty_screen_is_no_signal(screen: str) -> None:
    parts = LiveParts(
        lambda: DeviceSource(parse_address(screen)),
        open_sound,
        dataclasses.replace(PATIENT, no_signal_s=0.5),
        frames=60,
        pipeline=WHOLE_FRAME,
    )
    states = set()
    session = LiveSession(parts, lambda: states.add(session.state[0]))
    with session:
        assert session.wait(PATIENCE_S)
    assert SessionState.NO_SIGNAL in states
    tally = session.summary().tally
    assert tally.read == tally.processed + sum(tally.dropped.values())
