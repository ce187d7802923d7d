"""The result of a piece, as a file: frame after frame what the frame alone tells. Whole or not there at all.

After a line that names the format come blocks, each compressed and behind its size in bytes: up to 64 frames, and at
last what lies around the piece. Contours are kept as steps from corner to corner, which compress well.
"""

from __future__ import annotations

import contextlib
import os
import zlib
from fractions import Fraction
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from polyplive.pipeline.contours import Region
from polyplive.pipeline.field_of_view import ViewState
from polyplive.system.atomic_file import write_all
from polyplive.system.private_files import make_private_folder, unfinished
from polyplive.types import Roi

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import BufferedReader, FileIO
    from pathlib import Path

    from numpy.typing import NDArray

_MAGIC = b"polyplive piece 1\n"
_BLOCK_FRAMES = 64
_SIZE_BYTES = 4
_COMPRESSION = 1  # more takes longer and saves a tenth

UNREADABLE = (OSError, ValueError, zlib.error, msgspec.MsgspecError)
"""What reading a result may raise: it is not there, or damaged."""


def kept_roi(roi: Roi) -> tuple[int, int, int, int]:
    """A region as its four numbers."""
    return roi.x, roi.y, roi.width, roi.height


class KeptRegion(msgspec.Struct, array_like=True, frozen=True):
    """A ``Region``; ``steps`` are the bytes of int32 [N, 2]: its first corner, then the step to each next one."""

    score: float
    bbox: tuple[int, int, int, int]
    area_px: int
    steps: bytes

    @classmethod
    def of(cls, region: Region) -> KeptRegion:
        """Of a region that was found."""
        steps = np.diff(region.contour, axis=0, prepend=np.zeros((1, 2), np.int32))
        return cls(region.score, region.bbox, region.area_px, steps.tobytes())

    @property
    def region(self) -> Region:
        """What was found."""
        steps = np.frombuffer(self.steps, np.int32).reshape(-1, 2)
        return Region(self.score, self.bbox, self.area_px, np.cumsum(steps, axis=0, dtype=np.int32))


class KeptMask(msgspec.Struct, array_like=True, frozen=True):
    """A ``picture_mask`` of ``height`` x ``width`` cells, one bit each."""

    height: int
    width: int
    bits: bytes

    @classmethod
    def of(cls, mask: NDArray[np.uint8]) -> KeptMask:
        """Of a mask, uint8 [h, w], 1 or 0."""
        height, width = mask.shape
        return cls(height, width, np.packbits(mask).tobytes())

    @property
    def mask(self) -> NDArray[np.uint8]:
        """uint8 [h, w], 1 or 0."""
        cells = np.unpackbits(np.frombuffer(self.bits, np.uint8), count=self.height * self.width)
        return cells.reshape(self.height, self.width)


class KeptView(msgspec.Struct, array_like=True, frozen=True):
    """A ``ViewState``."""

    given_for: tuple[int, int] | None
    count: int
    size: tuple[int, int]
    found: tuple[int, int, int, int] | None
    rival: tuple[int, int, int, int] | None
    votes: int
    masks: list[KeptMask]

    @classmethod
    def of(cls, state: ViewState) -> KeptView:
        """Of a state."""
        found, rival = (None if roi is None else kept_roi(roi) for roi in (state.found, state.rival))
        masks = [KeptMask.of(mask) for mask in state.masks]
        return cls(state.given_for, state.count, state.size, found, rival, state.votes, masks)

    @property
    def state(self) -> ViewState:
        """The state."""
        found, rival = (None if roi is None else Roi(*roi) for roi in (self.found, self.rival))
        masks = tuple(kept.mask for kept in self.masks)
        return ViewState(self.given_for, self.count, self.size, found, rival, self.votes, masks)


class KeptResult(msgspec.Struct, array_like=True, frozen=True):
    """The candidates of a frame. ``faint`` is None where no frame before can have left a finding that is missing here.

    ``stages_ms`` are the times of decoding, preprocessing, inference and postprocessing, ``delay_ms`` is the annotation
    delay; both in milliseconds.
    """

    regions: list[KeptRegion]
    weights: list[float]
    faint: list[KeptRegion] | None
    stages_ms: tuple[float, float, float, float]
    delay_ms: float


class KeptFrame(msgspec.Struct, array_like=True, frozen=True):
    """A frame of a piece, without its picture; fields as in ``Frame``.

    ``lost`` are the frames lost since the frame before, by cause. ``roi`` is the region that the model saw. ``mask`` is
    there where the field of view was looked for. ``result`` is None where inference failed. ``flaws`` are what is wrong
    with the picture, in the words of ``Quality``; None where it was not looked at.
    """

    index: int
    pts_s: float | None
    captured_s: float
    is_repaired: bool
    size: tuple[int, int]
    aspect: tuple[int, int]
    lost: dict[str, int]
    roi: tuple[int, int, int, int]
    mask: KeptMask | None = None
    result: KeptResult | None = None
    flaws: list[str] | None = None

    @property
    def sample_aspect(self) -> Fraction:
        """The width of a pixel by its height."""
        return Fraction(*self.aspect)


class Seam(msgspec.Struct, array_like=True, frozen=True):
    """A frame where two pieces meet, by which they are compared: both have to decode the same picture there.

    ``crc`` is a checksum of its pixels.
    """

    index: int
    pts_s: float | None
    is_repaired: bool
    size: tuple[int, int]
    crc: int


class Closing(msgspec.Struct, array_like=True, frozen=True):
    """What lies around a piece: its ``first`` frame, and the frame ``behind`` it; None where there is none.

    ``lost`` are the frames lost between the last frame and that one. ``missing`` are those that the container lists and
    the file does not hold, known at its end. ``view`` is what is known of the field of view behind the piece. How it
    was run: ``is_clean``: no damage was met; ``from_start`` as in ``Unit``; ``has_failed``: there are frames without a
    result.
    """

    first: Seam | None
    behind: Seam | None
    view: KeptView
    lost: dict[str, int]
    missing: int
    is_clean: bool
    from_start: bool
    has_failed: bool


class ResultFile:
    """Reads the result of a piece, block by block; it may be read several times. Raises one of ``UNREADABLE``."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with path.open("rb") as file:
            *_, (at, size) = _blocks(file)
            file.seek(at)
            self.closing = msgspec.msgpack.decode(zlib.decompress(file.read(size)), type=Closing)

    def __iter__(self) -> Iterator[KeptFrame]:
        """The frames in order."""
        decoder = msgspec.msgpack.Decoder(list[KeptFrame])
        with self._path.open("rb") as file:
            *blocks, _ = _blocks(file)
            for at, size in blocks:
                file.seek(at)
                yield from decoder.decode(zlib.decompress(file.read(size)))


class ResultWriter:
    """Writes the result of a piece to a file that is there once it is whole; see ``writing``."""

    def __init__(self, file: FileIO) -> None:
        self._file = file
        self._frames: list[KeptFrame] = []
        self.is_ended = False
        """Whether it is whole."""
        write_all(file, _MAGIC)

    def add(self, frame: KeptFrame) -> None:
        """Write the next frame. Raises ``OSError``."""
        self._frames.append(frame)
        if len(self._frames) == _BLOCK_FRAMES:
            self._write_frames()

    def end(self, closing: Closing) -> None:
        """Write what lies behind the frames. Raises ``OSError``."""
        self._write_frames()
        self._write(closing)
        self.is_ended = True

    def _write_frames(self) -> None:
        if self._frames:
            self._write(self._frames)
            self._frames = []

    def _write(self, values: object) -> None:
        data = zlib.compress(msgspec.msgpack.encode(values), _COMPRESSION)
        write_all(self._file, len(data).to_bytes(_SIZE_BYTES, "little") + data)


@contextlib.contextmanager
def writing(path: Path) -> Iterator[ResultWriter]:
    """Write a result that is moved to ``path`` in one step at the end of the block, if it was ended there.

    Missing folders are made; only their owner can read what is in them. Raises ``OSError``.
    """
    make_private_folder(path.parent)
    with unfinished(path) as (partial, file):
        writer = ResultWriter(file)
        yield writer
        if writer.is_ended:
            os.fsync(file.fileno())
            file.close()
            partial.replace(path)


def _blocks(file: BufferedReader) -> list[tuple[int, int]]:
    """Where each block's data begin, and how many bytes they are; the last block is the closing one."""
    if file.read(len(_MAGIC)) != _MAGIC:
        raise ValueError("no result of a piece")
    blocks = []
    while size := file.read(_SIZE_BYTES):
        blocks.append((file.tell(), int.from_bytes(size, "little")))
        file.seek(blocks[-1][1], os.SEEK_CUR)
    if not blocks:
        raise ValueError("an empty result")
    return blocks
