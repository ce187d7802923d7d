"""The values that pass between threads and stages: frozen dataclasses of numpy arrays.

Arrays in these values are never changed; copy one to change it. Coordinates are source pixels with the origin at the
top left, unless a name says otherwise. Times named ``_s`` are seconds, times named ``_ms`` milliseconds. Images are
uint8, [height, width, 3], BGR, C-contiguous.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from enum import Enum
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from polyplive.errors import ImageError
from polyplive.pixels.picture import BgrPicture, Picture

if TYPE_CHECKING:
    from collections.abc import Mapping

    from polyplive.pixels.crop import Crop
    from polyplive.pixels.yuv import YuvSamples
    from polyplive.strength import Strength

Image: TypeAlias = NDArray[np.uint8]
"""uint8 [H, W, 3], BGR."""

FloatMap: TypeAlias = NDArray[np.float32]
"""float32 [h, w]: a probability map in [0, 1] or a raw class activation map (at least 0)."""

Mask: TypeAlias = NDArray[np.bool_]
"""bool [H, W]: True where a polyp is."""

Contour: TypeAlias = NDArray[np.int32]
"""int32 [N, 2]: x, y of a closed polygon's corners in source pixels."""

SQUARE = Fraction(1)
"""The shape of a square pixel: its width by its height."""

StereoOption: TypeAlias = Literal["left", "right", "top", "bottom", "whole"]
"""What is shown of 3D pictures that hold both eyes: a half of the picture, as it is meant to be seen, or all of it."""

ViewOption: TypeAlias = Literal["auto", "raster", "opengl"]
"""What draws the window's picture: the processor, a graphics card by OpenGL, or the card where there is one."""

HeatStyle: TypeAlias = Literal["filled", "lines"]
"""How a heatmap is drawn: as colours over the mucosa, or as lines of equal heat, which leave it readable."""


@dataclass(frozen=True, slots=True)
class Roi:
    """A rectangle of source pixels: the field of view that inference sees. ``width`` and ``height`` are at least 1."""

    x: int
    y: int
    width: int
    height: int

    def __post_init__(self) -> None:
        if self.width < 1 or self.height < 1 or self.x < 0 or self.y < 0:
            raise ValueError(f"not a region: x={self.x} y={self.y} width={self.width} height={self.height}")

    @property
    def slices(self) -> tuple[slice, slice]:
        """Row and column slices, so that ``image[roi.slices]`` is the region as a view."""
        return slice(self.y, self.y + self.height), slice(self.x, self.x + self.width)

    def is_inside(self, width: int, height: int) -> bool:
        """Whether an image of ``width`` x ``height`` pixels holds all of it."""
        return self.x + self.width <= width and self.y + self.height <= height

    def check_inside(self, shape: tuple[int, ...]) -> None:
        """Raise ``ValueError`` where it reaches outside of an image of ``shape`` ([H, W, ...])."""
        if not self.is_inside(shape[1], shape[0]):
            raise ValueError(f"{self} reaches outside of an image of {shape[1]}x{shape[0]}")


@dataclass(frozen=True, slots=True, eq=False, init=False)
class Frame:
    """One decoded picture, as a source gives it; ``Frame(image)`` makes one of an array.

    ``picture`` holds the pixels in the source's own form. Conversions are made when somebody asks: ``image``,
    ``bgra_at`` and what the model is given (``Picture``). ``index`` counts the source's frames from 0 (also after a
    seek: the first frame of a file is 0). ``pts_s`` is the source's own clock in seconds from its first frame, None
    when the source has none. ``captured_s`` is ``time.monotonic()`` taken after the read returned. ``decode_ms`` is how
    long the read took. ``sample_aspect`` is the width of a pixel by its height, 1 for square pixels: the picture is
    shown ``width * sample_aspect`` by ``height``. ``stamp_s`` is its time in seconds on the clock of its container,
    which the container's sound has too; None where there is none. ``clock_jump_s`` is how far a live source's clock has
    jumped before this frame (ahead above 0, back below 0; usually 0); ``pts_s`` has gone on by the capture clock.
    ``is_repaired`` says that its own time stamp was missing or not usable, so that ``pts_s`` comes from its neighbours.
    """

    picture: Picture
    index: int
    pts_s: float | None
    captured_s: float
    decode_ms: float
    sample_aspect: Fraction
    stamp_s: float | None
    clock_jump_s: float
    is_repaired: bool

    def __init__(
        self,
        picture: Picture | Image,
        index: int = 0,
        pts_s: float | None = None,
        captured_s: float | None = None,
        decode_ms: float = 0.0,
        sample_aspect: Fraction = SQUARE,
        stamp_s: float | None = None,
        clock_jump_s: float = 0.0,
        is_repaired: bool = False,
    ) -> None:
        """``picture`` may be uint8 [H, W, 3] BGR, C-contiguous. ``captured_s`` None is now.

        Raises ``ImageError`` for another kind of array.
        """
        given = {
            "picture": picture if isinstance(picture, Picture) else BgrPicture(picture),
            "index": index,
            "pts_s": pts_s,
            "captured_s": time.monotonic() if captured_s is None else captured_s,
            "decode_ms": decode_ms,
            "sample_aspect": sample_aspect,
            "stamp_s": stamp_s,
            "clock_jump_s": clock_jump_s,
            "is_repaired": is_repaired,
        }
        for name, value in given.items():
            object.__setattr__(self, name, value)

    @property
    def height(self) -> int:
        """Rows."""
        return self.picture.height

    @property
    def width(self) -> int:
        """Columns."""
        return self.picture.width

    @property
    def shape(self) -> tuple[int, int, int]:
        """The shape of ``image``, which is not made for it."""
        return self.height, self.width, 3

    @property
    def image(self) -> Image:
        """uint8 [H, W, 3] BGR, C-contiguous. Made when it is first asked for, once, in any thread; then kept."""
        return self.picture.bgr()

    @property
    def yuv(self) -> YuvSamples | None:
        """The samples that the source gave; None where it gave BGR, or such that had to be turned or mapped."""
        return self.picture.samples

    def bgra_at(
        self, width: int, height: int, out: NDArray[np.uint8] | None = None, crop: Crop | None = None
    ) -> NDArray[np.uint8]:
        """uint8 [height, width, 4] BGRA: the picture, or ``crop`` of it, at the size of a view (``Picture.bgra_at``).

        It knows nothing of ``sample_aspect``: the caller gives the size that the picture has on the screen.
        """
        return self.picture.bgra_at(width, height, out, crop)


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """What is known of a source when it has been opened.

    ``width`` and ``height`` are those of the frames it gives (after rotation). ``fps`` is the average rate, None when
    unknown; ``frames`` the number of frames, None when it is not known (live, or a damaged index); ``duration_s``
    likewise. ``live`` sources cannot seek. ``sample_aspect`` is the width of a pixel by its height (after rotation), 1
    for square pixels: a picture is shown ``width * sample_aspect`` by ``height``. ``notices`` are lines for the user
    about what the source does not tell by itself, such as which of several streams plays. ``stereo`` is the half that
    it gives of 3D pictures that hold both eyes: left, right, top or bottom; None where it gives whole pictures.
    ``stream`` is the number of the stream that was asked for (None: the best). ``deinterlaced`` frames were made whole.
    """

    name: str
    width: int
    height: int
    fps: float | None
    frames: int | None
    duration_s: float | None
    live: bool = False
    codec: str = ""
    sample_aspect: Fraction = SQUARE
    notices: tuple[str, ...] = ()
    stereo: str | None = None
    stream: int | None = None
    deinterlaced: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Detection:
    """One polyp in one frame.

    ``track`` is stable while the polyp stays in view (from 1). ``score`` is in [0, 1]: the mean probability inside
    the contour; it may lie below the threshold where a finding that was shown is kept. ``bbox`` is (x, y, width,
    height). ``area_px`` is the area inside the contour in source pixels. ``strength`` is the step of the track's recent
    scores, which does not change with every frame's own; None: the step of ``score``.
    """

    track: int
    score: float
    bbox: tuple[int, int, int, int]
    area_px: int
    contour: Contour
    strength: Strength | None = None


@dataclass(frozen=True, slots=True)
class StageTimes:
    """How long each stage took for one frame, in milliseconds; 0 where a stage did not run."""

    decode_ms: float = 0.0
    preprocess_ms: float = 0.0
    infer_ms: float = 0.0
    postprocess_ms: float = 0.0
    composite_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class MapOrigin:
    """The earlier frame that a heatmap was computed of: its ``index``, the region it covers, and when it was read.

    ``captured_s`` is ``time.monotonic()``.
    """

    index: int
    roi: Roi
    captured_s: float


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """What the pipeline found in one frame.

    ``index`` is that frame's. ``roi`` is the region that the model saw; ``probability`` (float32 [H, W], at the model's
    size) and ``cam`` (float32 [h, w], the raw map, at least 0; None when it was not asked for) cover that region.
    ``cam_full_scale`` is what is shown at full strength: a constant of the model or, where the manifest says so, that
    times the predicted share of the region. Contours were taken at ``threshold``. ``withheld`` findings lack evidence
    and are not among ``detections`` yet. ``completed_s``: the end (``time.monotonic()``). ``size``: the frame's width
    and height, if known. ``cam`` and ``cam_full_scale`` are this frame's own where ``cam_of`` is None; live they may be
    of the earlier frame that it names. ``steady_heat`` (float32 [h, w], in [0, 1], over the same region) is what a
    session shows of the map: its share of full scale, steadied over time (``pipeline.steady_heat``); None elsewhere.
    ``near`` outlines what nearly fired, where ``cam`` explains that. ``model_sha256`` is the model's. ``run`` counts
    from 1 how often findings began anew (0: not known), ``run_began`` is the first index since. ``with_map``: a map was
    computed beside the mask, which in half precision changes its last digits.
    """

    index: int
    roi: Roi
    probability: FloatMap
    cam: FloatMap | None
    cam_full_scale: float
    threshold: float
    detections: tuple[Detection, ...]
    completed_s: float
    stages: StageTimes = field(default_factory=StageTimes)
    withheld: int = 0
    size: tuple[int, int] | None = None
    cam_of: MapOrigin | None = None
    steady_heat: FloatMap | None = None
    near: tuple[Contour, ...] | None = None
    model_sha256: str = ""
    run: int = 0
    run_began: int = 0
    with_map: bool = False

    @property
    def cam_roi(self) -> Roi:
        """The region that ``cam`` covers."""
        return self.roi if self.cam_of is None else self.cam_of.roi

    @property
    def cam_index(self) -> int | None:
        """The frame that ``cam`` was computed of; None where there is no map."""
        if self.cam is None:
            return None
        return self.index if self.cam_of is None else self.cam_of.index

    def check_is_of(self, shape: tuple[int, ...]) -> None:
        """Raise ``ImageError`` where a picture of ``shape`` ([H, W, 3]) is not as large as this prediction's frame."""
        given = shape[1], shape[0]
        if self.size is not None and given != self.size:
            raise ImageError(
                f"The prediction is of another frame, of {self.size[0]}x{self.size[1]}: "
                f"the picture given is {given[0]}x{given[1]}",
                "Give the frame that it was made of.",
            )


@dataclass(frozen=True, slots=True)
class OverlaySettings:
    """What the compositor draws. ``opacity`` (of mask tint and heatmap) is in [0, 1].

    ``heatmap`` None is what is usual: it is drawn, but in a live session that begins (``config.hide_heat``).
    Heat is drawn at what it explains alone: at finding number ``heat_of`` (None: at each), or with ``heat_everywhere``
    all over the field of view. That hides heat and changes no value. With ``heat_smoothing`` a session's heat is
    steadied over time. ``caption`` (frame, time, model), ``status`` and ``figures`` mark no finding: ask for them.
    """

    visible: bool = True
    contour: bool = True
    mask: bool = True
    heatmap: bool | None = None
    scores: bool = True
    legend: bool = False
    caption: bool = False
    status: bool = False
    figures: bool = False
    opacity: Annotated[float, Meta(ge=0, le=1)] = 0.3
    heat_style: HeatStyle = "filled"
    heat_everywhere: bool = False
    heat_of: Annotated[int, Meta(ge=1)] | None = None
    heat_smoothing: bool = True

    @property
    def needs_cam(self) -> bool:
        """Whether a heatmap is drawn."""
        return self.visible and self.heatmap is not False


class SessionState(Enum):
    """The state of a session as shown to a viewer; ``value`` is its word. Each has a colour and a symbol."""

    READY = "ready"
    OVERLAY_OFF = "overlay off"
    STALE = "stale"
    PAUSED = "paused"
    NO_SIGNAL = "no signal"
    RECONNECTING = "reconnecting"
    ENDED = "ended"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Figures:
    """The numbers in the corner of the picture; None while one is unknown.

    Delays are of this frame, or of the usual frame (median) where there is a 99th percentile beside them. ``dropped``
    frames were not shown; ``unprocessed`` ones, live, went by without a result of their own.
    """

    fps: float | None = None
    video_delay_ms: float | None = None
    annotation_delay_ms: float | None = None
    dropped: int = 0
    unprocessed: int | None = None
    video_p99_ms: float | None = None
    annotation_p99_ms: float | None = None


@dataclass(frozen=True, slots=True)
class Caption:
    """Which frame this is: its ``index``, its time in seconds (None: unknown), and the ``model`` (empty: none)."""

    index: int
    time_s: float | None
    model: str = ""


@dataclass(frozen=True, slots=True)
class Hud:
    """The contents of the picture's corners, of which ``OverlaySettings`` say what is drawn.

    Labels call findings by their ``names``, which are by ``track`` number. ``method`` is how the heatmap is made, for
    its legend, its layers after commas; ``cam_target`` is what it explains.
    """

    state: SessionState = SessionState.READY
    reason: str = ""
    figures: Figures = field(default_factory=Figures)
    caption: Caption | None = None
    names: tuple[tuple[int, str], ...] = ()
    method: str = ""
    cam_target: str = "mask"


@dataclass(frozen=True, slots=True)
class Tally:
    """Every frame accounted for: ``read`` = ``processed`` + the sum of ``dropped`` by cause.

    ``repaired`` of the processed frames had no usable time stamp of their own. ``live`` holds the closing figures that
    only a live session has, for events.
    """

    read: int
    processed: int
    dropped: Mapping[str, int]
    repaired: int = 0
    live: Mapping[str, object] = field(default_factory=dict)
