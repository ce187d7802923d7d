"""The one call path for a frame: its stages, and the pipeline that runs them in order."""
