"""Training: recipes, the loop, losses, checkpoints, averages of weights."""
