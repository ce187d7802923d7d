"""Exports a recording's findings: checks, then writes a file or a folder completely or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from polyplive.errors import ConfigError, PolypliveError
from polyplive.review.exports.base import ExportFormat, ExportOptions
from polyplive.review.exports.linked import LinkedFindings, Only
from polyplive.sinks.failures import sink_error
from polyplive.system.private_files import FOLDER_MODE, make_private_folder, unfinished
from polyplive.wording import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from polyplive.review.exports.linked import Verdicts


@dataclass(frozen=True, slots=True)
class Exported:
    """What was exported: how many tracks and sightings of them, and lines for the user about what is special."""

    path: Path
    tracks: int
    sightings: int
    notices: tuple[str, ...] = ()


def export_findings(
    events: str | Path,
    form: ExportFormat,
    path: str | Path,
    *,
    verdicts: Verdicts | None = None,
    only: Only = Only.ALL,
    options: ExportOptions | None = None,
) -> Exported:
    """Write the findings of an events file in the format ``form`` to ``path``; any thread, one at a time for a path.

    ``verdicts`` say what was decided of the tracks (``verdicts_of`` for a review file). A file at ``path`` is replaced
    in one step. A folder must be empty or not be there. After a failure nothing is left. Raises ``DataError`` for what
    is no events file, ``ConfigError`` for a folder with something in it, ``MissingDependency``, and ``SinkError`` where
    it cannot be written.
    """
    target = Path(path)
    form.check_installed()
    check_target(form, target)
    findings = LinkedFindings(events, verdicts, only)
    try:
        make_private_folder(target.parent)
        with _whole_folder(target) if form.is_folder else _whole_file(target) as partial:
            form.write(findings, partial, options or ExportOptions())
    except PolypliveError:
        raise
    except (OSError, ValueError) as error:
        raise sink_error(target, error, kept=False) from None
    sightings = sum(len(track.sightings) for track in findings.tracks)
    return Exported(target, len(findings.tracks), sightings, _notices(findings, form))


def check_target(form: ExportFormat, path: Path) -> None:
    """Raise ``ConfigError`` where ``path`` is a file and has to be a folder, or the other way round, or is in use."""
    if form.is_folder:
        if path.exists() and not path.is_dir():
            raise ConfigError(f"'{path}' is a file, and '{form.name}' writes a folder", "Name a folder.")
        if path.is_dir() and any(path.iterdir()):
            raise ConfigError(f"The folder '{path}' is not empty", "Name a new folder.")
    elif path.is_dir():
        raise ConfigError(f"'{path}' is a folder, and '{form.name}' writes a file", "Name a file in it.")


@contextlib.contextmanager
def _whole_file(path: Path) -> Iterator[Path]:
    with unfinished(path) as (partial, file):
        file.close()
        yield partial
        with partial.open("rb+") as written:
            os.fsync(written.fileno())
        partial.replace(path)


@contextlib.contextmanager
def _whole_folder(path: Path) -> Iterator[Path]:
    partial = path.with_name(f".{path.name[:40]}.{secrets.token_hex(8)}.part")
    partial.mkdir(mode=FOLDER_MODE)
    try:
        yield partial
        if path.is_dir():
            path.rmdir()  # Windows replaces no folder, not even an empty one
        partial.rename(path)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _notices(findings: LinkedFindings, form: ExportFormat) -> tuple[str, ...]:
    session, found = findings.session, []
    left_out = findings.frame_count - findings.analysed
    if left_out > 0:
        verb = "was" if left_out == 1 else "were"
        found.append(
            f"{counted(left_out, 'frame')} of {findings.frame_count} {verb} not analysed: nothing is said of them."
        )
    if form.one_size and len(findings.sizes) > 1:
        sizes = ", ".join(f"{width}x{height}" for width, height in findings.sizes[1:])
        width, height = findings.size
        found.append(
            f"The picture changes its size ({sizes}) and '{form.name}' has one: places are those at {width}x{height}."
        )
    if session.stereo is not None:
        found.append(f"Places are in the {session.stereo} half of the 3D picture, not in the whole of it.")
    if session.sample_aspect != 1:
        found.append(f"Places are in pixels as stored, which are {session.sample_aspect:g} times as wide as high.")
    return tuple(found)
