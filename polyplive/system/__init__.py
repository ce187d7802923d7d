"""The machine and its GPU, private and atomic files, progress, and signals to stop."""
