"""``polyplive evaluate-procedures``: findings in whole procedures, held against what is true."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from msgspec import Meta

from polyplive.commands.messages import print_tables, resolved, stdout, write_json, write_text
from polyplive.commands.outputs import check_outputs, try_outputs
from polyplive.errors import ConfigError, DataError
from polyplive.evaluation.procedures.protocol import TARGET_FPR, check_installed
from polyplive.evaluation.procedures.reading import read_findings, read_truth
from polyplive.evaluation.procedures.run import Validation, evaluate_procedures
from polyplive.evaluation.procedures.tables import procedure_sentences, procedure_tables
from polyplive.pages.procedures import procedures_page
from polyplive.review.events_file import EventsFile
from polyplive.validation import check_fields


@dataclass(frozen=True, slots=True)
class EvaluateProceduresRequest:
    """The request of ``polyplive evaluate-procedures``.

    ``truth`` is COCO ground truth, ``found`` COCO results or events. ``validation_truth`` and ``validation_found`` are
    those of another recording, on which the operating point is matched. ``fps`` None is the recording's own. ``delays``
    are events of a live session. ``json_path`` and ``page`` are files to write.
    """

    truth: Path
    found: tuple[Path, ...]
    validation_truth: Path | None = None
    validation_found: Path | None = None
    target_fpr: Annotated[float, Meta(gt=0, lt=1)] | None = None
    fps: Annotated[float, Meta(gt=0, le=1000)] | None = None
    delays: Path | None = None
    json_path: Path | None = None
    page: Path | None = None

    def __post_init__(self) -> None:
        check_fields(self)


def run(request: EvaluateProceduresRequest) -> int:
    """Evaluate; print tables, write JSON and page. Returns the exit code."""
    check_installed()
    outputs = {"json": request.json_path, "page": request.page}
    check_outputs(outputs, request.truth)
    truth = read_truth(request.truth)
    found = read_findings(request.found, truth, request.truth)
    validation = _validation(request)
    delays_ms = None if request.delays is None else _delays(request.delays)
    try_outputs(outputs, request.truth)
    facts = {"data": request.truth.name, "found": [path.name for path in request.found]}
    figures = evaluate_procedures(truth, found, facts, fps=request.fps, validation=validation, delays_ms=delays_ms)
    if request.json_path is not None:  # first: stdout may be a closed pipe
        write_json(request.json_path, figures)
    if request.page is not None:
        write_text(request.page, procedures_page(figures))
    print_tables(procedure_tables(figures))
    for sentence in procedure_sentences(figures):
        stdout.print(sentence + ".")
    return 0


def _validation(request: EvaluateProceduresRequest) -> Validation | None:
    truth_path, path = request.validation_truth, request.validation_found
    if truth_path is None or path is None:
        if truth_path is not None or path is not None:
            raise ConfigError("--validation-truth and --validation-found belong together", "Give both, or neither.")
        if request.target_fpr is not None:
            raise ConfigError("--target-fpr is matched on a validation recording", "Add --validation-truth.")
        return None
    truth = read_truth(truth_path)
    target = TARGET_FPR if request.target_fpr is None else request.target_fpr
    is_same = resolved(truth_path) == resolved(request.truth)
    return Validation(truth, read_findings([path], truth, truth_path), target, is_same)


def _delays(path: Path) -> list[float]:
    events = EventsFile(path)
    for _ in events.frames():
        pass
    found = events.annotation_ms.values()
    if not found:
        raise DataError(f"'{path.name}' holds no delay of a result", "Give events of a live session.")
    return found
