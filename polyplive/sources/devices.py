"""The capture devices of this machine, under names that last."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import av
import av.device

from polyplive.errors import said_by
from polyplive.sources import v4l2
from polyplive.sources.av_errors import AV_ERRORS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from polyplive.sources.modes import CaptureMode

_BY_ID = Path("/dev/v4l/by-id")
_BY_PATH = Path("/dev/v4l/by-path")


@dataclass(frozen=True, slots=True)
class CaptureDevice:
    """``id`` stays the same when the device is plugged in again; ``path`` is its name now.

    ``modes`` is empty where the system does not tell; ``problem`` says why the device could not be asked.
    """

    id: str
    path: str
    name: str
    bus: str = ""
    modes: tuple[CaptureMode, ...] = ()
    problem: str = ""


def list_devices() -> list[CaptureDevice]:
    """Every capture device, in the system's order. Opens none for capture; raises nothing."""
    if platform.system() == "Linux":
        return list(_video4linux())
    name = "dshow" if platform.system() == "Windows" else "avfoundation"
    try:
        found = av.device.enumerate_input_devices(name)
    except AV_ERRORS:
        return []
    return [CaptureDevice(d.name, d.name, d.description) for d in found if "video" in d.media_types]


def describe_device(path: str) -> CaptureDevice | None:
    """The Video4Linux device at ``path`` (or behind a link of that name); None where it captures no video.

    Where it cannot be asked, its ``problem`` says why.
    """
    real = str(Path(path).resolve())
    stable = _stable_name(real)
    try:
        said = v4l2.query(real)
    except OSError as error:
        return CaptureDevice(stable, real, Path(real).name, problem=said_by(error))
    return CaptureDevice(stable, real, said[0], said[1], said[2]) if said is not None else None


def _video4linux() -> Iterator[CaptureDevice]:
    try:
        nodes = [path for path in Path("/dev").iterdir() if path.name.startswith("video") and path.name[5:].isdigit()]
    except OSError:
        return
    for node in sorted(nodes, key=lambda path: int(path.name[5:])):
        device = describe_device(str(node))
        if device is not None:
            yield device


def _stable_name(real: str) -> str:
    for folder in (_BY_ID, _BY_PATH):
        try:
            for link in sorted(folder.iterdir()):
                if str(link.resolve()) == real:
                    return link.name if folder == _BY_ID else str(link)
        except OSError:
            continue
    return real
