"""Sends the overlay picture to other screens: MJPEG over HTTP, from this computer, to whoever has the address."""
