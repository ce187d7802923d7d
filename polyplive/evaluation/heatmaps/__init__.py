"""Faithfulness of heatmaps, measured on a folder of pictures."""
