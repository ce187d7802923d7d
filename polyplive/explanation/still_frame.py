"""The frame that is explained, what was found in it, and where that lies in the model's picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from polyplive.errors import ConfigError, SourceUnreadable
from polyplive.explanation.still import MOST_FINDINGS, StillRequest
from polyplive.pipeline.preprocess import preprocess

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polyplive.backends.base import EngineSpec
    from polyplive.config import PipelineSettings
    from polyplive.sources.base import Source
    from polyplive.types import Contour, Detection, Frame, Mask, Prediction, Roi


@dataclass(frozen=True, slots=True, eq=False)
class StillFrame:
    """A ``frame`` with what was found in it; ``chosen`` are the findings that are explained, in their order.

    ``names`` are those of findings that are called otherwise than by their numbers, by number.
    """

    frame: Frame
    prediction: Prediction
    chosen: tuple[Detection, ...]
    names: tuple[tuple[int, str], ...] = ()

    def name_of(self, finding: Detection) -> str:
        """What a finding is called."""
        return dict(self.names).get(finding.track, f"Polyp {finding.track}")

    def request(self, spec: EngineSpec, settings: PipelineSettings) -> StillRequest:
        """What is to be explained of it by the model of ``spec``, which found it with ``settings``."""
        roi = self.prediction.roi
        tensor = preprocess(self.frame, roi, spec.height, spec.width, one_field=settings.one_field)
        left = [one for one in self.prediction.detections if one not in self.chosen]
        targets, others = (
            tuple(region_of(one.contour, roi, spec.height, spec.width) for one in some) for some in (self.chosen, left)
        )
        return StillRequest(tensor, targets, self.prediction.threshold, settings.min_area, others)


def largest(findings: Sequence[Detection], most: int = MOST_FINDINGS) -> tuple[Detection, ...]:
    """At most ``most`` findings, the largest first."""
    return tuple(sorted(findings, key=lambda one: -one.area_px)[:most])


def frame_at(source: Source, at_s: float) -> Frame:
    """The frame that is on screen ``at_s`` seconds after the first. Raises ``ConfigError`` behind the end.

    It raises ``SourceUnreadable`` where no frame can be decoded from there on.
    """
    info = source.info
    if at_s > 0 and info.duration_s is not None and at_s >= info.duration_s:
        raise ConfigError(
            f"--at {at_s:.12g} is behind the end of '{info.name}', which is {info.duration_s:.2f} s long",
            "Give an earlier second.",
        )
    if at_s > 0:
        source.seek(at_s)
    frame = source.read()
    if frame is None:
        raise SourceUnreadable(f"'{info.name}' has no frame at {at_s:g} s that can be decoded", "Give another second.")
    return frame


def region_of(contour: Contour, roi: Roi, height: int, width: int) -> Mask:
    """Inside of a contour in source pixels, in the model's picture of ``roi``: bool [``height``, ``width``].

    A finding that is smaller than a pixel there is one pixel.
    """
    scale = np.array([width / roi.width, height / roi.height])
    places = (contour.astype(np.float64) - (roi.x, roi.y) + 0.5) * scale - 0.5
    corners = np.rint(places).astype(np.int32).clip(0, (width - 1, height - 1))
    filled = np.zeros((height, width), np.uint8)
    cv2.fillPoly(filled, [corners.reshape(-1, 1, 2)], 1)
    return filled > 0
