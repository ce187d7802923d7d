"""``polyplive evaluate``."""

from __future__ import annotations

import re
from typing import Any

from rich.markup import escape
from rich.table import Table

from polyplive.commands.messages import announce, check_json_target, print_whole, say, stdout, write_json
from polyplive.commands.session_setup import open_pipeline, settings_from
from polyplive.errors import ConfigError
from polyplive.evaluate import evaluate as run_evaluation
from polyplive.image_folder import find_pairs
from polyplive.progress import progress_bar


def evaluate(given: dict[str, Any]) -> int:
    """Measure, print a table, write the JSON. Single pictures are seen whole unless ``--roi`` says otherwise."""
    check_json_target(given["json_path"])
    group_by = _pattern(given["group_by"])
    settings = settings_from({**given, "roi": given["roi"] or "none", "min_frames": 1})
    total = len(find_pairs(given["data"]).pairs)
    with open_pipeline(settings) as pipeline:
        announce(pipeline.engine.spec)
        with progress_bar(given["data"].name, total) as advance:
            evaluation = run_evaluation(
                given["data"],
                pipeline,
                on_bad="skip" if given["skip_bad"] else "refuse",
                min_area=settings.pipeline.min_area,
                on_image=lambda done, _: advance(done),
            )
    figures = evaluation.to_dict(group_by)
    for problem in evaluation.problems:
        say(f"left out: {problem}")
    if given["json_path"] is not None:  # first: stdout may be a pipe that nobody reads any more
        write_json(given["json_path"], figures)
    _print(figures)
    return 0


def _pattern(text: str | None) -> re.Pattern[str] | None:
    try:
        return re.compile(text) if text else None
    except re.error as error:
        raise ConfigError(f"--group-by '{text}' is no regular expression ({error})", "Mend it.") from None


def _print(figures: dict[str, Any]) -> None:
    table = Table(
        "reading", "IoU", "Dice", "precision", "recall", title=f"{escape(figures['data'])}: {figures['n']} pictures"
    )
    for name, label in (("per_image", "mean over pictures, polyp"), ("pooled", "all pixels together, polyp")):
        values = figures[name]
        table.add_row(label, *(_number(values[key]) for key in ("iou", "dice", "precision", "recall")))
        if name == "per_image":
            ends = figures["per_image_interval"]
            table.add_row("  95% interval", *(_interval(ends[key]) for key in ("iou", "dice", "precision", "recall")))
    table.add_row("mean of polyp and background", _number(figures["two_class"]["mean_iou"]), "", "", "")
    print_whole(table)
    _print_groups(figures)
    _print_thresholds(figures)
    explanation = figures["explanation"]
    stdout.print(
        f"Boundary F-score {_number(figures['boundary']['f_score'])};"
        f" false marks on {_number(figures['negatives']['false_mark_rate'])} of {figures['n_negative']} pictures"
        f" without a polyp; probabilities are off by {_number(figures['calibration']['expected_error'])} (ECE, pixels)"
    )
    stdout.print(
        f"Grad-CAM: highest point in the polyp {_number(explanation['pointing_game'])},"
        f" energy inside it {_number(explanation['energy_inside'])},"
        f" correlation with the mask {_number(explanation['mask_correlation'])}"
    )


def _print_groups(figures: dict[str, Any]) -> None:
    """By size of the polyp, and by group of names where groups were asked for."""
    rows = {
        f"{name} ({_share(group['share'])})": group for name, group in figures["by_size"].items() if group["n_polyp"]
    }
    rows |= figures["by_group"]
    if not rows:
        return
    table = Table("pictures", "with a polyp", "IoU", "Dice", "Dice, 95%", "found", "without one", "of them marked")
    for name, group in rows.items():
        ends = _interval(group["interval"]["dice"])
        scores = (_number(group["iou"]), _number(group["dice"]), ends, _number(group["found"]))
        without = (str(group["n_negative"]), _number(group["false_mark_rate"]))
        table.add_row(escape(name), str(group["n_polyp"]), *scores, *without)
    print_whole(table)


def _print_thresholds(figures: dict[str, Any]) -> None:
    """What other thresholds would mark: only where there are pictures of both kinds to weigh."""
    if not (figures["n_polyp"] and figures["n_negative"]):
        return
    table = Table("threshold", "polyps: marked", "in its place", "without a polyp: marked")
    for row in figures["thresholds"]:
        shares = (row["polyps_marked"], row["polyps_touched"], row["negatives_marked"])
        table.add_row(f"{row['threshold']:g}", *(_number(share) for share in shares))
    print_whole(table)


def _share(ends: list[float]) -> str:
    low, high = ends
    if not low:
        return f"below {high:.0%} of the picture"
    return f"from {low:.0%}" if high >= 1 else f"{low:.0%} to {high:.0%}"


def _interval(ends: list[float] | None) -> str:
    return "-" if ends is None else f"{ends[0]:.3f} to {ends[1]:.3f}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"
