"""An archive of twenty files, some damaged, one being written: interrupted again and again, on processes and on Ray."""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from processes import PATIENCE_S, wait_until
from ray_nodes import ENVIRONMENT, RayNodes
from small_archive import (
    GrowingRecording,
    findings,
    result_files,
    wait_for_results,
    write_damaged,
    write_recording,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = [
    pytest.mark.heavy,
    pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals"),
]

GOOD, DAMAGED = 16, ("empty", "noise", "cut")
SAID = "20 recordings: 16 done, 3 failed, 1 still being written"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("archive")
    for number in range(GOOD):
        write_recording(folder / f"case {number % 4}" / f"clip{number}.mp4", number, frames=20 + number)
    for kind in DAMAGED:
        write_damaged(folder / f"{kind}.mp4", kind)
    with GrowingRecording(folder / "growing.mkv"):
        yield folder


@pytest.fixture(scope="module")
def straight(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The results of a run that nothing disturbed."""
    out = tmp_path_factory.mktemp("straight")
    assert SAID in finish(archive, out)
    return out


def start(archive: Path, out: Path, *more: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "polyplive", "batch", str(archive), "--out", str(out), "--idle", "0.3"]
    return subprocess.Popen(
        [*command, "--threads", "1", *more],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **ENVIRONMENT},
    )


def finish(archive: Path, out: Path, *more: str, meanwhile: Callable[[], None] = lambda: None) -> str:
    with start(archive, out, *more) as batch:
        meanwhile()
        said, _ = batch.communicate(timeout=20 * PATIENCE_S)
    assert batch.returncode == 1, said
    return said


def done(files: dict[str, tuple[int, bytes]]) -> dict[str, tuple[int, bytes]]:
    return {name: file for name, file in files.items() if b'"done"' in file[1]}


def kill_twice(archive: Path, out: Path, *more: str) -> dict[str, tuple[int, bytes]]:
    """Start it, kill it when it has some results, and again; the results that were there then."""
    kept: dict[str, tuple[int, bytes]] = {}
    for count in (4, 10):
        with start(archive, out, *more) as batch:
            wait_for_results(out, count)
            batch.send_signal(signal.SIGKILL)
        now = done(result_files(out))
        assert kept.items() <= now.items(), "nothing is done twice"
        kept = now
    return kept


@pytest.mark.parametrize("workers", ["1", "2"])
def test_killed_twice_on_processes_it_has_the_same_results(
    archive: Path, straight: Path, tmp_path: Path, workers: str
) -> None:
    kept = kill_twice(archive, tmp_path, "--workers", workers)
    assert SAID in finish(archive, tmp_path, "--workers", workers)
    assert kept.items() <= result_files(tmp_path).items()
    assert findings(tmp_path) == findings(straight)


@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="needs Ray")
def test_on_ray_it_loses_a_worker_and_a_node_and_is_killed_twice(archive: Path, straight: Path, tmp_path: Path) -> None:
    with RayNodes() as nodes:
        kept = kill_twice(archive, tmp_path, "--ray", nodes.address)

        def disturb() -> None:
            wait_until(nodes.kill_worker, "a worker to be killed")
            wait_for_results(tmp_path, 14)
            nodes.remove_node()

        assert SAID in finish(archive, tmp_path, "--ray", nodes.address, meanwhile=disturb)
    assert kept.items() <= result_files(tmp_path).items()
    assert findings(tmp_path) == findings(straight)
