"""What a heatmap is worth: figures of how well it points at what it explains."""
