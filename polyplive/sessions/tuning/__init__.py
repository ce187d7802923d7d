"""Which model, runtime, precision and threads keep up with live video on this machine: measured once, and kept."""
