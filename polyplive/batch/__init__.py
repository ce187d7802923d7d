"""Many recordings: what one unit of work is, and who works on them: processes of this machine, or a Ray cluster."""
