"""``polyplive`` and ``python -m polyplive``: the first thing done is to take the signals, before the long imports."""

from __future__ import annotations

import atexit
import sys

from polyplive.commands.streams import prepare_streams, report_crashes
from polyplive.system.stopping import leave, stop_by_signals


def main() -> None:
    """Run the command line as this process, and end it."""
    prepare_streams()
    report_crashes()
    atexit.register(stop_by_signals().ignore)  # the first to register is the last to be called
    from polyplive.cli import main as run

    sys.exit(leave(run()))


if __name__ == "__main__":
    main()
