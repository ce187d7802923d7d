"""Evaluation of recordings, as a live session would show them: detection, false marks, flicker."""
