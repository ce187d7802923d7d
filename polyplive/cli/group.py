"""The command line's root, to which each module of this folder adds its commands.

Each function imports what its command needs when it runs, so that ``--help`` answers at once.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from polyplive import RESEARCH_NOTICE, __version__
from polyplive.commands.options import GroupedCommand
from polyplive.commands.paths import TypedPath

EXISTING = TypedPath()
FILE = TypedPath(file=True)


class _Commands(click.Group):
    command_class = GroupedCommand

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that ``args`` begin with; a file alone is played, as a desktop starts programs with files.

        The address of a stream alone is shown live. What looks like a file and is none is said as such.
        """
        first = args[0] if args else ""
        if first and first not in self.commands:
            if "://" in first:
                args = ["live", *args]
            elif Path(first).name != first or Path(first).suffix or os.path.isfile(first):  # noqa: PTH113 - raises nothing
                args = ["replay", *args]
        return super().resolve_command(ctx, args)


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    invoke_without_command=True,
)
@click.version_option(__version__, message="polyplive %(version)s. " + RESEARCH_NOTICE)
@click.pass_context
def cli(context: click.Context) -> None:
    """Real-time colonoscopy overlay: polyp contours, masks and heatmaps.

    Research use only. Not a medical device. Nothing leaves this machine.

    Without a command the window opens; with a video's name alone it plays that. Begin with 'polyplive demo'. 'polyplive
    doctor' says what works on this machine.
    """
    if context.invoked_subcommand is None:
        from polyplive.commands import window

        sys.exit(window.run())
