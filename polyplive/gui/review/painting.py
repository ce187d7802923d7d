"""Paints a timeline's rows: all but the playhead, which moves while the rest stands still."""

from __future__ import annotations

import bisect
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PyQt6.QtCore import QPointF, QRect, QRectF, Qt
from PyQt6.QtGui import QBrush, QColor, QFont, QPainter, QPen, QPolygonF

from polyplive.gui.parts.theme import ACCENT, BACKGROUND, BORDER, HOVER, PANEL, QUIET, RAISED, TEXT, WARNING
from polyplive.gui.review.axis import TimeAxis, time_text
from polyplive.gui.review.looks import QUALITY_COLOURS, VERDICT_COLOURS, VERDICT_HEIGHTS, VERDICT_SIGNS
from polyplive.gui.review.rows import GUTTER, THUMB_SIZE, Rows
from polyplive.gui.review.shown import VERDICTS
from polyplive.review.decisions import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from PyQt6.QtGui import QPixmap

    from polyplive.gui.review.shown import Shown
    from polyplive.review.tracks import Track

_TICK_APART = 74
_NUMBERED = 26
"""A bar at least so wide has its number in it."""
_HOLLOW = 7
_ORDER = (Verdict.REJECTED, Verdict.UNSEEN, Verdict.ACCEPTED)
"""What is drawn last is not hidden by what lies on the same pixels."""
_NAMES = ("Time", "Best", "Findings", "Picture", "Notes", "All")


@dataclass(frozen=True, slots=True, eq=False)
class Scenery:
    """What is painted, and where: ``left`` is where ``axis`` begins, ``thumbnail`` gives the small picture of a track.

    ``thumbnail`` returns at once; None while there is no picture yet.
    """

    shown: Shown
    axis: TimeAxis
    rows: Rows
    left: int
    selected: int | None
    thumbnail: Callable[[Track], QPixmap | None]


def paint_scenery(painter: QPainter, scenery: Scenery) -> None:
    """Paint everything but the playhead; ``painter`` counts logical pixels."""
    rows, axis, left = scenery.rows, scenery.axis, scenery.left
    width = left + round(axis.width)
    painter.fillRect(QRect(0, 0, width + 40, rows.height), QColor(PANEL))
    if left >= GUTTER:
        _paint_names(painter, rows)
    painter.save()
    painter.setClipRect(QRect(left - 6, 0, round(axis.width) + 12, rows.height))
    painter.translate(left, 0)
    _paint_ruler(painter, scenery)
    _paint_analysed(painter, scenery)
    _paint_quality(painter, scenery)
    _paint_bars(painter, scenery)
    _paint_flags(painter, scenery)
    _paint_overview(painter, scenery)
    if rows.thumbs is not None:
        _paint_thumbs(painter, scenery, rows.thumbs)
    painter.restore()


def paint_playhead(painter: QPainter, scenery: Scenery, time_s: float) -> None:
    """Paint where in the video the picture is."""
    rows, x = scenery.rows, scenery.left + scenery.axis.x_of(time_s)
    if scenery.left - 1 <= x <= scenery.left + scenery.axis.width + 1:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=True)
        painter.setPen(QPen(QColor(BACKGROUND), 3))
        painter.drawLine(QPointF(x, 6), QPointF(x, rows.overview - 3))
        painter.setPen(QPen(QColor(TEXT), 1.4))
        painter.drawLine(QPointF(x, 6), QPointF(x, rows.overview - 3))
        painter.setBrush(QColor(TEXT))
        painter.setPen(QPen(QColor(BACKGROUND), 1))
        painter.drawPolygon(QPolygonF([QPointF(x - 6, 0), QPointF(x + 6, 0), QPointF(x, 9)]))
    whole = TimeAxis(scenery.axis.duration_s, scenery.axis.width)
    painter.fillRect(QRectF(scenery.left + whole.x_of(time_s) - 1, rows.overview, 2, 12), QColor(TEXT))


def thumbs_shown(scenery: Scenery) -> list[tuple[int, Track]]:
    """The tracks whose pictures have room, with the pixel that each begins at.

    The selected one is among them; then come high scores before low ones, and rejected ones last.
    """
    axis, shown, arrays = scenery.axis, scenery.shown, scenery.shown.arrays
    seen = np.flatnonzero((arrays.best_s >= axis.start_s) & (arrays.best_s <= axis.end_s))
    rejected = shown.codes[seen] == VERDICTS.index(Verdict.REJECTED)
    seen = seen[np.lexsort((-arrays.peak[seen], rejected))]
    width = THUMB_SIZE[0]
    left = np.clip(axis.xs_of(arrays.best_s) - width / 2, 0, max(axis.width - width, 0)).round().astype(np.int64)
    order = seen.tolist()
    chosen = shown.place(scenery.selected)
    if chosen in order:
        order = [chosen, *(place for place in order if place != chosen)]
    placed: list[int] = []
    found = []
    for place in order:
        x = int(left[place])
        at = bisect.bisect(placed, x)
        if (at == 0 or placed[at - 1] + width + 4 <= x) and (at == len(placed) or x + width + 4 <= placed[at]):
            placed.insert(at, x)
            found.append((x, shown.timeline.tracks[place]))
    return found


def spans_on(spans: NDArray[np.float64], axis: TimeAxis) -> list[tuple[int, int]]:
    """Stretches of time (float64 [n, 2], seconds, by their start) as first pixel and width.

    Those that touch on the screen are one: no more rectangles than there are pixels, however many stretches.
    """
    seen = spans[(spans[:, 1] >= axis.start_s) & (spans[:, 0] <= axis.end_s)]
    if not len(seen):
        return []
    left = np.maximum(np.floor(axis.xs_of(seen[:, 0])), 0)
    right = np.maximum.accumulate(np.minimum(np.ceil(axis.xs_of(seen[:, 1])), np.ceil(axis.width)))
    begins = np.concatenate(([True], left[1:] > right[:-1]))
    first, last = left[begins], np.append(right[:-1][begins[1:]], right[-1])
    width = np.maximum(last - first, 1)
    return list(zip(first.astype(int).tolist(), width.astype(int).tolist(), strict=True))


def _paint_names(painter: QPainter, rows: Rows) -> None:
    tops = (rows.ruler, rows.thumbs, rows.bars, rows.quality, rows.flags, rows.overview)
    heights = (18, THUMB_SIZE[1], rows.lane * rows.lanes, 20, 16, 12)
    painter.setFont(_font(11))
    painter.setPen(QColor(QUIET))
    flags = (Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter).value
    for name, top, height in zip(_NAMES, tops, heights, strict=True):
        if top is not None:
            painter.drawText(QRect(0, top, GUTTER - 10, height), flags, name)


def _paint_ruler(painter: QPainter, scenery: Scenery) -> None:
    axis, rows = scenery.axis, scenery.rows
    step, times = axis.ticks(_TICK_APART)
    painter.setFont(_font(11))
    for time_s in times:
        x = axis.x_of(time_s)
        painter.setPen(QColor(BORDER))
        painter.drawLine(QPointF(x, 15), QPointF(x, rows.overview - 2))
        painter.setPen(QColor(QUIET))
        text = time_text(time_s, step)
        at = min(max(x - 30, -4), axis.width - 56)
        side = Qt.AlignmentFlag.AlignLeft if x < 26 else Qt.AlignmentFlag.AlignHCenter
        side = Qt.AlignmentFlag.AlignRight if x > axis.width - 28 else side
        painter.drawText(QRectF(at, 1, 60, 14), side.value, text)


def _paint_analysed(painter: QPainter, scenery: Scenery) -> None:
    """The ground of the bars: lighter where the video was analysed, hatched where it was not yet."""
    axis, rows = scenery.axis, scenery.rows
    top, height = rows.bars - 1, rows.lane * rows.lanes + 2
    end = min(axis.x_of(scenery.shown.timeline.duration_s), axis.width)
    painter.fillRect(QRectF(0, top, end, height), QColor(BACKGROUND))
    painter.fillRect(QRectF(0, top, end, height), QBrush(QColor(HOVER), Qt.BrushStyle.BDiagPattern))
    for x, width in spans_on(scenery.shown.arrays.analysed, axis):
        painter.fillRect(QRect(x, top, width, height), QColor(RAISED))


def _paint_quality(painter: QPainter, scenery: Scenery) -> None:
    axis, rows = scenery.axis, scenery.rows
    painter.setPen(Qt.PenStyle.NoPen)
    for quality, colour in QUALITY_COLOURS.items():
        top, height = rows.quality_top(quality), rows.strip - 1
        painter.fillRect(QRectF(0, top, axis.width, height), QColor(BACKGROUND))
        painter.setBrush(QColor(colour))
        _draw(
            painter,
            [QRect(x, top, width, height) for x, width in spans_on(scenery.shown.arrays.quality[quality], axis)],
        )


def _paint_bars(painter: QPainter, scenery: Scenery) -> None:
    """Bars by verdict: each kind at once, as its height says it."""
    rows, shown = scenery.rows, scenery.shown
    places, xs, widths = shown.arrays.bars.seen(scenery.axis)
    tops, codes = rows.bars + rows.lane * shown.arrays.bars.lane[places], shown.bar_codes[places]
    painter.setPen(Qt.PenStyle.NoPen)
    wide: list[tuple[QRect, int, Verdict]] = []
    for verdict in _ORDER:
        mine = codes == VERDICTS.index(verdict)
        high = max(round(VERDICT_HEIGHTS[verdict] * (rows.lane - 2)), 2)
        table = zip(xs[mine].tolist(), (tops[mine] + rows.lane - 1 - high).tolist(), widths[mine].tolist(), strict=True)
        rects = [QRect(x, top, width, high) for x, top, width in table]
        painter.setBrush(QColor(VERDICT_COLOURS[verdict]))
        _draw(painter, rects)
        if verdict is Verdict.UNSEEN:
            painter.setBrush(QColor(15, 17, 19, 184))
            _draw(painter, [one.adjusted(1, 1, -1, -1) for one in rects if one.width() >= _HOLLOW])
        numbers = shown.arrays.bars.number[places][mine].tolist()
        wide += [(one, number, verdict) for one, number in zip(rects, numbers, strict=True) if one.width() >= _NUMBERED]
    _paint_numbers(painter, wide, rows.lane)
    chosen = shown.arrays.bars.number[places] == (scenery.selected or 0)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(TEXT), 2))
    table = zip(xs[chosen].tolist(), tops[chosen].tolist(), widths[chosen].tolist(), strict=True)
    _draw(painter, [QRect(x - 2, top - 1, width + 4, rows.lane + 2) for x, top, width in table])


def _paint_numbers(painter: QPainter, wide: list[tuple[QRect, int, Verdict]], lane: int) -> None:
    if lane < 12:
        return
    painter.setFont(_font(10, bold=True))
    for rect, number, verdict in wide:
        painter.setPen(QColor(BACKGROUND if verdict is Verdict.ACCEPTED else TEXT))
        place = QRect(max(rect.x(), 0) + 3, rect.bottom() - 11, rect.width() - 4, 12)
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter.value, f"{number} {VERDICT_SIGNS[verdict]}")


def _paint_flags(painter: QPainter, scenery: Scenery) -> None:
    """Notes as flags, marks as diamonds."""
    axis, top = scenery.axis, scenery.rows.flags
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=True)
    drawn: set[tuple[int, bool]] = set()
    for flag in scenery.shown.flags:
        x = axis.x_of(flag.at_s)
        if -8 <= x <= axis.width + 8 and (round(x), flag.is_mark) not in drawn:
            drawn.add((round(x), flag.is_mark))
            _paint_flag(painter, x, top, is_mark=flag.is_mark)
    painter.restore()


def _paint_flag(painter: QPainter, x: float, top: int, *, is_mark: bool) -> None:
    if is_mark:
        painter.setBrush(QColor(WARNING))
        corners = [(x, top), (x + 6, top + 7), (x, top + 14), (x - 6, top + 7)]
    else:
        painter.setBrush(QColor(TEXT))
        painter.fillRect(QRectF(x - 1, top, 2, 15), QColor(TEXT))
        corners = [(x, top), (x + 11, top), (x + 8, top + 4), (x + 11, top + 8), (x, top + 8)]
    painter.setPen(QPen(QColor(BACKGROUND), 1))
    painter.drawPolygon(QPolygonF([QPointF(*corner) for corner in corners]))


def _paint_overview(painter: QPainter, scenery: Scenery) -> None:
    """All of the recording, whatever is seen above: where findings are, what is analysed, and which stretch is seen."""
    rows, shown = scenery.rows, scenery.shown
    whole = TimeAxis(scenery.axis.duration_s, scenery.axis.width)
    top, height = rows.overview, 12
    painter.fillRect(QRectF(0, top, whole.width, height), QColor(BACKGROUND))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(HOVER))
    _draw(painter, [QRect(x, top + 8, width, 4) for x, width in spans_on(shown.arrays.analysed, whole)])
    for verdict in _ORDER:
        spans = shown.arrays.extent[shown.codes == VERDICTS.index(verdict)]
        painter.setBrush(QColor(VERDICT_COLOURS[verdict]))
        _draw(painter, [QRect(x, top + 1, width, 6) for x, width in spans_on(spans, whole)])
    if not scenery.axis.is_whole:
        left, right = whole.x_of(scenery.axis.start_s), whole.x_of(scenery.axis.end_s)
        painter.setBrush(QColor(236, 239, 242, 36))
        painter.setPen(QPen(QColor(ACCENT), 1.5))
        painter.drawRoundedRect(QRectF(left, top, max(right - left, 4), height), 3, 3)


def _paint_thumbs(painter: QPainter, scenery: Scenery, top: int) -> None:
    axis = scenery.axis
    for x, track in thumbs_shown(scenery):
        place = QRect(x, top, THUMB_SIZE[0], THUMB_SIZE[1] - 2)
        verdict = scenery.shown.verdict(track.number)
        picture = scenery.thumbnail(track)
        painter.fillRect(place, QColor(BACKGROUND))
        if picture is not None:
            painter.setOpacity(0.45 if verdict is Verdict.REJECTED else 1.0)
            painter.drawPixmap(place, picture)
            painter.setOpacity(1.0)
        is_chosen = track.number == scenery.selected
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(TEXT if is_chosen else VERDICT_COLOURS[verdict]), 2 if is_chosen else 1))
        painter.drawRect(place)
        at = axis.x_of(track.best.time_s)
        painter.drawLine(QPointF(at, top + THUMB_SIZE[1] - 2), QPointF(at, scenery.rows.bars))
        _paint_tag(painter, place, f"{track.number} {VERDICT_SIGNS[verdict]}")


def _paint_tag(painter: QPainter, place: QRect, text: str) -> None:
    painter.setFont(_font(10, bold=True))
    width = painter.fontMetrics().horizontalAdvance(text) + 6
    tag = QRect(place.x(), place.bottom() - 12, width, 13)
    painter.fillRect(tag, QColor(15, 17, 19, 210))
    painter.setPen(QColor(TEXT))
    painter.drawText(tag, Qt.AlignmentFlag.AlignCenter.value, text)


def _font(pixels: int, *, bold: bool = False) -> QFont:
    font = QFont()
    font.setPixelSize(pixels)
    font.setBold(bold)
    return font


def _draw(painter: QPainter, rects: list[QRect]) -> None:
    if rects:
        painter.drawRects(*rects)
