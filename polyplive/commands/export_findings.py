"""``polyplive export-findings``: what was found, in formats that other programs read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from polyplive.commands.messages import print_written, resolved, say, stdout
from polyplive.errors import ConfigError, DataError, text_of
from polyplive.review.events_file import EventsFile
from polyplive.review.exports.base import ExportOptions
from polyplive.review.exports.export import check_target, export_findings
from polyplive.review.exports.linked import Only
from polyplive.review.exports.registry import find_format
from polyplive.review.exports.verdicts import review_beside, verdicts_of
from polyplive.validation import check_fields
from polyplive.wording import counted

if TYPE_CHECKING:
    from polyplive.review.exports.base import ExportFormat
    from polyplive.review.exports.linked import Verdicts


_OPTIONS = {
    "boxes": "--boxes",
    "every_frame": "--every-frame",
    "video": "--video",
    "references": "--dicom-references",
}


@dataclass(frozen=True, slots=True)
class ExportFindingsRequest:
    """The request of ``polyplive export-findings``.

    ``form`` is the format's name, ``out`` the file or folder to write. ``review`` is a review file, None: the one
    beside the events, if there is one. ``only`` is a word of ``Only``. ``boxes``, ``every_frame``, ``video`` and
    ``references`` are for the formats that have that choice.
    """

    events: Path
    form: str
    out: Path
    review: Path | None = None
    only: Literal["all", "accepted", "not-rejected"] = "all"
    boxes: bool = False
    every_frame: bool = False
    video: Path | None = None
    references: bool = False

    def __post_init__(self) -> None:
        check_fields(self)


def run(request: ExportFindingsRequest) -> int:
    """Export the findings, and say what was written. Returns the exit code."""
    form = find_format(request.form)
    form.check_installed()
    options = _options(request, form)
    check_target(form, request.out)
    if resolved(request.out) == resolved(request.events):
        raise ConfigError("--out would overwrite the events themselves", "Name another file.")
    verdicts, only = _verdicts(request), Only(request.only)
    if verdicts is None and only is not Only.ALL:
        raise ConfigError(f"--only {only.value} needs a review, and none is beside the events", "Add --review FILE.")
    done = export_findings(request.events, form, request.out, verdicts=verdicts, only=only, options=options)
    for notice in done.notices:
        say(notice)
    stdout.print(f"{counted(done.tracks, 'finding')}, seen {counted(done.sightings, 'time')} in all")
    print_written([done.path])
    return 0


def _verdicts(request: ExportFindingsRequest) -> Verdicts | None:
    review = request.review or review_beside(request.events, EventsFile(request.events).session.source)
    if review is None:
        return None
    try:
        verdicts = verdicts_of(review, request.events)
    except OSError as error:
        raise DataError(f"'{review.name}' cannot be read: {text_of(error)}", "Give another review.") from None
    say(f"What was decided is taken from '{review.name}'.")
    return verdicts


def _options(request: ExportFindingsRequest, form: ExportFormat) -> ExportOptions:
    for name, option in _OPTIONS.items():
        if getattr(request, name) and name not in form.options:
            raise ConfigError(f"'{form.name}' has no {option}", "Leave it out.")
    return ExportOptions(request.boxes, request.every_frame, request.video, request.references)
