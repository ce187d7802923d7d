"""Where results go: overlay video, events, reports."""
