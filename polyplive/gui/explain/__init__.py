"""The panel that explains the frame on screen."""
