"""The commands about this machine."""

from __future__ import annotations

import sys
from typing import Any

import click

from polyplive.cli.group import cli
from polyplive.commands.requests import make_request


@cli.command(epilog="Example: polyplive devices")
@click.option("--json", "as_json", is_flag=True, help="As JSON on stdout.")
def devices(**options: Any) -> None:
    """List capture devices with their formats, sizes and rates."""
    from polyplive.commands.devices import DevicesRequest, run

    sys.exit(run(make_request(DevicesRequest, options)))


@cli.command(epilog="Example: polyplive doctor")
@click.option("--measure", is_flag=True, help="Measure anew which model and runtime keep up with live video.")
def doctor(**options: Any) -> None:
    """Say what works here, and what to install for the rest."""
    from polyplive.commands.doctor import DoctorRequest, run

    sys.exit(run(make_request(DoctorRequest, options)))


@cli.command("desktop-entry", epilog="Example: polyplive desktop-entry")
@click.option("--remove", is_flag=True, help="Take it away again.")
def desktop_entry(**options: Any) -> None:
    """Put polyplive into the menu of the desktop (Linux), for this user."""
    from polyplive.commands.desktop_entry import DesktopEntryRequest, run

    sys.exit(run(make_request(DesktopEntryRequest, options)))
