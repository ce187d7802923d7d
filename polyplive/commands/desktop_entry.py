"""``polyplive desktop-entry``."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from polyplive.commands.messages import say, stdout
from polyplive.errors import ConfigError
from polyplive.sinks.failures import sink_error
from polyplive.system.assets import asset
from polyplive.system.atomic_file import write_atomic
from polyplive.validation import check_fields

_TYPES = (
    "video/mp4;video/x-matroska;video/quicktime;video/x-msvideo;video/mpeg;video/mp2t;video/webm;application/dicom;"
)


@dataclass(frozen=True, slots=True)
class DesktopEntryRequest:
    """The request of ``polyplive desktop-entry``; ``remove`` takes the entry away."""

    remove: bool = False

    def __post_init__(self) -> None:
        check_fields(self)


def run(request: DesktopEntryRequest) -> int:
    """Write or remove the entry and its icon. Returns the exit code."""
    if not sys.platform.startswith("linux"):
        raise ConfigError("Desktop entries are for Linux", "docs/install.md says how to make a shortcut here.")
    data = Path(platformdirs.user_data_dir(appauthor=False))
    entry = data / "applications" / "polyplive.desktop"
    icon = data / "icons" / "hicolor" / "scalable" / "apps" / "polyplive.svg"
    files = {icon: asset("icons/polyplive.svg").read_bytes(), entry: entry_text(_program()).encode()}
    for path, content in files.items():
        try:
            if request.remove:
                path.unlink(missing_ok=True)
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                write_atomic(path, content)
        except OSError as error:
            raise sink_error(path, error, kept=False) from None
        stdout.print(f"{'Removed' if request.remove else 'Written'}: {path}")
    if not request.remove:
        say("polyplive is in the menu of the desktop now, and among the programs that open videos.")
    return 0


def entry_text(command: list[str]) -> str:
    """The entry of a program that is started by ``command`` (Desktop Entry Specification 1.5)."""
    started = " ".join(map(_quoted, command))
    lines = (
        "[Desktop Entry]",
        "Type=Application",
        "Name=polyplive",
        "GenericName=Colonoscopy overlay",
        "Comment=Marks polyps in colonoscopy video. Research use only.",
        f"Exec={started} %f",
        "Icon=polyplive",
        "Terminal=false",
        "Categories=Science;MedicalSoftware;Video;",
        f"MimeType={_TYPES}",
        "StartupWMClass=polyplive",
    )
    return "\n".join(lines) + "\n"


def _program() -> list[str]:
    """What starts this installation."""
    beside = Path(sys.executable).with_name("polyplive")
    found = str(beside) if beside.is_file() else shutil.which("polyplive")
    return [found] if found else [sys.executable, "-m", "polyplive"]


def _quoted(word: str) -> str:
    """``word`` as an argument of ``Exec``: in quotes, with what is special there escaped."""
    for special in '\\"`$':
        word = word.replace(special, f"\\{special}")
    return '"' + word.replace("\\", "\\\\").replace("%", "%%") + '"'
