"""The commands: one file each, with a frozen request and a function ``run`` that returns the exit code."""
