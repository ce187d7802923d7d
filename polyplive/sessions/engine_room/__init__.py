"""The engine of a session, in a process of its own: started, watched, and started again when it fails."""
