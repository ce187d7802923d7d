"""The order in which coded pictures are shown, read from their headers, since time stamps may tell another one."""
