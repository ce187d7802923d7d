"""Folders of ``images/`` and ``masks/``: matching files and reading them."""

from __future__ import annotations

import contextlib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from polyplive.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from polyplive.types import Image

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp"})
MASK_LEVEL = 127
"""A mask pixel brighter than this is polyp: Kvasir-SEG's masks are JPEG, and compression softens their edges."""

_STDERR_NUMBER = 2


@dataclass(frozen=True, slots=True)
class Pair:
    """An image and its mask; ``mask`` is None for a folder of pictures known to show no polyp."""

    stem: str
    image: Path
    mask: Path | None


@dataclass(frozen=True, slots=True)
class Pairs:
    """The contents of a folder: complete ``pairs`` in natural order of their names, and ``problems``, one line each."""

    pairs: tuple[Pair, ...]
    problems: tuple[str, ...]


def find_pairs(folder: Path) -> Pairs:
    """Match ``folder/images`` with ``folder/masks`` by stem, whatever the extension.

    Also looks one level down for the original Kvasir-SEG archive's layout (``Kvasir-SEG/images``). Raises ``DataError``
    if there is no such folder or no pair in it.
    """
    problems: list[str] = []
    try:
        root = _root_with_images(folder)
        images = _by_stem(root / "images", problems)
        masks = _by_stem(root / "masks", problems)
    except OSError as error:
        raise DataError(
            f"Cannot look into '{folder}': {error.strerror}", "Check the path and its permissions."
        ) from None
    problems += [f"{images[stem].name}: no mask of that name" for stem in images.keys() - masks.keys()]
    problems += [f"{masks[stem].name}: no image of that name" for stem in masks.keys() - images.keys()]
    both = sorted(images.keys() & masks.keys(), key=_natural)
    if not both:
        raise DataError(f"'{folder}' holds no image with a mask of the same name", _LAYOUT)
    return Pairs(tuple(Pair(stem, images[stem], masks[stem]) for stem in both), tuple(sorted(problems)))


def read_image(path: Path) -> Image:
    """uint8 [H, W, 3] BGR, without applying EXIF rotation (masks have none). Raises ``DataError``."""
    return _decode(path, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)


def read_mask(path: Path) -> NDArray[np.bool_]:
    """bool [H, W], True where the mask is brighter than ``MASK_LEVEL``. Raises ``DataError``."""
    grey = _decode(path, cv2.IMREAD_GRAYSCALE | cv2.IMREAD_IGNORE_ORIENTATION)
    return grey > MASK_LEVEL


def read_pair(pair: Pair) -> tuple[Image, NDArray[np.bool_]]:
    """Image and mask of a pair, of the same size; no mask means no polyp. Raises ``DataError``, naming the file."""
    image = read_image(pair.image)
    height, width = image.shape[:2]
    if pair.mask is None:
        return image, np.zeros((height, width), bool)
    mask = read_mask(pair.mask)
    if mask.shape != (height, width):
        raise DataError(
            f"'{pair.mask}' is {mask.shape[1]}x{mask.shape[0]}, its image {width}x{height}",
            "Replace the pair, or remove it.",
        )
    return image, mask


@contextlib.contextmanager
def quiet_decoders() -> Iterator[None]:
    """Suppress messages of the image decoders on stderr, as they do not name the picture. For one thread only.

    The ``DataError`` names the file. libpng and libjpeg write to the file descriptor itself, past OpenCV's logging and
    ``sys.stderr``. So output of other threads is lost meanwhile.
    """
    with contextlib.ExitStack() as undo:
        level = cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
        undo.callback(cv2.utils.logging.setLogLevel, level)
        with contextlib.suppress(OSError):  # stderr may be closed
            kept = os.dup(_STDERR_NUMBER)
            undo.callback(os.close, kept)
            nowhere = os.open(os.devnull, os.O_WRONLY)
            undo.callback(os.close, nowhere)
            undo.callback(os.dup2, kept, _STDERR_NUMBER)
            os.dup2(nowhere, _STDERR_NUMBER)
        yield


_LAYOUT = "It must contain images/ and masks/ whose files have the same names, such as images/7.jpg and masks/7.png."


def _root_with_images(folder: Path) -> Path:
    if not folder.is_dir():
        raise DataError(f"There is no folder '{folder}'", "Check the path.")
    for root in (folder, *sorted(path for path in folder.iterdir() if path.is_dir())):
        if (root / "images").is_dir() and (root / "masks").is_dir():
            return root
    raise DataError(f"'{folder}' has no images/ with masks/ beside it", _LAYOUT)


def _by_stem(folder: Path, problems: list[str]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in SUFFIXES or path.name.startswith("."):
            continue
        if not _is_file(path):  # not a pipe: opening one could wait for ever
            problems.append(f"{path.name}: is not a regular file that can be read, and is left out")
        elif path.stem in found:
            problems.append(f"{path.name}: has the same name as {found[path.stem].name}, and is left out")
        else:
            found[path.stem] = path
    return found


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False


def _natural(stem: str) -> tuple[tuple[int, int, str], ...]:
    """A sort key that orders numbers by value, before words: frame_2 before frame_10."""
    parts = [part for part in re.split(r"([0-9]+)", stem) if part]
    return tuple((0, int(part), part) if part.isdecimal() else (1, 0, part) for part in parts)


def _decode(path: Path, flags: int) -> NDArray[np.uint8]:
    if not _is_file(path):
        raise DataError(f"'{path}' is not a regular file", "Replace it, or remove it.")
    try:
        data = np.fromfile(path, np.uint8)
    except OSError as error:
        raise DataError(f"Cannot read '{path}': {error.strerror}", "Check the file's permissions.") from None
    try:
        image = cv2.imdecode(data, flags) if data.size else None
    except cv2.error:
        image = None
    if image is None:
        raise DataError(f"'{path}' is not a picture that can be read", "Replace the file, or remove it.")
    decoded: NDArray[np.uint8] = image
    return decoded
