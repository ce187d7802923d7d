"""Lists the capture devices of this machine, with ids that do not change."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import av
import av.device

from polyplive.errors import SourceNotFound, SourceRefused, text_of
from polyplive.sources.av_errors import AV_ERRORS
from polyplive.sources.capture import v4l2
from polyplive.sources.capture.device_errors import device_error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from polyplive.sources.capture.address import Address
    from polyplive.sources.capture.modes import CaptureMode

_BY_ID = Path("/dev/v4l/by-id")
_BY_PATH = Path("/dev/v4l/by-path")


@dataclass(frozen=True, slots=True)
class CaptureDevice:
    """A capture device.

    ``id`` stays the same when the device is plugged in again; ``path`` is its present name. ``modes`` is empty if the
    system does not report them. ``problem`` says why the device could not be queried.
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


def check_device(address: Address) -> None:
    """Raise ``SourceError`` where there is no such Video4Linux device, or this user cannot capture from it.

    A device that another program uses passes, as it may soon be free.
    """
    shown = address.shown
    try:
        said = v4l2.query(str(Path(address.target).resolve()))
    except OSError as error:
        refused = device_error(address, error)
        if not isinstance(error, PermissionError) and Path(shown).is_file():
            raise SourceRefused(f"'{shown}' is a file, not a device", "Use 'polyplive replay' for files.") from None
        if isinstance(refused, SourceNotFound):
            there = ", ".join(device.id for device in list_devices()) or "none"
            raise SourceNotFound(refused.message, f"Connected: {there}.") from None
        if refused.permanent:
            raise refused from None
        return
    if said is None:
        raise SourceRefused(f"'{shown}' captures no video", "'polyplive devices' lists those that do.")


def describe_device(path: str) -> CaptureDevice | None:
    """The Video4Linux device at ``path`` (or behind a link of that name); None if it captures no video.

    If it cannot be queried, its ``problem`` says why.
    """
    real = str(Path(path).resolve())
    stable = _stable_name(real)
    try:
        said = v4l2.query(real)
    except OSError as error:
        return CaptureDevice(stable, real, Path(real).name, problem=text_of(error))
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
