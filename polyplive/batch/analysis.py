"""The units of work: a recording from its first frame to its result file, or pieces of it. Run in a worker."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import shutil
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from polyplive.batch.figures import figures_of
from polyplive.batch.file_state import FileState
from polyplive.batch.result import EVENTS_FILE, REPORT_FILE, RESULT_FILE, Result, write_result
from polyplive.batch.runners import piece_runner
from polyplive.batch.worker import ENDS_BATCH
from polyplive.errors import DataError, PolypliveError, SourceError, text_of
from polyplive.review.analysis.joining import Joiner, unfinished_units, write_events
from polyplive.review.analysis.planning import plan
from polyplive.sinks.failures import sink_error
from polyplive.system.file_names import without_folders
from polyplive.system.private_files import make_private_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from polyplive.batch.pool import Tell
    from polyplive.batch.recording import Recording
    from polyplive.batch.work import Work
    from polyplive.review.analysis.planning import Plan, Unit

_UNFINISHED = ".unfinished"
_PIECES = ".pieces"
STILL_WRITTEN = "it is still being written"


class _StillWritten(Exception):
    """The recording changed while it was read."""


@dataclass(frozen=True, slots=True, eq=False)
class Begun:
    """A recording whose analysis has begun: its file, how it is divided, and the pieces still to be run.

    ``began_s`` is when, in seconds since 1970.
    """

    input: FileState | None
    began_s: float
    plan: Plan
    units: tuple[Unit, ...] = ()


def analyse(recording: Recording, work: Work, tell: Tell) -> Result:
    """Analyse ``recording`` and write its result file, the last of its files.

    ``tell`` gets the number of frames done, and of how many. What is wrong with the recording is the result's reason.
    Pieces that an earlier worker has finished are not run again. Raises ``SinkError`` where results cannot be written,
    and ``ModelError`` or ``BackendUnavailable`` where the model cannot run here.
    """

    def run() -> Result:
        begun = _begun(recording, work)
        for unit in begun.units:
            _run_piece(recording, work, begun.plan, unit, tell)
        return _joined(recording, work, begun)

    return _guarded(recording, work, run)


def begin(recording: Recording, work: Work, tell: Tell) -> Begun | Result:
    """Plan the analysis of ``recording`` in pieces, of which each may run in another worker; then ``join``.

    A recording of one piece is analysed at once. Raises as ``analyse``.
    """

    def run() -> Begun | Result:
        begun = _begun(recording, work)
        if len(begun.units) > 1:
            return begun
        for unit in begun.units:
            _run_piece(recording, work, begun.plan, unit, tell)
        return _joined(recording, work, begun)

    return _guarded(recording, work, run)


def piece(recording: Recording, work: Work, plan: Plan, unit: Unit, tell: Tell) -> Result | None:
    """Run one piece; ``tell`` gets the number of its own frames. A result only where the recording failed.

    Raises as ``analyse``.
    """

    first = unit.piece.first
    return _guarded(
        recording, work, lambda: _run_piece(recording, work, plan, unit, lambda done, _: tell(done - first, None))
    )


def join(recording: Recording, work: Work, begun: Begun, _tell: Tell) -> Result:
    """Join the pieces of ``recording`` to its result. Raises as ``analyse``."""
    return _guarded(recording, work, lambda: _joined(recording, work, begun))


_Outcome = TypeVar("_Outcome")


def _guarded(recording: Recording, work: Work, run: Callable[[], _Outcome]) -> _Outcome | Result:
    """What ``run`` gives; where the recording fails, the result that says so."""
    began_s = time.perf_counter()
    try:
        return run()
    except _StillWritten:
        return Result("unfinished", source_name(recording, work), STILL_WRITTEN)
    except ENDS_BATCH:
        raise
    except Exception as error:  # whatever it is, the other recordings are worth going on for
        is_none = isinstance(error, SourceError) and not recording.is_certain
        result = failure(recording, work, error if isinstance(error, PolypliveError) else text_of(error))
        seconds = round(time.perf_counter() - began_s, 3)
        result = dataclasses.replace(result, status="skipped" if is_none else "failed", seconds=seconds)
        return finish(recording, work, result)


def _begun(recording: Recording, work: Work) -> Begun:
    began_s = time.time()
    state = FileState.of(recording.path)
    settings = work.settings
    made = plan(recording.path, piece_runner(settings).spec, settings.pipeline, work.video, work.piece_frames)
    folder = _pieces_folder(recording, work, made)
    return Begun(state, began_s, made, tuple(unfinished_units(made, folder)))


def _run_piece(recording: Recording, work: Work, plan: Plan, unit: Unit, tell: Tell) -> None:
    first = unit.piece.first
    folder = _pieces_folder(recording, work, plan)
    piece_runner(work.settings).run(plan, unit, folder, lambda done: tell(first + done, plan.frames))


def _joined(recording: Recording, work: Work, begun: Begun) -> Result:
    """The result of pieces that have all been run, with its files in place."""
    made, folder = begun.plan, work.out / recording.name
    pieces = _pieces_folder(recording, work, made)
    with unfinished_folder(folder) as partial:
        events = partial / EVENTS_FILE
        try:
            quality = write_events(made, pieces, events)
        except DataError:
            _mend(recording, work, made, pieces)
            quality = write_events(made, pieces, events)
        if work.report is not None:
            work.report(recording.path, events, quality, partial / REPORT_FILE)
        figures = figures_of(events)
        if FileState.of(recording.path) != begun.input:
            raise _StillWritten
        files = _put_in_place(partial)
    session = made.session
    result = finish(
        recording,
        work,
        Result(
            "done",
            source_name(recording, work),
            input=begun.input,
            work_sha256=work.sha256,
            started=datetime.datetime.fromtimestamp(begun.began_s).astimezone().isoformat(timespec="seconds"),
            seconds=round(time.time() - begun.began_s, 3),
            model=session.model,
            model_sha256=session.model_sha256,
            backend=session.backend,
            precision=session.precision,
            figures=figures,
            files=files,
        ),
    )
    shutil.rmtree(folder / _PIECES, ignore_errors=True)
    return result


def _mend(recording: Recording, work: Work, plan: Plan, folder: Path) -> None:
    """Run again the pieces that do not fit to what came before them. Raises ``DataError`` where that has no end."""
    joiner = Joiner(plan, folder)
    while True:
        for _ in joiner.ready():
            pass
        if (unit := joiner.wanted) is None:
            return
        _run_piece(recording, work, plan, unit, lambda _done, _total: None)


def _pieces_folder(recording: Recording, work: Work, plan: Plan) -> Path:
    """Where the results of pieces are kept until all are there. Those of another analysis are removed."""
    folder = work.out / recording.name / _PIECES
    own = folder / plan.key[:16]
    try:
        if not own.is_dir():
            shutil.rmtree(folder, ignore_errors=True)
            make_private_folder(own)
    except OSError as error:
        raise sink_error(own, error, kept=False) from None
    return own


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
