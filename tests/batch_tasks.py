"""Tasks that tests give to workers: functions of a module, so that another process can be asked for them."""

from __future__ import annotations

import ctypes
import os
import signal
import time
from typing import TYPE_CHECKING

from polyplive.batch.analysis import failure, finish, source_name
from polyplive.batch.file_state import FileState
from polyplive.batch.result import Result
from polyplive.errors import SinkError

if TYPE_CHECKING:
    from pathlib import Path

    from polyplive.batch.pool import Tell
    from polyplive.batch.recording import Recording
    from polyplive.batch.work import Work


def tell_own_id(folder: Path, tell: Tell) -> int:
    """Writes the worker's process id and works for ever, as long as ``folder`` holds ``wait``."""
    tell(1, 2)
    (folder / f"{os.getpid()}.id").touch()
    while (folder / "wait").exists():
        time.sleep(0.01)
    return os.getpid()


def crash(recording: Recording, work: Work, tell: Tell) -> Result:
    """What its name says, each time or (``once``) only the first time; notes each try beside the recording."""
    tries = recording.path.with_suffix(".tries")
    with tries.open("a") as file:
        file.write("+")
    how = recording.path.stem
    if how == "segv" or (how == "segv-once" and tries.read_text() == "+"):
        ctypes.string_at(0)
    if how == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "full":
        raise SinkError("No room left", "Free some space.")
    if how == "bad":
        return finish(recording, work, failure(recording, work, "it is damaged"))
    state = FileState.of(recording.path)
    return finish(recording, work, Result("done", source_name(recording, work), input=state, work_sha256=work.sha256))
