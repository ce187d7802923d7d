"""Review of a recording: its findings over time, what a person decided about them, and what is made of both."""
