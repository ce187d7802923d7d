"""``polyplive live --restream``: the real command, watched from outside; and what it refuses in one line."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest
from mjpeg_client import Watcher
from processes import PATIENCE_S
from v4l2_card.card import PATH, EmulatedCard, build_card

from polyplive.cli import main

if TYPE_CHECKING:
    from pathlib import Path

ADDRESS = re.compile(r"^The picture for other programs: (http://127\.0\.0\.1:\d+/\S{20,})$", re.MULTILINE)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs the emulated card")
def test_the_command_prints_the_address_once_and_sends_the_cards_picture(tmp_path: Path) -> None:
    generator = np.random.default_rng(1)
    picture = generator.integers(90, 130, (288, 352, 3), dtype=np.uint8)
    card = EmulatedCard(tmp_path, build_card(tmp_path), [picture, 255 - picture])
    said = tmp_path / "stderr"
    command = [sys.executable, "-m", "polyplive", "live", PATH, "--headless", "--restream", "http://127.0.0.1:0"]
    with (
        said.open("w") as stderr,
        subprocess.Popen(command, env=card.environment(), stdout=subprocess.PIPE, stderr=stderr, text=True) as process,
    ):
        found: list[str] = []
        while not found:
            assert process.poll() is None, said.read_text()
            found = ADDRESS.findall(said.read_text())
            time.sleep(0.02)
        with Watcher(found[0]) as watcher:
            while watcher.picture().shape != (288, 352, 3):
                pass
            watcher.picture()
            process.send_signal(signal.SIGINT)
            assert watcher.rest(), "it says that the session has ended"
        output, _ = process.communicate(timeout=PATIENCE_S)
    card.close()
    assert len(ADDRESS.findall(said.read_text())) == 1
    assert found[0].rpartition("/")[2] not in output
    assert "Traceback" not in said.read_text()


@pytest.mark.parametrize("address", ["https://127.0.0.1:8080", "http://127.0.0.1", "rtsp://127.0.0.1:1"])
def test_another_address_is_a_mistake_in_the_command(address: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["live", "screen:7654", "--headless", "--restream", address]) == 2
    (line,) = capfd.readouterr().err.splitlines()
    assert line.startswith("polyplive: ")


def test_a_port_in_use_is_said_before_anything_begins(capfd: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert main(["live", "screen:7654", "--headless", "--restream", f"http://127.0.0.1:{port}"]) == 1
    (line,) = capfd.readouterr().err.splitlines()
    assert f"port {port}: another program uses it" in line


def test_only_live_sessions_have_it(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["replay", "clip.mp4", "--restream", "http://127.0.0.1:0"]) == 2
    assert "No such option" in capfd.readouterr().err
