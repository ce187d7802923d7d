"""Evaluation on folders of pictures with masks."""
