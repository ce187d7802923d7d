"""What each command does: one file and one function a command, which gives the exit code."""
