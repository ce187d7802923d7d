"""Workers that crash, that are killed, and whose batch is killed."""

from __future__ import annotations

import functools
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from batch_tasks import crash, tell_own_id
from processes import is_alive, wait_until

from polyplive.batch.pool import Done, Progress, Task
from polyplive.batch.processes import ProcessPool
from polyplive.batch.recording import Recording
from polyplive.batch.result import read_result
from polyplive.batch.run import Batch
from polyplive.batch.work import Work
from polyplive.errors import PolypliveError

if TYPE_CHECKING:
    from pathlib import Path

    from polyplive.batch.result import Result

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")


class Watching:
    """Collects what is said of a batch."""

    def __init__(self) -> None:
        self.ends: list[tuple[str, str]] = []

    def progress(self, recording: Recording, done: int, total: int | None) -> None:
        pass

    def ended(self, recording: Recording, result: Result, is_new: bool) -> None:
        self.ends.append((recording.path.name, result.status if is_new else "before"))

    def notice(self, text: str) -> None:
        pass


def batch_of(tmp_path: Path, *names: str, workers: int = 1) -> tuple[Batch, Watching]:
    recordings = []
    for name in names:
        path = tmp_path / f"{name}.mp4"
        path.touch()
        os.utime(path, (1e9, 1e9))
        recordings.append(Recording(path, name))
    watching = Watching()
    return Batch(recordings, Work(tmp_path / "out"), ProcessPool(workers), watching, 1.0, False, crash), watching


def test_a_worker_that_crashes_costs_its_recording_one_try_and_no_other_anything(tmp_path: Path) -> None:
    names = ("one", "segv", "killed", "segv-once", "bad")
    batch, _ = batch_of(tmp_path, *names, workers=2)
    batch.run()
    assert {name: result.status for name, result in batch.results.items()} == {
        "one": "done", "segv": "failed", "killed": "failed", "segv-once": "done", "bad": "failed",
    }  # fmt: skip
    assert "SIGSEGV" in batch.results["segv"].reason
    assert "SIGKILL" in batch.results["killed"].reason
    tries = {path.stem: len(path.read_text()) for path in tmp_path.glob("*.tries")}
    assert tries == dict.fromkeys(names, 1) | {"segv": 2, "killed": 2, "segv-once": 2}
    assert all(read_result(tmp_path / "out" / name) == batch.results[name] for name in names)


def test_what_is_done_is_not_done_again_unless_file_or_work_changed_and_what_failed_is(tmp_path: Path) -> None:
    batch_of(tmp_path, "one", "two", "bad")[0].run()
    (tmp_path / "two.mp4").write_bytes(b"longer")
    batch, watching = batch_of(tmp_path, "one", "two", "bad")
    batch.run()
    assert sorted(watching.ends) == [("bad.mp4", "failed"), ("one.mp4", "before"), ("two.mp4", "done")]
    (tmp_path / "out" / "one" / "result.json").write_text('{"status": "done"')
    batch, watching = batch_of(tmp_path, "one", "two")
    batch.run()
    assert sorted(watching.ends) == [("one.mp4", "done"), ("two.mp4", "before")]


def test_what_is_not_about_a_recording_ends_the_batch(tmp_path: Path) -> None:
    batch, watching = batch_of(tmp_path, "one", "full", "two")
    with pytest.raises(PolypliveError, match="The batch ends: No room left"):
        batch.run()
    assert watching.ends == [("one.mp4", "done")]
    assert read_result(tmp_path / "out" / "full") is None


def test_workers_are_used_again_and_end_with_their_pool(tmp_path: Path) -> None:
    pool = ProcessPool(1)
    ids = []
    for number in range(2):
        assert pool.start(Task(number, functools.partial(tell_own_id, tmp_path)))
        news = []
        while not (news and isinstance(news[-1], Done)):
            news += pool.news(1.0)
        assert news[0] == Progress(number, 1, 2)
        ids.append(news[-1].outcome)
    assert ids[0] == ids[1]
    pool.close()
    assert not is_alive(ids[0])


POOL = """
import functools, sys
from pathlib import Path
from batch_tasks import tell_own_id
from polyplive.batch.pool import Task
from polyplive.batch.processes import ProcessPool
pool = ProcessPool(2)
for number in range(2):
    pool.start(Task(number, functools.partial(tell_own_id, Path(sys.argv[1]))))
while True:
    pool.news(1.0)
"""


def test_workers_end_when_their_batch_is_killed(tmp_path: Path) -> None:
    (tmp_path / "wait").touch()
    path = os.pathsep.join(sys.path)
    with subprocess.Popen([sys.executable, "-c", POOL, str(tmp_path)], env={**os.environ, "PYTHONPATH": path}) as batch:
        wait_until(lambda: len(list(tmp_path.glob("*.id"))) == 2, "both workers work")
        ids = [int(file.stem) for file in tmp_path.glob("*.id")]
        batch.send_signal(signal.SIGKILL)
    for number in ids:
        wait_until(lambda number=number: not is_alive(number), "the worker has ended")
