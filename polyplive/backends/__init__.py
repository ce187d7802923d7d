"""Runtimes that run a graph: one protocol, one file and one descriptor a runtime, one registry."""
