"""Capturing live: addresses, devices, streams, their clocks and their errors."""
