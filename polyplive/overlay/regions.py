"""A polyp's mask tint, its contour and its label."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from polyplive.overlay.colours import CONTOUR_COLOUR, EDGE_COLOUR, QUIET_COLOUR, TEXT_COLOUR, opaque
from polyplive.overlay.dashes import Dashes, dashed
from polyplive.overlay.element import Pad, Rect
from polyplive.overlay.text import REGULAR, STRONG, ascent, draw_pad, draw_text, line_height, steady_width
from polyplive.strength import Strength

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from polyplive.overlay.element import Cover, Scale
    from polyplive.types import Contour, Detection, Image


@dataclass(frozen=True, slots=True, eq=False)
class Tint:
    """The inside of a contour, coloured at ``opacity``. ``bits`` of each corner's number are a fraction of a pixel."""

    contour: Contour
    opacity: float
    bits: int = 0

    def draw(self, image: Image) -> None:
        """Blend the colour in."""
        found = self._filled(image.shape[1], image.shape[0])
        if found is None:
            return
        rect, inside = found
        view = image[rect.slices]
        # What each level becomes, a table a channel: half the cost of blending two pictures.
        colour = np.array(opaque(CONTOUR_COLOUR)[: image.shape[2]])
        levels = np.arange(256)[:, None] * (1 - self.opacity) + colour * self.opacity
        cv2.copyTo(cv2.LUT(view, np.rint(levels).astype(np.uint8)[:, None]), inside, view)

    def cover(self, mask: Cover) -> None:
        """The inside."""
        found = self._filled(mask.shape[1], mask.shape[0])
        if found is not None:
            view = mask[found[0].slices]
            view[found[1] > 0] = 255

    @property
    def bounds(self) -> Rect:
        """The box around the contour."""
        return _box(self.contour, self.bits)

    def moved(self, across: int, down: int) -> Tint:
        """The same elsewhere."""
        return dataclasses.replace(self, contour=_moved(self.contour, across, down, self.bits))

    def _filled(self, width: int, height: int) -> tuple[Rect, Cover] | None:
        """The part of the frame around the contour, and where in it the contour's inside is."""
        rect = self.bounds.clipped(width, height)
        if rect is None:
            return None
        inside = np.zeros((rect.height, rect.width), np.uint8)
        cv2.fillPoly(inside, [_moved(self.contour, -rect.x, -rect.y, self.bits)], 255, shift=self.bits)
        return rect, inside


@dataclass(frozen=True, slots=True, eq=False)
class Outline:
    """A contour as a smooth bright line between two thin dark edges, which keep it visible on pale mucosa.

    ``strength`` says how the line is drawn: strong as a whole one, middling in dashes, weak in thin dots. So a score
    shows in the mark without its number, and not by colour. What nearly fired has none: few grey dots, as it is no
    finding. ``bits`` of each corner's number are a fraction of a pixel.
    """

    contour: Contour
    thickness: int
    bits: int = 0
    strength: Strength | None = Strength.STRONG

    def draw(self, image: Image) -> None:
        """Draw the edges, then the line."""
        line, outer = self._line, _outer(self._line)
        dashes = _DASHES.get(self.strength)
        pieces, bits = ([self.contour], self.bits) if dashes is None else dashed(self.contour, self.bits, outer, dashes)
        inner = QUIET_COLOUR if self.strength is None else CONTOUR_COLOUR
        for colour, thickness in ((EDGE_COLOUR, outer), (inner, line)):
            cv2.polylines(image, pieces, dashes is None, opaque(colour), thickness, cv2.LINE_AA, bits)

    def cover(self, mask: Cover) -> None:
        """The edges of a whole line, and a little more than they cover: smooth lines fade out over two pixels."""
        cv2.polylines(mask, [self.contour], True, 255, self._covered, cv2.LINE_8, self.bits)

    @property
    def bounds(self) -> Rect:
        """The box around the contour, and the width of the line."""
        box, more = _box(self.contour, self.bits), self._covered // 2 + 2
        return Rect(box.x - more, box.y - more, box.width + 2 * more, box.height + 2 * more)

    def moved(self, across: int, down: int) -> Outline:
        """The same elsewhere."""
        return dataclasses.replace(self, contour=_moved(self.contour, across, down, self.bits))

    @property
    def _line(self) -> int:
        """The thickness of what is drawn: dots are thinner than a line, but not so thin that their edges hide them."""
        return max(2, round(0.7 * self.thickness)) if self.strength in (Strength.WEAK, None) else self.thickness

    @property
    def _covered(self) -> int:
        return _outer(self._line) + (6 if self.bits else 4)


_DASHES = {Strength.MIDDLING: Dashes(3.0, 2.5), Strength.WEAK: Dashes(0.4, 2.0), None: Dashes(0.4, 4.5)}


def _outer(thickness: int) -> int:
    """How wide a line of ``thickness`` is with its edges."""
    return thickness + max(2, 2 * round(thickness / 3))


def _box(contour: Contour, bits: int) -> Rect:
    """The pixels that hold all corners, and where these lie between pixels also their neighbours."""
    x, y, width, height = cv2.boundingRect(contour)
    if not bits:
        return Rect(x, y, width, height)
    left, top = (x >> bits), (y >> bits)
    return Rect(left, top, ((x + width) >> bits) + 2 - left, ((y + height) >> bits) + 2 - top)


def _moved(contour: Contour, across: int, down: int, bits: int) -> Contour:
    moved: Contour = contour + np.array((across << bits, down << bits), np.int32)
    return moved


@dataclass(frozen=True, slots=True)
class Label(Pad):
    """A polyp's number and score on a pad."""

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


def label_inset(size: int) -> int:
    """Columns between a label's border and its text."""
    return max(3, round(0.45 * size))


def place_labels(
    detections: Sequence[Detection],
    polyps: Sequence[Rect],
    scale: Scale,
    width: int,
    height: int,
    reserved: list[Rect],
    names: Mapping[int, str],
) -> list[Label]:
    """A label beside each polyp: inside of the frame, clear of ``reserved``, and off every polyp where there is room.

    ``polyps`` are where the detections lie in a frame of ``width`` by ``height``. What has no place at all gets no
    label. Each placed label is added to ``reserved``. ``names`` are what some are called, by the number of the track.
    """
    labels = []
    for detection, polyp in zip(detections, polyps, strict=True):
        number, score = names.get(detection.track, f"Polyp {detection.track}"), f"{100 * detection.score:.0f} %"
        text = steady_width(number, scale.text, STRONG) + round(0.5 * scale.text)
        text += steady_width(score, scale.text, REGULAR)
        size = text + 2 * label_inset(scale.text), round(1.55 * scale.text)
        best: tuple[int, Rect] | None = None
        for rect in _places(polyp, size, scale, width, height):
            if rect.within(width, height) and not any(rect.shared(other) for other in reserved):
                hidden = sum(rect.shared(other) for other in polyps)
                best = (hidden, rect) if best is None or hidden < best[0] else best
                if not hidden:  # usually the first: looking at all of them would hold up what else runs in Python
                    break
        if best is not None:
            rect = best[1]
            reserved.append(rect)
            labels.append(Label(rect, number, score, scale.text))
    return labels


def _places(polyp: Rect, size: tuple[int, int], scale: Scale, width: int, height: int) -> list[Rect]:
    """Where a label may go, best first: above, below, right, left, then within the box's own corners."""
    x, y, w, h = polyp.x, polyp.y, polyp.width, polyp.height
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
