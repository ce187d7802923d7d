"""``polyplive batch``."""

from __future__ import annotations

import contextlib
import functools
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from filelock import FileLock, Timeout
from msgspec import Meta

from polyplive import RESEARCH_NOTICE, __version__
from polyplive.batch.capacity import THREADS, Capacity, capacity
from polyplive.batch.finding import find_recordings
from polyplive.batch.processes import ProcessPool
from polyplive.batch.ray_cluster import RayPool
from polyplive.batch.recording import as_recordings, read_key
from polyplive.batch.run import Batch
from polyplive.batch.table import polars_module
from polyplive.batch.work import Work, settled
from polyplive.commands.batch_outputs import TABLE_FILE, write_report, write_tables
from polyplive.commands.batch_progress import BatchProgress
from polyplive.commands.messages import print_written, say, stdout
from polyplive.commands.outputs import try_outputs
from polyplive.config import Settings
from polyplive.errors import ConfigError
from polyplive.review.analysis.planning import VideoOptions
from polyplive.sources.reading.followed import IDLE_S
from polyplive.system.stopping import uninterrupted
from polyplive.types import StereoOption
from polyplive.validation import check_fields
from polyplive.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from polyplive.batch.pool import Pool
    from polyplive.batch.recording import Recording
    from polyplive.batch.result import Result

_LOCK_FILE = ".lock"
_REASONS = 20
"""So many failures are named at the end; all are in the table."""


@dataclass(frozen=True, slots=True)
class BatchRequest:
    """The request of ``polyplive batch``.

    ``folders`` hold the recordings, ``out`` gets the results. ``workers`` is how many recordings are worked on at once,
    None for what the machine has room for. ``ray`` is the address of a Ray cluster that works instead of this
    machine's processes. With ``split`` several workers share a recording, None: where there are more workers than
    recordings. ``report``: each has a report, too. ``parquet``: the table is also written as Parquet. A file changed a
    moment ago is complete when it has not changed for ``idle_s`` seconds.
    """

    folders: tuple[Path, ...]
    out: Path
    settings: Settings = field(default_factory=Settings)
    workers: Annotated[int, Meta(ge=1, le=100_000)] | None = None
    ray: str | None = None
    split: bool | None = None
    idle_s: Annotated[float, Meta(gt=0, le=86400)] = IDLE_S
    report: bool = True
    parquet: bool = False
    deinterlace: bool = False
    stream: Annotated[int, Meta(ge=1)] | None = None
    stereo: StereoOption | None = None

    def __post_init__(self) -> None:
        check_fields(self)
        if not self.folders:
            raise ConfigError("No folder of recordings was given", "Name folders: polyplive batch FOLDER --out OUT.")


def run(request: BatchRequest) -> int:
    """Analyse every recording. Returns the exit code: 1 where one failed."""
    try_outputs({"out": request.out})
    if request.parquet:
        polars_module()  # not after hours of work
    work = settled(_work(request))
    say(f"polyplive {__version__} · {RESEARCH_NOTICE}")
    with _alone(request.out):
        recordings = _recordings(request)
        pool, work = _pool(request, work)
        written: list[Path] = []
        with BatchProgress(len(recordings)) as progress:
            batch = Batch(recordings, work, pool, progress, request.idle_s, request.split)
            try:
                batch.run()
            finally:
                with uninterrupted():
                    ordered = {one.name: batch.results[one.name] for one in recordings if one.name in batch.results}
                    written += write_tables(request.out, ordered, parquet=request.parquet)
    _print_summary(ordered, written)
    return 1 if any(result.status == "failed" for result in ordered.values()) else 0


def _work(request: BatchRequest) -> Work:
    settings = request.settings
    video = VideoOptions(request.deinterlace, request.stream, request.stereo, settings.full_paths)
    report = functools.partial(write_report, video) if request.report else None
    return Work(request.out.absolute(), settings, video, report=report)


@contextlib.contextmanager
def _alone(out: Path) -> Iterator[None]:
    """Raises ``ConfigError`` where another batch writes into ``out``; a batch that was killed does not count."""
    lock = FileLock(out / _LOCK_FILE, timeout=0, mode=0o600)
    try:
        lock.acquire()
    except Timeout:
        raise ConfigError(f"Another batch writes into '{out}'", "Wait for its end, or name another --out.") from None
    try:
        yield
    finally:
        lock.release()


def _recordings(request: BatchRequest) -> list[Recording]:
    search = find_recordings(request.folders, request.out)
    for problem in search.problems:
        say(problem)
    recordings = as_recordings(search.found, read_key(request.out))
    if not recordings:
        raise ConfigError("There is no recording in what was given", "Give folders of videos.")
    return recordings


def _pool(request: BatchRequest, work: Work) -> tuple[Pool, Work]:
    """The workers, and the work with their number of threads."""
    threads = request.settings.engine.threads
    on_cluster = Capacity(request.workers or 0, threads or THREADS)
    room = capacity(request.workers, threads) if request.ray is None else on_cluster
    work = work.with_threads(room.threads)
    each = f"{counted(room.threads, 'thread')} each"
    who = f"the Ray cluster at {request.ray}" if request.ray is not None else counted(room.workers, "worker")
    say(f"Model {work.settings.model} on {work.settings.backend}; {who}, {each}")
    if request.ray is None:
        return ProcessPool(room.workers), work
    return RayPool(request.ray, work.out, read_key(work.out), room.threads, request.workers), work


def _print_summary(results: Mapping[str, Result], written: Sequence[Path]) -> None:
    counts: Counter[str] = Counter(result.status for result in results.values())
    words = {"done": "done", "failed": "failed", "unfinished": "still being written", "skipped": "no recordings"}
    said = ", ".join(f"{counts[status]} {word}" for status, word in words.items() if counts[status])
    stdout.print(f"{counted(len(results), 'recording')}: {said}")
    failed = [result for result in results.values() if result.status == "failed"]
    for result in failed[:_REASONS]:
        stdout.print(f"Failed: {result.source}: {result.reason}")
    if len(failed) > _REASONS:
        stdout.print(f"… and {len(failed) - _REASONS} more, in {TABLE_FILE}")
    print_written(written)
