"""The one window: start, errors, menus, what it remembers."""
