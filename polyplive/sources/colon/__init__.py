"""A colon as mathematics: its shape, its surface, its polyps, and the light and lens that look at it."""
