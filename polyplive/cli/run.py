"""Runs the command line: results go to stdout, everything else to stderr, and every error is one line."""

from __future__ import annotations

import contextlib
import os
import sys

import click

from polyplive.cli.group import cli
from polyplive.commands.streams import discard_output, is_about_output, prepare_streams, report_crashes
from polyplive.errors import ConfigError, PolypliveError
from polyplive.system.stopping import INTERRUPTED, interruptible, stopped_by_signals


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns the exit code: 0, 1 (failed), 2 (usage), 130 (interrupted), 143 (SIGTERM).

    Every error is one line on stderr. With POLYPLIVE_DEBUG set, the traceback follows.
    """
    prepare_streams()
    report_crashes()
    with stopped_by_signals() as stop:
        code = _run(arguments)
        if code == INTERRUPTED or stop.signal is not None:
            return _fail(stop.code, f"stopped by {stop.cause}.")
    return code


def _run(arguments: list[str] | None) -> int:
    try:
        with interruptible():
            cli.main(args=arguments, prog_name="polyplive", standalone_mode=False)
        sys.stdout.flush()
    except (click.exceptions.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except click.UsageError as error:
        return _fail(2, f"{error.format_message()} See 'polyplive {_command(error)}--help'.")
    except click.ClickException as error:
        return _fail(1, error.format_message())
    except PolypliveError as error:
        return _fail(2 if isinstance(error, ConfigError) else 1, str(error))
    except BrokenPipeError:
        discard_output()
        return 1
    except SystemExit as done:
        return int(done.code or 0)
    except OSError as error:
        if not is_about_output(error):
            return _unexpected(error)
        discard_output()
        return _fail(1, f"Cannot write the results to stdout: {error.strerror}. Send them to another place.")
    except Exception as error:
        return _unexpected(error)
    return 0


def _unexpected(error: Exception) -> int:
    return _fail(1, f"Unexpected {type(error).__name__}: {error}. Set POLYPLIVE_DEBUG=1 and report what it shows.")


def _command(error: click.UsageError) -> str:
    name = error.ctx.info_name if error.ctx is not None and error.ctx.parent is not None else None
    return f"{name} " if name else ""


def _fail(code: int, text: str) -> int:
    if os.environ.get("POLYPLIVE_DEBUG"):
        import traceback

        traceback.print_exc()
    with contextlib.suppress(OSError):  # stderr is closed or full
        click.echo("polyplive: " + " ".join(text.split()), err=True)
    return code
