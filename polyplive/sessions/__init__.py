"""Live and replayed sessions: their threads, the engine's process, and what both kinds share."""
