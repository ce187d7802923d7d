"""What an export format is."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from polyplive.errors import MissingDependency

if TYPE_CHECKING:
    from collections.abc import Callable

    from polyplive.review.exports.linked import LinkedFindings


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """What some formats leave to choose.

    ``boxes`` gives boxes in the place of polygons. ``every_frame`` writes a picture for each analysed frame, not only
    for those with findings. ``video`` is the recording, of which key frames are taken. With ``references`` DICOM
    objects name the one that the video is.
    """

    boxes: bool = False
    every_frame: bool = False
    video: Path | None = None
    references: bool = False


@dataclass(frozen=True, slots=True)
class ExportFormat:
    """One format; ``write(findings, path, options)`` fills ``path``.

    ``path`` is an empty file, or an empty folder where ``is_folder``, which is moved to its place when all is written.
    ``write`` may raise ``OSError``. ``what`` is one line for the user. ``options`` are the names of those that it has.
    ``one_size`` says that all places are in one size of picture. ``package`` is what has to be installed, ``extra``
    the extra of polyplive that brings it.
    """

    name: str
    what: str
    ending: str
    write: Callable[[LinkedFindings, Path, ExportOptions], None]
    is_folder: bool = False
    one_size: bool = False
    options: tuple[str, ...] = ()
    package: str = ""
    extra: str = ""

    @property
    def is_installed(self) -> bool:
        """Whether what it needs is here."""
        return not self.package or importlib.util.find_spec(self.package) is not None

    def check_installed(self) -> None:
        """Raise ``MissingDependency`` where what it needs is not installed."""
        if not self.is_installed:
            how = f"pip install 'polyplive[{self.extra}]' (in a checkout: pip install -e '.[{self.extra}]')"
            raise MissingDependency(f"'{self.name}' needs {self.package}, not installed here", f"Install with: {how}.")
