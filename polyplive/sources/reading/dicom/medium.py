"""The video in a DICOM file, which FFmpeg reads where it lies."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, cast

from polyplive.errors import MissingDependency, SourceUnreadable
from polyplive.sources.av_errors import translated
from polyplive.sources.reading.dicom.elements import Refused
from polyplive.sources.reading.dicom.header import read_header, read_transfer_syntax
from polyplive.sources.reading.dicom.video import video_of
from polyplive.sources.reading.medium import WholeMedium
from polyplive.sources.reading.pieces import PiecesFile, size_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction
    from pathlib import Path

    from polyplive.sources.reading.dicom.header import Header
    from polyplive.sources.reading.dicom.video import Video

_INSTALL = "Install with: pip install 'polyplive[dicom]' (in a checkout: pip install -e '.[dicom]')."
_UNREADABLE = frozenset({"1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2", "1.2.840.113619.5.2"})
"""Transfer syntaxes whose data set is deflated, big endian, or a vendor's mixture of orders."""
_DIRECTORY, _SLIDE = "1.2.840.10008.1.3.10", "1.2.840.10008.5.1.4.1.1.77.1.6"
_VISIBLE_LIGHT, _SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.77.1.", "1.2.840.10008.5.1.4.1.1.7"
_NO_PICTURES = "Name a DICOM file with the video or pictures of an endoscope."
_BURNED_IN = "text is burned into the pictures, says the DICOM header; it may name the patient in recordings too"


class DicomMedium(WholeMedium):
    """The video of a DICOM file. Implements ``Medium``.

    Of the header, only technical elements are read: no value that describes patient, institution or procedure enters
    the process. The pixels are read when FFmpeg asks for them, and are not copied.
    """

    def __init__(self, path: Path, start: int) -> None:
        """``start`` is where the elements of the file begin (``data_set_start``).

        Raises ``MissingDependency`` without pydicom, and ``SourceNotFound`` or ``SourceUnreadable``.
        """
        try:
            import pydicom  # noqa: F401
        except ImportError:
            raise MissingDependency(f"'{path}' is DICOM, which needs pydicom, not installed here", _INSTALL) from None
        self.path = path
        with translated(path):
            header, self._video = _read(path, start)
        self.size = sum(map(size_of, self._video.pieces))
        self.format = self._video.format
        self.frames = self._video.frames
        self.rate = header.times.rate
        self.times_s: Sequence[float] = header.times.times_s
        self.sample_aspect: Fraction | None = header.aspect
        self.notices = (_BURNED_IN,) if header.burned_in else ()

    def open(self) -> str | BinaryIO:
        """The video as a file of its own."""
        return cast("BinaryIO", PiecesFile(self.path, self._video.pieces))


def _read(path: Path, start: int) -> tuple[Header, Video]:
    """The header and where the video lies. Raises ``OSError`` and ``SourceUnreadable``."""
    try:
        with path.open("rb", buffering=0) as file:
            syntax = read_transfer_syntax(file, start)
            if syntax in _UNREADABLE:
                name = f" ({_name(syntax)})" if _name(syntax) else ""
                raise Refused(f"is DICOM in a form that is not supported{name}", "Convert it: dcmconv +te IN OUT.")
            header = read_header(file, syntax)
            _check_kind(header)
            return header, video_of(file, header, path.stat().st_size)
    except Refused as refused:
        raise SourceUnreadable(f"'{path}' {refused}", refused.hint) from None
    except OSError:
        raise
    except Exception:
        # pydicom raises anything for damage, and its texts may hold what the file holds.
        raise SourceUnreadable(f"'{path}' is DICOM with a damaged header", "Export or copy it again.") from None


def _check_kind(header: Header) -> None:
    """Raise ``Refused`` for a file without pictures, and for pictures that no endoscope takes."""
    kind = f" ({_name(header.sop_class)})" if _name(header.sop_class) else ""
    if header.sop_class == _DIRECTORY:
        raise Refused("is a DICOMDIR, a list of other DICOM files", "Name one of those files.")
    if header.pixels is None:
        raise Refused(f"is DICOM in which no pictures are found{kind}", "If it should hold some, export it again.")
    grey_is_fine = header.sop_class.startswith((_VISIBLE_LIGHT, _SECONDARY_CAPTURE))
    if header.sop_class == _SLIDE or (header.samples == 1 and not grey_is_fine):
        raise Refused(f"holds DICOM pictures of another kind{kind}", _NO_PICTURES)


def _name(uid: str) -> str:
    """What the standard calls ``uid``; empty for any other text, as a damaged header may hold anything there."""
    from pydicom.uid import UID_dictionary

    return UID_dictionary[uid][0] if uid in UID_dictionary else ""
