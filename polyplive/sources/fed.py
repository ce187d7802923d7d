"""Frames that another program makes: an iterator as a live source."""

from __future__ import annotations

import dataclasses
import time
from typing import TYPE_CHECKING, cast

from polyplive.errors import PolypliveError, SourceLost, SourceUnreadable, text_of
from polyplive.pixels.bgr import check_image
from polyplive.types import Frame, SourceInfo

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Mapping

    from polyplive.types import Image

NAME = "frames"


class FedSource:
    """Gives what ``frames`` gives, as it comes; implements ``LiveSource``. One thread; it cannot be opened again.

    Each is a picture (uint8 [H, W, 3] BGR), which is copied, or a ``Frame``, whose own time and shape of pixels are
    kept. Sizes may change. ``error`` is what ended the frames, as it was raised; None where they ended by themselves.
    """

    warnings: tuple[str, ...] = ()

    def __init__(self, frames: Iterable[Frame | Image]) -> None:
        """Raises ``TypeError`` where ``frames`` cannot be iterated over."""
        self._frames = iter(frames)
        self._index = -1
        self._closed = False
        self.error: BaseException | None = None
        self.info = SourceInfo(NAME, 0, 0, None, None, None, live=True)
        """Width and height are 0 until the first frame has told them."""

    @property
    def dropped(self) -> Mapping[str, int]:
        """None: a frame that was never given is not known of."""
        return {}

    def read(self) -> Frame | None:
        """Wait for the next frame; None at the end and after ``close``.

        Raises ``ImageError`` for what is no picture, and ``SourceUnreadable`` where the iterator raises something else.
        """
        if self._closed or self.error is not None:
            return None
        began_s = time.perf_counter()
        try:
            given = next(self._frames)
            frame = given if isinstance(given, Frame) else Frame(_copied(given))
        except StopIteration:
            return None
        except BaseException as error:
            self.error = error
            if isinstance(error, PolypliveError):
                raise
            kind = type(error).__name__
            raise SourceUnreadable(f"The iterator of frames raised {kind}: {text_of(error)}") from error
        return self._told(frame, time.monotonic(), (time.perf_counter() - began_s) * 1e3)

    def seek(self, pts_s: float) -> None:
        """A live source cannot."""
        raise SourceLost("A live source cannot seek", "Open the recording with open_video instead.")

    def close(self) -> None:
        """End a generator, in the thread that ran it; a second call does nothing."""
        if not self._closed:
            self._closed = True
            if hasattr(self._frames, "close"):
                cast("Generator[Frame | Image]", self._frames).close()

    def _told(self, frame: Frame, captured_s: float, decode_ms: float) -> Frame:
        if not self.info.width:
            self.info = dataclasses.replace(
                self.info, width=frame.width, height=frame.height, sample_aspect=frame.sample_aspect
            )
        self._index += 1
        return dataclasses.replace(frame, index=self._index, captured_s=captured_s, decode_ms=decode_ms)


def _copied(image: Image) -> Image:
    """The program may use its array again, and a picture is never changed. Raises ``ImageError`` for no picture."""
    check_image(image)
    return image.copy()
