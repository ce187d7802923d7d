"""Finds the recordings below folders: by their names' endings, and where these say nothing, by how files begin."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from polyplive.errors import SourceNotFound, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_VIDEO_ENDINGS = (
    ".3gp .asf .avi .divx .dv .f4v .flv .h264 .h265 .hevc .m2ts .m2v .m4v .mjpeg .mjpg .mkv .mod .mov .mp4 .mpe .mpeg"
    " .mpg .mts .mxf .ogm .ogv .qt .tod .ts .vob .webm .wmv .y4m"
)
_UNFINISHED_ENDINGS = ".part .partial .tmp .temp .crdownload .download .filepart .swp"
_OTHER_ENDINGS = (
    ".avif .bmp .bz2 .css .csv .db .doc .docx .exe .gif .gz .heic .htm .html .ini .jpeg .jpg .js .json .jsonl .log .md"
    " .mp3 .npy .npz .onnx .parquet .pdf .png .ppt .pptx .py .rtf .srt .svg .tar .tif .tiff .toml .txt .wav .webp .xls"
    " .xlsx .xml .xz .yaml .yml .zip"
)
"""Endings of what is no recording, whatever it holds: it is not opened."""
_VIDEO, _UNFINISHED, _OTHER = (
    frozenset(endings.split()) for endings in (_VIDEO_ENDINGS, _UNFINISHED_ENDINGS, _OTHER_ENDINGS)
)
_BEGINNINGS = (
    (128, b"DICM"),
    (4, b"ftyp"),
    (4, b"moov"),
    (0, b"\x1aE\xdf\xa3"),  # Matroska, WebM
    (8, b"AVI "),
    (0, b"\x00\x00\x01\xba"),  # MPEG program stream
    (0, b"\x00\x00\x01\xb3"),  # MPEG video
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11"),  # ASF, WMV
    (0, b"\x06\x0e\x2b\x34"),  # MXF
    (0, b"FLV\x01"),
    (0, b"OggS"),
)
_TRANSPORT_PACKET = 188
_NUMBERS = re.compile(r"(\d+)")


@dataclass(frozen=True, slots=True)
class Found:
    """A file that should be a recording. ``place`` is its path from the folder that was given, with that one's name.

    ``is_certain``: its name says that it is a video. Otherwise it only begins like one.
    """

    path: Path
    place: str
    is_certain: bool


@dataclass(frozen=True, slots=True)
class Search:
    """What was ``found``, in natural order, each file once; and ``problems``: a line for each folder unread."""

    found: tuple[Found, ...]
    problems: tuple[str, ...]


def find_recordings(places: Sequence[Path], out: Path) -> Search:
    """Every recording below the folders ``places``, which may also be files.

    Links are followed, each folder and file is taken once. Left out are the folder ``out``, hidden files, and names
    that say that a file is not finished. Raises ``SourceNotFound`` where one of ``places`` is not there.
    """
    search = _Walk(out)
    found: list[Found] = []
    for place in places:
        if not place.exists():
            raise SourceNotFound(f"There is no '{place}'", "Give folders of videos.")
        root = place.resolve()
        if place.is_file():
            found.append(Found(place, place.name, True))
        else:
            below = [Found(path, f"{root.name}/{inner}", sure) for path, inner, sure in search.below(place)]
            found += sorted(below, key=lambda each: natural_key(each.place))
    return Search(tuple(_each_once(found)), tuple(search.problems))


def natural_key(text: str) -> list[tuple[int, int, str]]:
    """Sorts texts as people do: ``clip 9`` before ``clip 10``, whatever the case."""
    parts = _NUMBERS.split(text.casefold())
    return [(1, int(part), part) if part.isdecimal() else (0, 0, part) for part in parts]


class _Walk:
    def __init__(self, out: Path) -> None:
        self.problems: list[str] = []
        self._out = out.resolve()
        self._seen: set[tuple[int, int]] = set()

    def below(self, root: Path) -> Iterator[tuple[Path, str, bool]]:
        """Each recording below ``root``: its path, that path from ``root`` on, and whether it is certain."""
        waiting = [(root, "")]
        while waiting:
            folder, inner = waiting.pop()
            try:
                facts = folder.stat()
                if (facts.st_dev, facts.st_ino) in self._seen or folder.resolve() == self._out:
                    continue  # a link leads to where we were
                self._seen.add((facts.st_dev, facts.st_ino))
                entries = list(os.scandir(folder))
            except OSError as error:
                self.problems.append(f"A folder cannot be read: '{folder}' ({text_of(error)})")
                continue
            for entry in entries:
                path, name = Path(entry.path), inner + entry.name
                if entry.name.startswith("."):
                    continue
                if entry.is_dir():
                    waiting.append((path, f"{name}/"))
                elif (sure := _is_recording(path)) is not None:
                    yield path, name, sure


def _is_recording(path: Path) -> bool | None:
    """True by its name, False by how it begins, None where it is no recording."""
    suffix = path.suffix.lower()
    if suffix in _UNFINISHED or suffix in _OTHER or path.name.endswith("~"):
        return None
    if suffix in _VIDEO:
        return True
    return False if _begins_like_a_video(path) else None


def _begins_like_a_video(path: Path) -> bool:
    try:
        if not path.is_file():  # a pipe would be waited for
            return False
        with path.open("rb") as file:
            head = file.read(2 * _TRANSPORT_PACKET + 1)
    except OSError:
        return False
    is_transport = head[::_TRANSPORT_PACKET] == b"GGG"
    return is_transport or any(head[at : at + len(mark)] == mark for at, mark in _BEGINNINGS)


def _each_once(found: Sequence[Found]) -> Iterator[Found]:
    """Without files that another name, or another of the folders, already gave."""
    seen: set[tuple[int, int]] = set()
    for each in found:
        try:
            facts = each.path.stat()
        except OSError:
            yield each  # a link that leads nowhere: said when its turn comes
            continue
        if (facts.st_dev, facts.st_ino) not in seen:
            seen.add((facts.st_dev, facts.st_ino))
            yield each
