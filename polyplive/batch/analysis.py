"""One unit of work: a recording from its first frame to its result file. Runs in a worker."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import shutil
import time
from typing import TYPE_CHECKING

from polyplive.batch.engines import kept_engine
from polyplive.batch.figures import figures_of
from polyplive.batch.file_state import FileState
from polyplive.batch.result import EVENTS_FILE, REPORT_FILE, RESULT_FILE, Result, write_result
from polyplive.batch.worker import ENDS_BATCH
from polyplive.errors import PolypliveError, SourceError, text_of
from polyplive.sessions.engine_room.offline import OfflineEngineRoom
from polyplive.sessions.opening import open_video
from polyplive.sessions.replay.headless import ReplaySettings, replay
from polyplive.sinks.events import EventsSink
from polyplive.sinks.failures import sink_error
from polyplive.system.file_names import without_folders
from polyplive.system.private_files import make_private_folder
from polyplive.types import OverlaySettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from polyplive.backends.base import EngineSpec
    from polyplive.batch.recording import Recording
    from polyplive.batch.work import Work
    from polyplive.sessions.replay.headless import ReplaySummary

_UNFINISHED = ".unfinished"
_NOTHING = OverlaySettings(visible=False)
STILL_WRITTEN = "it is still being written"


class _Unfinished(PolypliveError):
    """The recording changed while it was read."""


def analyse(recording: Recording, work: Work, tell: Callable[[int, int | None], None]) -> Result:
    """Analyse ``recording`` and write its result file, the last of its files.

    ``tell`` gets the number of frames done, and of how many. What is wrong with the recording is the result's reason.
    Raises ``SinkError`` where results cannot be written, and ``ModelError`` or ``BackendUnavailable`` where the model
    cannot run here.
    """
    started = datetime.datetime.now().astimezone().isoformat(timespec="seconds")
    began_s = time.perf_counter()
    before = FileState.of(recording.path)
    try:
        with unfinished_folder(work.out / recording.name) as folder:
            result = _analysed(recording, work, folder, tell)
            if FileState.of(recording.path) != before:
                raise _Unfinished(STILL_WRITTEN)
            result = dataclasses.replace(result, files=_put_in_place(folder))
    except _Unfinished as error:
        return Result("unfinished", source_name(recording, work), error.message)
    except ENDS_BATCH:
        raise
    except Exception as error:  # whatever it is, the other recordings are worth going on for
        is_none = isinstance(error, SourceError) and not recording.is_certain
        result = failure(recording, work, error if isinstance(error, PolypliveError) else text_of(error))
        result = dataclasses.replace(result, status="skipped" if is_none else "failed")
    seconds = round(time.perf_counter() - began_s, 3)
    return finish(recording, work, dataclasses.replace(result, input=before, started=started, seconds=seconds))


def finish(recording: Recording, work: Work, result: Result) -> Result:
    """Write the result file; from then on the recording is done with. Raises ``SinkError``."""
    folder = work.out / recording.name
    try:
        make_private_folder(folder)
        write_result(folder, result)
    except OSError as error:
        raise sink_error(folder / RESULT_FILE, error, kept=False) from None
    return result


def failure(recording: Recording, work: Work, reason: object) -> Result:
    """A result that says that ``recording`` failed for ``reason``, in one line and without folders."""
    said = str(reason) if work.settings.full_paths else without_folders(str(reason))
    said = " ".join(said.split())
    return Result("failed", source_name(recording, work), said, FileState.of(recording.path), work.sha256)


def source_name(recording: Recording, work: Work) -> str:
    """The recording's name in outputs."""
    return str(recording.path.absolute()) if work.settings.full_paths else recording.path.name


@contextlib.contextmanager
def unfinished_folder(folder: Path) -> Iterator[Path]:
    """A new folder in ``folder`` for files that are being written; what it holds at the end is removed.

    So is what a worker left that was killed. Raises ``SinkError``.
    """
    partial = folder / _UNFINISHED
    clear_unfinished(folder)
    try:
        make_private_folder(partial)
    except OSError as error:
        raise sink_error(partial / EVENTS_FILE, error, kept=False) from None
    try:
        yield partial
    finally:
        clear_unfinished(folder)


def clear_unfinished(folder: Path) -> None:
    """Remove what a worker left that was killed while it wrote into ``folder``."""
    shutil.rmtree(folder / _UNFINISHED, ignore_errors=True)
    for rest in folder.glob(".*.part"):
        rest.unlink(missing_ok=True)


def _analysed(recording: Recording, work: Work, folder: Path, tell: Callable[[int, int | None], None]) -> Result:
    """The events and the report of ``recording``, written into ``folder``."""
    events = folder / EVENTS_FILE
    summary, spec = _replayed(recording, work, events, tell)
    for failed in summary.failures:
        raise failed
    if work.report is not None:
        work.report(recording.path, events, folder / REPORT_FILE)
    return Result(
        "done",
        source_name(recording, work),
        work_sha256=work.sha256,
        model=spec.manifest.name,
        model_sha256=spec.manifest.sha256,
        backend=spec.backend,
        precision=spec.precision,
        figures=figures_of(events),
    )


def _replayed(
    recording: Recording, work: Work, events: Path, tell: Callable[[int, int | None], None]
) -> tuple[ReplaySummary, EngineSpec]:
    settings = work.settings
    source = open_video(
        recording.path,
        deinterlace=work.deinterlace,
        full_path=settings.full_paths,
        stream=work.stream,
        stereo=work.stereo,
    )
    engine = kept_engine(settings)
    with source, engine.recording(), OfflineEngineRoom(engine, settings.pipeline) as room:
        limits = ReplaySettings(overlay=_NOTHING, full_paths=settings.full_paths)
        frames = source.info.frames
        return replay(source, room, [EventsSink(events)], limits, lambda done: tell(done, frames)), room.spec


def _put_in_place(folder: Path) -> tuple[str, ...]:
    """Move the finished files out of ``folder``; the earlier result, which is of the earlier files, goes first."""
    place, names = folder.parent, []
    try:
        (place / RESULT_FILE).unlink(missing_ok=True)
        for name in (EVENTS_FILE, REPORT_FILE):
            (place / name).unlink(missing_ok=True)
            if (folder / name).exists():
                (folder / name).replace(place / name)
                names.append(name)
    except OSError as error:
        raise sink_error(place / EVENTS_FILE, error, kept=False) from None
    return tuple(names)
