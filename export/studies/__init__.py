"""Studies of recipes: leaving centres out, and recordings made of stills."""
