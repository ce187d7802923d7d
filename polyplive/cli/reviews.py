"""The commands for what was recorded and found."""

from __future__ import annotations

import sys
from typing import Any

import click

from polyplive.cli.group import EXISTING, FILE, cli
from polyplive.commands.options import (
    Seconds,
    engine_options,
    finding_options,
    overlay_options,
    path_options,
    pipeline_options,
    source_options,
    window_options,
)
from polyplive.commands.requests import check_confirmation, make_request


@cli.command("review", epilog="Example: polyplive review procedure.mp4")
@click.argument("video", type=EXISTING)
@click.option("--by", metavar="NAME", help="Your name, kept with what you decide and write.")
@click.option("--start", "start_s", type=Seconds(), metavar="SECONDS", help="Where to begin.")
@click.option("--deinterlace", is_flag=True, help="For interlaced recordings.")
@window_options
@source_options
@path_options
@overlay_options
@finding_options
@pipeline_options
@engine_options
def review_command(**options: Any) -> None:
    """Go through a recorded procedure: from finding to finding, accept, reject, take notes.

    The whole of VIDEO is analysed in the background while you look. What you decide and write lies beside it, in
    VIDEO.review.json, and is there the next time.
    """
    from polyplive.commands import review, window

    request = make_request(review.ReviewRequest, options)
    check_confirmation(options, request.settings.pipeline.min_frames)
    sys.exit(window.run_review(request))


@cli.command("export-findings", epilog="Example: polyplive export-findings events.jsonl --to cvat --out findings.xml")
@click.argument("events", type=EXISTING)
@click.option("--to", "form", metavar="FORMAT", required=True, help="One of those named above.")
@click.option("--out", type=EXISTING, metavar="PATH", required=True, help="The file or folder to write.")
@click.option("--review", type=EXISTING, metavar="FILE", help="What was decided.  [default: the one beside the events]")
@click.option(
    "--only",
    type=click.Choice(["accepted", "not-rejected"]),
    metavar="WHICH",
    help="Of findings that were decided: accepted or not-rejected.  [default: all]",
)
@click.option("--boxes", is_flag=True, help="Boxes in the place of polygons (cvat).")
@click.option("--every-frame", is_flag=True, help="A picture for each frame, also without findings (masks).")
@click.option("--video", type=EXISTING, metavar="FILE", help="The recording, for key frames (dicom).")
@click.option("--dicom-references", "references", is_flag=True, help="Name the DICOM video and its study (dicom).")
def export_findings(**options: Any) -> None:
    """Write what was found in formats of other programs.

    EVENTS is the file of 'replay --events' or of a live session. FORMAT is coco (results), coco-gt (annotations), cvat,
    mot, label-studio, masks, parquet or dicom. Findings are followed through the whole recording, so that each has one
    number.
    """
    from polyplive.commands.export_findings import ExportFindingsRequest, run

    sys.exit(run(make_request(ExportFindingsRequest, options)))


@cli.command("verify", epilog="Example: polyplive verify raw.mp4 --events events.jsonl")
@click.argument("videos", type=EXISTING, nargs=-1, required=True, metavar="SESSION...")
@click.option("--events", type=EXISTING, metavar="FILE", help="Of the session.  [default: those beside SESSION]")
@click.option("--json", "json_path", type=FILE, metavar="FILE", help="Write all figures to it.")
@engine_options
def verify(**options: Any) -> None:
    """Run a recorded session again and compare with what it found.

    SESSION is a raw recording, its files in their order, or the video that was replayed. On the same model, backend and
    precision the detections of a lossless recording, and of a replay, are the same bit for bit. Otherwise it is said
    how far they agree.
    """
    from polyplive.commands.verify import VerifyRequest, run

    sys.exit(run(make_request(VerifyRequest, options)))


@cli.command("report", epilog="Example: polyplive report procedure.mp4 --events events.jsonl --pdf report.pdf")
@click.argument("video", type=EXISTING)
@click.option("--events", type=EXISTING, metavar="FILE", help="What was found.  [default: the video is analysed]")
@click.option("--page", type=FILE, metavar="FILE", help="Write a page (.html).")
@click.option("--pdf", type=FILE, metavar="FILE", help="Write a PDF (.pdf).")
@path_options
@pipeline_options
@finding_options
@engine_options
def report(**options: Any) -> None:
    """Write a report of a recording: coverage, findings, decisions and notes of its review, pictures, delays.

    Accepted findings come first, then those that nobody judged, then rejected ones. What 'polyplive review' has
    analysed is taken up.
    """
    from polyplive.commands.report import ReportRequest, run

    sys.exit(run(make_request(ReportRequest, options)))


@cli.command("explain", epilog="Example: polyplive explain procedure.mp4 --at 12.5 --page explanation.html")
@click.argument("video", type=EXISTING)
@click.option("--at", "at_s", type=Seconds(), metavar="SECONDS", help="Which frame.  [default: the first]")
@click.option("--page", type=FILE, metavar="FILE", help="Write a page (.html).")
@click.option("--png", type=EXISTING, metavar="FOLDER", help="Write each map as a picture.")
@source_options
@pipeline_options
@engine_options
def explain(**options: Any) -> None:
    """Explain one frame: heatmaps of several methods and layers side by side, and what they are worth.

    VIDEO may be a picture. For each finding (at most 3) the page has deletion and insertion curves: how the answer
    fades, or comes back, as the frame is changed in the order of a map.
    """
    from polyplive.commands.explain import ExplainRequest, run

    sys.exit(run(make_request(ExplainRequest, options)))
