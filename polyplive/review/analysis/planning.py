"""How a recording is divided: pieces that begin where decoding can, and all that their results depend on."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import msgspec

from polyplive import __version__
from polyplive.pipeline.candidates import Levels
from polyplive.pipeline.field_of_view import FieldOfView, ViewState
from polyplive.sessions.opening import describe_session, open_video
from polyplive.system.video_identity import identity_of

if TYPE_CHECKING:
    from pathlib import Path

    from polyplive.backends.base import EngineSpec
    from polyplive.config import PipelineSettings
    from polyplive.sinks.base import SessionInfo
    from polyplive.sources.file import FileSource
    from polyplive.sources.reading.presentation import FrameLayout
    from polyplive.system.video_identity import VideoIdentity
    from polyplive.types import StereoOption

SCHEMA = 1
"""Of results. It rises whenever the same frames may give others."""

PIECE_FRAMES = 500
"""A piece has at least so many frames: at 25 a second, 20 s of video."""

_SCOUTED = 17
"""So many frames at the beginning settle the field of view in an ordinary recording."""


@dataclass(frozen=True, slots=True)
class VideoOptions:
    """How a video is opened; fields as for ``open_video``."""

    deinterlace: bool = False
    stream: int | None = None
    stereo: StereoOption | None = None
    full_path: bool = False

    def open(self, path: Path) -> FileSource:
        """Open ``path`` so. Raises what ``open_video`` raises."""
        return open_video(
            path, deinterlace=self.deinterlace, full_path=self.full_path, stream=self.stream, stereo=self.stereo
        )


@dataclass(frozen=True, slots=True)
class Piece:
    """The frames from ``first`` to before ``last``, as the source counts them; ``number`` counts pieces from 0.

    ``is_last``: all frames from ``first`` on.
    """

    number: int
    first: int
    last: int
    is_last: bool

    @property
    def file_name(self) -> str:
        """Of its result."""
        return f"{self.first:08d}-{self.last:08d}.piece"


@dataclass(frozen=True, slots=True)
class Unit:
    """A piece to run.

    ``view`` is what is known of the field of view before its first frame; None where that is still to be found out and
    has to be assumed. ``from_start``: its frames are reached by decoding from the start of the file, as damage may show
    in other pictures where decoding begins elsewhere.
    """

    piece: Piece
    view: ViewState | None = None
    from_start: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """A recording's analysis: what is analysed, how, and in which pieces. It can be pickled.

    ``identity`` is the file's, ``session`` is what its events begin with, ``levels`` are the
    probabilities that count. ``view`` is what the first frames tell of the field of view. ``why_whole`` says why there
    is one piece only, where the recording cannot be divided. ``key`` is the hexadecimal SHA-256 of everything that
    results depend on: analyses with one key are the same.
    """

    path: Path
    video: VideoOptions
    pipeline: PipelineSettings
    session: SessionInfo
    levels: Levels
    identity: VideoIdentity
    view: ViewState
    pieces: tuple[Piece, ...]
    why_whole: str
    key: str = ""

    @property
    def frames(self) -> int:
        """How many frames the recording has, with those that may be lost."""
        return self.pieces[-1].last


def plan(
    path: Path,
    spec: EngineSpec,
    pipeline: PipelineSettings,
    video: VideoOptions | None = None,
    piece_frames: int = PIECE_FRAMES,
) -> Plan:
    """Divide the recording at ``path`` into pieces of at least ``piece_frames`` frames, for the engine of ``spec``.

    Reads the file once, without decoding more than its first frames. Raises ``SourceError`` or ``ConfigError``.
    """
    video = video or VideoOptions()
    with video.open(path) as source:
        identity = identity_of(path)
        view = _scouted(source, pipeline)
        layout = source.layout()
        made = Plan(
            path=path,
            video=video,
            pipeline=pipeline,
            session=describe_session(source.info, spec, pipeline),
            levels=_levels(spec, pipeline),
            identity=identity,
            view=view,
            pieces=divided(layout, piece_frames),
            why_whole="" if len(layout.entries) > 1 else "decoding can begin at its first frame only",
        )
    return replace(made, key=_key(made))


def divided(layout: FrameLayout, piece_frames: int) -> tuple[Piece, ...]:
    """Pieces of at least ``piece_frames`` frames, the last one of at least half as many."""
    firsts = [0]
    for entry in layout.entries:
        if entry - firsts[-1] >= piece_frames and layout.frames - entry >= piece_frames // 2:
            firsts.append(entry)
    ends = [*firsts[1:], max(layout.frames, 1)]
    pairs = zip(firsts, ends, strict=True)
    return tuple(Piece(number, first, end, number == len(firsts) - 1) for number, (first, end) in enumerate(pairs))


def _scouted(source: FileSource, pipeline: PipelineSettings) -> ViewState:
    view = FieldOfView.parse(pipeline.roi or "auto")
    for _ in range(_SCOUTED):
        frame = source.read()
        if frame is None:
            break
        view.area(frame)
    return view.state


def _levels(spec: EngineSpec, pipeline: PipelineSettings) -> Levels:
    model, threshold, confirm = spec.manifest, pipeline.threshold, pipeline.confirm_probability
    return Levels(
        model.threshold if threshold is None else threshold,
        model.confirm_probability if confirm is None else confirm,
        pipeline.release_probability,
        pipeline.min_area,
    )


def _key(made: Plan) -> str:
    session = made.session
    facts = {
        "schema": SCHEMA,
        "version": __version__,
        "file": (made.identity.size, made.identity.sample_sha256),
        "video": (made.video.deinterlace, made.video.stream, made.video.stereo),
        "model": (session.model_sha256, session.backend, session.precision),
        "pipeline": made.pipeline,
        "levels": made.levels,
    }
    return hashlib.sha256(msgspec.json.encode(facts, order="sorted")).hexdigest()
