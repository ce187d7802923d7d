"""What the window remembers from one start to the next."""

from __future__ import annotations

import contextlib
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import msgspec
import platformdirs
from PyQt6.QtCore import QByteArray, QSettings

from polyplive.sources.capture.address import hide_secrets
from polyplive.system.private_files import make_private_folder, open_new
from polyplive.types import OverlaySettings

if TYPE_CHECKING:
    from polyplive.sources.capture.options import CaptureRequest

Value = TypeVar("Value")

_MOST_RECENT = 8


@dataclasses.dataclass(frozen=True, slots=True)
class Card:
    """What was connected last: its address, and what was asked of it."""

    address: str
    size: tuple[int, int] | None = None
    rate: float | None = None
    pixel_format: str | None = None


def default_path() -> Path:
    """The file of the user's own settings of the window."""
    return platformdirs.user_config_path("polyplive", appauthor=False) / "window.ini"


class Preferences:
    """Settings of the window in a file that only its owner can read. Qt's thread; raises nothing.

    A value that is missing or cannot be read is the usual one. What cannot be written is forgotten at the end: nothing
    that is shown depends on it. That the overlay is off is never remembered.
    """

    def __init__(self, path: Path | None = None) -> None:
        path = path or default_path()
        with contextlib.suppress(OSError):
            make_private_folder(path.parent)
            open_new(path).close()
        self._settings = QSettings(str(path), QSettings.Format.IniFormat)

    @property
    def geometry(self) -> QByteArray:
        """Place and size of the window, as Qt writes them; empty at the first start."""
        found = self._settings.value("geometry")
        return found if isinstance(found, QByteArray) else QByteArray()

    @geometry.setter
    def geometry(self, geometry: QByteArray) -> None:
        self._settings.setValue("geometry", geometry)

    @property
    def is_panel_shown(self) -> bool:
        """Whether the panel beside the picture is shown."""
        return self._get("panel", bool, True)

    @is_panel_shown.setter
    def is_panel_shown(self, shown: bool) -> None:
        self._set("panel", shown)

    @property
    def overlay(self) -> OverlaySettings | None:
        """What was drawn last; None at the first start. It is always visible."""
        found = self._get("overlay", OverlaySettings, None)
        return dataclasses.replace(found, visible=True) if found is not None else None

    @overlay.setter
    def overlay(self, overlay: OverlaySettings) -> None:
        self._set("overlay", overlay)

    @property
    def folder(self) -> Path:
        """Where a recording was opened last."""
        return Path(self._get("folder", str, "") or Path.home())

    @property
    def outputs(self) -> Path | None:
        """Below which folder recordings and snapshots lie; None for the program's own."""
        found = self._get("outputs", str, "")
        return Path(found) if found else None

    @outputs.setter
    def outputs(self, folder: Path) -> None:
        self._set("outputs", str(folder))

    @property
    def recent(self) -> tuple[Path, ...]:
        """Recordings that were opened, the newest first."""
        return tuple(map(Path, self._get("recent", tuple[str, ...], ())[:_MOST_RECENT]))

    def add_recent(self, path: Path) -> None:
        """Remember a recording that was opened, and its folder."""
        path = path.absolute()
        kept = (path, *(other for other in self.recent if other != path))[:_MOST_RECENT]
        self._set("recent", tuple(map(str, kept)))
        self._set("folder", str(path.parent))

    def forget_recent(self) -> None:
        """Forget the recordings: their names may name patients."""
        self._settings.remove("recent")

    @property
    def reviewer(self) -> str:
        """Who reviews, as decisions and notes say it; empty where nobody gave a name."""
        return self._get("reviewer", str, "")

    @reviewer.setter
    def reviewer(self, name: str) -> None:
        self._set("reviewer", name)

    @property
    def card(self) -> Card | None:
        """What was connected last; None at the first start."""
        return self._get("card", Card, None)

    def remember_card(self, address: str, request: CaptureRequest) -> None:
        """Remember what was connected, unless its address holds a password."""
        if hide_secrets(address) == address:
            self._set("card", Card(address, request.size, request.rate, request.pixel_format))

    def _get(self, name: str, kind: type[Value], usual: Value) -> Value:
        text = self._settings.value(name)
        try:
            return msgspec.json.decode(text, type=kind) if isinstance(text, str) else usual
        except msgspec.MsgspecError:
            return usual

    def _set(self, name: str, value: object) -> None:
        with contextlib.suppress(UnicodeEncodeError):  # a file name that is not UTF-8
            self._settings.setValue(name, msgspec.json.encode(value).decode())
