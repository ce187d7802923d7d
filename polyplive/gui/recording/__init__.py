"""Recording from the window: buttons, marks, and what was written."""
