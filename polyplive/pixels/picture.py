"""One picture in the form that its source gave it, and conversions of it, made when somebody asks."""

from __future__ import annotations

import functools
import threading
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from polyplive.pixels.bgr import check_image
from polyplive.pixels.crop import Cut
from polyplive.pixels.resampling import bgra_of, bgra_of_crop, first_field, grown, part_of
from polyplive.pixels.shrink import shrink
from polyplive.pixels.yuv import bgr_of, bgr_of_points

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from polyplive.pixels.crop import Crop
    from polyplive.pixels.yuv import YuvSamples


class Picture(ABC):
    """The pixels of one picture, ``height`` by ``width``. Nothing changes them. Any thread.

    Parts are given by slices of rows and columns that both have a start and a stop, inside of the picture.
    """

    def __init__(self, height: int, width: int) -> None:
        self.height, self.width = height, width

    @property
    @abstractmethod
    def planes(self) -> tuple[NDArray[Any], ...]:
        """The arrays that hold the picture: BGR pixels alone [H, W, 3], or luma, Cb and Cr."""

    @property
    def samples(self) -> YuvSamples | None:
        """The source's own samples, None where it gave BGR pixels, or such that had to be turned or mapped."""
        return None

    @abstractmethod
    def bgr(self) -> NDArray[np.uint8]:
        """uint8 [H, W, 3] BGR, C-contiguous: made once, and kept."""

    def bgr_into(self, out: NDArray[np.uint8]) -> None:
        """Fill ``out``, uint8 [H, W, 3], C-contiguous, with ``bgr`` for somebody to draw on; nothing is kept."""
        np.copyto(out, self.bgr())

    def bgra_at(
        self, width: int, height: int, out: NDArray[np.uint8] | None = None, crop: Crop | None = None
    ) -> NDArray[np.uint8]:
        """uint8 [height, width, 4] BGRA, opaque: the picture, or ``crop`` of it, at that size and without aliasing.

        What a view shows, made from the source's own samples and not kept. The same picture and size give the same
        bytes. Each plane is interpolated linearly, edge to edge, after halvings where it becomes less than half as
        large; chroma lies where the source says. At the picture's own size the pixels are those of ``bgr``, in which
        pixels that share a chroma sample get the same one. Of a ``crop`` only the samples in and beside it are read;
        what is shown lies at most half a pixel of the view beside where it should.
        ``out``, C-contiguous and of that shape, is filled and returned instead of a new array. Raises ``ValueError``
        where it does not fit.
        """
        shape = (height, width, 4)
        if out is None:
            out = np.empty(shape, np.uint8)
        elif out.shape != shape or out.dtype != np.uint8 or not out.flags.c_contiguous:
            raise ValueError(f"expected a contiguous uint8 array {shape}, received {out.dtype} {out.shape}")
        if crop is not None:
            self._fill_with(crop, out)
        elif (width, height) == (self.width, self.height):
            cv2.cvtColor(self.bgr(), cv2.COLOR_BGR2BGRA, dst=out)
        else:
            self._fill(out)
        return out

    @abstractmethod
    def part_at(
        self, rows: slice, columns: slice, height: int, width: int, *, one_field: bool = False
    ) -> NDArray[np.uint8]:
        """uint8 [height, width, 3] BGR: a part stretched to that size, without aliasing.

        Made from the source's own samples. With ``one_field`` only the picture's even lines are seen.
        """

    @abstractmethod
    def lines(self, rows: slice, columns: slice) -> NDArray[Any]:
        """[h, w], a view: the part's luma, or green where pixels are BGR. For measures of sharpness and of lines."""

    @abstractmethod
    def thinned(self, step: int) -> NDArray[np.uint8]:
        """uint8 [h, w, 3] BGR: each ``step``-th pixel of each ``step``-th row, from the first on."""

    @abstractmethod
    def _fill(self, out: NDArray[np.uint8]) -> None:
        """Fill ``out`` for ``bgra_at``."""

    @abstractmethod
    def _fill_with(self, crop: Crop, out: NDArray[np.uint8]) -> None:
        """The same with a part."""


class BgrPicture(Picture):
    """A picture that is an array of BGR pixels."""

    def __init__(self, image: NDArray[np.uint8]) -> None:
        """``image`` is uint8 [H, W, 3], C-contiguous. Raises ``ImageError`` for anything else."""
        check_image(image)
        super().__init__(*image.shape[:2])
        self._image = image

    @property
    def planes(self) -> tuple[NDArray[Any], ...]:
        """See ``Picture``."""
        return (self._image,)

    def bgr(self) -> NDArray[np.uint8]:
        """The array itself."""
        return self._image

    def part_at(
        self, rows: slice, columns: slice, height: int, width: int, *, one_field: bool = False
    ) -> NDArray[np.uint8]:
        """See ``Picture``."""
        region = self._image[rows, columns]
        return shrink(first_field(region, rows.start) if one_field else region, height, width)

    def lines(self, rows: slice, columns: slice) -> NDArray[Any]:
        """See ``Picture``."""
        return self._image[rows, columns, 1]

    def thinned(self, step: int) -> NDArray[np.uint8]:
        """See ``Picture``."""
        return self._image[::step, ::step]

    def _fill(self, out: NDArray[np.uint8]) -> None:
        cv2.cvtColor(shrink(self._image, *out.shape[:2]), cv2.COLOR_BGR2BGRA, dst=out)

    def _fill_with(self, crop: Crop, out: NDArray[np.uint8]) -> None:
        size = out.shape[0], out.shape[1]
        cut = Cut.of((self.height, self.width), crop, size)
        cv2.cvtColor(grown(self._image[cut.rows, cut.columns], cut, size), cv2.COLOR_BGR2BGRA, dst=out)


class YuvPicture(Picture):
    """A picture that is samples of luma and chroma."""

    def __init__(self, samples: YuvSamples, convert: Callable[[], NDArray[np.uint8]] | None = None) -> None:
        """``convert`` makes ``bgr``, in any thread, where samples of more than eight bits need a scaler for it."""
        super().__init__(*samples.luma.shape)
        self._samples = samples
        self._convert = convert
        self._lock = threading.Lock()
        self._image: NDArray[np.uint8] | None = None

    def __reduce__(self) -> tuple[object, ...]:
        """For another process: the samples, and what a scaler has to make of them here."""
        convert = None if self._samples.bits == 8 else functools.partial(np.asarray, self.bgr())
        return YuvPicture, (self._samples, convert)

    @property
    def planes(self) -> tuple[NDArray[Any], ...]:
        """See ``Picture``."""
        return self._samples.planes

    @property
    def samples(self) -> YuvSamples:
        """The source's own samples."""
        return self._samples

    def bgr(self) -> NDArray[np.uint8]:
        """See ``Picture``. One of several threads that ask at once converts, and the others wait for it."""
        with self._lock:
            if self._image is None:
                self._image = bgr_of(self._samples) if self._convert is None else self._convert()
                self._convert = None
            return self._image

    def bgr_into(self, out: NDArray[np.uint8]) -> None:
        """See ``Picture``."""
        with self._lock:
            is_copied = self._image is not None or self._convert is not None
        if is_copied:
            np.copyto(out, self.bgr())
        else:
            bgr_of(self._samples, out)

    def part_at(
        self, rows: slice, columns: slice, height: int, width: int, *, one_field: bool = False
    ) -> NDArray[np.uint8]:
        """See ``Picture``."""
        return part_of(self._samples, rows, columns, height, width, one_field=one_field)

    def lines(self, rows: slice, columns: slice) -> NDArray[Any]:
        """See ``Picture``."""
        return self._samples.luma[rows, columns]

    def thinned(self, step: int) -> NDArray[np.uint8]:
        """See ``Picture``."""
        luma = self._samples.luma[::step, ::step]
        rows = np.arange(luma.shape[0]) * step // self._samples.down
        columns = np.arange(luma.shape[1]) * step // self._samples.across
        chroma = [plane[np.ix_(rows, columns)] for plane in (self._samples.cb, self._samples.cr)]
        return bgr_of_points([luma, *chroma], self._samples)

    def _fill(self, out: NDArray[np.uint8]) -> None:
        bgra_of(self._samples, out)

    def _fill_with(self, crop: Crop, out: NDArray[np.uint8]) -> None:
        bgra_of_crop(self._samples, crop, out)
