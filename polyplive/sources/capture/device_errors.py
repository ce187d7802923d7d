"""Errors of capture devices and screens, each with its own hint."""

from __future__ import annotations

import errno
import re
from pathlib import Path
from typing import TYPE_CHECKING

from polyplive.errors import SourceError, SourceNotFound, SourceRefused, SourceUnreadable, text_of

if TYPE_CHECKING:
    from polyplive.sources.capture.address import Address

_SCREENS = Path("/tmp/.X11-unix")
_NO_SIGNAL = {getattr(errno, name) for name in ("EINVAL", "ENOLINK", "EPIPE", "ENODATA") if hasattr(errno, name)}
_LISTED = "'polyplive devices' lists what is connected."


def device_error(address: Address, error: Exception, *, unchecked: bool = False) -> SourceError:
    """The error to raise for ``error`` of a card or a camera; ``SourceRefused`` if waiting cannot help.

    ``unchecked``: it was asked for something that it may not have. Otherwise a refusal without a reason is taken for
    a missing signal: cards without one may answer so.
    """
    number = error.errno if isinstance(error, OSError) else None
    if isinstance(error, FileNotFoundError) or number in (errno.ENODEV, errno.ENXIO):
        return SourceNotFound(f"There is no device '{address.shown}'", _LISTED)
    if isinstance(error, PermissionError):
        return SourceRefused(f"'{address.shown}' may not be used by this user", _permission(address.target))
    if number == errno.EBUSY:
        return SourceUnreadable(f"'{address.shown}' is used by another program", "Close that program.")
    if number in (errno.ENOTTY, errno.EISDIR):
        return SourceRefused(f"'{address.shown}' is no capture device", _LISTED)
    said = text_of(error, None)
    if unchecked and (number == errno.EINVAL or isinstance(error, ValueError)):
        hint = "Leave --size, --rate and --format out; 'polyplive devices' lists what it offers."
        return SourceRefused(f"'{address.shown}' does not give what was asked for ({said})", hint)
    if isinstance(error, ValueError) or number in _NO_SIGNAL:
        hint = "Check that the tower is on, and the cable at its input."
        return SourceUnreadable(f"'{address.shown}' gives no picture ({said})", hint)
    return SourceUnreadable(f"'{address.shown}' cannot be opened ({said})", "Unplug it, and plug it in again.")


def screen_error(address: Address, error: Exception) -> SourceError:
    """The error to raise for ``error`` of a screen: always ``SourceRefused``, as waiting cannot help."""
    number = error.errno if isinstance(error, OSError) else None
    if number == errno.EINVAL or (number is None and "format" not in str(error)):
        return SourceRefused(f"'{address.shown}' has no picture of that size", "Leave --size out for all of it.")
    if number is None:
        return SourceRefused("Screens cannot be captured on this system", "Name a device or a stream.")
    here = sorted(path.name.removeprefix("X") for path in _SCREENS.glob("X*"))
    display = re.match(r":(\d+)", address.target)
    if display is not None and display[1] in here:
        hint = "Run it as the user of that screen, with XAUTHORITY set."
        return SourceRefused(f"'{address.shown}' does not let this user in", hint)
    hint = f"Screens here: {', '.join(f'screen:{name}' for name in here)}." if here else "No X server runs here."
    return SourceRefused(f"There is no screen '{address.shown}'", hint)


def _permission(path: str) -> str:
    try:
        group = Path(path).group()
    except (OSError, KeyError, NotImplementedError):
        group = "video"
    return f"Put the user into the group '{group}' (sudo usermod -aG {group} $USER), and log in again."
