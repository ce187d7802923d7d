"""``polyplive batch`` from its first start to its last: killed, stopped, gone on, on files as archives have them."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from filelock import FileLock
from processes import PATIENCE_S
from small_archive import (
    GrowingRecording,
    findings,
    result_files,
    wait_for_results,
    write_damaged,
    write_recording,
)

from polyplive.batch.figures import figures_of
from polyplive.batch.finding import Found
from polyplive.batch.processes import ProcessPool
from polyplive.batch.recording import as_recordings
from polyplive.batch.result import Figures
from polyplive.batch.run import Batch
from polyplive.batch.work import Work, settled
from polyplive.cli import main
from polyplive.commands.batch import BatchRequest, run
from polyplive.commands.batch_progress import BatchProgress
from polyplive.config import EngineOptions, Settings
from polyplive.wording import counted

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")

IDLE = ["--idle", "0.3"]


def started(folder: Path, out: Path, *more: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "polyplive", "batch", str(folder), "--out", str(out), "--workers", "1", *IDLE]
    return subprocess.Popen([*command, *more], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def ended(folder: Path, out: Path, *more: str) -> tuple[int, str, str]:
    with started(folder, out, *more) as batch:
        said, errors = batch.communicate(timeout=10 * PATIENCE_S)
    return batch.returncode, said, errors


def whole(out: Path) -> bool:
    """Nothing is left but whole files: no folder of unfinished ones."""
    return not [path for path in out.rglob("*") if path.name == ".unfinished" or path.suffix == ".part"]


def rows(out: Path) -> list[dict[str, str]]:
    with (out / "batch.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_it_is_killed_and_stopped_and_goes_on_and_no_bad_file_ends_it(tmp_path: Path) -> None:
    archive, out = tmp_path / "archive", tmp_path / "out"
    for number in range(3):
        write_recording(archive / f"good{number}.mp4", number)
    write_recording(archive / "DOE JOHN" / "good0.mp4", 3)
    write_damaged(archive / "z.mp4", "cut")
    with GrowingRecording(archive / "growing.mkv"):
        with started(archive, out) as batch:
            wait_for_results(out, 1)
            batch.send_signal(signal.SIGKILL)
        with started(archive, out) as batch:
            wait_for_results(out, 3)
            batch.send_signal(signal.SIGTERM)
            _, errors = batch.communicate(timeout=PATIENCE_S)
        assert (batch.returncode, errors.splitlines()[-1]) == (143, "polyplive: stopped by SIGTERM.")
        before = {name: file for name, file in result_files(out).items() if b'"done"' in file[1]}
        assert len(rows(out)) >= 2, "the table has what was done"
        assert whole(out)
        code, said, errors = ended(archive, out)
    assert code == 1, errors
    assert said.splitlines()[0] == "6 recordings: 4 done, 1 failed, 1 still being written"
    assert before.items() <= result_files(out).items(), "nothing is done twice"
    assert f"{counted(len(before), 'recording')} had a result before" in errors
    found = findings(out)
    assert sorted(status for status, _ in found.values()) == ["done"] * 4 + ["failed"]
    assert len({digest for status, digest in found.values() if status == "done"}) > 2
    assert whole(out)
    table = {row["recording"]: row for row in rows(out)}
    assert table["growing.mkv"]["reason"] == "it is still being written"
    assert "holds no video" in table["z.mp4"]["reason"]
    everything = [path.read_bytes() for path in out.rglob("*") if path.is_file()]
    assert b"DOE JOHN" not in b"".join(everything), "where a file lay is in no output"
    assert "DOE JOHN" not in " ".join(map(str, out.rglob("*")))


def test_its_findings_are_those_of_a_replay_however_it_is_divided(tmp_path: Path) -> None:
    clip = write_recording(tmp_path / "archive" / "clip.mp4", 2, frames=12)
    settings = Settings(engine=EngineOptions(threads=1))
    assert run(BatchRequest((tmp_path / "archive",), tmp_path / "out", settings, workers=1)) == 0
    divided = Batch(
        as_recordings([Found(clip, "clip.mp4", True)], "key"),
        settled(Work(tmp_path / "divided", settings, piece_frames=3)),
        ProcessPool(2),
        BatchProgress(1),
        1.0,
        split=True,
    )
    divided.run()
    assert main(["replay", str(clip), "--headless", "--no-heatmap", "--events", str(tmp_path / "events.jsonl")]) == 0
    figures = figures_of(tmp_path / "events.jsonl")
    (result,) = (tmp_path / "out").glob("*/result.json")
    found = json.loads(result.read_text(encoding="utf-8"))["figures"]
    assert found["findings_sha256"] == figures.findings_sha256
    (in_pieces,) = divided.results.values()
    assert in_pieces.figures == msgspec.convert(found, Figures)
    assert found["findings"] == figures.findings > 0
    if os.name != "nt":
        modes = {path.stat().st_mode & 0o077 for path in (tmp_path / "out").rglob("*")}
        assert modes == {0}, "its files are their owner's alone"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--ray", "127.0.0.1:1"], "There is no Ray cluster at '127.0.0.1:1'"),
        (["--ray", "http://127.0.0.1"], "--ray 'http://127.0.0.1' is no address of a cluster"),
        (["--workers", "0"], "--workers is 0"),
    ],
)
def test_what_cannot_be_is_one_line(tmp_path: Path, capfd, options: list[str], said: str) -> None:
    if "--ray" in options:
        pytest.importorskip("ray")
    write_recording(tmp_path / "clip.mp4")
    assert main(["batch", str(tmp_path), "--out", str(tmp_path / "out"), *options]) == 2
    assert said in capfd.readouterr().err.splitlines()[-1]


def test_two_batches_do_not_write_into_one_folder(tmp_path: Path, capfd) -> None:
    write_recording(tmp_path / "clip.mp4")
    with FileLock(tmp_path / "out" / ".lock"):
        assert main(["batch", str(tmp_path / "clip.mp4"), "--out", str(tmp_path / "out")]) == 2
    assert "Another batch writes into" in capfd.readouterr().err
