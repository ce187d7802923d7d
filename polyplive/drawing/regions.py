"""A polyp's mask tint, its contour and its label."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from polyplive.drawing.element import Rect
from polyplive.drawing.text import REGULAR, STRONG, TEXT_COLOUR, ascent, draw_pad, draw_text, line_height, steady_width

if TYPE_CHECKING:
    from collections.abc import Sequence

    from polyplive.drawing.element import Colour, Cover, Scale
    from polyplive.types import Contour, Detection, Image

CONTOUR_COLOUR: Colour = (255, 229, 64)
"""Cyan: opposite to the mucosa's reds, and seen as such by viewers who confuse red with green."""

EDGE_COLOUR: Colour = (40, 30, 20)


@dataclass(frozen=True, slots=True, eq=False)
class Tint:
    """The inside of a contour, coloured at ``opacity``."""

    contour: Contour
    opacity: float

    def draw(self, image: Image) -> None:
        """Blend the colour in."""
        found = self._filled(image.shape[1], image.shape[0])
        if found is None:
            return
        rect, inside = found
        view = image[rect.slices]
        # What each level becomes, a table a channel: half the cost of blending two pictures.
        levels = np.arange(256)[:, None] * (1 - self.opacity) + np.array(CONTOUR_COLOUR) * self.opacity
        cv2.copyTo(cv2.LUT(view, np.rint(levels).astype(np.uint8)[:, None]), inside, view)

    def cover(self, mask: Cover) -> None:
        """The inside."""
        found = self._filled(mask.shape[1], mask.shape[0])
        if found is not None:
            view = mask[found[0].slices]
            view[found[1] > 0] = 255

    def _filled(self, width: int, height: int) -> tuple[Rect, Cover] | None:
        """The part of the frame around the contour, and where in it the contour's inside is."""
        x, y, w, h = cv2.boundingRect(self.contour)
        left, top, right, bottom = max(x, 0), max(y, 0), min(x + w, width), min(y + h, height)
        if right <= left or bottom <= top:
            return None
        inside = np.zeros((bottom - top, right - left), np.uint8)
        cv2.fillPoly(inside, [self.contour], 255, offset=(-left, -top))
        return Rect(left, top, right - left, bottom - top), inside


@dataclass(frozen=True, slots=True, eq=False)
class Outline:
    """A contour as a smooth bright line between two thin dark edges, which keep it visible on pale mucosa."""

    contour: Contour
    thickness: int

    def draw(self, image: Image) -> None:
        """Draw the edges, then the line."""
        cv2.polylines(image, [self.contour], True, EDGE_COLOUR, self._outer, cv2.LINE_AA)
        cv2.polylines(image, [self.contour], True, CONTOUR_COLOUR, self.thickness, cv2.LINE_AA)

    def cover(self, mask: Cover) -> None:
        """The edges, and one pixel more than full coverage says: smooth lines fade out over two."""
        cv2.polylines(mask, [self.contour], True, 255, self._outer + 4, cv2.LINE_8)

    @property
    def _outer(self) -> int:
        return self.thickness + max(2, 2 * round(self.thickness / 3))


@dataclass(frozen=True, slots=True)
class Label:
    """A polyp's number and score on a pad."""

    rect: Rect
    number: str
    score: str
    size: int

    def draw(self, image: Image) -> None:
        """Draw the pad, then the text."""
        draw_pad(image, self.rect)
        inset = label_inset(self.size)
        baseline = (self.rect.height - line_height(self.size)) // 2 + ascent(self.size)
        draw_text(image, self.rect, self.number, inset, baseline, self.size, CONTOUR_COLOUR, STRONG)
        x = inset + steady_width(self.number, self.size, STRONG) + round(0.5 * self.size)
        draw_text(image, self.rect, self.score, x, baseline, self.size, TEXT_COLOUR, REGULAR)

    def cover(self, mask: Cover) -> None:
        """The pad."""
        mask[self.rect.slices] = 255


def label_inset(size: int) -> int:
    """Columns between a label's border and its text."""
    return max(3, round(0.45 * size))


def place_labels(
    detections: Sequence[Detection], scale: Scale, width: int, height: int, reserved: list[Rect]
) -> list[Label]:
    """A label beside each polyp: inside of the frame, clear of ``reserved``, and off every polyp where there is room.

    What has no place at all gets none. Each placed label is added to ``reserved``.
    """
    polyps = [Rect(*detection.bbox) for detection in detections]
    labels = []
    for detection in detections:
        number, score = f"Polyp {detection.track}", f"{100 * detection.score:.0f} %"
        text = steady_width(number, scale.text, STRONG) + round(0.5 * scale.text)
        text += steady_width(score, scale.text, REGULAR)
        size = text + 2 * label_inset(scale.text), round(1.55 * scale.text)
        places = [
            rect
            for rect in _places(detection.bbox, size, scale, width, height)
            if rect.within(width, height) and not any(rect.shared(other) for other in reserved)
        ]
        if places:
            rect = min(places, key=lambda place: sum(place.shared(polyp) for polyp in polyps))
            reserved.append(rect)
            labels.append(Label(rect, number, score, scale.text))
    return labels


def _places(box: tuple[int, int, int, int], size: tuple[int, int], scale: Scale, width: int, height: int) -> list[Rect]:
    """Where a label may go, best first: above, below, right, left, then within the box's own corners."""
    x, y, w, h = box
    label_w, label_h = size
    gap = scale.margin + scale.line
    edge = scale.margin
    across = [_clamp(x + (w - label_w) // 2, edge, width - edge - label_w), x, x + w - label_w]
    along = [_clamp(y + (h - label_h) // 2, edge, height - edge - label_h), y, y + h - label_h]
    above, below = y - gap - label_h, y + h + gap
    right, left = x + w + gap, x - gap - label_w
    inside_top = _clamp(y + gap, edge, height - edge - label_h)
    inside_bottom = _clamp(y + h - gap - label_h, edge, height - edge - label_h)
    spots = [(column, above) for column in across] + [(column, below) for column in across]
    spots += [(right, row) for row in along] + [(left, row) for row in along]
    spots += [(column, row) for row in (inside_top, inside_bottom) for column in across]
    return [Rect(column, row, label_w, label_h) for column, row in spots]


def _clamp(value: int, low: int, high: int) -> int:
    return max(low, min(value, high))
