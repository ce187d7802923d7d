"""Writes a still explanation as PNG files: the frame, and each map on it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import cv2

from polyplive.errors import SinkError
from polyplive.explanation.still_pictures import frame_picture, map_picture
from polyplive.sinks.failures import sink_error
from polyplive.system.atomic_file import write_atomic
from polyplive.system.private_files import make_private_folder

if TYPE_CHECKING:
    from pathlib import Path

    from polyplive.explanation.still import Still
    from polyplive.explanation.still_frame import StillFrame
    from polyplive.types import Image

_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9.,+-]+")


def write_pngs(frame: StillFrame, still: Still, folder: Path) -> list[Path]:
    """Write ``frame.png``, and ``polyp-1-MAP.png`` for each map of each finding; gives their paths.

    The maps of a frame without a finding are called ``whole-MAP.png``. Files of these names are replaced. Raises
    ``SinkError``.
    """
    pictures = {"frame": frame_picture(frame)}
    for place, found in enumerate(still.findings):
        finding = frame.chosen[place] if frame.chosen else None
        about = f"polyp-{finding.track}" if finding is not None else "whole"
        for one in found.maps:
            name = _NOT_IN_NAMES.sub("-", one.name.replace(":", "-"))
            pictures[f"{about}-{name}"] = map_picture(frame, one, finding)
    paths = []
    for name, picture in pictures.items():
        path = folder / f"{name}.png"
        write_png(picture, path)
        paths.append(path)
    return paths


def write_png(picture: Image, path: Path) -> None:
    """Write ``picture`` (uint8 [h, w, 3] BGR), whole or not at all. Raises ``SinkError``."""
    encoded, png = cv2.imencode(".png", picture)
    if not encoded:
        raise SinkError(f"'{path}' cannot be written: the picture cannot be encoded", "")
    write_bytes(png.tobytes(), path)


def write_bytes(data: bytes, path: Path) -> None:
    """Write a picture's file, whole or not at all; its folder is made where it is missing. Raises ``SinkError``."""
    try:
        make_private_folder(path.parent)
        write_atomic(path, data)
    except OSError as error:
        raise sink_error(path, error, kept=False) from None
