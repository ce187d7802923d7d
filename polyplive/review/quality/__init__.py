"""The picture's quality through a recording: what is blurred, too dark, too bright, outside the body, or covered."""
