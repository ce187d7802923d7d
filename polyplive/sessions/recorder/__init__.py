"""Recording a session: one recorder for live sessions and both kinds of replay, with or without a thread."""
