"""``polyplive evaluate``."""

from __future__ import annotations

from typing import Any

from rich.markup import escape
from rich.table import Table

from polyplive.commands.messages import announce, check_json_target, print_whole, say, stdout, write_json
from polyplive.commands.session_setup import open_pipeline, settings_from
from polyplive.evaluate import evaluate as run_evaluation
from polyplive.image_folder import find_pairs
from polyplive.progress import progress_bar


def evaluate(given: dict[str, Any]) -> int:
    """Measure, print a table, write the JSON. Single pictures are seen whole unless ``--roi`` says otherwise."""
    check_json_target(given["json_path"])
    settings = settings_from({**given, "roi": given["roi"] or "none", "min_frames": 1})
    total = len(find_pairs(given["data"]).pairs)
    with open_pipeline(settings) as pipeline:
        announce(pipeline.engine.spec)
        with progress_bar(given["data"].name, total) as advance:
            evaluation = run_evaluation(
                given["data"],
                pipeline,
                on_bad="skip" if given["skip_bad"] else "refuse",
                on_image=lambda done, _: advance(done),
            )
    figures = evaluation.to_dict()
    for problem in evaluation.problems:
        say(f"left out: {problem}")
    if given["json_path"] is not None:  # first: stdout may be a pipe that nobody reads any more
        write_json(given["json_path"], figures)
    _print(figures)
    return 0


def _print(figures: dict[str, Any]) -> None:
    table = Table(
        "reading", "IoU", "Dice", "precision", "recall", title=f"{escape(figures['data'])}: {figures['n']} pictures"
    )
    for name, label in (("per_image", "mean over pictures, polyp"), ("pooled", "all pixels together, polyp")):
        values = figures[name]
        table.add_row(label, *(_number(values[key]) for key in ("iou", "dice", "precision", "recall")))
    table.add_row("mean of polyp and background", _number(figures["two_class"]["mean_iou"]), "", "", "")
    print_whole(table)
    explanation = figures["explanation"]
    stdout.print(
        f"Boundary F-score {_number(figures['boundary']['f_score'])};"
        f" false marks on {_number(figures['negatives']['false_mark_rate'])} of {figures['n_negative']} pictures"
        " without a polyp"
    )
    stdout.print(
        f"Grad-CAM: highest point in the polyp {_number(explanation['pointing_game'])},"
        f" energy inside it {_number(explanation['energy_inside'])},"
        f" correlation with the mask {_number(explanation['mask_correlation'])}"
    )


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"
