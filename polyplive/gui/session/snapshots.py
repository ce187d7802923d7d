"""Snapshots: a moment as two pictures, the source's and the same with its marks; without Qt."""

from __future__ import annotations

import contextlib
import datetime
import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from polyplive import RESEARCH_NOTICE, __version__
from polyplive.errors import SinkError
from polyplive.sinks.png import png_of
from polyplive.system.atomic_file import write_new
from polyplive.system.file_names import file_name, fitting_stem
from polyplive.system.private_files import make_private_folder

if TYPE_CHECKING:
    from collections.abc import Mapping

    from polyplive.sessions.view import View
    from polyplive.types import Image, Prediction, SessionState

_MOST = 9999
"""Snapshots of one moment whose names are certain to fit."""
_MARKED = "-marked"


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """One frame twice, uint8 [H, W, 3] BGR with square pixels: ``clean`` is the source's, ``marked`` has the overlay.

    ``facts`` are texts by keyword, written into both files.
    """

    clean: Image
    marked: Image
    facts: Mapping[str, str]


def facts_of(view: View, state: SessionState, prediction: Prediction | None) -> dict[str, str]:
    """What a snapshot of ``view`` says of itself; no folder is named.

    ``state`` is the one that the window says, ``prediction`` what is drawn.
    """
    facts = {"Software": f"polyplive {__version__}", "Disclaimer": RESEARCH_NOTICE}
    if view.info is not None:
        facts["Title"] = file_name(view.info.name)
    if view.frame is not None:
        facts |= {"Frame": str(view.frame.index + 1), "Frame index": str(view.frame.index)}
        if view.frame.pts_s is not None:
            facts["Time"] = f"{view.frame.pts_s:.3f} s"
    facts["State"] = state.value
    if view.engine is not None:
        manifest = view.engine.manifest
        facts |= {"Model": f"{manifest.name} {manifest.version}", "Model SHA-256": manifest.sha256}
    if prediction is not None:
        facts |= {"Threshold": f"{prediction.threshold:g}", "Marks of frame": str(prediction.index + 1)}
    return facts


def default_folder() -> Path:
    """The default folder for snapshots: the program's folder in the user's local data.

    A folder for pictures is often synchronised with another machine; this one is not.
    """
    return Path(platformdirs.user_data_dir("polyplive", appauthor=False, roaming=False)) / "snapshots"


def save_snapshot(snapshot: Snapshot, folder: Path, source: str, position_s: float) -> tuple[Path, Path]:
    """Write both pictures to ``folder``, as NAME.png and NAME-marked.png, or none. Returns their paths.

    NAME has the source, the position and the time. Makes the folder if it is missing, and overwrites nothing. Only the
    owner can read all three. Raises ``SinkError``.
    """
    minutes, seconds = divmod(max(0.0, position_s), 60)
    now = datetime.datetime.now()
    when = f"-{int(minutes):02d}m{seconds:06.3f}s-{now:%Y%m%d-%H%M%S}"
    stem = fitting_stem(Path(source).stem or "polyplive", f"{when}-{_MOST}{_MARKED}.png") + when
    clean = png_of(snapshot.clean, {**snapshot.facts, "Description": "The source's picture, with nothing drawn on it"})
    marked = png_of(snapshot.marked, {**snapshot.facts, "Description": "The same picture with what marks findings"})
    try:
        make_private_folder(folder)
        return _write_both(folder, stem, clean, marked)
    except OSError as error:
        raise SinkError(
            f"Cannot save a snapshot in '{folder}': {error.strerror}", "Choose another folder with --snapshots."
        ) from None


def _write_both(folder: Path, stem: str, clean: bytes, marked: bytes) -> tuple[Path, Path]:
    """Write both under the first number for which neither name is taken. Raises ``OSError``; nothing is left then."""
    for number in itertools.count(1):
        name = stem if number == 1 else f"{stem}-{number}"
        first, second = folder / f"{name}.png", folder / f"{name}{_MARKED}.png"
        if _is_written(first, clean):
            try:
                if _is_written(second, marked):
                    return first, second
            except OSError:
                first.unlink()
                raise
            first.unlink()
    raise AssertionError("numbers do not end")


def _is_written(path: Path, data: bytes) -> bool:
    """Write ``data`` to a new file; False if the name is taken. Raises ``OSError``; nothing of it is left then."""
    try:
        write_new(path, data)
    except FileExistsError:
        return False
    except OSError:
        with contextlib.suppress(OSError):
            path.unlink()
        raise
    return True
