"""Where frames come from: files, the rendered colon; capture cards have their place here."""
