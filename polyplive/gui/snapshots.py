"""Saves snapshots as PNG; without Qt."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import platformdirs

from polyplive.errors import SinkError
from polyplive.system.atomic_file import write_new
from polyplive.system.file_names import fitting_stem
from polyplive.system.private_files import make_private_folder

if TYPE_CHECKING:
    from polyplive.types import Image

_MOST = 9999
"""Snapshots of one moment whose names are certain to fit."""


def default_folder() -> Path:
    """The default folder for snapshots: the program's folder in the user's local data.

    A folder for pictures is often synchronised with another machine; this one is not.
    """
    return Path(platformdirs.user_data_dir("polyplive", appauthor=False, roaming=False)) / "snapshots"


def save_snapshot(image: Image, folder: Path, source: str, position_s: float) -> Path:
    """Write ``image`` (uint8 [H, W, 3] BGR) to ``folder``, named after the source, the position and the time.

    Makes the folder if it is missing, and overwrites nothing. Only the owner can read both. Raises ``SinkError``.
    """
    minutes, seconds = divmod(max(0.0, position_s), 60)
    now = datetime.datetime.now()
    when = f"-{int(minutes):02d}m{seconds:06.3f}s-{now:%Y%m%d-%H%M%S}"
    stem = fitting_stem(Path(source).stem or "polyplive", f"{when}-{_MOST}.png") + when
    encoded, data = cv2.imencode(".png", image)
    if not encoded:
        raise SinkError("The snapshot could not be encoded as PNG")
    try:
        make_private_folder(folder)
        path = _write_new(folder, stem, data.tobytes())
    except OSError as error:
        raise SinkError(
            f"Cannot save a snapshot in '{folder}': {error.strerror}", "Choose another folder with --snapshots."
        ) from None
    return path


def _write_new(folder: Path, stem: str, data: bytes) -> Path:
    number = 1
    while True:
        path = folder / (f"{stem}.png" if number == 1 else f"{stem}-{number}.png")
        try:
            write_new(path, data)
        except FileExistsError:
            number += 1
        else:
            return path
