"""Saves what is on show as PNG, without Qt."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import cv2

from polyplive.errors import SinkError

if TYPE_CHECKING:
    from polyplive.types import Image


def save_snapshot(image: Image, folder: Path, source: str, position_s: float) -> Path:
    """Write ``image`` (uint8 [H, W, 3] BGR) to ``folder``, named after the source, the position and the time.

    Makes the folder if need be and overwrites nothing. Raises ``SinkError``.
    """
    minutes, seconds = divmod(max(0.0, position_s), 60)
    now = datetime.datetime.now()
    stem = f"{Path(source).stem or 'polyplive'}-{int(minutes):02d}m{seconds:06.3f}s-{now:%Y%m%d-%H%M%S}"
    encoded, data = cv2.imencode(".png", image)
    if not encoded:
        raise SinkError("The snapshot could not be encoded as PNG")
    try:
        folder.mkdir(parents=True, exist_ok=True)
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
            with path.open("xb") as file:
                file.write(data)
        except FileExistsError:
            number += 1
        else:
            return path
