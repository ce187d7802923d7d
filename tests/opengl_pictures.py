"""Pictures of every layout, and a program that draws them with OpenGL into files: ``python opengl_pictures.py FOLDER``.

A process of its own, since Qt keeps its connection to the X server for as long as it lives.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from clipmaker import write_clip
from numpy.typing import NDArray

from polyplive.evaluation.demo_truth import demo_clip
from polyplive.pixels.crop import Crop
from polyplive.pixels.picture import BgrPicture, Picture, YuvPicture
from polyplive.pixels.yuv import YuvSamples
from polyplive.sessions.opening import open_video
from polyplive.types import Frame

BT709, BT601, BT2020 = 1, 5, 9
SIZES = {"smaller": (290, 217), "halved": (131, 98), "larger": (500, 419), "own": None}
"""Of views, in pixels; None: the frame's own."""
CROPPED = {
    "zoomed": (Crop(101.3, 77.6, 161.2, 120.4), (290, 217)),
    "zoomed, cornered": (Crop(351.7, 262.4, 50.3, 37.6), (290, 217)),
    "zoomed, halved": (Crop(31.3, 17.1, 360, 268.7), (131, 98)),
}
"""Parts of frames, and the sizes of views that show them."""
ROOM = 9
"""Pixels around a picture that have to stay as they are."""
WIDE_CLIP = "wide.mp4"


@dataclass(frozen=True)
class Layout:
    """How samples are given; ``shared`` is how many columns and rows share one of chroma."""

    shared: tuple[int, int] = (2, 2)
    matrix: int = BT709
    is_full: bool = False
    is_centred: bool = False
    bits: int = 8
    padding: int = 0


LAYOUTS = {
    "4:2:0": Layout(),
    "4:2:0 of a JPEG": Layout(matrix=BT601, is_full=True, is_centred=True),
    "4:2:0 with gaps between rows": Layout(padding=29),
    "4:2:2": Layout((2, 1), BT601, padding=1),
    "4:4:4, full range": Layout((1, 1), BT709, is_full=True),
    "4:2:0 of 10 bits, BT.2020": Layout(matrix=BT2020, bits=10, padding=7),
    "4:2:2 of 10 bits": Layout((2, 1), BT709, bits=10),
    "4:4:4 of 10 bits, full range": Layout((1, 1), BT601, is_full=True, bits=10),
}


def picture_of(layout: Layout | None) -> Picture:
    """The demo clip's first frame, smaller, as samples of ``layout``; None: as BGR pixels."""
    image = cv2.resize(first_frame(demo_clip()).image, (403, 301), interpolation=cv2.INTER_AREA)
    if layout is None:
        return BgrPicture(image)
    planes = cv2.split(cv2.cvtColor(image.astype(np.float32), cv2.COLOR_BGR2YCrCb))
    luma, red, blue = (plane if number == 0 else plane - 0.5 + 128 for number, plane in enumerate(planes))
    size = -(-403 // layout.shared[0]), -(-301 // layout.shared[1])
    small = [cv2.resize(plane, size, interpolation=cv2.INTER_AREA) for plane in (blue, red)]
    luma, blue, red = (_stored(plane, layout) for plane in (luma, *small))
    return YuvPicture(
        YuvSamples(
            luma, blue, red, layout.matrix, is_full=layout.is_full, is_centred=layout.is_centred, bits=layout.bits
        )
    )


def write_wide(folder: Path) -> None:
    """A clip of ten bits, for ``frames``."""
    image = cv2.resize(first_frame(demo_clip()).image, (402, 302), interpolation=cv2.INTER_AREA)
    write_clip(folder / WIDE_CLIP, [image], pix_fmt="yuv420p10le", colour=(BT709, 1))


def first_frame(clip: Path) -> Frame:
    source = open_video(clip)
    frame = source.read()
    source.close()
    assert frame is not None
    return frame


def _stored(plane: NDArray[np.float32], layout: Layout) -> NDArray[np.unsignedinteger]:
    """In the range of limited samples (which full ones may have, too), with noise in the bits that eight lack."""
    kind = np.uint8 if layout.bits == 8 else np.uint16
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, plane.shape)
    wide = np.clip((plane * 0.8 + 24 + noise) * 2 ** (layout.bits - 8), 0, 2**layout.bits - 1)
    room = np.zeros((plane.shape[0], plane.shape[1] + layout.padding), kind)
    room[:, : plane.shape[1]] = np.rint(wide)
    return room[:, : plane.shape[1]]


def frames(folder: Path) -> dict[str, Frame]:
    """One of each layout, one of BGR pixels, and one that was decoded from what ``write_wide`` wrote."""
    made = {name: Frame(picture_of(layout)) for name, layout in LAYOUTS.items()}
    return {**made, "BGR": Frame(picture_of(None)), "decoded, 10 bits": first_frame(folder / WIDE_CLIP)}


def sizes_of(name: str) -> list[str]:
    """The sizes at which a frame is drawn: ten bits that no source gave cannot be converted at their own."""
    return [size for size in SIZES if size != "own" or " of 10 bits" not in name]


def main(folder: Path) -> None:
    """Draw every frame at every size, grey around it; write what a read gives, BGRA, as arrays."""
    from PyQt6.QtGui import QGuiApplication, QOffscreenSurface, QOpenGLContext
    from PyQt6.QtOpenGL import QOpenGLFramebufferObject

    from polyplive.gui.view.opengl.canvas import Canvas
    from polyplive.gui.view.opengl.renderer import surface_format
    from polyplive.overlay.element import Rect

    application = QGuiApplication([])
    context, surface = QOpenGLContext(), QOffscreenSurface()
    context.setFormat(surface_format())
    assert context.create()
    surface.setFormat(context.format())
    surface.create()
    assert context.makeCurrent(surface)
    canvas = Canvas(context)
    for name, frame in frames(folder).items():
        drawn = {label: (None, SIZES[label] or (frame.width, frame.height)) for label in sizes_of(name)}
        for label, (crop, (width, height)) in (drawn | CROPPED).items():
            onto = QOpenGLFramebufferObject(width + 2 * ROOM, height + 3 * ROOM)
            canvas.begin(onto.handle(), onto.width(), onto.height())
            canvas.draw_frame(frame, Rect(ROOM, ROOM, width, height), crop)
            canvas.check()
            image = onto.toImage().convertToFormat(onto.toImage().Format.Format_RGB32)
            memory = image.constBits().asarray(image.sizeInBytes())
            np.save(folder / f"{name} {label}.npy", np.array(memory, np.uint8).reshape(onto.height(), onto.width(), 4))
    canvas.destroy()
    context.doneCurrent()
    application.quit()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
