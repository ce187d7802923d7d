"""Writes overlay video, events and report of a recording from the window."""
