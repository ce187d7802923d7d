"""The window: the only importer of PyQt6."""
