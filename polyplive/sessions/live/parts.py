"""What a live session is made from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from polyplive.config import LiveSettings, PipelineSettings
from polyplive.sessions.recorder.recording_files import RecordingSettings
from polyplive.types import OverlaySettings

if TYPE_CHECKING:
    from polyplive.backends.base import EngineSpec
    from polyplive.sessions.engine_room.supervisor import OpenEngine
    from polyplive.sessions.live.second_screen import SecondScreen
    from polyplive.sessions.recorder.thread import RecorderThread
    from polyplive.sources.base import LiveSource


@dataclass(frozen=True, slots=True)
class LiveParts:
    """What a live session is made from, and how it begins.

    ``open_source`` and ``open_engine`` are called in the threads that own the source and the engine, again after each
    failure. ``frames`` ends the session after that many frames of the source (None: never). ``threshold`` is the
    probability of a contour (None: the pipeline's own). ``with_screen``: a window will ask for views.
    ``opens_once``: the source cannot be opened again, and the session ends with it. ``on_result`` is called in the
    engine room's thread after each result, and must not wait. ``second_screen`` sends the picture to other programs.
    ``recorders`` write from the start; ``recording`` says how recordings are written that begin later.
    ``open_faster`` gives, for the engine that runs, how to open the next faster model's; None where there is none.
    ``open_slower`` gives, for the rate at which the source sends, how to open it at a lower one; None likewise.
    """

    open_source: Callable[[], LiveSource]
    open_engine: OpenEngine
    settings: LiveSettings = field(default_factory=LiveSettings)
    overlay: OverlaySettings = field(default_factory=OverlaySettings)
    threshold: float | None = None
    frames: int | None = None
    recorders: Sequence[RecorderThread] = ()
    recording: RecordingSettings = field(default_factory=RecordingSettings)
    with_screen: bool = False
    second_screen: SecondScreen | None = None
    open_faster: Callable[[EngineSpec], OpenEngine | None] = lambda _: None
    open_slower: Callable[[float], Callable[[], LiveSource] | None] = lambda _: None
    pipeline: PipelineSettings = field(default_factory=PipelineSettings)
    opens_once: bool = False
    on_result: Callable[[], None] = lambda: None
