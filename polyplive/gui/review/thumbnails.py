"""Small pictures of findings, decoded in a thread of their own while the window goes on."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PyQt6.QtGui import QImage, QPixmap

from polyplive.errors import PolypliveError
from polyplive.gui.parts.update_signal import UpdateSignal
from polyplive.gui.review import parts
from polyplive.overlay.colours import CONTOUR_COLOUR, EDGE_COLOUR
from polyplive.overlay.true_shape import in_true_shape

if TYPE_CHECKING:
    from collections.abc import Callable

    from polyplive.review.tracks import Sighting, Track
    from polyplive.sources.base import Source
    from polyplive.types import Contour, Frame, Image

SIZE = (128, 94)
"""Of a picture in pixels: sharp on a dense screen too."""
MOST = 600
"""So many pictures are kept: 30 MB at most."""
_AROUND = 2.4
"""How much more of the frame than the finding's box is shown."""
_LEAST_SHARE = 0.28
"""Of the frame's height, at least so much."""


class Thumbnails:
    """Gives the picture of a track's best frame, cut to the finding, with its contour. Qt's thread.

    ``picture`` returns at once: what is not there yet is decoded in the background, the newest wish first.
    ``came`` is emitted when there is more. ``open_source`` opens the video in that thread; ``contour_of`` gives the
    outline of a sighting there (int32 [n, 2], pixels of the frame), or None: then its box is drawn.
    """

    def __init__(
        self, open_source: Callable[[], Source], contour_of: Callable[[Sighting], Contour | None] = lambda _: None
    ) -> None:
        self._news = UpdateSignal()
        self.came = self._news.arrived
        self._made: OrderedDict[tuple[int, int], QPixmap] = OrderedDict()
        self._work = _Decoding(open_source, contour_of, self._news.tell)
        self._news.arrived.connect(self._take)

    def picture(self, track: Track) -> QPixmap | None:
        """The picture of ``track``; None while there is none."""
        key = track.best.index, track.best.events_track
        found = self._made.get(key)
        if found is None:
            self._work.wish(track.best)
        else:
            self._made.move_to_end(key)
        return found

    def close(self) -> None:
        """End the thread, usually after the frame that it decodes."""
        self._news.arrived.disconnect(self._take)
        self._work.end()

    def _take(self) -> None:
        self._news.heard()
        for key, image in self._work.take():
            height, width = image.shape[:2]
            picture = QImage(image.tobytes(), width, height, 3 * width, QImage.Format.Format_BGR888)
            self._made[key] = QPixmap.fromImage(picture)
        while len(self._made) > MOST:
            self._made.popitem(last=False)


class _Decoding:
    """The thread: it sleeps while nothing is wished for."""

    def __init__(
        self,
        open_source: Callable[[], Source],
        contour_of: Callable[[Sighting], Contour | None],
        tell: Callable[[], None],
    ) -> None:
        self._open_source, self._contour_of, self._tell = open_source, contour_of, tell
        self._changed = threading.Condition()
        self._wishes: OrderedDict[tuple[int, int], Sighting] = OrderedDict()
        self._tried: set[tuple[int, int]] = set()
        self._done: list[tuple[tuple[int, int], Image]] = []
        self._ended = False
        self._thread: threading.Thread | None = None

    def wish(self, sighting: Sighting) -> None:
        """Ask for a picture, before all that were asked for earlier."""
        key = sighting.index, sighting.events_track
        with self._changed:
            if self._ended or key in self._tried:
                return
            self._wishes[key] = sighting
            self._wishes.move_to_end(key)
            while len(self._wishes) > MOST:
                self._wishes.popitem(last=False)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="thumbnails", daemon=True)
                self._thread.start()
            self._changed.notify()

    def take(self) -> list[tuple[tuple[int, int], Image]]:
        """What was made since the last call."""
        with self._changed:
            done, self._done = self._done, []
            for key, _ in done:
                self._tried.discard(key)
            return done

    def end(self) -> None:
        """End the thread."""
        with self._changed:
            self._ended = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(parts.ENDS_WITHIN_S)

    def _run(self) -> None:
        source: Source | None = None
        try:
            while (sighting := self._next()) is not None:
                try:
                    if source is None:
                        source = self._open_source()
                    self._make(source, sighting)
                except PolypliveError:
                    continue  # the player says what is wrong with the video: here a picture is missing
        finally:
            if source is not None:
                source.close()

    def _next(self) -> Sighting | None:
        with self._changed:
            self._changed.wait_for(lambda: self._ended or bool(self._wishes))
            if self._ended:
                return None
            key, sighting = self._wishes.popitem()
            self._tried.add(key)
            return sighting

    def _make(self, source: Source, sighting: Sighting) -> None:
        source.seek(sighting.time_s)
        frame = source.read()
        if frame is None:
            return
        image = small_picture(frame, sighting, self._contour_of(sighting))
        with self._changed:
            self._done.append(((sighting.index, sighting.events_track), image))
        self._tell()


def small_picture(frame: Frame, sighting: Sighting, contour: Contour | None) -> Image:
    """What ``frame`` shows around ``sighting``, with its contour or box: uint8 [94, 128, 3] BGR, in true shape."""
    image = in_true_shape(frame.image, frame.sample_aspect)
    scale = np.array((image.shape[1] / frame.width, image.shape[0] / frame.height))
    x, y, width, height = (float(value) for value in np.array(sighting.box, float) * np.tile(scale, 2))
    corners = np.array([(x, y), (x + width, y), (x + width, y + height), (x, y + height)])
    if contour is not None:
        corners = contour * scale
    cut = _cut(image.shape[1], image.shape[0], (x + width / 2, y + height / 2), (width, height))
    left, top, wide, high = cut
    part = image[top : top + high, left : left + wide]
    small: Image = cv2.resize(part, SIZE, interpolation=cv2.INTER_AREA if wide > SIZE[0] else cv2.INTER_LINEAR)
    line = ((corners - (left, top)) * (SIZE[0] / wide, SIZE[1] / high)).round().astype(np.int32)
    for colour, thickness in ((EDGE_COLOUR, 3), (CONTOUR_COLOUR, 1)):
        cv2.polylines(small, [line], True, colour, thickness, cv2.LINE_AA)
    return small


def _cut(width: int, height: int, middle: tuple[float, float], box: tuple[float, float]) -> tuple[int, int, int, int]:
    """A part of a picture around a box, in the shape of ``SIZE``, inside of the picture as far as it fits."""
    shape = SIZE[0] / SIZE[1]
    high = max(_AROUND * max(box[1], box[0] / shape), _LEAST_SHARE * height)
    high = min(high, height, width / shape)
    wide = high * shape
    left = min(max(middle[0] - wide / 2, 0), width - wide)
    top = min(max(middle[1] - high / 2, 0), height - high)
    return int(left), int(top), max(int(wide), 1), max(int(high), 1)
