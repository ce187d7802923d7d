"""Review of a session: its findings over time (tracks, timeline), and its report."""
