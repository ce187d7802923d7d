"""The widgets that put frames on screen; ``contents.py`` says what a window tells them."""
