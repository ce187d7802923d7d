"""The review of a recording: its timeline, the list of its findings, and what is decided and written about them."""
