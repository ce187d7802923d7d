"""Runtimes that run a graph: one protocol, one file a runtime, one factory."""
