"""Where frames come from: files, capture cards, screens, streams, and the rendered colon."""
