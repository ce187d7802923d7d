"""The command that works on many recordings."""

from __future__ import annotations

import sys
from typing import Any

import click

from polyplive.cli.group import EXISTING, cli
from polyplive.commands.options import (
    Seconds,
    engine_options,
    finding_options,
    path_options,
    pipeline_options,
    source_options,
)
from polyplive.commands.requests import check_confirmation, make_request


@cli.command("batch", epilog="Example: polyplive batch archive --out results")
@click.argument("folders", type=EXISTING, nargs=-1, required=True, metavar="FOLDER...")
@click.option("--out", type=EXISTING, metavar="FOLDER", required=True, help="For the results, the table and the index.")
@click.option("--workers", type=int, metavar="N", help="Recordings at once.  [default: what this machine has room for]")
@click.option("--ray", metavar="ADDRESS", help="Work on the Ray cluster there, as 10.0.0.1:6379.  [default: here]")
@click.option(
    "--split/--no-split",
    default=None,
    help="Divide recordings among workers.  [default: where there are fewer recordings than workers]",
)
@click.option("--no-report", "report", flag_value=False, default=None, help="No report of each recording.")
@click.option("--parquet", is_flag=True, help="The table as Parquet too (needs the 'parquet' extra).")
@click.option(
    "--idle",
    "idle_s",
    type=Seconds(),
    metavar="SECONDS",
    help="A file changed just now is complete when it has not changed for so long.  [default: 10]",
)
@click.option("--deinterlace", is_flag=True, help="For interlaced recordings.")
@source_options
@path_options
@finding_options
@pipeline_options
@engine_options
def batch_command(**options: Any) -> None:
    """Analyse many recordings; the same command goes on where it was stopped.

    Every video below each FOLDER gets a folder in --out with its events. One that cannot be read stops no other.
    """
    from polyplive.commands.batch import BatchRequest, run

    request = make_request(BatchRequest, options)
    check_confirmation(options, request.settings.pipeline.min_frames)
    sys.exit(run(request))
