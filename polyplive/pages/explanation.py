"""The page that explains one frame: its maps side by side, and the curves of each finding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from polyplive import __version__
from polyplive.explanation.curves import STEPS
from polyplive.explanation.still import DELETION, INSERTION
from polyplive.explanation.still_pictures import fitted, frame_picture, map_picture, scale_picture
from polyplive.explanation.still_words import (
    CANNOT_TELL,
    COMPARE,
    CURVES_MEAN,
    areas_of,
    caption_of,
    finding_title,
    remark,
    title_of,
)
from polyplive.pages.chart import Axis, Chart, Line, Tick
from polyplive.pages.environment import render
from polyplive.pages.picture import Picture
from polyplive.pages.text import clock
from polyplive.review.track_pictures import as_jpeg
from polyplive.sinks.failures import sink_error
from polyplive.system.atomic_file import write_atomic
from polyplive.system.file_names import file_name
from polyplive.text_table import TextTable
from polyplive.wording import counted

if TYPE_CHECKING:
    from pathlib import Path

    from polyplive.backends.base import EngineSpec
    from polyplive.explanation.still import ExplainedFinding, ShownMap, Still
    from polyplive.explanation.still_frame import StillFrame
    from polyplive.types import Detection, Image

_FRAME, _MAP = (960, 720), (480, 480)
_TICKS = tuple(Tick(level, f"{level:g}") for level in (0.0, 0.5, 1.0))
_HEIGHT = 96


@dataclass(frozen=True, slots=True, eq=False)
class ExplanationPage:
    """What is shown: a ``frame`` of the file ``name``, and ``still``, which explains it.

    ``spec`` is the engine's, ``settings`` says how it was run, ``lines`` are what is to be known besides.
    """

    name: str
    frame: StillFrame
    still: Still
    spec: EngineSpec
    settings: tuple[tuple[str, str], ...]
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Card:
    """A map's ``picture``, what its curves are in words, and their ``chart`` (None: there are none)."""

    picture: Picture
    areas: str
    chart: Chart | None


@dataclass(frozen=True, slots=True)
class _Section:
    title: str
    cards: list[_Card]
    table: TextTable | None


def explanation_page(page: ExplanationPage) -> str:
    """The whole page as text."""
    return render(
        "explanation.html.j2",
        kind="polyplive explanation",
        heading=file_name(page.name),
        when=_when(page),
        picture=_frame_picture(page),
        facts=_facts(page),
        remarks=[line.rstrip(".") for line in (remark(page.still, page.frame), *page.lines) if line],
        sections=[_section(page, place) for place in range(len(page.still.findings))],
        scale=_jpeg(scale_picture()),
        curves=CURVES_MEAN,
        compare=COMPARE,
        cannot_tell=CANNOT_TELL,
        has_curves=bool(page.frame.chosen),
    )


def write_explanation_page(page: ExplanationPage, path: Path) -> None:
    """Write the page, whole or not at all. Raises ``SinkError``."""
    try:
        write_atomic(path, explanation_page(page).encode(errors="replace"))  # a file's name may not be UTF-8
    except (OSError, ValueError) as error:
        raise sink_error(path, error, kept=False) from None


def curves_chart(found: ExplainedFinding, shown: ShownMap, height: int = _HEIGHT) -> Chart | None:
    """Both curves of a map, as far as they are known; None before their first points."""
    lines = []
    for kind, colour in ((DELETION, "fall"), (INSERTION, "main")):
        points = found.curves.get((shown.name, kind), [])
        if points:
            lines.append(Line(tuple((point.share, point.score) for point in points), colour))
    if not lines:
        return None
    title = f"{title_of(shown)}: score of the finding over the share of changed pixels"
    across = Axis("pixels changed", 0.0, 1.0, _TICKS)
    return Chart(title, across, Axis("score", 0.0, 1.0, _TICKS), lines=tuple(lines), height=height)


def _section(page: ExplanationPage, place: int) -> _Section:
    found, chosen = page.still.findings[place], page.frame.chosen
    finding = chosen[place] if chosen else None
    title = finding_title(page.frame, finding) if finding is not None else "The whole answer of the model"
    cards = [_card(page, found, one, finding) for one in found.maps]
    return _Section(title, cards, _table(found) if finding is not None else None)


def _card(page: ExplanationPage, found: ExplainedFinding, shown: ShownMap, finding: Detection | None) -> _Card:
    jpeg = _jpeg(fitted(map_picture(page.frame, shown, finding), *_MAP))
    title = title_of(shown)
    picture = Picture(jpeg, title, caption_of(shown), f"The frame with the map {title}")
    return _Card(picture, areas_of(found, shown.name), curves_chart(found, shown))


def _table(found: ExplainedFinding) -> TextTable:
    rows = []
    for one in found.maps:
        areas = [found.area(one.name, kind) for kind in (DELETION, INSERTION)]
        rows.append((title_of(one), *("-" if value is None else f"{value:.3f}" for value in areas)))
    head = ("Map", "Area below deletion (lower is better)", "Area below insertion (higher is better)")
    return TextTable("Areas below the curves", head, tuple(rows))


def _frame_picture(page: ExplanationPage) -> Picture:
    count = counted(len(page.frame.prediction.detections), "finding")
    jpeg = _jpeg(fitted(frame_picture(page.frame), *_FRAME))
    return Picture(jpeg, "The frame", f"with {count} outlined; its field of view alone", "The frame with its findings")


def _when(page: ExplanationPage) -> str:
    frame = page.frame.frame
    at = f" at {clock(frame.pts_s)}" if frame.pts_s is not None else ""
    return f"Frame {frame.index + 1}{at}"


def _facts(page: ExplanationPage) -> list[tuple[str, str]]:
    spec, frame = page.spec, page.frame
    manifest = spec.manifest
    return [
        ("File", file_name(page.name)),
        ("Frame", _when(page)),
        ("Model", f"{manifest.name} {manifest.version}"),
        ("Model SHA-256", manifest.sha256),
        ("Runs on", f"{spec.backend}, {spec.device}, {spec.precision}"),
        ("Picture of the model", f"{spec.width} x {spec.height}"),
        ("Threshold", f"{frame.prediction.threshold:g}"),
        *page.settings,
        ("Curves", f"{STEPS} steps of equal shares of pixels, replaced by a strong blur"),
        ("polyplive", __version__),
    ]


def _jpeg(image: Image) -> bytes:
    jpeg = as_jpeg(image)
    assert jpeg is not None
    return jpeg
