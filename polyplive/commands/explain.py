"""``polyplive explain``: why the model marks what it marks in one frame, on a page."""

from __future__ import annotations

import contextlib
import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from polyplive.backends.auto_model import find_model
from polyplive.commands.messages import announce, print_written, say, say_notices
from polyplive.commands.outputs import try_outputs
from polyplive.config import Settings, of_mask
from polyplive.errors import ConfigError
from polyplive.explanation.still import Still
from polyplive.explanation.still_engine import StillModel, explained
from polyplive.explanation.still_frame import StillFrame, frame_at, largest
from polyplive.explanation.still_pngs import write_pngs
from polyplive.explanation.still_words import remark
from polyplive.pages.explanation import ExplanationPage, write_explanation_page
from polyplive.sessions.opening import open_pipeline, open_video
from polyplive.system.progress import progress_bar
from polyplive.types import StereoOption
from polyplive.validation import check_fields

if TYPE_CHECKING:
    from collections.abc import Iterator

    from polyplive.explanation.still import News
    from polyplive.types import Frame


@dataclass(frozen=True, slots=True)
class ExplainRequest:
    """The request of ``polyplive explain``: ``video`` may be a picture, ``at_s`` is the second of the frame.

    ``page`` (.html) is the file to write, ``png`` the folder for a PNG of each map; one of them at least.
    """

    video: Path
    settings: Settings = field(default_factory=Settings)
    at_s: Annotated[float, Meta(ge=0)] = 0.0
    stream: Annotated[int, Meta(ge=1)] | None = None
    stereo: StereoOption | None = None
    page: Path | None = None
    png: Path | None = None

    def __post_init__(self) -> None:
        check_fields(self)
        if self.page is None and self.png is None:
            raise ConfigError("Nothing is to be written", "Add --page EXPLANATION.html, or --png FOLDER.")


def run(request: ExplainRequest) -> int:
    """Explain the frame, write it down, and say where. Returns the exit code."""
    frame = _frame(request)
    try_outputs({"page": request.page, "png": request.png}, request.video)
    page = explanation(request, frame)
    if said := remark(page.still, page.frame):
        say(said)
    written = []
    if request.page is not None:
        write_explanation_page(page, request.page)
        written.append(request.page)
    if request.png is not None:
        written += write_pngs(page.frame, page.still, request.png)
    print_written(written)
    return 0


def explanation(request: ExplainRequest, frame: Frame) -> ExplanationPage:
    """What is found in ``frame``, and its explanation. Lines for the user are said. Raises ``PolypliveError``."""
    settings = dataclasses.replace(request.settings, engine=of_mask(request.settings.engine))
    at_once = dataclasses.replace(settings.pipeline, min_frames=1)  # one frame is all that there is
    lines: list[str] = []

    def notify(line: str) -> None:
        lines.append(line)
        say(line)

    with open_pipeline(dataclasses.replace(settings, pipeline=at_once), say, is_parallel=True) as pipeline:
        spec = pipeline.engine.spec
        announce(spec)
        prediction = pipeline.process(frame, cam=False)
        found = StillFrame(frame, prediction, largest(prediction.detections))
        graph = find_model(settings.model, spec.backend, settings.engine.precision)
        model = StillModel(graph, spec.backend, settings.engine)
        still = Still(len(found.chosen))
        asked = found.request(spec, at_once)
        with contextlib.closing(explained(asked, model, pipeline.engine, notify)) as news:
            _take_maps(still, news)
            if request.page is not None:  # which alone shows curves
                _take_curves(still, news)
    told = (("Region of the picture", settings.pipeline.roi or "auto"), ("Smallest finding", f"{at_once.min_area:g}"))
    return ExplanationPage(request.video.name, found, still, spec, told, tuple(lines))


def _take_maps(still: Still, news: Iterator[News]) -> None:
    for one in news:
        still.add(one)
        if still.total is not None:
            return


def _take_curves(still: Still, news: Iterator[News]) -> None:
    with progress_bar("Curves", still.total) as advance:
        for one in news:
            still.add(one)
            advance(still.done)


def _frame(request: ExplainRequest) -> Frame:
    source = open_video(request.video, stream=request.stream, stereo=request.stereo)
    try:
        say_notices(source.info)
        return frame_at(source, request.at_s)
    finally:
        source.close()
