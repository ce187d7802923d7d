"""The values that cross threads and stages: frozen, slotted, numpy only.

Arrays inside these values are never written to after the value is made; whoever needs to change one copies it.
Coordinates are source pixels with the origin at the top left, unless a name says otherwise. Times named ``_s`` are
seconds, times named ``_ms`` milliseconds. Images are uint8, [height, width, 3], BGR, C-contiguous.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Mapping

Image: TypeAlias = NDArray[np.uint8]
"""uint8 [H, W, 3], BGR."""

FloatMap: TypeAlias = NDArray[np.float32]
"""float32 [h, w]: a probability map in [0, 1] or a raw class activation map (at least 0)."""

Contour: TypeAlias = NDArray[np.int32]
"""int32 [N, 2]: x, y of a closed polygon's corners in source pixels."""


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


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One decoded picture.

    ``index`` counts the source's frames from 0 (also after a seek: the first frame of a file is 0). ``pts_s`` is the
    source's own clock in seconds from its first frame, None when the source has none. ``captured_s`` is
    ``time.monotonic()`` taken after the read returned. ``decode_ms`` is how long the read took.
    """

    image: Image
    index: int
    pts_s: float | None
    captured_s: float
    decode_ms: float = 0.0

    @property
    def height(self) -> int:
        """Rows."""
        return int(self.image.shape[0])

    @property
    def width(self) -> int:
        """Columns."""
        return int(self.image.shape[1])


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """What is known of a source when it has been opened.

    ``width`` and ``height`` are those of the frames it gives (after rotation). ``fps`` is the average rate, None when
    unknown; ``frames`` the number of frames, None when it is not known (live, or a damaged index); ``duration_s``
    likewise. ``live`` sources cannot seek.
    """

    name: str
    width: int
    height: int
    fps: float | None
    frames: int | None
    duration_s: float | None
    live: bool = False
    codec: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Detection:
    """One polyp in one frame.

    ``track`` is stable while the polyp stays in view (from 1). ``score`` is in [0, 1]: the mean probability inside
    the contour; it may lie below the threshold where a finding that was shown is kept. ``bbox`` is (x, y, width,
    height). ``area_px`` is the area inside the contour in source pixels.
    """

    track: int
    score: float
    bbox: tuple[int, int, int, int]
    area_px: int
    contour: Contour


@dataclass(frozen=True, slots=True)
class StageTimes:
    """How long each stage took for one frame, in milliseconds; 0 where a stage did not run."""

    decode_ms: float = 0.0
    preprocess_ms: float = 0.0
    infer_ms: float = 0.0
    postprocess_ms: float = 0.0
    composite_ms: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Prediction:
    """What the pipeline found in one frame.

    ``index`` is that frame's. ``roi`` is the region that the model saw; ``probability`` (float32 [H, W], at the
    model's size) and ``cam`` (float32 [h, w], raw Grad-CAM, at least 0; None when it was not asked for) cover that
    region. ``cam_full_scale`` is the CAM value that the heatmap shows at full strength: a constant of the model
    times the predicted mask's share of the region, never the map's own maximum, so that a weak map stays weak.
    ``threshold`` is the probability at which contours were taken. ``withheld`` findings are not among ``detections``
    yet: there is not enough evidence for them. ``completed_s`` is ``time.monotonic()`` at the end.
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


@dataclass(frozen=True, slots=True)
class OverlaySettings:
    """What the compositor draws. ``opacity`` (of mask tint and heatmap) is in [0, 1]."""

    visible: bool = True
    contour: bool = True
    mask: bool = True
    heatmap: bool = True
    scores: bool = True
    legend: bool = False
    status: bool = True
    figures: bool = True
    opacity: float = 0.6

    @property
    def needs_cam(self) -> bool:
        """Whether a heatmap is drawn."""
        return self.visible and self.heatmap


class SessionState(Enum):
    """What a viewer is told of a session, in words (``value``). A colour and a shape go with each."""

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
    """The numbers of the small figure line; None where one is not known yet.

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
class Hud:
    """What the corner shows: the session's state, a short reason, and the figure line."""

    state: SessionState = SessionState.READY
    reason: str = ""
    figures: Figures = field(default_factory=Figures)


@dataclass(frozen=True, slots=True)
class Tally:
    """Every frame accounted for: ``read`` = ``processed`` + the sum of ``dropped`` by cause.

    ``live`` holds the closing figures that only a live session has, for events.
    """

    read: int
    processed: int
    dropped: Mapping[str, int]
    live: Mapping[str, object] = field(default_factory=dict)
