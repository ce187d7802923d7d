"""The command line: a module for each kind of command, a short function for each command."""

from polyplive.cli import archives, machine, measures, models, reviews, sessions  # each adds its commands
from polyplive.cli.group import cli
from polyplive.cli.run import main

__all__ = ["archives", "cli", "machine", "main", "measures", "models", "reviews", "sessions"]
