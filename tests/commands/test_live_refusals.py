"""``polyplive live`` where no waiting can help: one line and an exit code; where it can, it goes on. Real processes."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from processes import PATIENCE_S
from start_stop import virtual_display
from stream_servers import Answers, http
from v4l2_card.card import PATH, EmulatedCard, build_card

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="names of Linux")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_card(tmp_path_factory.mktemp("card"))


@pytest.fixture
def card(library: Path, tmp_path: Path) -> Iterator[EmulatedCard]:
    picture = np.random.default_rng(1).integers(0, 256, (288, 352, 3), dtype=np.uint8)
    made = EmulatedCard(tmp_path, library, [picture, 255 - picture])
    yield made
    made.close()


def refused(arguments: list[str], environment: dict[str, str] | None = None) -> tuple[int, str]:
    """The exit code and the line of the error; what comes before it are the lines of any session."""
    done = subprocess.run(
        [sys.executable, "-m", "polyplive", "live", *arguments],
        env=environment, capture_output=True, text=True, check=False, timeout=5 * PATIENCE_S,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    lines = done.stderr.splitlines()
    assert [line for line in lines if line.startswith("polyplive: ")] == lines[-1:], done.stderr
    assert done.stdout == ""
    return done.returncode, lines[-1]


def test_a_screen_that_is_not_there() -> None:
    code, line = refused(["screen:7654", "--headless"])
    assert code == 1
    assert "There is no screen 'screen:7654'" in line


@pytest.mark.skipif(shutil.which("Xvfb") is None, reason="needs Xvfb, an X server without a monitor")
def test_the_window_says_where_no_waiting_can_help_and_stays() -> None:
    with virtual_display() as display:
        environment = {**os.environ, "DISPLAY": display, "QT_QPA_PLATFORM": "xcb"}
        with subprocess.Popen(
            [sys.executable, "-m", "polyplive", "live", "screen:7654"],
            env=environment, stderr=subprocess.PIPE, text=True,
        ) as process:  # fmt: skip
            line = wait_for_line(process, "There is no screen 'screen:7654'. Screens here: ")
            assert line.startswith("polyplive: ")
            assert f"screen:{display[1:]}" in line
            process.send_signal(signal.SIGINT)
            said, _ = process.stderr.read(), process.wait(PATIENCE_S)
        assert (process.returncode, said) == (130, "polyplive: stopped by Ctrl-C.\n")
        code, line = refused([f"screen:{display[1:]}", "--size", "5000x5000", "--headless"], environment)
        assert code == 1
        assert "no picture of that size. Leave --size out" in line


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["/dev/video77"], 1, "There is no device '/dev/video77'. Connected: "),
        (["no-such-card"], 1, "There is no device 'no-such-card'. Connected: "),
        (["/dev/null"], 1, "is no capture device"),
        ([__file__], 1, "polyplive replay"),
        (["rtsp://host:99999/"], 2, "port"),
        (["gopher://host/"], 2, "Known: http"),
        (["rtsp://"], 2, "names no host"),
        (["udp://127.0.0.1:9", "--size", "640x480"], 2, "--size cannot be asked of a stream"),
        (["udp://127.0.0.1:9", "--rate", "25"], 2, "--rate cannot be asked of a stream"),
        (["screen:0", "--format", "MJPG"], 2, "--format cannot be asked of a screen"),
    ],
    ids=lambda value: "-".join(value)[-30:] if isinstance(value, list) else None,
)
def test_an_address_that_cannot_be(arguments: list[str], code: int, said: str) -> None:
    found, line = refused([*arguments, "--headless"])
    assert (found, said in line) == (code, True), line


def test_a_stream_that_leads_elsewhere() -> None:
    server = Answers(http(b"", status="302 Found", Location="http://192.0.2.9/"))
    code, line = refused([f"http://127.0.0.1:{server.port}/", "--headless"])
    server.stop()
    assert code == 1
    assert "192.0.2.9" in line


@pytest.mark.parametrize("letters", ["H264", "XXXX"])
def test_a_format_that_the_card_does_not_have(letters: str, card: EmulatedCard) -> None:
    code, line = refused([PATH, "--format", letters, "--headless"], card.environment())
    assert code == 1
    assert f"no pixel format '{letters}'" in line
    assert "YUYV" in line
    assert "MJPG" in line


def test_a_card_without_permission(card: EmulatedCard) -> None:
    card.control.denied = 1
    code, line = refused([PATH, "--headless"], card.environment())
    assert code == 1
    assert "usermod" in line


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("streaming", "used by another program. Close that program."),
        ("no_signal", "gives no picture (Invalid argument). Check that the tower is on, and the cable at its input."),
    ],
)
def test_a_card_that_may_come_right_is_waited_for(command: str, said: str, card: EmulatedCard) -> None:
    setattr(card.control, command, 1)
    process = subprocess.Popen(
        [sys.executable, "-m", "polyplive", "live", PATH, "--headless"],
        env=card.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        wait_for_line(process, said)
        setattr(card.control, command, 0)
        wait_for_line(process, "ready")
    finally:
        process.kill()
        process.communicate()


def wait_for_line(process: subprocess.Popen[str], said: str) -> str:
    """The first line that says so."""
    assert process.stderr is not None
    lines = []
    for line in process.stderr:
        lines.append(line)
        if said in line:
            return line
    pytest.fail(f"never said '{said}': {''.join(lines)}")
