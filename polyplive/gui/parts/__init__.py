"""What every part of the window uses: commands with their keys, colours, icons, small widgets."""
