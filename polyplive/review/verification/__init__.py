"""Verification of a session: its recording goes through the pipeline again, and is compared with its events."""
