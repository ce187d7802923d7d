"""The dialog that connects a capture card, a screen or a stream."""
