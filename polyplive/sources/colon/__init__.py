"""A rendered colon: its shape, surface and polyps, and the light and lens of the endoscope."""
